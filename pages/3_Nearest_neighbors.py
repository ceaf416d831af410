"""Created or copied: samples held against what the model learnt from."""

from __future__ import annotations

import streamlit as st

from pages.parts.charts import distance_histogram
from pages.parts.comparing import choose_samples, compare_with_training
from pages.parts.frame import frame
from pages.parts.matches import gallery, verdict
from pages.parts.store import drawing_runs

frame("Created or copied?")
st.title("Created or copied?")
st.markdown(
    "Every sprite that a model draws is held against every sprite that it learnt from, pixel by pixel. "
    "How near is too near? Real sprites that the model never saw are the yardstick."
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
result = compare_with_training(chosen)
if result is None:
    st.stop()
comparison, sprites = result

with st.container(key="verdict"):
    st.markdown(verdict(comparison))
left, right = st.columns([7, 5], gap="large")
with left:
    st.subheader("Nearest first")
    shown = 12
    gallery(chosen.images, comparison, sprites, chosen.first, shown)
    if len(chosen.images) > shown:
        with st.expander(f"The other {len(chosen.images) - shown}"):
            gallery(chosen.images, comparison, sprites, None, len(chosen.images))
with right:
    st.subheader("How near is normal?")
    distance_histogram(comparison.distances[:, 0], comparison.unseen_distances)
    st.caption(
        "Grey levels: the typical difference of a pixel's red, green or blue, from 0 (the same) to 255. "
        "If the model's own sprites lie further left than real ones that it never saw, it copies."
    )
