"""The samples that are examined, what they are compared with, and the evidence about them."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ddpm.judging.copying.comparison_set import ComparisonSet, check_seen, what_was_seen
from ddpm.judging.copying.evidence import Evidence
from ddpm.judging.copying.index.stored_index import load_or_build
from ddpm.judging.copying.index.training_index import TrainingIndex, Watch
from ddpm.pixels.fitting import fitted
from ddpm.pixels.neighbors import nearest
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from pages.parts.shared.batches import current_batch, remember, show_again
from pages.parts.shared.drawing import draw_timed, first_batch
from pages.parts.shared.navigation import choose_run, run_to_question
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve
from pages.parts.shared.store import default_run, may_have_data, run_data, run_that_drew, shipped_run, verdict_of
from pages.parts.shared.uploading import ask_for_file, show_notes
from pages.parts.shared.words import counted, plain, problem

_MOST = 1024
_FIRST = 64
SIZES = (64, 256)
"""How many sprites can be drawn at once to be questioned."""
REPORT, LAST, FRESH, UPLOAD = "A report", "Last drawn", "Fresh batch", "My own file"
_SOURCE, _SEEN, _WANTED, _PASSING = "question", "question-seen", "question-wanted", "question-passing"


@dataclass(frozen=True)
class Chosen:
    """Samples, and the run whose training sprites they are compared with.

    Attributes:
        images: uint8 (N, H, W, C).
        whose: their name in a legend.
        drawn_by: what drew them, in words; empty if that is not known.
        first: number of the sample that the visitor asked about.
        batch: how they were drawn; None for sprites that were not drawn here.
    """

    images: np.ndarray
    run: Run
    whose: str
    drawn_by: str = ""
    first: int | None = None
    batch: Batch | None = None


@dataclass(frozen=True)
class Ready:
    """What samples can be compared with; the key is equal for equal training sprites."""

    comparison: ComparisonSet
    key: str


@dataclass(frozen=True)
class Question:
    """Samples, and what they are compared with; the key as in :class:`Ready`."""

    chosen: Chosen
    comparison: ComparisonSet
    key: str

    @property
    def sprites(self) -> SpriteDataset:
        return self.comparison.sprites

    @cached_property
    def train(self) -> np.ndarray:
        """uint8 (R, H, W, C): the training sprites, by the rows of the evidence."""
        return self.sprites.images[self.comparison.seen]

    @property
    def values(self) -> int:
        """How many numbers a sprite has, as :func:`ddpm.pixels.neighbors.rms_grey_levels` wants to know."""
        return math.prod(self.chosen.images.shape[1:])

    def data_row(self, row: int) -> int:
        """The row in the data set for a row of the evidence."""
        return int(self.comparison.seen[row])

    def kind(self, row: int) -> str:
        """The kind of a training sprite; empty if kinds have no names."""
        sprites = self.sprites
        if sprites.labels is None or not sprites.label_names:
            return ""
        return str(sprites.label_names[int(sprites.labels[self.data_row(row)])])


@dataclass(frozen=True)
class Pairs(Question):
    """Samples, each with the training sprite nearest to it by pixels: all that is known at once.

    Attributes:
        rows, squared: int64 (N,), as ``row`` and ``squared_distance`` of the evidence.
        digest: equal for equal samples.
    """

    rows: np.ndarray
    squared: np.ndarray
    digest: str


@dataclass(frozen=True)
class Subject(Question):
    """Samples, and all evidence about them.

    Attributes:
        faults: of each sample, in words, what is worse drawn than in the training sprites.
    """

    index: TrainingIndex
    evidence: Evidence
    faults: list[tuple[str, ...]]


def choose_samples(runs: list[Run], silent: bool = False) -> Chosen | Run | None:
    """Ask which sprites to examine.

    Args:
        silent: do not say what was drawn: others are examined in their place.

    Returns:
        The sprites; or the run whose verdict is to be shown; or None as long as there is nothing.
    """
    if (sent := run_to_question(runs)) is not None:
        if verdict_of(sent) is None:
            question_live(sent)
        else:
            show_report(sent)
    reports = sorted((run for run in runs if verdict_of(run) is not None), key=lambda run: not may_have_data(run))
    batch = current_batch()
    with st.container(horizontal=True, vertical_alignment="bottom", key="question-row"):
        source = _ask_source(bool(reports), batch)
        run = default_run(runs)
        if source == REPORT:
            with st.container(width=320):
                return choose_run(reports, "Model", "reported")
        if source != LAST:
            with st.container(width=320):
                run = choose_run(runs, "Model", "questioned")
        pressed = int(st.session_state.pop(_WANTED, 0))
        if source == FRESH:
            for n in SIZES:
                kind = "primary" if n == max(SIZES) else "secondary"
                if st.button(f"Draw {n}", type=kind, icon=":material/brush:"):  # type: ignore[arg-type]
                    pressed = n
    if source == UPLOAD:
        # In one element, as the line that else stands here: what it replaces goes at once.
        with st.container():
            return _uploaded(run)
    if pressed:
        bar = st.progress(0.0, "Drawing ...")
        batch = _drawn(run, pressed, bar)
        return None if batch is None else _of_batch(batch, run, silent, place=bar)
    nothing_yet = ""
    if batch is None:
        drawer = next((run for run in runs if run.is_shipped() and may_have_data(run)), shipped_run() or run)
        batch = first_batch(drawer, n=_FIRST)
        if batch is None:
            st.warning(f"Nothing is drawn yet, and {plain(drawer.name)} cannot be loaded: draw a fresh batch.")
            return None
        nothing_yet = "Nothing was drawn on this computer yet, so here is a first batch: "
    owner = run_that_drew(batch.info, runs)
    if owner is None:
        name = plain(batch.info["name"])
        st.warning(f"The model {name} that drew these sprites is no longer here: draw a fresh batch.")
        return None
    return _of_batch(batch, owner, silent, nothing_yet)


def show_report(run: Run) -> None:
    """Show the verdict that a run keeps; to be called before the page is built."""
    seen = _drawn_mark(current_batch())
    st.session_state.update({_SOURCE: REPORT, "reported": str(run.folder), _SEEN: seen})


def question_live(run: Run, n: int = min(SIZES), keep: bool = True) -> None:
    """Let a model draw, and examine the result; to be called before the page is built.

    Args:
        n: one of ``SIZES``.
        keep: whether to put what it draws into the album.
    """
    st.session_state.update({_SOURCE: FRESH, "questioned": str(run.folder), _WANTED: n, _PASSING: not keep})


def _ask_source(reports: bool, batch: Batch | None) -> str:
    options = (REPORT, LAST, FRESH, UPLOAD) if reports else (LAST, FRESH, UPLOAD)
    drawn = _drawn_mark(batch)
    if st.session_state.get(_SOURCE) not in options:
        st.session_state[_SOURCE] = LAST
    elif st.session_state[_SOURCE] == REPORT and drawn not in (None, st.session_state.get(_SEEN)):
        # New sprites, or a question about one of them, come before a report.
        st.session_state[_SOURCE] = LAST
    st.session_state[_SEEN] = drawn
    return str(
        st.segmented_control("Sprites to question", options, required=True, key=_SOURCE, persist_state="session")
    )


def _drawn_mark(batch: Batch | None) -> object:
    """Changes when something new is drawn, and when another sprite of it is asked about."""
    return None if batch is None else (batch.id or id(batch), st.session_state.get("looked-at"))


def get_ready(run: Run) -> Ready | str:
    """Find what a run learnt from; if that is impossible, return why."""
    place = st.empty()
    with place, st.spinner("Getting the sprites that it learnt from ...", show_time=True):
        found = run_data(run)
    place.empty()
    if found.sprites is None:
        return str(found.problem)
    comparison = what_was_seen(found.sprites, run.trained_on())
    try:
        check_seen(comparison)
    except ValueError as error:
        return str(error)
    if found.note:
        st.caption(f":material/info: {plain(found.note)}")
    return Ready(comparison, f"{comparison.sprites.fingerprint}-{_digest(comparison.seen)}")


def pair(chosen: Chosen, ready: Ready) -> Pairs | None:
    """Find the training sprite nearest to each sample; where they do not fit one another, say why, and return None."""
    try:
        images, words = fitted(chosen.images, ready.comparison.sprites.images)
    except ValueError as error:
        st.warning(plain(error))
        return None
    if words:
        st.caption(f":material/info: {words}")
    digest = _digest(images)
    rows, squared = _nearest(ready.key, digest, images, ready.comparison)
    return Pairs(replace(chosen, images=images), ready.comparison, ready.key, rows, squared, digest)


def measured(pairs: Pairs) -> Subject | None:
    """All evidence about samples, if it was gathered before; else None."""
    index = _known_indices().get(pairs.key)
    found = _known_evidence().get((pairs.key, pairs.digest))
    if index is None or found is None:
        return None
    return Subject(pairs.chosen, pairs.comparison, pairs.key, index, *found)


def measure(pairs: Pairs, watch: Watch) -> None:
    """Gather the evidence, so that :func:`measured` finds it.

    Raises:
        ValueError: if there are too few training sprites.
    """
    indices = _known_indices()
    index = indices.get(pairs.key)
    if index is None:
        index = load_or_build(pairs.comparison, lambda done, what: watch(0.9 * done, f"{what}, once"))
        keep(indices, pairs.key, index, 3)
    watch(0.9, f"Looking at {counted(len(pairs.chosen.images), 'sprite')} from all sides")
    images = pairs.chosen.images
    keep(_known_evidence(), (pairs.key, pairs.digest), (index.measure(images), index.limits.faults(images)), 24)


def keep(known: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Add what was worked out, and forget the first of more than ``most``."""
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)


