"""Charts that grow during a training. They are drawn by Vega, since it updates a chart in place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ddpm.runs.baseline import baseline_curve

_POINTS = 400
_THIS_RUN, _ORIGINAL = "this run", "the original recipe"
MEANS, _SMOOTHED, _HELD_OUT = "mean of a few steps", "smoothed", "held-out sprites"
# As a share of all steps so far. A curve that falls as 1 / step is then at most 5% too high, however long the run.
_HALF_LIFE = 0.03
VIOLET, ORANGE, GREEN, YELLOW = "#6a4cf0", "#e2603f", "#1f9e89", "#c99a1c"
"""Colours of all charts. On most of them violet is the model, and green is real sprites that it never saw."""
_PALETTE = (VIOLET, ORANGE, GREEN, YELLOW)
_COLOURS = {MEANS: "#b9b2d6", _SMOOTHED: VIOLET, _HELD_OUT: ORANGE, _THIS_RUN: ORANGE, _ORIGINAL: "#8d8a99"}
_QUARTILES = ("little noise (fine detail)", "some noise", "much noise", "almost pure noise (rough shape)")

# On a phone one below the other: side by side they would be cut off at the edge.
_LEGEND_COLUMNS = {"expr": "width < 330 ? 1 : width < 560 ? 2 : 3"}
# Not flush: the last label would be moved into the one before it, or over the edge.
_LOG = {"type": "log", "nice": False}
_STEPS = {"format": ",d", "grid": False, "labelFlush": False}

Series = dict[str, tuple[np.ndarray, np.ndarray]]


def loss_series(metrics: list[dict[str, Any]]) -> Series:
    """Error of the predicted noise, as (steps, values): as measured, smoothed, and on held-out sprites.

    A measured value is a mean over the steps since the one before. All three are of the weights that are not averaged,
    whatever the recipe predicts, so they can be compared with one another and with those of another run.
    """
    series: Series = {}
    steps, values = _column(metrics, "noise_error")
    if len(steps):
        series[MEANS] = (steps, values)
        series[_SMOOTHED] = (steps, smooth(steps, values))
    held_steps, held = _column(metrics, "heldout_raw")
    if len(held_steps):
        series[_HELD_OUT] = (held_steps, held)
    return series


def error_now(metrics: list[dict[str, Any]]) -> float | None:
    """Where the smoothed curve of :func:`loss_series` ends; None where there is none."""
    series = loss_series(metrics)
    return float(series[_SMOOTHED][1][-1]) if _SMOOTHED in series else None


def against_series(metrics: list[dict[str, Any]], config: dict[str, Any]) -> Series:
    """Error of a run's averaged weights on held-out sprites, and that of the recipe "original" up to the same step.

    Empty where the two cannot be compared.
    """
    steps, values = _column(metrics, "heldout")
    baseline = baseline_curve(str((config.get("data") or {}).get("fingerprint")))
    # A run that learnt from a part of the sprites had an easier task.
    if not len(steps) or baseline is None or config.get("preset") == "original" or config.get("most"):
        return {}
    end = max(float(steps[-1]), float(baseline.steps[0]))
    kept = [i for i, step in enumerate(baseline.steps) if step <= end]
    original = np.array(baseline.steps, np.float64)[kept], np.array(baseline.heldout)[kept]
    return {_THIS_RUN: (steps, values), _ORIGINAL: original}


def quartile_series(metrics: list[dict[str, Any]]) -> Series:
    """Smoothed error by quartile of the noise level."""
    measured = [record for record in metrics if record.get("quartiles")]
    series: Series = {}
    for i, name in enumerate(_QUARTILES):
        steps, values = _column([{"step": r["step"], name: r["quartiles"][i]} for r in measured], name)
        if len(steps):
            series[name] = (steps, smooth(steps, values))
    return series


def loss_chart(series: Series, key: str, *, height: int = 300) -> None:
    """Draw series on a logarithmic axis; called again with the same key, the chart is updated in place."""
    columns: dict[str, list[Any]] = {"step": [], "loss": [], "series": []}
    for name, (steps, values) in series.items():
        kept = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), _POINTS)).round().astype(int))
        columns["step"] += steps[kept].tolist()
        columns["loss"] += values[kept].tolist()
        columns["series"] += [name] * len(kept)
    names = list(series)
    spec = {
        "height": height,
        "mark": {"type": "line", "interpolate": "linear", "clip": True},
        "encoding": {
            "x": _amount("step", title="steps", axis={**_STEPS, "tickMinStep": 1, "tickCount": {"expr": "width / 80"}}),
            "y": _amount("loss", title="error", scale=_LOG, axis={"format": "~g", "tickCount": 5}),
            "color": {
                "field": "series",
                "type": "nominal",
                "title": None,
                "scale": {"domain": names, "range": _colours(names)},
                "legend": {"orient": "top", "columns": _LEGEND_COLUMNS, "labelLimit": 260},
            },
            "strokeWidth": {"condition": {"test": f"datum.series === '{MEANS}'", "value": 1}, "value": 2.5},
            "tooltip": [
                {"field": "series", "title": "curve"},
                _amount("step", format=","),
                _amount("loss", title="error", format=".4f"),
            ],
        },
    }
    st.vega_lite_chart(columns, spec, key=key, width="stretch")


@dataclass(frozen=True)
class CheckSeries:
    """One measure of a training's own drawings.

    Attributes:
        steps, values: float (N,) each.
        real: the value of real sprites; None where it is not known.
        share: whether the values are shares, to be shown in percent.
    """

    title: str
    steps: np.ndarray
    values: np.ndarray
    real: float | None
    share: bool = False


def check_series(metrics: list[dict[str, Any]]) -> list[CheckSeries]:
    """All measures of a training's own drawings; empty before the first check."""
    checks = [(record["step"], record["check"]) for record in metrics if record.get("check")]
    found = []
    for name, title, share in (
        ("near_copies", "Near copies", True),
        ("frechet_ratio", "Distance from real ones", False),
        ("haze", "Haze in the background", True),
        ("merged_colours", "Colours in a sprite", False),
    ):
        rows = [(step, value) for step, check in checks if (value := _check_value(check, name)) is not None]
        if rows:
            steps, values = np.array(rows, dtype=np.float64).T
            # The ratio is 1 for real sprites, by its definition.
            real = 1.0 if name == "frechet_ratio" else _check_value(checks[-1][1].get("real") or {}, name)
            found.append(CheckSeries(title, steps, values, real, share))
    return found


