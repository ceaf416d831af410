"""Runs on a page: one that is looked at, live or past, and the list of all."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from ddpm.base import hardware
from ddpm.base.files import replace_bytes
from ddpm.base.json_values import is_count
from ddpm.base.text import showable
from ddpm.cli.console import duration
from ddpm.jobs.launcher import log_tail
from ddpm.jobs.model_card import run_card
from ddpm.jobs.request import TrainingRequest
from ddpm.judging.verdict import damage
from ddpm.runs.checkpoint import can_use_raw
from ddpm.runs.errors import RunError
from ddpm.runs.records import ACTIVE
from ddpm.runs.run import Run
from pages.parts.copied.comparing import question
from pages.parts.shared.charts import (
    MEANS,
    against_series,
    check_chart,
    check_series,
    error_now,
    loss_chart,
    loss_series,
    quartile_series,
)
from pages.parts.shared.pictures import facts_row
from pages.parts.shared.store import is_live
from pages.parts.shared.words import damaged, plain, problem
from pages.parts.train.film import film
from pages.parts.train.setup import start

STATES = {
    "starting": ("starting", "blue"),
    "running": ("training", "violet"),
    "paused": ("paused", "orange"),
    "stopped": ("stopped, can go on", "gray"),
    "finished": ("finished", "green"),
    "failed": ("failed", "red"),
    "interrupted": ("interrupted, can go on", "orange"),
    "unknown": ("unknown", "gray"),
}
_SECONDS, _ROW_SECONDS = 1.5, 2.0


def run_view(run: Run, others: list[Run]) -> None:
    """One run: where it stands, its curves, its drawings, and what can be done with it.

    Args:
        others: runs that it can be compared with.
    """
    live = is_live(run)
    shown = _mark(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(run.name), width="content")
        title, colour = STATES[run.state()]
        st.badge(title, color=colour)  # type: ignore[arg-type]
    # What a live training is writing may be read while it changes.
    if not live and (found := damage(run)):
        damaged(f"In this run's folder, {', '.join(found)}", len(found))
    if about := _about(run.config()) or ("It is getting ready." if live else ""):
        st.caption(plain(about))
    _controls(run, live)
    compared = None
    if not live and others:
        compared = st.selectbox(
            "Compare its curve with",
            [None, *others],
            format_func=lambda other: "nothing" if other is None else other.name,
            key=f"compare-{run.key}",
        )
    st.fragment(_watch, run_every=_SECONDS if live else None)(run, shown if live else None)
    left, right = st.columns([7, 5], gap="large")
    # Each as often as it changes: what polls costs the training some of its time.
    # While it trains, room is kept for what will be there after the first steps.
    with left, st.container(key="curves-to-come" if live else None):
        st.fragment(_curves, run_every=2 * _SECONDS if live else None)(run, live, compared)
    with right, st.container(key="film-to-come" if live else None):
        st.fragment(_film, run_every=4 * _SECONDS if live else None)(run, live)
    st.fragment(_checks, run_every=8 * _SECONDS if live else None)(run, live)


def _about(config: dict[str, Any]) -> str:
    """What a run is, in a sentence or two."""
    data, summary = config.get("data") or {}, str((config.get("recipe") or {}).get("summary") or "")
    learnt, distinct = data.get("training_distinct"), data.get("distinct")
    if not config.get("most") or not is_count(learnt) or not is_count(distinct):
        return summary
    # What a recipe promises, it promises for a whole set.
    return (
        f"Only {learnt:,} of {distinct:,} different sprites to learn from, over and over: the fewer there are, the "
        "sooner it knows them by heart."
    )


def run_list(runs: list[Run], shown: Run | None) -> None:
    """All runs, each with what can be done with it."""
    for row, run in enumerate(runs):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"row-{row}"):
            st.markdown(f"**{plain(run.name)}**", width=190)
            above = shown is not None and shown.folder == run.folder
            st.fragment(_row, run_every=_ROW_SECONDS if is_live(run) else None)(run, above)
            if not above and st.button("Show", key=f"show-{run.key}"):
                st.session_state["run"] = str(run.folder)
                st.rerun()
            _manage(run)


def _row(run: Run, above: bool) -> None:
    config = run.config()
    title, colour = STATES[run.state()]
    told = [config["data"].get("name", "?"), config.get("preset", "?")] if "data" in config else []
    words = [*(plain(word) for word in told), how_far(run), *(["shown above"] if above else [])]
    # A fragment puts its elements one below the other.
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(title, color=colour)  # type: ignore[arg-type]
        st.caption(" · ".join(words), width="stretch")


def how_far(run: Run) -> str:
    """How many of its steps a run has gone, in words, and what else it is doing."""
    status = run.status()
    step = max(run.latest() or 0, int(status.get("step") or 0))
    total = int(status.get("total_steps") or run.config().get("total_steps") or 0)
    doing = plain(status["message"]) if is_live(run) and status.get("message") else ""
    return " · ".join(words for words in (f"{step:,} of {total:,} steps" if total else "", doing) if words)


def last_run(run: Run) -> None:
    """The way back to a run, from another page; while it trains, its figures move."""
    with st.container(border=True, key="last-run"):
        st.markdown(f"**Your last run: {plain(run.name)}**")
        st.fragment(_last_run, run_every=_ROW_SECONDS if is_live(run) else None)(run)


def _last_run(run: Run) -> None:
    st.caption(" · ".join(words for words in (STATES[run.state()][0], how_far(run)) if words))
    live = is_live(run)
    if st.button("Watch it" if live else "Continue with it", icon=":material/arrow_forward:", key="to-last-run"):
        st.session_state["run"] = str(run.folder)
        st.switch_page("pages/1_Train.py")


def failure(run: Run) -> None:
    """Why a run failed, where it did."""
    status = run.status()
    error = status.get("error")
    if not isinstance(error, dict):
        if run.state() == "interrupted":
            st.warning(
                "This training ended without a word: it was killed, or the computer was switched off. "
                "What it saved is safe: press Resume.",
                icon=":material/warning:",
            )
            _log(status)
        return
    problem(error.get("message"))
    if error.get("traceback"):
        with st.expander("For the curious: the technical details"):
            st.code(showable(str(error["traceback"])), language=None)


def _log(status: dict[str, Any]) -> None:
    if status.get("log") and (tail := log_tail(Path(str(status["log"])))):
        with st.expander("The last lines that it printed"):
            st.code(tail, language=None)


def _controls(run: Run, live: bool) -> None:
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        if live:
            _live_controls(run, status)
        else:
            latest = run.latest()
            resumable = latest is None or can_use_raw(run.folder)
            unfinished = run.state() in ("stopped", "interrupted", "failed")
            can_go_on = unfinished and resumable and not run.is_shipped()
            if can_go_on and st.button("Resume", icon=":material/play_arrow:", type="primary"):
                start(TrainingRequest(folder=run.folder, resume=True))
            important: Literal["primary", "secondary"] = "secondary" if can_go_on else "primary"
            if latest is not None and st.button("Sample from it", icon=":material/arrow_forward:", type=important):
                st.session_state["draw-from"] = str(run.folder)
                st.switch_page("pages/2_Sample.py")
            if latest is not None and st.button("Created or copied?", icon=":material/arrow_forward:"):
                question(run)
                st.switch_page("pages/3_Nearest_neighbors.py")
            if run.state() == "finished" and resumable and not run.is_shipped():
                _longer(run, int(status.get("total_steps") or 0))


def _live_controls(run: Run, status: dict[str, Any]) -> None:
    pending = run.pending()
    paused = status.get("state") == "paused"
    if pending.get("stop"):
        st.button("Stopping and saving ...", icon=":material/hourglass_top:", disabled=True)
        return
    if paused:
        st.button("Go on", icon=":material/play_arrow:", type="primary", on_click=_ask, args=(run, "pause", False))
    elif pending.get("pause"):
        st.button("Pausing after this step ...", icon=":material/hourglass_top:", disabled=True)
    else:
        st.button("Pause", icon=":material/pause:", on_click=_ask, args=(run, "pause", True))
    st.button("Stop and save", icon=":material/stop:", on_click=_ask, args=(run, "stop", True))
    threads = status.get("threads")
    if hardware.cores() > 1:
        # A field of its own for each number in force: it never shows an old one.
        key = f"threads-{run.key}-{threads}"
        st.number_input(
            "CPU threads",
            1,
            max(hardware.cores(), threads or 1),
            threads or hardware.cores(),
            key=key,
            width=140,
            on_change=lambda: _ask(run, "threads", int(st.session_state[key])),
        )


def _longer(run: Run, total: int) -> None:
    with st.popover("Train longer", icon=":material/add:"):
        more = st.number_input("More steps", 1, 1_000_000, max(1, total // 2), key=f"more-{run.key}")
        if st.button("Go on", type="primary", key=f"longer-{run.key}"):
            start(TrainingRequest(folder=run.folder, steps=total + int(more), resume=True))


def _ask(run: Run, what: str, value: Any) -> None:
    try:
        run.request(**{what: value})
    except RunError as error:
        st.toast(plain(error), icon=":material/error:")


def _mark(run: Run) -> tuple[Any, ...]:
    """What the buttons of a live run depend on, whichever tab or program has changed it."""
    pending = run.pending()
    return run.state(), run.status().get("threads"), pending.get("stop"), pending.get("pause")


def _watch(run: Run, shown: tuple[Any, ...] | None) -> None:
    if shown is not None and shown != _mark(run):
        # The buttons are outside this fragment.
        st.rerun(scope="app")
    _progress(run, run.status(), run.state())


def _progress(run: Run, status: dict[str, Any], state: str) -> None:
    step, total = int(status.get("step") or 0), int(status.get("total_steps") or 0)
    message = plain(status.get("message") or "") if state in ACTIVE else ""
    if state == "starting" or not total:
        st.progress(0.0, message or "Starting ...")
    else:
        st.progress(min(1.0, step / total), f"Step {step:,} of {total:,}" + (f" · {message}" if message else ""))
    left, speed, seconds = (status.get(name) for name in ("seconds_left", "images_per_second", "seconds"))
    # Not the loss of the last step: that is of one batch, and of what the recipe learns, which need not be the noise.
    error = error_now(run.metrics())
    facts = {
        "time left": duration(left) if left and state == "running" else "–",
        "trained for": duration(seconds) if seconds else "–",
        "images a second": f"{speed:,.0f}" if speed else "–",
        "error now": f"{error:.4f}" if error else "–",
        "CPU threads": str(status.get("threads") or "–"),
    }
    facts_row(facts)


def _curves(run: Run, live: bool, compared: Run | None) -> None:
    metrics, config = run.metrics(), run.config()
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


def _checks(run: Run, live: bool) -> None:
    found = check_series(run.metrics())
    if not found:
        if live:
            st.caption(
                "Now and then, and at its end, a training questions its own drawings: what it finds appears here."
            )
        return
    st.markdown("**Does it draw well, and does it copy?**")
    with st.grid(4, min_column_width=150):
        for number, series in enumerate(found):
            with st.container():
                check_chart(series, key=f"check-{number}-{run.key}")
    st.caption(
        "Measured on 512 of its own drawings; the dashed line is where real sprites are that it never saw. When near "
        "copies climb above that line, it has begun to copy. The distance counts in steps between real sprites, so 1 "
        "is perfect, and copying brings it down as well."
    )


def _film(run: Run, live: bool) -> None:
    if frames := run.film():
        film(frames, key=f"film-{run.key}")
    else:
        st.info("The first drawings appear after a few steps." if live else "It was stopped before its first drawing.")


def _manage(run: Run) -> None:
    if run.is_shipped() or is_live(run):
        return
    with st.popover("Manage", icon=":material/more_horiz:", help="Rename or delete"):
        name = st.text_input("New name", run.name, key=f"name-{run.key}", max_chars=63)
        if st.button("Rename", key=f"rename-{run.key}", disabled=name == run.name):
            try:
                renamed = run.rename(name)
                with contextlib.suppress(OSError, KeyError):
                    # The card names the run, too.
                    replace_bytes(renamed.folder / "README.md", run_card(renamed).encode())
                st.session_state["run"] = str(renamed.folder)
                st.rerun()
            except RunError as error:
                problem(error)
        words = "Yes, delete it with all that it learnt"
        if run.folder.is_symlink():
            words = "Yes, delete the link; the folder that it leads to stays"
        sure = st.checkbox(words, key=f"sure-{run.key}")
        if st.button("Delete", key=f"delete-{run.key}", disabled=not sure, icon=":material/delete:"):
            try:
                run.delete()
                st.rerun()
            except RunError as error:
                problem(error)
