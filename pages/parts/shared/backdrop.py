"""What is seen through transparent sprites: a checkerboard, or a colour of the visitor's choice.

Players and galleries read it from a variable of the page's style sheet, so a change sends no picture again.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.pixels.transparency import WHITE, Colour, parse_colour

_KEY, _COLOUR = "behind", "behind-colour"
CHECKERBOARD, _WHITE, _BLACK, _OWN = "Checkerboard", "White", "Black", "Colour"
_USUAL_COLOUR = "#6fa8dc"
# Light in both themes, since most sprites are drawn for light paper; in the dark one not as bright as paper.
_TONES = {"light": ("#fff", "#e4e3ea"), "dark": ("#a9a8b3", "#bdbcc6")}
_EITHER = tuple(f"light-dark({light}, {dark})" for light, dark in zip(*_TONES.values(), strict=True))


def backdrop_colour() -> Colour | None:
    """The colour that this visitor wants behind transparent sprites; None for the checkerboard."""
    choice = st.session_state.get(_KEY)
    if choice == _WHITE:
        return WHITE
    if choice == _BLACK:
        return 0, 0, 0
    return parse_colour(str(st.session_state.get(_COLOUR, _USUAL_COLOUR))) if choice == _OWN else None


def behind() -> str:
    """The same as a CSS background."""
    colour = backdrop_colour()
    if colour is not None:
        return f"rgb{colour}"
    # By name: Streamlit's dialogs do not hand the theme down to what is in them.
    one, other = _TONES.get(str(st.context.theme.type), _EITHER)
    return f"repeating-conic-gradient({one} 0 25%, {other} 0 50%) 0 0 / 12px 12px"


def backdrop_rule() -> str:
    """The same as a rule of a style sheet, for the components of a page."""
    return f":root{{--behind:{behind()}}}"


def ask_for_backdrop(sprites: np.ndarray) -> None:
    """Ask what is to be behind sprites, uint8 (N, H, W, C); nothing if they have no alpha."""
    if sprites.shape[-1] != 4:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="center", gap="small"):
        choice = st.segmented_control(
            "Behind transparent sprites",
            (CHECKERBOARD, _WHITE, _BLACK, _OWN),
            default=CHECKERBOARD,
            required=True,
            key=_KEY,
            persist_state="session",
        )
        if choice == _OWN:
            st.color_picker(
                "The colour", _USUAL_COLOUR, key=_COLOUR, label_visibility="collapsed", persist_state="session"
            )
