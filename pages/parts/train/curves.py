"""The curves of a run: its error, and the checks of its own drawings."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ddpm.base.json_values import is_count
from ddpm.runs.run import Run
from pages.parts.shared.charts import (
    MEANS,
    against_series,
    check_chart,
    check_series,
    loss_chart,
    loss_series,
    quartile_series,
)
from pages.parts.train.distilling import distance_curves


def curves(run: Run, live: bool, compared: Run | None) -> None:
    """Show the error of a run over its steps, and that of another run beside it, if one is given."""
    metrics, config = run.metrics(), run.config()
    if "distilled" in config:
        distance_curves(run, live)
        return
    series = loss_series(metrics)
    if not series:
        st.info("The curve begins after the first steps." if live else "This run has measured nothing yet.")
        return
    against = against_series(metrics, config)
    titles = ["Error", "Error by noise level", *(["Against the original recipe"] if against else [])]
    whole, by_noise, *beside = st.tabs(titles)
    with whole:
        if compared is not None:
            for name, values in loss_series(compared.metrics()).items():
                if name != MEANS:
                    series = {**series, f"{compared.name}: {name}": values}
        loss_chart(series, key=f"loss-{run.key}")
        st.caption(
            "How wrong it is about the noise in a sprite; lower is better. The pale curve is the mean of the few steps "
            "between two measurements. Held-out sprites are never learnt from: when their curve turns up while the "
            "other falls, the model begins to remember instead of understand."
        )
    with by_noise:
        loss_chart(quartile_series(metrics), key=f"quartiles-{run.key}")
        st.caption("Detail is learnt where there is little noise, the rough shape where there is almost only noise.")
    for tab in beside:
        with tab:
            loss_chart(against, key=f"against-{run.key}")
            st.caption(
                "Both on held-out sprites, at the same noise levels; lower is better. The grey curve is that of the "
                "student report's recipe on the same sprites, measured once."
            )


def checks(run: Run, live: bool) -> None:
    """Show what the checks during a training found."""
    metrics = run.metrics()
    found = check_series(metrics)
    if not found and live:
        st.caption("Now and then, and at its end, a training questions its own drawings: what it finds appears here.")
    if not found:
        return
    st.markdown("**Does it draw well, and does it copy?**")
    with st.grid(4, min_column_width=150):
        for number, series in enumerate(found):
            with st.container():
                check_chart(series, key=f"check-{number}-{run.key}")
    st.caption(
        f"Measured on {_drawings(metrics)}; the dashed line is where real sprites are that it never saw. When near "
        "copies climb above that line, it has begun to copy (counted at a false-positive rate of 5% here). The "
        "distance counts in steps between real sprites, so 1 is perfect, and copying brings it down as well."
    )


def _drawings(metrics: list[dict[str, Any]]) -> str:
    """How many drawings a training measured each time, if its records agree on that."""
    drawn = [check.get("samples") for record in metrics if (check := record.get("check"))]
    known = sorted({count for count in drawn if is_count(count)})
    if not known or len(known) > 1:
        return "its own drawings"
    return f"{known[0]:,} of its own drawings"
