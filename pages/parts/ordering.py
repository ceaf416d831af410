"""What is to be drawn: the controls of the Sample page."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from ddpm.checkpoint import can_use_raw
from ddpm.console import duration
from ddpm.run import Run, RunError, active_training
from ddpm.sampling import Sampler, default_steps
from pages.parts.drawing import Order, seconds_to_draw
from pages.parts.store import default_run, find_run, run_label
from pages.parts.words import problem

_SAMPLERS: dict[Sampler, tuple[str, str]] = {
    "fast": ("Fast", "20 big steps, each with fresh noise, so that early mistakes are forgotten."),
    "ddim": ("Careful", "50 plain steps without any new noise on the way (DDIM)."),
    "ddpm": ("Original (slow)", "All 1,000 small steps of the report, each with a little new noise (DDPM)."),
}


def ask(runs: list[Run]) -> Order:
    """Ask for a model and how it should draw.

    Args:
        runs: those that can draw, at least one.
    """
    run = choose_run(runs, "Model", "model", st.session_state.pop("draw-from", None))
    label = _kind(run)
    n = st.select_slider("How many", [1, 4, 9, 16, 25, 36, 64, 100, 144], 64, key="n", persist_state="session")
    sampler = st.segmented_control(
        "How to draw",
        list(_SAMPLERS),
        default="fast",
        required=True,
        format_func=lambda name: _SAMPLERS[name][0],
        key="sampler",
        persist_state="session",
    )
    st.caption(_SAMPLERS[sampler][1])
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, 0, key="seed", persist_state="session", help="The same seed draws the same sprites again."
    )
    steps: int | None = None
    weights: Literal["ema", "raw"] = "ema"
    saved: int | None = None
    with st.expander("More: steps, weights, saved step"):
        total = (run.config().get("schedule") or {}).get("num_timesteps", 1000)
        proposed = default_steps(sampler, total)
        steps = st.number_input("Steps", 1, total, proposed, key=f"steps-{sampler}", persist_state="session")
        choices = sorted(run.steps(), reverse=True)
        saved = st.selectbox("Saved step", choices, format_func=lambda step: f"{step:,}", key=f"saved-{run.folder}")
        if can_use_raw(run.step_path(saved) if saved is not None else run.folder):
            averaged = st.toggle(
                "Averaged weights", True, help="A slow average of the weights draws better. Off: the last ones."
            )
            weights = "ema" if averaged else "raw"
    if sampler == "ddpm" or (steps or 0) > 200:
        wait = duration(seconds_to_draw(int(n), int(steps)))
        st.caption(f":material/schedule: Takes about {wait}; you can watch it meanwhile.")
    _warn_of_training()
    return Order(str(run.folder), saved, int(n), sampler, int(steps), int(seed), label, 1.0, weights)


def choose_run(runs: list[Run], label: str, key: str, wanted: str | None = None) -> Run:
    """Ask for one of some runs.

    Args:
        key: under which the choice is remembered.
        wanted: folder of the run to begin with, whatever was chosen before.
    """
    folders = [str(run.folder) for run in runs]
    if wanted in folders:
        st.session_state[key] = wanted
    elif st.session_state.get(key) not in folders:
        st.session_state[key] = str(default_run(runs).folder)

    def name(folder: str) -> str:
        run = find_run(runs, folder)
        return run_label(run) if run else folder

    chosen = st.selectbox(label, folders, format_func=name, key=key, persist_state="session")
    return find_run(runs, chosen) or runs[0]


def _kind(run: Run) -> int | None:
    config = run.config()
    names = (config.get("data") or {}).get("label_names") or []
    if not (config.get("recipe") or {}).get("classes") or not names:
        return None
    choice = st.selectbox(
        "What to draw",
        range(-1, len(names)),
        format_func=lambda i: "anything" if i < 0 else str(names[i]),
        key=f"kind-{run.folder}",
        persist_state="session",
    )
    return int(choice)


def _warn_of_training() -> None:
    active = active_training()
    if active is None or active.run.state() == "paused":
        return
    st.caption(":material/hourglass_top: A training holds the processor: drawing takes longer.")
    if st.button("Pause the training", type="tertiary"):
        try:
            active.run.request(pause=True)
        except RunError as error:
            problem(error)
        else:
            st.rerun()
