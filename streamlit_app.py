"""Home: what the app does, a first drawing, and links to the other pages."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.batches import kinds_of
from pages.parts.shared.drawing import first_batch
from pages.parts.shared.frame import frame
from pages.parts.shared.navigation import open_form
from pages.parts.shared.player import player, reserve
from pages.parts.shared.store import all_runs, shipped_run, sprite_shape
from pages.parts.shared.words import plain
from pages.parts.train.run_list import last_run

SPRITES, COLUMNS = 25, 5

frame("Home")

words, picture = st.columns([5, 7], gap="large", vertical_alignment="center")
run = shipped_run()
with picture:
    # Before the words: they are centred beside it, and would move when it comes.
    place = (
        reserve("home-picture", SPRITES, COLUMNS, sprite_shape(run)[:2])
        if run is not None
        else reserve("home-picture", None, COLUMNS)
    )
with words:
    st.title("A tiny AI learns to draw pixel art. You watch.")
    st.container(key="lead").markdown(
        "Teach a small **diffusion model** on your own computer, in minutes: it learns to turn pure noise into "
        "small sprites. Then this app measures what others judge by eye: **did it create, or did it copy?**"
    )
    with st.container(horizontal=True, gap="small"):
        if st.button("Teach your own", type="primary"):
            open_form()
        if st.button("Draw sprites"):
            st.switch_page("pages/2_Sample.py")
        if st.button("Created or copied?"):
            st.switch_page("pages/3_Nearest_neighbors.py")
    last = next((run for run in all_runs() if not run.is_shipped()), None)
    if last is not None:
        last_run(last)

with place:
    batch = first_batch(run, SPRITES) if run is not None else None
    if batch is not None:
        player(
            batch.chain,
            key="home-player",
            columns=COLUMNS,
            names=kinds_of(batch.info, len(batch.chain.sprites)),
            caption=f"Drawn just now, from noise, by {batch.info['model']}",
        )
    elif run is None:
        st.info("No model is here yet. Teach one: the Train page needs no download.")
    else:
        st.warning(f"The model {plain(run.name)} that came with the app is damaged. Teach one on the Train page.")

st.divider()
with st.container(key="how"):
    how = st.columns(3, gap="large")
for column, (heading, text) in zip(
    how,
    {
        "1 · Teach": "Choose sprites: the built-in set, the Kaggle set of the student report that this app rebuilds, "
        "or your own, of 8 to 64 pixels a side. Press Start and see the error fall and the drawings get better.",
        "2 · Draw": "The model begins with noise and takes it away step by step. Play the steps, stop them, "
        "drag through them: left what it sees, right what it believes is underneath.",
        "3 · Ask": "Each new sprite is held against every sprite that the model learnt from. "
        "Real sprites that it never saw show how near is normal.",
    }.items(),
    strict=True,
):
    column.header(heading)
    column.markdown(text)
st.page_link(
    "pages/4_How_it_works.py", label="How does that work? Touch it, step by step.", icon=":material/touch_app:"
)
st.page_link("pages/5_Lesson.py", label="A lesson: ten minutes, six steps, to print, too.", icon=":material/school:")
