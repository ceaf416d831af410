"""A run from a file that another computer made of it."""

from __future__ import annotations

import tempfile
from typing import Any

import streamlit as st

from ddpm.base.files import remedy
from ddpm.jobs.travel.importing import free_name, import_run
from ddpm.jobs.travel.run_archive import RunArchive
from ddpm.runs.errors import RunError
from pages.parts.shared.navigation import show_run
from pages.parts.shared.store import user_checkpoints
from pages.parts.shared.words import plain, problem

_TIMES, _TOLD = "runs-brought", "brought-run"


def bring_run() -> None:
    """Ask for the file of a run, and make a run of it."""
    if told := st.session_state.pop(_TOLD, None):
        st.success(told, icon=":material/check:")
    with st.expander("Bring a run from a file", icon=":material/move_to_inbox:"):
        # Another key each time: the file of the last one is let go.
        times = st.session_state.setdefault(_TIMES, 0)
        upload = st.file_uploader(
            "What “Take it along” made on another computer (.zip)",
            type="zip",
            key=f"bring-{times}",
            help="It is checked before anything is changed. A file of more than 100 MB is brought with python -m ddpm "
            "import.",
        )
        if upload is None:
            return
        try:
            with tempfile.TemporaryFile() as file:
                file.write(upload.getbuffer())
                file.seek(0)
                _bring(file, upload)
        except RunError as error:
            problem(error)
        except OSError as error:
            problem(f"The upload could not be stored: {error.strerror or error}. {remedy(error)}, and try again.")


def _bring(file: Any, upload: Any) -> None:
    called = RunArchive(file, upload.name).name
    offered = free_name(user_checkpoints(), called)
    name = st.text_input("Name here", offered, key=f"bring-name-{upload.file_id}", max_chars=63)
    if offered != called:
        st.caption(f"There is already a run called {plain(called)}, so another name is offered.")
    if not st.button("Bring it in", type="primary", key=f"bring-now-{upload.file_id}"):
        return
    file.seek(0)
    brought = import_run(file, upload.name, user_checkpoints(), name)
    words = [f"{brought.run.name} is here, and can draw.", *brought.told]
    st.session_state[_TOLD] = plain(" ".join(words))
    st.session_state[_TIMES] += 1
    show_run(str(brought.run.folder))
    # Its id belongs to the run that was shown before.
    st.session_state.pop("run-id", None)
    st.rerun()
