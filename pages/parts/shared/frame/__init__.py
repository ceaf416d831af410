"""The top of every page: title, links to the other pages, and the training that is running."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit import net_util

from ddpm.cli.console import duration
from ddpm.pixels.sheets import png
from ddpm.runs.album import batch_names
from ddpm.runs.errors import RunError
from ddpm.runs.favourites import favourite_names
from ddpm.runs.listing import list_runs
from ddpm.runs.training_lock import ActiveTraining, active_training
from pages.parts.shared.component import MOUNTING, source
from pages.parts.shared.frame.logo import logo
from pages.parts.shared.frame.present import ask_to_present
from pages.parts.shared.lesson.arriving import arrive
from pages.parts.shared.pictures import data_uri
from pages.parts.shared.store import user_checkpoints
from pages.parts.shared.words import plain

_LINKS = (
    ("streamlit_app.py", "Home"),
    ("pages/1_Train.py", "Train"),
    ("pages/2_Sample.py", "Sample"),
    ("pages/3_Nearest_neighbors.py", "Created or copied?"),
    ("pages/4_How_it_works.py", "How it works"),
    ("pages/5_Lesson.py", "Lesson"),
)
_SECONDS = 2.0


def frame(title: str) -> None:
    """Begin a page; to be called first. The title is that of the browser's tab."""
    # Not layout="wide": the page would change its width twice, by this and by the style sheet.
    st.set_page_config(page_title=f"{title} · Pixel diffusion", page_icon=logo(4), initial_sidebar_state="collapsed")
    st.html(Path(__file__).with_name("frame.css"))
    _prevent_address_lookup()
    with st.container(horizontal=True, key="topbar", vertical_alignment="center", gap="small"):
        image = f'<img src="{data_uri(png(np.asarray(logo(2))))}" alt="">'
        st.html(f'<div class="brand">{image} <span>Pixel diffusion</span></div>', width="content")
        for page, label in _LINKS:
            st.page_link(page, label=label)
        ask_to_present()
        active = active_training()
        # The timer keeps the browser busy, so there is none without a training.
        st.fragment(_chip, run_every=_SECONDS if active else None)(_disk_state(active))
    arrive(title)


def _prevent_address_lookup() -> None:
    # To judge a request from another origin, Streamlit asks an outside service for this machine's address. The app
    # must not go online, and it listens on this machine alone, so the answer is known.
    if getattr(net_util, "_external_ip", "") is None:
        net_util._external_ip = "127.0.0.1"


def _disk_state(active: ActiveTraining | None) -> tuple[Any, ...]:
    """What pages show of the disk without a timer of their own: training, runs, newest batch and favourites."""
    runs = [(str(run.folder), run.latest() is not None) for run in list_runs(user_checkpoints())]
    return active.start if active else None, runs, batch_names()[:1], favourite_names()


def _chip(shown: tuple[Any, ...]) -> None:
    active = active_training()
    # A tab that becomes visible again looks once: without a training it has no timer.
    is_back = _return(key="return", width=1, on_back_change=lambda: None).get("back")
    if _disk_state(active) != shown or (is_back and active is not None):
        # Another tab or the command line has changed something, and this page shows the old state.
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
    step, total, share = int(status.get("step") or 0), int(status.get("total_steps") or 0), status.get("share")
    if share is None and total:
        share = step / total
    words = {"starting": "starting", "paused": "paused"}.get(str(status.get("state")), "")
    if active.run.pending().get("stop"):
        words = "stopping"
    if not words:
        words = "trains" if share is None else f"{100 * share:.0f}%"
        if left := status.get("seconds_left"):
            words += f", {duration(left)} left"
    kind = "chip live" if status.get("state") == "running" else "chip"
    about = html.escape(str(status.get("message") or ""))
    return f'<div class="{kind}" title="{about}"><span class="dot"></span>{html.escape(active.run.name)}: {words}</div>'


_return = st.components.v2.component("ddpm_return", js=MOUNTING + source(__file__, "frame.js"))
