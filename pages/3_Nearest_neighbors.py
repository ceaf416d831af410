"""Created or copied: samples held against what the model learnt from."""

from __future__ import annotations

import streamlit as st

from pages.parts.comparing import choose_samples, hold_against, reference_of
from pages.parts.findings import findings
from pages.parts.frame import frame
from pages.parts.keeping import stored_verdict
from pages.parts.known import ask_for_test, make_test
from pages.parts.search import search
from pages.parts.store import drawing_runs

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
        st.switch_page("pages/1_Train.py")
    st.stop()

chosen = choose_samples(runs)
if chosen is None:
    st.stop()
reference = reference_of(chosen.run)
if reference is None:
    stored_verdict(chosen.run)
    st.stop()

test = ask_for_test()
questioned = make_test(test, chosen, reference) if test else chosen
if questioned is None:
    st.stop()
subject = hold_against(questioned, reference)
if subject is None:
    st.stop()

findings(subject, test)
st.header("Search by your own sprite")
search(subject)
