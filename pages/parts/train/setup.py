"""The form of a new training, and the start of trainings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from ddpm.base import hardware
from ddpm.jobs.distilling.request import DistilRequest
from ddpm.jobs.launcher import StartError, start_training
from ddpm.jobs.request import ONCE, TrainingRequest
from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name
from ddpm.sprites import SpriteDataset
from ddpm.training.recipes import RECIPES
from pages.parts.shared.navigation import show_started
from pages.parts.shared.store import user_checkpoints
from pages.parts.shared.words import plain
from pages.parts.train.choosing import SpriteChoice
from pages.parts.train.estimate import estimate
from pages.parts.train.opening import MOST, UNITS, proposed
from pages.parts.train.recipe_choices import (
    HOLDOUT_KEY,
    RECIPE_CHOICES,
    RECIPE_KEY,
    RecipeChoice,
    ask_repeats,
    held_out_share,
    rows_to_learn,
)
from pages.parts.train.seamless import ask_seamless

_RECIPES_OWN = "recipe's own"


def new_training(choice: SpriteChoice, busy: str | None) -> Callable[[], None]:
    """Show the form, and start the training when its button is pressed.

    Args:
        busy: why nothing can be started now; None if something can.

    Returns:
        A function that fills in how long it will take; to be called last, since timing takes a moment.
    """
    chosen = st.segmented_control(
        "Recipe",
        list(RECIPE_CHOICES),
        default=proposed(RECIPE_KEY, "fast"),
        required=True,
        format_func=lambda name: RECIPE_CHOICES[name].title,
        key=RECIPE_KEY,
        persist_state="session",
    )
    recipe = RECIPE_CHOICES[chosen]
    st.caption(recipe.summary)
    repeats = ask_repeats(chosen, choice.sprites) if choice.sprites is not None else None
    seamless = choice.sprites is not None and ask_seamless(recipe.preset, choice.sprites)
    length = _ask_length(chosen, recipe, choice.sprites)
    threads = _ask_threads()
    place = st.container(key="estimate").empty() if choice.sprites is not None and not busy else None
    name, rest = _ask_particulars(chosen)
    request = TrainingRequest(
        folder=user_checkpoints() / name,
        data=choice.source,
        preset=recipe.preset,
        threads=threads,
        most=recipe.most,
        repeats=repeats,
        seamless=seamless,
        **length,
        **rest,
    )
    rows, no_rows = rows_to_learn(choice.sprites, rest["holdout"], recipe.most, repeats == ONCE)
    obstacle = busy or choice.problem or no_rows or _name_problem(name)
    if st.button("Start training", type="primary", disabled=bool(obstacle), icon=":material/play_arrow:"):
        start(request)
    if obstacle:
        st.caption(f":material/info: {plain(obstacle)}")

    def say_how_long() -> None:
        if choice.sprites is not None and len(rows) and place is not None:
            with place:
                estimate(request, choice.sprites, rows)

    return say_how_long


def _ask_threads() -> int:
    most = hardware.cores()
    if most == 1:
        return 1
    return st.slider(
        "CPU threads",
        1,
        most,
        most,
        key="threads",
        persist_state="session",
        help="How many processor cores the training may use. It can be changed while it runs.",
    )


def _ask_length(chosen: str, recipe: RecipeChoice, sprites: SpriteDataset | None) -> dict[str, Any]:
    """The length as an argument of a training request; large sprites are given more time at first."""
    preset = RECIPES[recipe.preset]
    fitted = preset if sprites is None else preset.fitted(sprites.shape)
    large = recipe.most is None and fitted.default_minutes > preset.default_minutes
    minutes = fitted.default_minutes if large else recipe.minutes
    left, right = st.columns(2)
    unit = left.segmented_control(
        "Length in", UNITS, default=proposed("unit", "minutes"), required=True, key="unit", persist_state="session"
    )
    # A field of its own: what was proposed for small sprites would stay in it.
    size = "-large" if large and unit == "minutes" else ""
    usual = {"minutes": minutes, "steps": 4000, "epochs": 20}[unit]
    key = f"amount-{unit}-{chosen}{size}"
    amount = right.number_input(
        unit.capitalize(),
        1,
        MOST,
        proposed(key, usual),
        key=key,
        persist_state="session",
    )
    return {unit: int(amount)}


def _ask_particulars(chosen: str) -> tuple[str, dict[str, Any]]:
    """The name, and further arguments of a training request."""
    with st.expander("More: name, seed, precision, held-out part"):
        # Another key after each start, so that the next free name is proposed.
        turn = st.session_state.get("starts", 0)
        name = st.text_input("Name of the run", _free_name(chosen), max_chars=63, key=f"name-{chosen}-{turn}")
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, help="The same seed on the same machine gives the same run.")
        precision = st.selectbox("Precision", [_RECIPES_OWN, "float32", "bfloat16"])
        holdout = st.toggle(
            "Hold a tenth of the sprites out",
            value=True,
            key=HOLDOUT_KEY,
            help="Sprites that the model never sees show whether it understands or only remembers.",
        )
    return name, {
        "seed": int(seed),
        "precision": None if precision == _RECIPES_OWN else precision,
        "holdout": held_out_share(holdout),
    }


def start(request: TrainingRequest | DistilRequest) -> None:
    """Start a training or a distillation, or go on with one, and show it."""
    with st.spinner("Starting ..."):
        try:
            st.session_state["child"] = start_training(request)
        except StartError as error:
            st.session_state["start-problem"] = str(error)
    show_started(str(request.folder))
    st.session_state["starts"] = st.session_state.get("starts", 0) + 1
    st.rerun()


def start_problem() -> str | None:
    """Why the last start of this visitor failed; None if it did not."""
    child = st.session_state.get("child")
    told = st.session_state.pop("start-problem", None)
    return told or (child.problem() if child is not None else None)


def _free_name(chosen: str) -> str:
    stem = f"{chosen}-{time.strftime('%b%d').lower()}"
    number = 1
    while (user_checkpoints() / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"


def _name_problem(name: str) -> str:
    try:
        check_name(name)
    except RunError as error:
        return str(error)
    return f"There is already a run called {name}." if (user_checkpoints() / name).exists() else ""
