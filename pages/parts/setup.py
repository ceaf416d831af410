"""Setting a training up: which sprites, which recipe, how long."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ddpm import hardware
from ddpm.console import duration
from ddpm.plan import TrainingRequest, seconds_a_step
from ddpm.process import StartError, start_training
from ddpm.recipes import RECIPES, Recipe
from ddpm.run import RunError, check_name
from ddpm.sprites import SpriteDataset, SpriteError, kaggle, load_sprites
from ddpm.uploads import keep_upload
from pages.parts.browser import browse
from pages.parts.store import sprites as stored_sprites
from pages.parts.store import user_checkpoints

BUILTIN, KAGGLE, OWN = "Built-in sprites", "Kaggle Pixel Art", "My own file"
_UNITS = ("minutes", "steps", "epochs")


@dataclass(frozen=True)
class Choice:
    """The sprites that were chosen, or why there are none yet."""

    sprites: SpriteDataset | None
    source: str
    problem: str = ""


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
        st.error(str(error), icon=":material/error:")
        return Choice(None, "", "These sprites cannot be used.")


def data_card(sprites: SpriteDataset) -> None:
    """What the set holds, in numbers and in a sheet of random sprites."""
    train, heldout = sprites.split()
    counts = sprites.counts()
    facts = {
        "rows": f"{len(sprites):,}",
        "distinct": f"{len(counts):,}",
        "mirror pairs": f"{sprites.mirror_pairs():,}",
        "to learn from": f"{len(train):,}",
        "held out": f"{len(heldout):,}",
        "kinds": str(len(sprites.label_names)) if sprites.label_names else "not labelled",
    }
    cells = "".join(f"<div><span>{name}</span><b>{value}</b></div>" for name, value in facts.items())
    st.html(f'<div class="facts">{cells}</div>')
    browse(sprites)


def new_training(choice: Choice, busy: str | None) -> None:
    """Ask for recipe and length, and start.

    Args:
        busy: why nothing can be started now; None if something can.
    """
    recipe = RECIPES[
        st.segmented_control(
            "Recipe",
            list(RECIPES),
            default="fast",
            required=True,
            format_func=lambda name: RECIPES[name].title,
            key="recipe",
            persist_state="session",
        )
    ]
    st.caption(recipe.summary)
    left, right = st.columns(2)
    unit = left.segmented_control(
        "Length in", _UNITS, default="minutes", required=True, key="unit", persist_state="session"
    )
    proposed = {"minutes": recipe.default_minutes, "steps": 4000, "epochs": 20}[unit]
    amount = right.number_input(
        unit.capitalize(), 1, 10_000_000, proposed, key=f"amount-{unit}-{recipe.name}", persist_state="session"
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
    estimate = st.empty()
    with st.expander("More: name, seed, precision, held-out part"):
        name = st.text_input("Name of the run", _free_name(recipe), max_chars=63)
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, help="The same seed on the same machine gives the same run.")
        precision = st.selectbox("Precision", ["recipe's own", "float32", "bfloat16"])
        holdout = st.toggle(
            "Hold a tenth of the sprites out",
            value=True,
            help="Sprites that the model never sees show whether it understands or only remembers.",
        )
    problem = busy or choice.problem or _name_problem(name)
    if st.button("Start training", type="primary", disabled=bool(problem), icon=":material/play_arrow:"):
        start(
            TrainingRequest(
                folder=user_checkpoints() / name,
                data=choice.source,
                preset=recipe.name,
                holdout=0.1 if holdout else 0,
                threads=threads,
                seed=int(seed),
                precision=None if precision == "recipe's own" else precision,
                steps=int(amount) if unit == "steps" else None,
                minutes=amount if unit == "minutes" else None,
                epochs=amount if unit == "epochs" else None,
            )
        )
    if problem:
        st.caption(f":material/info: {problem}")
    if choice.sprites is not None and not busy:
        # Timing takes a moment; nobody has to wait for it before they can press Start.
        with estimate:
            _estimate(choice.sprites, recipe, unit, int(amount), threads)


def start(request: TrainingRequest) -> None:
    """Start a training, or go on with one, and show it."""
    with st.spinner("Starting ..."):
        try:
            st.session_state["child"] = start_training(request)
        except StartError as error:
            st.session_state["start-problem"] = str(error)
    st.session_state["run"] = request.folder.name
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
            "fetching them is the only time that this app goes online."
        )
        if not st.button("Download from Kaggle", icon=":material/download:"):
            return Choice(None, "", "Download the Kaggle set first, or choose other sprites.")
        with st.spinner("Downloading ..."):
            kaggle.download()
    return Choice(stored_sprites("kaggle"), "kaggle")


def _choose_own() -> Choice:
    uploads = st.file_uploader(
        "A .npy or .npz array of 16×16 sprites, a PNG sheet, or several PNGs",
        type=["npy", "npz", "png"],
        accept_multiple_files=True,
    )
    if not uploads:
        source = st.session_state.get("own-source")
        if source is None:
            return Choice(None, "", "Choose a file first.")
        return Choice(stored_sprites(source), source)
    path = keep_upload([(upload.name, upload.getvalue()) for upload in uploads])
    grid: dict[str, int] = {}
    if path.suffix == ".png":
        with st.expander("How the sheet is laid out (found by itself if left alone)"):
            by_hand = st.toggle("I know better")
            tile = st.number_input("Tile size in pixels", 1, 512, 16, disabled=not by_hand)
            margin = st.number_input("Margin around the sheet", 0, 512, 0, disabled=not by_hand)
            gap = st.number_input("Gap between tiles", 0, 512, 0, disabled=not by_hand)
            grid = {"tile": tile, "margin": margin, "gap": gap} if by_hand else {}
    source = str(path)
    if grid:
        # A training is told one name and no layout: the sprites that were cut out get a file of their own.
        cut = load_sprites(path, **grid)
        target = path.with_name(f"{path.stem}-{cut.fingerprint[:8]}.npy")
        if not target.is_file():
            np.save(target, cut.images, allow_pickle=False)
        source = str(target)
    st.session_state["own-source"] = source
    return Choice(stored_sprites(source), source)


def _estimate(sprites: SpriteDataset, recipe: Recipe, unit: str, amount: int, threads: int) -> None:
    seconds = _step_seconds(recipe.name, threads, sprites.fingerprint, sprites)
    rows = len(sprites.training_rows())
    steps = {
        "minutes": lambda: max(1, round(amount * 60 / seconds)),
        "steps": lambda: amount,
        "epochs": lambda: max(1, amount * rows // recipe.batch_size),
    }[unit]()
    passes = steps * recipe.batch_size / max(1, len(sprites.split()[0]))
    st.markdown(
        f"About **{duration(steps * seconds)}** on this computer: {steps:,} steps, "
        f"{steps * recipe.batch_size / max(1, rows):,.1f} epochs, each distinct sprite seen about {passes:,.0f} times."
    )


@st.cache_data(show_spinner="Timing a few steps on this computer ...", max_entries=16)
def _step_seconds(recipe: str, threads: int, fingerprint: str, _sprites: SpriteDataset) -> float:
    before = hardware.threads()
    hardware.set_threads(threads)
    try:
        chosen = RECIPES[recipe]
        return seconds_a_step(chosen, _sprites, hardware.resolve_precision(chosen.precision), steps=4)
    finally:
        hardware.set_threads(before)


def _free_name(recipe: Recipe) -> str:
    stem = f"{recipe.name}-{time.strftime('%b%d').lower()}"
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
