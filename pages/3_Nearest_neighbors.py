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

answer, numbers = verdict(comparison)
with st.container(key="verdict", border=True):
    st.markdown(f"**{answer}**")
    st.caption(numbers)
figures, pictures = st.columns([5, 7], gap="large")
with figures:
    st.subheader("How near is normal?")
    distance_histogram(comparison.distances[:, 0], comparison.unseen_distances, chosen.whose)
    st.caption(
        "Grey levels: the typical difference of a pixel's red, green or blue, from 0 (the same) to 255. "
        f"If {chosen.whose} lie further left than real ones that the model never saw, it copies."
    )
with pictures:
    st.subheader("Nearest first")
    st.caption("Left the sprite in question, right the training sprites nearest to it, with their row in the data.")
    shown = 12
    gallery(chosen.images, comparison, sprites, chosen.first, shown)
    if len(chosen.images) > shown:
        with st.expander(f"The other {len(chosen.images) - shown}"):
            gallery(chosen.images, comparison, sprites, None, len(chosen.images))
