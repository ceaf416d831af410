"""How it works: diffusion to be touched, scene by scene."""

from __future__ import annotations

import streamlit as st

from pages.parts.how.opening import open_link
from pages.parts.how.story import CHAPTERS, tell
from pages.parts.how.subject import choose_subject
from pages.parts.shared.frame import frame

frame("How it works")
st.title("How it works")
st.markdown(
    "One sprite, one model, and sliders: move them, with a finger, a mouse or the arrow keys. "
    "All that you see is worked out here, as you look, with this model and the code of this app."
)
alone = open_link([chapter.name for chapter in CHAPTERS])
subject = choose_subject()
with st.container(key="story"):
    tell(subject, alone)
