"""The frame around every page: title, way around, and what is training."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import net_util

from ddpm.cli.console import duration
from ddpm.runs.album import batch_names
from ddpm.runs.errors import RunError
from ddpm.runs.favourites import favourite_names
from ddpm.runs.listing import list_runs
from ddpm.runs.training_lock import ActiveTraining, active_training
from pages.parts.shared.component import source
from pages.parts.shared.frame.logo import logo
from pages.parts.shared.pictures import image_uri
from pages.parts.shared.store import user_checkpoints
from pages.parts.shared.words import plain

_LINKS = (
    ("streamlit_app.py", "Home"),
    ("pages/1_Train.py", "Train"),
    ("pages/2_Sample.py", "Sample"),
    ("pages/3_Nearest_neighbors.py", "Created or copied?"),
)
_CSS = Path(__file__).with_name("frame.css")
_SECONDS = 2.0


def frame(title: str) -> None:
    """Begin a page; the first call of every page.

    Args:
        title: for the browser's tab.
    """
    st.set_page_config(
        page_title=f"{title} · Pixel diffusion", page_icon=logo(4), layout="wide", initial_sidebar_state="collapsed"
    )
    st.html(_CSS)
    _ask_nobody_for_our_address()
    with st.container(horizontal=True, key="topbar", vertical_alignment="center", gap="small"):
        mark = f'<img src="{image_uri(logo(2))}" alt="">'
        st.html(f'<div class="brand">{mark} <span>Pixel diffusion</span></div>', width="content")
        for page, label in _LINKS:
            st.page_link(page, label=label)
        active = active_training()
        # The timer runs in the browser: without a training there must be none.
        st.fragment(_chip, run_every=_SECONDS if active else None)(_mark(active))


def _ask_nobody_for_our_address() -> None:
    # A request from a foreign origin makes Streamlit ask an outside service for this machine's address, to compare.
    # The app listens on this machine alone, so the answer is known; and nothing here may call outside.
    if getattr(net_util, "_external_ip", "") is None:
        net_util._external_ip = "127.0.0.1"


def _mark(active: ActiveTraining | None) -> tuple[Any, ...]:
    """What pages show of the disk and has no timer of its own: which training, runs, batches and favourites."""
    runs = [(str(run.folder), run.latest() is not None) for run in list_runs(user_checkpoints())]
    return active.start if active else None, runs, batch_names()[:1], favourite_names()


def _chip(shown: tuple[Any, ...]) -> None:
    active = active_training()
    # A tab that comes back into sight looks once, since without a training nothing asks it to.
    is_back = _return(key="return", width=1, on_back_change=lambda: None).get("back")
    if _mark(active) != shown or (is_back and active is not None):
        # The page around still shows what was there before: in another tab, or by the command line, it has changed.
        st.rerun(scope="app")
    if active is None:
        return
    with st.container(key="chip", horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.html(_chip_html(active), width="content")
        if st.button("Stop", key="chip-stop", help="Save this training and stop it; it can go on later."):
            try:
                active.run.request(stop=True)
            except RunError as error:
                st.toast(plain(error))


def _chip_html(active: ActiveTraining) -> str:
    status = active.run.status()
    step, total = int(status.get("step") or 0), int(status.get("total_steps") or 0)
    words = {"starting": "starting", "paused": "paused"}.get(str(status.get("state")), "")
    if active.run.pending().get("stop"):
        words = "stopping"
    if not words:
        words = f"{100 * step / total:.0f}%" if total else "trains"
        if left := status.get("seconds_left"):
            words += f", {duration(left)} left"
    kind = "chip live" if status.get("state") == "running" else "chip"
    about = html.escape(str(status.get("message") or ""))
    return f'<div class="{kind}" title="{about}"><span class="dot"></span>{html.escape(active.run.name)}: {words}</div>'


_return = st.components.v2.component("ddpm_return", js=source(__file__, "frame.js"))
