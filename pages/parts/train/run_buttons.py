"""The buttons of a run: to pause, stop or resume it, and to go on to what it drew."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from ddpm.base import hardware
from ddpm.jobs.distilling.request import DistilRequest, is_distilled
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.checkpoint import can_use_raw, why_not_resumable
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from pages.parts.shared.navigation import question, sample_from
from pages.parts.shared.words import plain
from pages.parts.train.distilling import can_distil, distil_button
from pages.parts.train.setup import start
from pages.parts.train.travel.download import download_run


def run_buttons(run: Run, live: bool) -> None:
    """Show a button for all that can be done with a run."""
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        if live:
            _live_buttons(run, status)
            return
        latest = run.latest()
        resumable = not run.is_shipped() and (latest is None or can_use_raw(run.folder))
        can_go_on = resumable and run.state() in ("stopped", "interrupted", "failed")
        if can_go_on and st.button("Resume", icon=":material/play_arrow:", type="primary"):
            _go_on(run)
        important: Literal["primary", "secondary"] = "secondary" if can_go_on else "primary"
        if latest is not None and st.button("Sample from it", icon=":material/arrow_forward:", type=important):
            sample_from(run)
        if latest is not None and st.button("Created or copied?", icon=":material/arrow_forward:"):
            question(run)
        if resumable and run.state() == "finished":
            _longer(run, int(status.get("total_steps") or 0))
        if latest is not None and run.state() in ("finished", "stopped") and can_distil(run):
            distil_button(run)
        if latest is not None:
            download_run(run)
    if not run.is_shipped() and (reason := why_not_resumable(run)):
        st.caption(plain(reason))


def _live_buttons(run: Run, status: dict[str, Any]) -> None:
    pending = run.pending()
    if pending.get("stop"):
        st.button("Stopping and saving ...", icon=":material/hourglass_top:", disabled=True)
        return
    if status.get("state") == "paused":
        st.button("Go on", icon=":material/play_arrow:", type="primary", on_click=_ask, args=(run, "pause", False))
    elif pending.get("pause"):
        st.button("Pausing after this step ...", icon=":material/hourglass_top:", disabled=True)
    else:
        st.button("Pause", icon=":material/pause:", on_click=_ask, args=(run, "pause", True))
    st.button("Stop and save", icon=":material/stop:", on_click=_ask, args=(run, "stop", True))
    threads = status.get("threads")
    # Only once the run has told its number: a guess in the field could be sent to the run as if the visitor had asked.
    if threads and hardware.cores() > 1:
        # Another key for each number in use, so that the field never shows an old one.
        key = f"threads-{run.key}-{threads}"
        st.number_input(
            "CPU threads",
            1,
            max(hardware.cores(), threads),
            threads,
            key=key,
            width=140,
            on_change=lambda: _ask(run, "threads", int(st.session_state[key])),
        )


def _longer(run: Run, total: int) -> None:
    minutes = next((stretch.minutes for stretch in reversed(run.stretches())), None)
    with st.popover("Train longer", icon=":material/add:"):
        if minutes is not None:
            _more_minutes(run, minutes)
            return
        more = st.number_input("More steps", 1, 1_000_000, max(1, total // 2), key=f"more-{run.key}")
        if st.button("Go on", type="primary", key=f"longer-{run.key}"):
            _go_on(run, steps=total + int(more))


def _more_minutes(run: Run, minutes: float) -> None:
    more = st.number_input("More minutes", 1, 100_000, max(1, round(minutes / 2)), key=f"more-minutes-{run.key}")
    if st.button("Go on", type="primary", key=f"longer-{run.key}"):
        _go_on(run, minutes=minutes + more)


def _go_on(run: Run, **length: Any) -> None:
    start((DistilRequest if is_distilled(run) else TrainingRequest)(folder=run.folder, resume=True, **length))


def _ask(run: Run, what: str, value: Any) -> None:
    try:
        run.request(**{what: value})
    except RunError as error:
        st.toast(plain(error), icon=":material/error:")


def button_state(run: Run) -> tuple[Any, ...]:
    """What the buttons of a live run depend on; another tab or program may change it."""
    pending = run.pending()
    return run.state(), run.status().get("threads"), pending.get("stop"), pending.get("pause")
