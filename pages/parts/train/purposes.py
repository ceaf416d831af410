"""What a training can be for, and what it then learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ddpm.jobs.plan import training_rows
from ddpm.sprites import SpriteDataset, SpriteError
from ddpm.training.recipes import RECIPES, Recipe

PURPOSE, HOLDOUT = "recipe", "holdout"
"""Keys of the controls that ask for them."""
_SHARE = 0.1


@dataclass(frozen=True)
class Purpose:
    """What a training can be for: a recipe, and how much it learns from.

    Attributes:
        minutes: the length that is proposed.
        most: distinct sprites to learn from; None for all.
    """

    title: str
    summary: str
    recipe: Recipe
    minutes: int
    most: int | None = None


PURPOSES = {
    **{name: Purpose(recipe.title, recipe.summary, recipe, recipe.default_minutes) for name, recipe in RECIPES.items()},
    "memorise": Purpose(
        "Make it memorise",
        "Only 64 of the sprites, over and over, for a few minutes: it learns them by heart instead of learning to "
        "draw, and the page **Created or copied?** catches it.",
        RECIPES["fast"],
        minutes=5,
        most=64,
    ),
}


def purpose_and_holdout() -> tuple[Purpose, float]:
    """The purpose, and the share to hold out, that the form asks for; it stands below what shows their numbers."""
    purpose = PURPOSES.get(str(st.session_state.get(PURPOSE)), PURPOSES["fast"])
    return purpose, held_out(st.session_state.get(HOLDOUT, True))


def held_out(wanted: bool) -> float:
    """The share of the sprites that is held out, if it is."""
    return _SHARE if wanted else 0


def rows_to_learn(sprites: SpriteDataset | None, holdout: float, most: int | None) -> tuple[np.ndarray, str]:
    """The rows to train on, and why there are none."""
    none = np.empty(0, np.int64)
    if sprites is None:
        return none, ""
    try:
        return training_rows(sprites, holdout, most), ""
    except SpriteError as error:
        return none, str(error)
