"""Figures. Those that grow while one looks are Vega: it redraws in place; those that stand still are Plotly."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

_POINTS = 400
_COLOURS = {"each step": "#b9b2d6", "smoothed": "#6a4cf0", "held-out sprites": "#e2603f"}
_QUARTILES = ("little noise (fine detail)", "some noise", "much noise", "almost pure noise (rough shape)")
_PALETTE = ("#6a4cf0", "#e2603f", "#1f9e89", "#c99a1c")

Series = dict[str, tuple[np.ndarray, np.ndarray]]


def loss_series(metrics: list[dict[str, Any]]) -> Series:
    """Error of the predicted noise over steps, raw, smoothed and on held-out sprites, each as (steps, values).

    All three are errors of the same thing, made by the same (not averaged) weights, whatever the recipe learns: so
    they can be compared with each other, and with those of another run.
    """
    series: Series = {}
    steps, values = _column(metrics, "noise_error")
    if len(steps):
        series["each step"] = (steps, values)
        series["smoothed"] = (steps, smooth(values))
    held_steps, held = _column(metrics, "heldout_raw")
    if len(held_steps):
        series["held-out sprites"] = (held_steps, held)
    return series


def quartile_series(metrics: list[dict[str, Any]]) -> Series:
    """Smoothed error by quartile of the noise level."""
    series: Series = {}
    for i, name in enumerate(_QUARTILES):
        rows = [(r["step"], r["quartiles"][i]) for r in metrics if (r.get("quartiles") or [None] * 4)[i] is not None]
        if rows:
            steps, values = np.array(rows).T
            series[name] = (steps, smooth(values))
    return series


def loss_chart(series: Series, key: str, *, height: int = 300) -> None:
    """Draw series on a logarithmic axis; given again under the same key, the picture grows in place."""
    columns: dict[str, list[Any]] = {"step": [], "loss": [], "series": []}
    for name, (steps, values) in series.items():
        kept = _thin(len(steps))
        columns["step"] += steps[kept].tolist()
        columns["loss"] += values[kept].tolist()
        columns["series"] += [name] * len(kept)
    names = list(series)
    colours = [_COLOURS.get(name, _PALETTE[i % len(_PALETTE)]) for i, name in enumerate(names)]
    spec = {
        "height": height,
        "mark": {"type": "line", "interpolate": "linear", "clip": True},
        "encoding": {
            "x": {
                "field": "step",
                "type": "quantitative",
                "title": "steps",
                "axis": {"format": "~s", "grid": False, "tickMinStep": 1},
            },
            "y": {
                "field": "loss",
                "type": "quantitative",
                "title": "error",
                "scale": {"type": "log", "nice": False},
                "axis": {"format": "~g", "tickCount": 5},
            },
            "color": {
                "field": "series",
                "type": "nominal",
                "title": None,
                "scale": {"domain": names, "range": colours},
                "legend": {"orient": "top", "columns": 3, "labelLimit": 260},
            },
            "strokeWidth": {
                "condition": {"test": "datum.series === 'each step'", "value": 1},
                "value": 2.5,
            },
            "tooltip": [
                {"field": "series", "title": "curve"},
                {"field": "step", "type": "quantitative", "format": ","},
                {"field": "loss", "type": "quantitative", "title": "error", "format": ".4f"},
            ],
        },
    }
    st.vega_lite_chart(columns, spec, key=key, width="stretch")


def distance_histogram(samples: np.ndarray, heldout: np.ndarray, whose: str) -> None:
    """How near samples, and sprites that the model never saw, come to a training sprite.

    Args:
        samples, heldout: float, distances in grey levels (root mean square over all pixel values).
        whose: what the samples are called.
    """
    top = float(max(samples.max(initial=1.0), heldout.max(initial=1.0)))
    bins = {"start": 0.0, "end": top * 1.02, "size": top * 1.02 / 30}
    figure = go.Figure()
    if len(heldout):
        figure.add_histogram(
            x=heldout, xbins=bins, histnorm="percent", name="real sprites it never saw", marker_color="#1f9e89"
        )
    figure.add_histogram(x=samples, xbins=bins, histnorm="percent", name=whose, marker_color="#6a4cf0")
    figure.update_traces(opacity=0.62)
    figure.update_layout(
        barmode="overlay",
        height=300,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        xaxis_title="grey levels to the nearest training sprite",
        yaxis_title="share in %",
    )
    st.plotly_chart(figure, key="distances", config={"displayModeBar": False})


def smooth(values: np.ndarray, weight: float = 0.9) -> np.ndarray:
    """Exponential moving average without the pull towards its start."""
    result, total, norm = np.empty_like(values), 0.0, 0.0
    for i, value in enumerate(values):
        total = weight * total + (1 - weight) * value
        norm = weight * norm + (1 - weight)
        result[i] = total / norm
    return result


def _column(metrics: list[dict[str, Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = [(record["step"], record[name]) for record in metrics if record.get(name)]
    if not rows:
        return np.empty(0), np.empty(0)
    steps, values = np.array(rows, dtype=np.float64).T
    return steps, values


def _thin(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, _POINTS)).round().astype(int))
