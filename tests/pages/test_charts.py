"""The curves of a training, as numbers: they must not say what was not so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pages.parts.shared import charts
from pages.parts.shared.charts import error_now, loss_chart, loss_series, quartile_series, smooth
from pages.parts.shared.store import all_runs
from tests.pages.conftest import OpenPage


def falling(step: float) -> float:
    return 0.03 + 2 / (step + 5)


def short_run(steps: int, every: int) -> list[dict[str, Any]]:
    """Metrics of a run whose held-out error lies a tenth above that of what it learns, from the first step on."""
    metrics = []
    for last in range(every, steps + 1, every):
        mean = float(np.mean([falling(step) for step in range(last - every + 1, last + 1)]))
        metrics.append({"step": last, "noise_error": mean, "quartiles": [mean, None, 2 * mean, 0.5]})
        if last % (5 * every) == 0:
            metrics[-1]["heldout_raw"] = 1.1 * falling(last)
    return metrics


@pytest.mark.parametrize(("steps", "every"), [(100, 2), (858, 10), (858, 1), (14_000, 10), (40, 1)])
def test_the_smoothed_curve_does_not_cross_one_above_it(steps: int, every: int) -> None:
    series = loss_series(short_run(steps, every))
    at, values = series["smoothed"]
    held_at, held = series["held-out sprites"]
    assert (values[np.isin(at, held_at)] < held).all()
    # It lags by a small share of the way, and by half of what lies between two measurements.
    np.testing.assert_allclose(values[at >= 5 * every], [falling(s) for s in at[at >= 5 * every]], rtol=0.1)


def test_smoothing_counts_steps_and_not_measurements() -> None:
    ends = [loss_series(short_run(600, every))["smoothed"][1][-1] for every in (1, 2, 10)]
    assert ends == pytest.approx([ends[0]] * 3, rel=0.01)
    # Ten times as often measured in its second half, the mean of a noisy level is the same.
    steps = np.array([*range(100, 1001, 100), *range(1010, 1201, 10)], float)
    values = np.where(steps <= 1000, 2.0, 1.0)
    thin = np.array([*range(100, 1201, 100)], float)
    assert smooth(steps, values)[-1] == pytest.approx(smooth(thin, np.where(thin <= 1000, 2.0, 1.0))[-1], abs=0.06)


def test_smoothing_is_unbiased_at_the_start_and_evens_out() -> None:
    steps = np.arange(10, 5001, 10.0)
    assert smooth(steps, np.full(len(steps), 0.25)) == pytest.approx(0.25)
    assert smooth(np.array([7.0]), np.array([0.5])).tolist() == [0.5]
    noisy = 1 + 0.1 * np.random.default_rng(0).standard_normal(len(steps))
    assert np.abs(smooth(steps, noisy)[-100:] - 1).max() < 0.05
    assert len(smooth(np.empty(0), np.empty(0))) == 0


def test_the_error_now_is_where_the_curve_ends() -> None:
    metrics = short_run(858, 10)
    # What the recipe learns is another quantity.
    for record in metrics:
        record["loss"] = 0.33
    assert error_now(metrics) == loss_series(metrics)["smoothed"][1][-1] == pytest.approx(falling(858), rel=0.05)
    # Runs of earlier versions did not measure it, and a damaged line may stand at step 0.
    assert error_now([{"step": 10, "loss": 0.3}]) is None
    assert error_now([{"step": 0, "noise_error": 0.3}]) is None
    assert error_now([]) is None


def test_quartiles_are_smoothed_alike() -> None:
    metrics = short_run(858, 10)
    series = quartile_series([*metrics, {"step": 870}])
    assert len(series) == 3
    np.testing.assert_array_equal(
        series["little noise (fine detail)"][1], smooth(*loss_series(metrics)["mean of a few steps"])
    )


def test_the_page_shows_the_error_of_the_curve(open_page: OpenPage) -> None:
    app = open_page()
    run = next(run for run in all_runs() if run.name == "small")
    app.session_state["run"] = str(run.folder)
    app.switch_page("pages/1_Train.py").run()
    now = error_now(run.metrics())
    assert now is not None
    facts = next(html.value for html in app.get("html") if "error now" in str(html.value))
    assert f"<b>{now:.4f}</b>" in facts


@pytest.mark.parametrize("own", [["mean of a few steps", "smoothed", "held-out sprites"], ["smoothed"], []])
def test_no_two_curves_share_a_colour(own: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(charts.st, "vega_lite_chart", lambda columns, spec, **_: drawn.append(spec))
    one = (np.array([1.0]), np.array([0.5]))
    names = [*own, "other: smoothed", "other: held-out sprites", *([] if own else ["a", "b"])]
    loss_chart(dict.fromkeys(names, one), key="x")
    scale = drawn[0]["encoding"]["color"]["scale"]
    assert scale["domain"] == names
    assert len(set(scale["range"])) == len(names)
