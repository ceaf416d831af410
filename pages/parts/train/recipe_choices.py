"""What the form of a new training offers as recipes, and the rows that each of them learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ddpm.jobs.plan import training_rows
from ddpm.jobs.request import KEEP, ONCE
from ddpm.sprites import SpriteDataset, SpriteError
from ddpm.training.recipes import RECIPES

RECIPE_KEY, HOLDOUT_KEY, REPEATS_KEY = "recipe", "holdout", "repeats"
"""Session keys of the controls that ask for them; that of the repeats is another one for each recipe."""
_REPEATS = {ONCE: "Each once", KEEP: "Keep all"}


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


def recipe_and_holdout() -> tuple[RecipeChoice, float, bool]:
    """What the form asks for, read from the session: the data card shows it above the form's controls.

    Returns:
        the recipe, the share that is held out, and whether equal sprites are learnt from once.
    """
    chosen = str(st.session_state.get(RECIPE_KEY))
    recipe = RECIPE_CHOICES.get(chosen, RECIPE_CHOICES["fast"])
    repeats = st.session_state.get(f"{REPEATS_KEY}-{chosen}") or usual_repeats(recipe)
    return recipe, held_out_share(st.session_state.get(HOLDOUT_KEY, True)), repeats == ONCE


def usual_repeats(recipe: RecipeChoice) -> str:
    return ONCE if RECIPES[recipe.preset].each_once else KEEP


def ask_repeats(chosen: str, sprites: SpriteDataset) -> str:
    """Whether equal sprites are learnt from once or as often as they are there; asked only where there are some."""
    usual = usual_repeats(RECIPE_CHOICES[chosen])
    if len(sprites.distinct()) == len(sprites):
        return usual
    return st.segmented_control(
        "Equal sprites",
        list(_REPEATS),
        default=usual,
        required=True,
        format_func=lambda name: _REPEATS[name],
        key=f"{REPEATS_KEY}-{chosen}",
        persist_state="session",
        help=f"{len(sprites) - len(sprites.distinct()):,} of {len(sprites):,} sprites repeat an earlier one. The "
        "report's recipe keeps them.",
    )


def held_out_share(wanted: bool) -> float:
    """The share of the sprites that is held out: a tenth, or none."""
    return 0.1 if wanted else 0


def rows_to_learn(
    sprites: SpriteDataset | None, holdout: float, most: int | None, each_once: bool
) -> tuple[np.ndarray, str]:
    """The rows to train on, int64 (N,), and why there are none."""
    none = np.empty(0, np.int64)
    try:
        return (none if sprites is None else training_rows(sprites, holdout, most, each_once)), ""
    except SpriteError as error:
        return none, str(error)
