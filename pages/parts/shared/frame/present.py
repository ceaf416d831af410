"""The switch for projectors: text and sprites grow on all pages; the style sheet sees whether it is on."""

from __future__ import annotations

import streamlit as st

_KEY, _KEPT, _PARAMETER = "present", "present-kept", "present"


def ask_to_present() -> None:
    """Show the switch, which stays as it is for the whole visit; an address with ``?present=1`` begins with it on."""
    # Not bound to the address: a link to sprites is compared with the whole of it, and would be opened again.
    if _KEPT not in st.session_state:
        st.session_state[_KEPT] = st.query_params.get(_PARAMETER) == "1"
    # Streamlit forgets what a program has set, not the visitor, when the page changes.
    st.session_state[_KEY] = st.session_state[_KEPT]
    st.toggle(
        "Present",
        key=_KEY,
        on_change=_keep,
        width="content",
        help="Larger text and sprites, for a projector. An address with `?present=1` at its end opens with it.",
    )


def _keep() -> None:
    st.session_state[_KEPT] = st.session_state[_KEY]
