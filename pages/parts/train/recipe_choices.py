"""What the form of a new training offers as recipes, and the rows that each of them learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ddpm.jobs.plan import training_rows
from ddpm.sprites import SpriteDataset, SpriteError
from ddpm.training.recipes import RECIPES

RECIPE_KEY, HOLDOUT_KEY = "recipe", "holdout"
"""Session keys of the controls that ask for them."""


@dataclass(frozen=True)
class RecipeChoice:
    """A recipe, and how much it learns from.

    Attributes:
        preset: name of the recipe.
        minutes: the length that is proposed.
        most: distinct sprites to learn from; None for all.
    """

    title: str
    summary: str
    preset: str
    minutes: int
    most: int | None = None


RECIPE_CHOICES = {
    **{
        name: RecipeChoice(recipe.title, recipe.summary, name, recipe.default_minutes)
        for name, recipe in RECIPES.items()
    },
    "memorise": RecipeChoice(
        "Make it memorise",
        "Only 64 of the sprites, over and over, for a few minutes: it learns them by heart instead of learning to "
        "draw, and the page **Created or copied?** catches it.",
        "fast",
        minutes=5,
        most=64,
    ),
}


def recipe_and_holdout() -> tuple[RecipeChoice, float]:
    """What the form asks for, read from the session, since the data card is drawn before the form."""
    recipe = RECIPE_CHOICES.get(str(st.session_state.get(RECIPE_KEY)), RECIPE_CHOICES["fast"])
    return recipe, held_out_share(st.session_state.get(HOLDOUT_KEY, True))


def held_out_share(wanted: bool) -> float:
    """The share of the sprites that is held out: a tenth, or none."""
    return 0.1 if wanted else 0


def rows_to_learn(sprites: SpriteDataset | None, holdout: float, most: int | None) -> tuple[np.ndarray, str]:
    """The rows to train on, int64 (N,), and why there are none."""
    none = np.empty(0, np.int64)
    try:
        return (none if sprites is None else training_rows(sprites, holdout, most)), ""
    except SpriteError as error:
        return none, str(error)
