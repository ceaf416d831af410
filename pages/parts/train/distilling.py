"""Making a finished run instant: a button, and the curves of such a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ddpm.diffusion.instant.levels import LEVELS, MOST_CALLS
from ddpm.jobs.distilling.request import USUAL_MINUTES, DistilRequest, is_distilled, name_for
from ddpm.runs.run import Run
from ddpm.runs.training_lock import active_training
from pages.parts.shared.charts import Series, loss_chart
from pages.parts.shared.store import user_checkpoints
from pages.parts.shared.words import plain
from pages.parts.train.setup import start

_CURVES = ("from noise alone", "much noise", "half noise", "little noise")


def can_distil(run: Run) -> bool:
    """Whether a run can be made instant: it predicts v, and is not instant itself."""
    return not is_distilled(run) and (run.config().get("recipe") or {}).get("prediction_type") == "v"


def distil_button(run: Run) -> None:
    """Offer to make an instant model from a run."""
    with st.popover("Make it instant", icon=":material/bolt:"):
        st.markdown(
            f"A second model learns where the steps of this one lead, to go there in 1 to {MOST_CALLS}. This one stays "
            "as it is."
        )
        minutes = st.number_input("Minutes", 1, 600, USUAL_MINUTES, key=f"distil-minutes-{run.key}")
        active = active_training()
        if active is not None:
            st.caption(f"{plain(active.run.name)} is training: stop it first, or wait for its end.")
        if st.button("Start", type="primary", key=f"distil-{run.key}", disabled=active is not None):
            start(DistilRequest(_free_folder(run), run.folder, minutes=float(minutes)))


def distilling_words(config: dict[str, Any]) -> str:
    """What a distilled run learns, in a sentence."""
    origin = config["distilled"]
    return (
        f"It learns from the model {origin['run']} (step {origin['step']:,}), not from sprites: where that one’s many "
        "steps lead, it jumps at once."
    )


def distance_curves(run: Run, live: bool) -> None:
    """Show how far a distilled run is from the model that it learns from."""
    series = _distances(run.metrics())
    if not series:
        st.info("The curves begin when it is first saved." if live else "This run has measured nothing yet.")
        return
    loss_chart(series, key=f"distances-{run.key}")
    st.caption(
        "How far its jumps end from where the other model arrives, on noise that it never learns from; lower is "
        "better. The jump from noise alone is the hardest; later ones repair what it missed."
    )


def distance_now(metrics: list[dict[str, Any]]) -> float | None:
    """The mean of the last points of the curves; None where there are none."""
    series = _distances(metrics)
    return float(np.mean([values[-1] for _, values in series.values()])) if series else None


def _distances(metrics: list[dict[str, Any]]) -> Series:
    measured = [record for record in metrics if len(record.get("distances") or ()) == len(LEVELS)]
    steps = np.array([record["step"] for record in measured], np.float64)
    if not measured:
        return {}
    return {name: (steps, np.array([r["distances"][i] for r in measured])) for i, name in enumerate(_CURVES)}


def _free_folder(run: Run) -> Path:
    folder = user_checkpoints() / name_for(run)
    number = 2
    while folder.exists():
        folder = user_checkpoints() / f"{name_for(run)[:58]}-{number}"
        number += 1
    return folder
