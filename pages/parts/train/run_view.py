"""One run, live or ended: its progress, its curves and its drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from ddpm.base.json_values import is_count
from ddpm.base.text import showable
from ddpm.cli.console import duration
from ddpm.jobs.distilling.request import is_distilled
from ddpm.jobs.launcher import log_tail
from ddpm.judging.verdict import damage
from ddpm.runs.records import ACTIVE
from ddpm.runs.run import Run
from pages.parts.shared.charts import error_now
from pages.parts.shared.pictures import facts_row
from pages.parts.shared.store import is_live
from pages.parts.shared.words import damaged, plain, problem
from pages.parts.train.curves import checks, curves
from pages.parts.train.distilling import distance_now, distilling_words
from pages.parts.train.film import film
from pages.parts.train.run_buttons import button_state, run_buttons
from pages.parts.train.run_list import state_badge

_SECONDS = 1.5


def run_view(run: Run, others: list[Run]) -> None:
    """Show one run; its curve can be compared with that of another one."""
    live = is_live(run)
    shown = button_state(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(run.name), width="content")
        state_badge(run)
    # Files that a live training is writing can look damaged for a moment.
    if not live and (found := damage(run)):
        damaged(f"In this run's folder, {', '.join(found)}", len(found))
    if about := _about(run.config()) or ("It is getting ready." if live else ""):
        st.caption(plain(about))
    run_buttons(run, live)
    compared = None
    # The errors of a distilled run are of another kind than those of a training.
    others = [] if is_distilled(run) else [other for other in others if not is_distilled(other)]
    if not live and others:
        compared = st.selectbox(
            "Compare its curve with",
            [None, *others],
            format_func=lambda other: "nothing" if other is None else other.name,
            key=f"compare-{run.key}",
        )
    st.fragment(_watch, run_every=_SECONDS if live else None)(run, shown if live else None)
    left, right = st.columns([7, 5], gap="large")
    # Each is updated as rarely as will do: updates take processor time from the training.
    # While it trains, their place is kept until they come after the first steps.
    with left, st.container(key="curves-to-come" if live else None):
        st.fragment(curves, run_every=2 * _SECONDS if live else None)(run, live, compared)
    with right, st.container(key="film-to-come" if live else None):
        st.fragment(_film, run_every=4 * _SECONDS if live else None)(run, live)
    st.fragment(checks, run_every=8 * _SECONDS if live else None)(run, live)


def _about(config: dict[str, Any]) -> str:
    """What a run learns, in a sentence or two."""
    if "distilled" in config:
        return distilling_words(config)
    data, recipe = config.get("data") or {}, config.get("recipe") or {}
    summary = str(recipe.get("summary") or "")
    tiles = " It learns seamless tiles: each goes on at its opposite border." if recipe.get("seamless") else ""
    learnt, distinct = data.get("training_distinct"), data.get("distinct")
    if not config.get("most") or not is_count(learnt) or not is_count(distinct):
        return summary + tiles
    # The recipe's own summary is about a whole set.
    return (
        f"Only {learnt:,} of {distinct:,} different sprites to learn from, over and over: the fewer there are, the "
        f"sooner it knows them by heart.{tiles}"
    )


def failure(run: Run) -> None:
    """Show why a run failed, if it did."""
    status = run.status()
    error = status.get("error")
    if not isinstance(error, dict):
        if run.state() == "interrupted":
            st.warning(
                "This training ended without a word: it was killed, or the computer was switched off. "
                "What it saved is safe: press Resume.",
                icon=":material/warning:",
            )
            if status.get("log") and (tail := log_tail(Path(str(status["log"])))):
                with st.expander("The last lines that it printed"):
                    st.code(tail, language=None)
        return
    problem(error.get("message"))
    if error.get("traceback"):
        with st.expander("For the curious: the technical details"):
            st.code(showable(str(error["traceback"])), language=None)


def _watch(run: Run, shown: tuple[Any, ...] | None) -> None:
    if shown is not None and shown != button_state(run):
        # The buttons are outside this fragment.
        st.rerun(scope="app")
    status, state = run.status(), run.state()
    step, total = int(status.get("step") or 0), int(status.get("total_steps") or 0)
    message = plain(status.get("message") or "") if state in ACTIVE else ""
    if state == "starting" or not total:
        st.progress(0.0, message or "Starting ...")
    else:
        st.progress(min(1.0, step / total), f"Step {step:,} of {total:,}" + (f" · {message}" if message else ""))
    left, speed, seconds = (status.get(name) for name in ("seconds_left", "images_per_second", "seconds"))
    # Not the loss of the last step: that is of a single batch, and the recipe may not predict the noise.
    error = distance_now(run.metrics()) if is_distilled(run) else error_now(run.metrics())
    facts = {
        "time left": duration(left) if left and state == "running" else "–",
        "trained for": duration(seconds) if seconds else "–",
        "images a second": f"{speed:,.0f}" if speed else "–",
        "error now": f"{error:.4f}" if error else "–",
        "CPU threads": str(status.get("threads") or "–"),
    }
    facts_row(facts)


def _film(run: Run, live: bool) -> None:
    if frames := run.film():
        film(frames, key=f"film-{run.key}")
    else:
        st.info("The first drawings appear after a few steps." if live else "It was stopped before its first drawing.")
