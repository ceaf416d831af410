"""Created or copied: samples compared with what the model learnt from."""

from __future__ import annotations

import streamlit as st

from ddpm.runs.run import Run
from pages.parts.copied.comparing import choose_samples, get_ready, measured, pair
from pages.parts.copied.controls import ask_for_control, chosen_control, make_control
from pages.parts.copied.opening import open_link
from pages.parts.copied.report_view import report_view
from pages.parts.copied.search import search
from pages.parts.copied.verdict_view import report_line, verdict_view, without_sprites
from pages.parts.shared.frame import frame
from pages.parts.shared.navigation import models_or_stop

frame("Created or copied?")
st.title("Created or copied?")
st.markdown(
    "Each sprite that a model drew stands beside the training sprite nearest to it. How near is too near? "
    "Real sprites that the model never saw are the yardstick."
)

# Places for what comes and goes above the report: without them the report would be another element each time.
asked, told = st.container(key="asked"), st.container()
with asked:
    runs = models_or_stop("There is no model to question yet.")
    open_link(runs)
    control = chosen_control()
    chosen = choose_samples(runs, silent=control is not None)
if chosen is None:
    st.stop()
if isinstance(chosen, Run):
    verdict_view(chosen)
    st.stop()
with told:
    ready = get_ready(chosen.run)
if isinstance(ready, str):
    without_sprites(chosen.run, ready)
    st.stop()

with told:
    samples = make_control(control, chosen, ready.comparison) if control else chosen
    pairs = None if samples is None else pair(samples, ready)
if pairs is not None:
    report_view(pairs, control)
report_line(chosen.run, drew=chosen.batch is not None and not control)
ask_for_control()
subject = None if pairs is None else measured(pairs)
if subject is not None:
    st.header("Search by your own sprite")
    search(subject)