def _check_value(check: dict[str, Any], name: str) -> float | None:
    value = check.get(name)
    if isinstance(value, dict):
        value = value.get("0.05")
    return float(value) if isinstance(value, int | float) else None


def check_chart(series: CheckSeries, key: str) -> None:
    """One small curve, with a dashed line at the value of real sprites; the same key updates it in place."""
    steps, values = series.steps.tolist(), series.values.tolist()
    points = {"step": steps, "value": values, "real": [series.real] * len(steps)}
    # As many digits as it takes to tell one tick from the next.
    digits = "~%" if series.share else ",.3~f"
    x = _amount("step", title=None, axis={**_STEPS, "tickCount": 3, "tickMinStep": 1})
    y = _amount("value", title=None, scale={"zero": True, "nice": True}, axis={"format": digits, "tickCount": 4})
    value = _amount("value", format=".3~p" if series.share else ",.3~f", title="samples")
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "line", "point": True, "color": VIOLET, "strokeWidth": 2.5},
            "encoding": {"x": x, "y": y, "tooltip": [_amount("step", format=","), value]},
        }
    ]
    if series.real is not None:
        dashed = {"type": "rule", "color": GREEN, "strokeDash": [5, 4], "strokeWidth": 2}
        layers.append({"mark": dashed, "encoding": {"y": _amount("real", aggregate="max")}})
    st.caption(f"**{series.title}**")
    st.vega_lite_chart(points, {"height": 150, "layer": layers}, key=key, width="stretch")


def smooth(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Exponential moving average whose half-life grows with the steps, float64 (N,), without a bias towards the start.

    A value weighs as many steps as it is the mean of, and half as much once the steps have grown by 3%. So the curve
    lags by the same small share of the steps everywhere, however often something was measured.

    Args:
        steps: float (N,), rising, above 0.
        values: float (N,), means over the steps since the value before.
    """
    result = np.empty(len(values))
    mean = weight = before = 0.0
    for i, (step, value) in enumerate(zip(steps.tolist(), values.tolist(), strict=True)):
        weight = weight * (before / step) ** (math.log(2) / _HALF_LIFE) + step - before
        mean += (value - mean) * (step - before) / weight
        result[i], before = mean, step
    return result


def _amount(field: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", **more}


def _colours(names: list[str]) -> list[str]:
    """A different colour for each curve; at most four may be without one in ``_COLOURS``."""
    own = {name: _COLOURS[name] for name in names if name in _COLOURS}
    free = (colour for colour in _PALETTE if colour not in own.values())
    return [own.get(name) or next(free) for name in names]


def _column(metrics: list[dict[str, Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = [(record["step"], record[name]) for record in metrics if record["step"] and record.get(name)]
    if not rows:
        return np.empty(0), np.empty(0)
    steps, values = np.array(rows, dtype=np.float64).T
    return steps, values
