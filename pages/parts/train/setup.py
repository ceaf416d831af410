"""Setting a training up: which sprites, which recipe, how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ddpm.base import hardware
from ddpm.cli.console import duration
from ddpm.jobs.control import Context
from ddpm.jobs.launcher import StartError, start_training
from ddpm.jobs.plan import seconds_per_step, training_rows
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name
from ddpm.sprites import SpriteDataset, SpriteError, kaggle
from ddpm.training.distributed import Team
from ddpm.training.recipes import RECIPES, Recipe
from pages.parts.shared.pictures import facts_row
from pages.parts.shared.store import sprites as stored_sprites
from pages.parts.shared.store import user_checkpoints
from pages.parts.shared.uploading import ask_for_file, show_notes
from pages.parts.shared.words import counted, plain, problem
from pages.parts.train.browser import browse

BUILTIN, KAGGLE, OWN = "Built-in sprites", "Kaggle Pixel Art", "My own file"
_RECIPE, _HOLDOUT = "recipe", "holdout"
_SHARE = 0.1
_FORM = "form-wanted"
_UNITS = ("minutes", "steps", "epochs")
_HINTS = {
    "rows": "Pictures in the file, repeats included",
    "distinct": "Different pictures",
    "mirror pairs": "Pictures whose mirror image is there, too",
    "to learn from": "Different pictures that a training sees",
    "held out": "A tenth that no training sees: they show whether a model understands or only remembers",
    "left out": "Different pictures that are there, but not for this way of training",
    "kept for the exam": "Pairs of shape and palette that no training sees, although it sees each of the two elsewhere",
}


@dataclass(frozen=True)
class Way:
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


_WAYS = {
    **{name: Way(recipe.title, recipe.summary, recipe, recipe.default_minutes) for name, recipe in RECIPES.items()},
    "memorise": Way(
        "Make it memorise",
        "Only 64 of the sprites, over and over, for a few minutes: it learns them by heart instead of learning to "
        "draw, and the page **Created or copied?** catches it.",
        RECIPES["fast"],
        minutes=5,
        most=64,
    ),
}


@dataclass(frozen=True)
class Choice:
    """The sprites that were chosen, or why there are none yet."""

    sprites: SpriteDataset | None
    source: str
    problem: str = ""


def open_form(sprites: str | None = None) -> None:
    """Go to the Train page, to the form of a new training instead of the run that was looked at last.

    Args:
        sprites: which of the sets is to be chosen there; None for the one that was last.
    """
    st.session_state.pop("run", None)
    st.session_state[_FORM] = True
    if sprites is not None:
        st.session_state["sprites"] = sprites
    st.switch_page("pages/1_Train.py")


def form_is_wanted() -> bool:
    """Whether this visitor came for the form and has not started anything since."""
    return bool(st.session_state.get(_FORM))


def choose_sprites() -> Choice:
    """Ask for a set of sprites, and show what is in it."""
    kind = st.segmented_control(
        "Sprites", (BUILTIN, KAGGLE, OWN), default=BUILTIN, required=True, key="sprites", persist_state="session"
    )
    try:
        if kind == KAGGLE:
            return _choose_kaggle()
        if kind == OWN:
            return _choose_own()
        return Choice(stored_sprites("builtin"), "builtin")
    except SpriteError as error:
        problem(error)
        return Choice(None, "", "These sprites cannot be used.")


def data_card(sprites: SpriteDataset) -> None:
    """What the set holds and what the training that is asked for would see of it, in numbers, and random sprites."""
    way, holdout = _asked()
    counts, exam = sprites.counts(), len(sprites.exam())
    learnt = len(np.unique(sprites.first_rows()[_training_rows(sprites, holdout, way.most)[0]]))
    heldout = len(sprites.split()[1]) if holdout else 0
    facts = {
        "rows": f"{len(sprites):,}",
        "distinct": f"{len(counts):,}",
        "mirror pairs": f"{sprites.mirror_pairs():,}",
        "to learn from": f"{learnt:,}",
        "held out": f"{heldout:,}",
        "kinds": f"{len(sprites.label_names):,}" if sprites.label_names else "not labelled",
    }
    if exam:
        facts["kept for the exam"] = f"{exam:,}"
    if left_out := len(counts) - learnt - heldout - exam:
        facts["left out"] = f"{left_out:,}"
    facts_row(facts, _HINTS)
    show_notes(sprites.notes)
    browse(sprites)


def new_training(choice: Choice, busy: str | None) -> Callable[[], None]:
    """Ask for recipe and length, and start.

    Args:
        busy: why nothing can be started now; None if something can.

    Returns:
        Says among the questions how long it will take; to be called when all else is on the page, since timing takes a
        moment.
    """
    chosen = st.segmented_control(
        "Recipe",
        list(_WAYS),
        default="fast",
        required=True,
        format_func=lambda name: _WAYS[name].title,
        key=_RECIPE,
        persist_state="session",
    )
    way = _WAYS[chosen]
    st.caption(way.summary)
    left, right = st.columns(2)
    unit = left.segmented_control(
        "Length in", _UNITS, default="minutes", required=True, key="unit", persist_state="session"
    )
    proposed = {"minutes": way.minutes, "steps": 4000, "epochs": 20}[unit]
    amount = right.number_input(
        unit.capitalize(), 1, 10_000_000, proposed, key=f"amount-{unit}-{chosen}", persist_state="session"
    )
    threads = st.slider(
        "CPU threads",
        1,
        max(2, hardware.cores()),
        hardware.cores(),
        disabled=hardware.cores() == 1,
        key="threads",
        persist_state="session",
        help="How many processor cores the training may use. It can be changed while it runs.",
    )
    estimate = st.container(key="estimate").empty() if choice.sprites is not None and not busy else None
    with st.expander("More: name, seed, precision, held-out part"):
        # A field of its own for each start: after one, the next free name is proposed.
        turn = st.session_state.get("starts", 0)
        name = st.text_input("Name of the run", _free_name(chosen), max_chars=63, key=f"name-{chosen}-{turn}")
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, help="The same seed on the same machine gives the same run.")
        precision = st.selectbox("Precision", ["recipe's own", "float32", "bfloat16"])
        holdout = st.toggle(
            "Hold a tenth of the sprites out",
            value=True,
            key=_HOLDOUT,
            help="Sprites that the model never sees show whether it understands or only remembers.",
        )
    rows, no_rows = _training_rows(choice.sprites, _SHARE if holdout else 0.0, way.most)
    obstacle = busy or choice.problem or no_rows or _name_problem(name)
    if st.button("Start training", type="primary", disabled=bool(obstacle), icon=":material/play_arrow:"):
        start(
            TrainingRequest(
                folder=user_checkpoints() / name,
                data=choice.source,
                preset=way.recipe.name,
                holdout=_SHARE if holdout else 0,
                threads=threads,
                seed=int(seed),
                precision=None if precision == "recipe's own" else precision,
                steps=int(amount) if unit == "steps" else None,
                minutes=amount if unit == "minutes" else None,
                epochs=amount if unit == "epochs" else None,
                most=way.most,
            )
        )
    if obstacle:
        st.caption(f":material/info: {plain(obstacle)}")

    def say_how_long() -> None:
        if choice.sprites is not None and len(rows) and estimate is not None:
            with estimate:
                _estimate(choice.sprites, rows, way.recipe, unit, int(amount), threads)

    return say_how_long


def start(request: TrainingRequest) -> None:
    """Start a training, or go on with one, and show it."""
    with st.spinner("Starting ..."):
        try:
            st.session_state["child"] = start_training(request)
        except StartError as error:
            st.session_state["start-problem"] = str(error)
    st.session_state["run"] = str(request.folder)
    st.session_state.pop("run-id", None)
    st.session_state.pop(_FORM, None)
    st.session_state["starts"] = st.session_state.get("starts", 0) + 1
    st.rerun()


def start_problem() -> str | None:
    """Why the last start of this visitor came to nothing; None if it did not."""
    child = st.session_state.get("child")
    told = st.session_state.pop("start-problem", None)
    return told or (child.problem() if child is not None else None)


def _choose_kaggle() -> Choice:
    if kaggle.find() is None:
        st.info(
            "The 89,400 sprites of the student report, from Kaggle. They are not on this computer yet; "
            "fetching them is the only time that this app goes online. The set is public: no account is needed."
        )
        wanted = _ask_to_download() if kaggle.can_download() else _ask_to_install()
        _by_hand()
        if not wanted:
            return Choice(None, "", "Fetch the Kaggle set first, or choose other sprites.")
        with st.spinner("Downloading ..."):
            kaggle.download()
    return Choice(stored_sprites("kaggle"), "kaggle")


def _ask_to_download() -> bool:
    return st.button("Download from Kaggle", icon=":material/download:")


def _ask_to_install() -> bool:
    """Say what is missing before anybody waits for a download that cannot be."""
    st.markdown("A small package is missing for that. Run this line in a terminal, then press **Look again**:")
    st.code(kaggle.install_line(), language=None, wrap_lines=True)
    st.button("Look again", icon=":material/refresh:")
    return False


def _by_hand() -> None:
    folder = kaggle.own_folder()
    if folder is not None:
        st.caption(
            f"Or fetch the set by hand from [its page at Kaggle]({kaggle.PAGE}), and put "
            + plain(f"{kaggle.FILE} and sprites_labels.npy into this folder: {folder}")
        )


def _choose_own() -> Choice:
    source = ask_for_file("own", "A .npy or .npz array of 16×16 sprites, a PNG sheet, or several PNGs")
    if source is None:
        return Choice(None, "", "Choose a file first.")
    return Choice(stored_sprites(source), source)


def _asked() -> tuple[Way, float]:
    """The way and the share to hold out that the form shows; it stands below what shows their numbers."""
    way = _WAYS.get(str(st.session_state.get(_RECIPE)), _WAYS["fast"])
    return way, _SHARE if st.session_state.get(_HOLDOUT, True) else 0.0


def _training_rows(sprites: SpriteDataset | None, holdout: float, most: int | None) -> tuple[np.ndarray, str]:
    """The rows to train on, and why there are none."""
    none = np.empty(0, np.int64)
    if sprites is None:
        return none, ""
    try:
        return training_rows(sprites, holdout, most), ""
    except SpriteError as error:
        return none, str(error)


def _estimate(sprites: SpriteDataset, rows: np.ndarray, recipe: Recipe, unit: str, amount: int, threads: int) -> None:
    st.caption("Timing a few steps on this computer ...")
    seconds = _step_seconds(recipe.name, threads, sprites.fingerprint, sprites)
    steps = {
        "minutes": lambda: max(1, round(amount * 60 / seconds)),
        "steps": lambda: amount,
        "epochs": lambda: max(1, amount * len(rows) // recipe.batch_size),
    }[unit]()
    passes = steps * recipe.batch_size / len(np.unique(sprites.first_rows()[rows]))
    times = f"about {counted(round(passes), 'time')}" if passes >= 1 else "less than once"
    st.markdown(
        f"About **{duration(steps * seconds)}** on this computer: {steps:,} steps, "
        f"{steps * recipe.batch_size / len(rows):,.1f} passes over all rows (epochs), "
        f"each distinct sprite seen {times}."
    )


@st.cache_data(ttl=600, show_spinner=False, max_entries=16)
def _step_seconds(recipe: str, threads: int, fingerprint: str, _sprites: SpriteDataset) -> float:
    chosen = RECIPES[recipe]
    alone = Team(device=hardware.best_device())
    precision = hardware.resolve_precision(chosen.precision, alone.device)
    context = Context(team=alone)
    with hardware.thread_pool(1, threads, "timing") as timing:
        return timing.submit(seconds_per_step, chosen, _sprites, precision, steps=4, context=context).result()


def _free_name(way: str) -> str:
    stem = f"{way}-{time.strftime('%b%d').lower()}"
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
