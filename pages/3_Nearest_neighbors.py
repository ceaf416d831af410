"""Created or copied: samples compared with what the model learnt from."""

from __future__ import annotations

import streamlit as st

from ddpm.runs.run import Run
from pages.parts.copied.comparing import choose_samples, compare, get_ready
from pages.parts.copied.controls import ask_for_control, make_control
from pages.parts.copied.report_view import report_view
from pages.parts.copied.search import search
from pages.parts.copied.verdict_view import meanwhile, verdict_view, without_sprites
from pages.parts.shared.frame import frame
from pages.parts.shared.navigation import models_or_stop

frame("Created or copied?")
st.title("Created or copied?")
st.markdown(
    "Every sprite that a model draws is held against every sprite that it learnt from. How near is too near? "
    "Real sprites that the model never saw are the yardstick."
)

chosen = choose_samples(models_or_stop("There is no model to question yet."))
if chosen is None:
    st.stop()
if isinstance(chosen, Run):
    verdict_view(chosen)
    st.stop()
ready = get_ready(chosen.run, meanwhile)
if isinstance(ready, str):
    without_sprites(chosen.run, ready)
    st.stop()

control = ask_for_control()
samples = make_control(control, chosen, ready.comparison) if control else chosen
if samples is None:
    st.stop()
subject = compare(samples, ready)
if subject is None:
    st.stop()

report_view(subject, control)
st.header("Search by your own sprite")
search(subject)
