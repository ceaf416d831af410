"""Lesson: ten minutes in six steps through the app, on the screen and on paper."""

from __future__ import annotations

import streamlit as st

from pages.parts.lesson.paper import paper
from pages.parts.lesson.walk import walk
from pages.parts.shared.frame import frame
from pages.parts.shared.navigation import models_or_stop

frame("Lesson")
st.title("Ten minutes, six steps")
st.markdown(
    "How does a machine draw something new, and how would one know if it had only copied? Open each step’s page with "
    "its link, do what it says, answer the question, and come back. It needs nothing but this app and the model that "
    "came with it. For anybody from about 14."
)
models_or_stop("There is no model here, not even the one that came with the app. Teach one first.")
paper()
walk()
