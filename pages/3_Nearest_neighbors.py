"""Created or copied: samples held against what the model learnt from."""

from __future__ import annotations

import streamlit as st

from ddpm.runs.run import Run
from pages.parts.copied.comparing import choose_samples, get_ready, hold_against
from pages.parts.copied.findings import findings
from pages.parts.copied.known import ask_for_test, make_test
from pages.parts.copied.reported import finished_report, meanwhile, without_sprites
from pages.parts.copied.search import search
from pages.parts.shared.frame import frame
from pages.parts.shared.store import drawing_runs
from pages.parts.train.setup import open_form

frame("Created or copied?")
st.title("Created or copied?")
st.markdown(
    "Every sprite that a model draws is held against every sprite that it learnt from. How near is too near? "
    "Real sprites that the model never saw are the yardstick."
)

runs = drawing_runs()
if not runs:
    st.info("There is no model to question yet.")
    if st.button("Teach one", type="primary"):
        open_form()
    st.stop()

chosen = choose_samples(runs)
if chosen is None:
    st.stop()
if isinstance(chosen, Run):
    finished_report(chosen)
    st.stop()
ready = get_ready(chosen.run, meanwhile)
if isinstance(ready, str):
    without_sprites(chosen.run, ready)
    st.stop()

test = ask_for_test()
questioned = make_test(test, chosen, ready.reference) if test else chosen
if questioned is None:
    st.stop()
subject = hold_against(questioned, ready)
if subject is None:
    st.stop()

findings(subject, test)
st.header("Search by your own sprite")
search(subject)
