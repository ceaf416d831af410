"""Links between the pages, and the run that a visitor looks at; the session hands both to the next page."""

from __future__ import annotations

import streamlit as st

from ddpm.base.text import showable
from ddpm.runs.run import Run
from pages.parts.shared.store import default_run, drawing_runs, find_run, remembered_run, run_label

BUILTIN, KAGGLE = "Built-in sprites", "Kaggle Pixel Art"
"""What the Train page calls the set of our own generator, and the one from Kaggle."""

_FORM, _DRAW, _QUESTION = "form-wanted", "draw-from", "question-run"


def open_form(sprites: str | None = None) -> None:
    """Go to the form of a new training on the Train page, with a set of sprites chosen; None for the last one."""
    want_form()
    if sprites is not None:
        st.session_state["sprites"] = sprites
    st.switch_page("pages/1_Train.py")


def want_form() -> None:
    """Let the Train page show its form, and no run."""
    for key in ("run", "run-id"):
        st.session_state.pop(key, None)
    st.session_state[_FORM] = True


def form_is_wanted() -> bool:
    """Whether this visitor was sent to the form and has not started anything since."""
    return bool(st.session_state.get(_FORM))


def show_run(folder: str) -> None:
    """Let the next run of the Train page show the run in a folder."""
    st.session_state["run"] = folder


def show_started(folder: str) -> None:
    """Let the next run of the Train page show a training that has just been started."""
    show_run(folder)
    st.session_state.pop("run-id", None)
    st.session_state.pop(_FORM, None)


def sample_from(run: Run) -> None:
    """Go to the Sample page, and draw with a run."""
    st.session_state[_DRAW] = str(run.folder)
    st.switch_page("pages/2_Sample.py")


def run_to_draw_with() -> str | None:
    """The folder of the run that another page chose for drawing; None from the second call on."""
    return st.session_state.pop(_DRAW, None)


def question(run: Run) -> None:
    """Go to the page that asks whether a run created or copied."""
    st.session_state[_QUESTION] = str(run.folder)
    st.switch_page("pages/3_Nearest_neighbors.py")


def run_to_question(runs: list[Run]) -> Run | None:
    """The run that another page chose for this question; None from the second call on."""
    return find_run(runs, st.session_state.pop(_QUESTION, None))


def models_or_stop(problem: str) -> list[Run]:
    """The runs that can draw; where there are none, show the problem, offer to teach one, and end the page."""
    runs = drawing_runs()
    if not runs:
        st.info(problem)
        if st.button("Teach one", type="primary"):
            open_form()
        st.stop()
    return runs


def choose_run(runs: list[Run], label: str, key: str, wanted: str | None = None) -> Run:
    """Ask for one of some runs; the folder ``wanted`` takes the place of what was chosen before under this key."""
    folders = [str(run.folder) for run in runs]
    if wanted in folders:
        st.session_state[key] = wanted
    chosen = remembered_run(runs, key) or default_run(runs)
    st.session_state[key] = str(chosen.folder)

    def name(folder: str) -> str:
        run = find_run(runs, folder)
        return run_label(run) if run else showable(folder)

    folder = st.selectbox(label, folders, format_func=name, key=key, persist_state="session")
    chosen = find_run(runs, folder) or runs[0]
    st.session_state[f"{key}-id"] = chosen.id()
    return chosen
