"""Links to the form of a new training: the sprites, the recipe and the length that it proposes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.lesson.arriving import arrival, tell_missing
from pages.parts.shared.navigation import BUILTIN, KAGGLE, want_form
from pages.parts.train.recipe_choices import RECIPE_CHOICES, RECIPE_KEY

UNITS = ("minutes", "steps", "epochs")
MOST = 10_000_000
"""The longest training, in any of the units."""

_PAGE, _PROPOSED = "Train", "proposed-training"
_SPRITES = {"builtin": BUILTIN, "kaggle": KAGGLE}


def open_link() -> None:
    """Propose what the address asks for: ``sprites``, ``recipe``, and one of ``minutes``, ``steps`` and ``epochs``.

    To be called before the page is built. It starts nothing. What it asks for that is not there is told.
    """
    parameters = arrival(_PAGE)
    tell_missing("" if parameters is None else _propose(parameters))


def proposed(key: str, usual: Any) -> Any:
    """What a link proposes for the control of this key; ``usual`` if it says nothing of it."""
    return st.session_state.get(_PROPOSED, {}).get(key, usual)


def _propose(parameters: Mapping[str, str]) -> str:
    """Put what a link asks for into the form; what of it is not there, in words."""
    if not parameters.keys() & {"sprites", "recipe", *UNITS}:
        return ""
    want_form()
    found, wrong = _read(parameters)
    for key in found:
        # What the visitor chose before on this page would else come before the link.
        st.session_state.pop(key, None)
    st.session_state[_PROPOSED] = found
    asked = " and ".join(wrong)
    return f"This link asks for {asked} that this page does not have: the usual is chosen." if wrong else ""


def _read(parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Values by the keys of their controls, and what cannot be read."""
    wrong = []
    recipe = parameters.get("recipe", "fast")
    if recipe not in RECIPE_CHOICES:
        wrong, recipe = ["a recipe"], "fast"
    found: dict[str, Any] = {RECIPE_KEY: recipe}
    if (sprites := parameters.get("sprites")) is not None:
        wrong += [] if sprites in _SPRITES else ["sprites"]
        found["sprites"] = _SPRITES.get(sprites, BUILTIN)
    unit = next((unit for unit in UNITS if unit in parameters), None)
    if unit is not None:
        amount = parameters[unit]
        if amount.isascii() and amount.isdigit() and len(amount) <= len(str(MOST)) and 1 <= int(amount) <= MOST:
            found |= {"unit": unit, f"amount-{unit}-{recipe}": int(amount)}
        else:
            wrong.append("a length")
    return found, wrong
