"""The list of all runs, each with its state, its progress and its buttons."""

from __future__ import annotations

import contextlib

import streamlit as st

from ddpm.base.files import replace_bytes
from ddpm.base.text import roughly
from ddpm.jobs.model_card import run_card
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from pages.parts.shared.navigation import show_run
from pages.parts.shared.store import is_live
from pages.parts.shared.words import plain, problem

_SECONDS = 2.0
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
"""Each state of a run, in words, and the colour of its badge."""


def state_badge(run: Run) -> None:
    title, colour = STATES[run.state()]
    st.badge(title, color=colour)  # type: ignore[arg-type]


def run_list(runs: list[Run], shown: Run | None) -> None:
    """Show all runs; ``shown`` is the one above the list."""
    for row, run in enumerate(runs):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"row-{row}"):
            st.markdown(f"**{plain(run.name)}**", width=190)
            above = shown is not None and shown.folder == run.folder
            st.fragment(_row, run_every=_SECONDS if is_live(run) else None)(run, above)
            if not above and st.button("Show", key=f"show-{run.key}"):
                show_run(str(run.folder))
                st.rerun()
            _manage(run)


def _row(run: Run, above: bool) -> None:
    config = run.config()
    told = [config["data"].get("name", "?"), config.get("preset", "?")] if "data" in config else []
    words = [*(plain(word) for word in told), how_far(run), *(["shown above"] if above else [])]
    # A fragment puts its elements one below the other.
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(run)
        st.caption(" · ".join(words), width="stretch")


def how_far(run: Run) -> str:
    """How many of its steps a run has made, in words, and its own message while it trains."""
    status = run.status()
    step = max(run.latest() or 0, int(status.get("step") or 0))
    total = int(status.get("total_steps") or run.config().get("total_steps") or 0)
    of = roughly(total) if status.get("minutes") else f"{total:,}"
    doing = plain(status["message"]) if is_live(run) and status.get("message") else ""
    return " · ".join(words for words in (f"{step:,} of {of} steps" if total else "", doing) if words)


def last_run(run: Run) -> None:
    """Show the last run on another page, with a button that leads to it."""
    with st.container(border=True, key="last-run"):
        st.markdown(f"**Your last run: {plain(run.name)}**")
        st.fragment(_last_run, run_every=_SECONDS if is_live(run) else None)(run)


def _last_run(run: Run) -> None:
    st.caption(" · ".join(words for words in (STATES[run.state()][0], how_far(run)) if words))
    live = is_live(run)
    if st.button("Watch it" if live else "Continue with it", icon=":material/arrow_forward:", key="to-last-run"):
        show_run(str(run.folder))
        st.switch_page("pages/1_Train.py")


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
                show_run(str(renamed.folder))
                st.rerun()
            except RunError as error:
                problem(error)
        link = "Yes, delete the link; the folder that it leads to stays"
        words = link if run.folder.is_symlink() else "Yes, delete it with all that it learnt"
        sure = st.checkbox(words, key=f"sure-{run.key}")
        if st.button("Delete", key=f"delete-{run.key}", disabled=not sure, icon=":material/delete:"):
            try:
                run.delete()
                st.rerun()
            except RunError as error:
                problem(error)
