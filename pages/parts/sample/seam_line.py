"""The line about seams under tiles of a seamless model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from ddpm.pixels.seams import drawn_beside_learnt, seams
from ddpm.runs.album import Batch
from ddpm.runs.run import Run
from pages.parts.shared.words import plain


def is_seamless(batch: Batch) -> bool:
    """Whether a batch was drawn by a seamless model that is still here."""
    return not batch.info.get("gone") and bool(_config(batch).get("recipe", {}).get("seamless"))


def seam_line(batch: Batch) -> None:
    """Say how strong the borders of drawn tiles are; nothing for other sprites."""
    if is_seamless(batch):
        told = drawn_beside_learnt(seams(batch.chain.sprites), _config(batch).get("data", {}).get("seams"))
        st.caption(
            f"Seamless tiles. {plain(told)} A click on one, then 3 × 3, lays it side by side.", text_alignment="center"
        )


def _config(batch: Batch) -> dict[str, Any]:
    return Run(Path(str(batch.info["run"]))).config()
