"""A run as a file to keep, or to send."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ddpm.base.files import remedy
from ddpm.jobs.travel.exporting import ExportedRun, export_run
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from pages.parts.shared.store import without_folders
from pages.parts.shared.words import megabytes, plain, problem


def download_run(run: Run) -> None:
    """Offer a run as one file."""
    with st.popover("Take it along", icon=":material/ios_share:", key=f"take-{run.key}"):
        st.markdown(
            "One file with all that drawing needs, to draw with this model on another computer: there, give it to "
            "**Bring a run from a file** on this page. A link to its sprites then leads to the same ones."
        )
        # Packed only when asked for: it reads and checks all of the run.
        if not st.button("Make the file", key=f"pack-{run.key}"):
            return
        try:
            exported = _exported(run.folder)
        except (RunError, CheckpointError) as error:
            problem(without_folders(str(error)))
            return
        except OSError as error:
            problem(f"The file could not be made: {error.strerror or error}. {remedy(error)}, and try again.")
            return
        st.download_button(
            f"Download {megabytes(len(exported.data))}",
            exported.data,
            f"{exported.name}.zip",
            "application/zip",
            on_click="ignore",
            type="primary",
            icon=":material/download:",
            key=f"download-{run.key}",
        )
        st.caption(f"Step {exported.step:,}. Left out: {plain('; '.join(exported.told))}.")


def _exported(folder: Path) -> ExportedRun:
    with st.spinner("Packing ..."):
        return export_run(folder)