@st.cache_resource(max_entries=24, show_spinner=False)
def _nearest(key: str, digest: str, _images: np.ndarray, _comparison: ComparisonSet) -> tuple[np.ndarray, np.ndarray]:
    rows, squared = nearest(_images, _comparison.sprites.images[_comparison.seen], 1)
    return rows[:, 0], squared[:, 0]


@st.cache_resource(max_entries=1, show_spinner=False)
def _known_indices() -> OrderedDict[str, TrainingIndex]:
    """The last three indices, for all visitors; a function that Streamlit caches could not show its progress."""
    return OrderedDict()


@st.cache_resource(max_entries=1, show_spinner=False)
def _known_evidence() -> OrderedDict[tuple[str, str], tuple[Evidence, list[tuple[str, ...]]]]:
    """The evidence about the last samples and their faults, for all visitors."""
    return OrderedDict()


def _digest(values: np.ndarray) -> str:
    return blake2b(np.ascontiguousarray(values).data, digest_size=12).hexdigest() + f"-{len(values)}"


def _of_batch(batch: Batch, owner: Run, silent: bool, before: str = "", place: DeltaGenerator | None = None) -> Chosen:
    sprites = batch.chain.sprites
    words = f"{counted(len(sprites), 'sprite')}, drawn by {batch.info['model']}, seed {batch.info['seed']}."
    tell = st.caption if place is None else place.caption
    if not silent:
        tell(plain(before + words))
    elif place is not None:
        place.empty()
    first = st.session_state.get("looked-at")
    first = first if isinstance(first, int) and 0 <= first < len(sprites) else None
    return Chosen(sprites, owner, "its own sprites", str(batch.info["model"]), first, batch)


def _drawn(run: Run, n: int, bar: DeltaGenerator) -> Batch | None:
    seed = int(st.session_state.get("fresh-seed", 0)) + 1
    st.session_state["fresh-seed"] = seed
    keep = not st.session_state.pop(_PASSING, False)

    def watch(done: int, steps: int, chain: Any) -> None:
        bar.progress(done / steps, f"Drawing: step {done:,} of {steps:,}")

    try:
        batch = draw_timed(resolve(Order(str(run.folder), n=n, seed=seed)), watch)
        if keep:
            return remember(batch)
        show_again(batch)
        return batch
    except CheckpointError as error:
        bar.empty()
        problem(error)
        return None


def _uploaded(run: Run) -> Chosen | None:
    try:
        source = ask_for_file("question", "A .npy or .npz array of sprites, a PNG sheet, or several PNGs")
        own = load_sprites(source) if source is not None else None
    except SpriteError as error:
        problem(error)
        return None
    if own is None:
        st.info("Choose a file: sprites that you drew, or that another program made.")
        return None
    show_notes(own.notes)
    if len(own) > _MOST:
        st.info(f"The first {_MOST:,} of {len(own):,} sprites are questioned.")
    return Chosen(np.asarray(own.images[:_MOST]), run, "your sprites")
