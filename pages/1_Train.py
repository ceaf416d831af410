"""Train: choose sprites, start, and watch it learn."""

from __future__ import annotations

import streamlit as st

from ddpm.runs.training_lock import active_training
from pages.parts.shared.frame import frame
from pages.parts.shared.navigation import form_is_wanted, show_run
from pages.parts.shared.store import all_runs, find_run, remembered_run
from pages.parts.shared.words import plain, problem
from pages.parts.train.choosing import choose_sprites
from pages.parts.train.data_card import data_card
from pages.parts.train.opening import open_link
from pages.parts.train.run_list import run_list
from pages.parts.train.run_view import failure, run_view
from pages.parts.train.setup import new_training, start_problem
from pages.parts.train.travel.upload import bring_run

frame("Train")
st.title("Teach it to draw")

open_link()
active = active_training()
runs = all_runs()
shown = remembered_run(runs, "run")
if active is not None and shown is None:
    # Remembered, so that it stays on the page when it ends, also in a tab that was opened while it ran.
    shown = find_run(runs, str(active.run.folder)) or active.run
    show_run(str(shown.folder))
if told := start_problem():
    problem(told)
if shown is not None:
    with st.container(border=True):
        failure(shown)
        run_view(shown, [run for run in runs if run.folder != shown.folder])

if shown is None:
    st.markdown("Choose what it learns from, press **Start training**, and watch the drawings get better.")
elif active is None:
    st.header("Or begin a new one")
with st.expander("Prepare the next training", expanded=form_is_wanted()) if active is not None else st.container():
    form, preview = st.columns([5, 7], gap="large")
    # On a phone the preview is below the form, which comes in parts: the style sheet keeps their place.
    form = form.container(key="training-form")
    with form:
        choice = choose_sprites()
    with preview:
        if choice.sprites is not None:
            data_card(choice.sprites)
        else:
            st.info(plain(choice.problem))
    busy = f"{active.run.name} is training: stop it first, or wait for its end." if active else None
    with form:
        estimate = new_training(choice, busy)

st.header("Runs")
run_list(runs, shown)
bring_run()

# Last, since it may take a moment.
estimate()
