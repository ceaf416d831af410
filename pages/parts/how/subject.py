"""What all scenes are about: a model, a sprite and its noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from ddpm.diffusion.guidance.guide import unguided
from ddpm.diffusion.noise import sprite_noise
from ddpm.diffusion.parallel import ParallelModel
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.pixels.conversion import to_float
from ddpm.pixels.fitting import fitted
from ddpm.runs.checkpoint import Checkpoint
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from ddpm.sprites import SpriteError
from pages.parts.shared.drawing import first_batch
from pages.parts.shared.navigation import choose_run, models_or_stop, open_form
from pages.parts.shared.store import checkpoint, manifest_mark, run_data, sprite_shape, sprites
from pages.parts.shared.uploading import ask_for_file, show_notes
from pages.parts.shared.words import plain, problem

_UNSEEN, _DRAWN, _OWN = "Unseen", "Drawn", "My own file"
_NUMBER, _SEED = "how-sprite", "how-noise"
# Positions of a slider: with larger sprites fewer, so that a scene stays below a few megabytes.
_STOPS, _FEWER, _LARGE = 101, 41, 32 * 32
# From one sprite to the next: a prime, since neighbours in a set are often alike.
_STRIDE = 7919


@dataclass(frozen=True)
class Subject:
    """A model, a sprite, and the noise that is laid over it.

    Attributes:
        image: uint8 (H, W, C).
        label: its kind, as the model knows it; None if it has none.
        kind: the name of that kind; empty if it has none.
        seed: of the noise.
        mark: changes with the model's weights.
        seen: what the model learnt from; None if that is not here.
        unseen: whether the sprite is a real one that the model never saw.
    """

    run: Run
    loaded: Checkpoint
    image: np.ndarray = field(repr=False)
    label: int | None
    kind: str
    seed: int
    mark: tuple[str, int]
    seen: ComparisonSet | None = field(repr=False)
    unseen: bool = False

    @property
    def schedule(self) -> NoiseSchedule:
        return self.loaded.schedule

    @property
    def step(self) -> int:
        """Of the training, after which the model is what it is."""
        return int(self.loaded.config["step"])

    @cached_property
    def model(self) -> ParallelModel:
        """The network alone: what is shown is what it answers, without the earlier version that leads it further."""
        return ParallelModel(unguided(self.loaded.model))

    @cached_property
    def x0(self) -> torch.Tensor:
        """float32 (1, C, H, W) in [-1, 1]."""
        return to_float(self.image[None])

    @cached_property
    def eps(self) -> torch.Tensor:
        """float32 (1, C, H, W), standard normal."""
        return sprite_noise(self.seed, 0, self.x0.shape[1:])()[None]  # type: ignore[arg-type]

    @cached_property
    def timesteps(self) -> torch.Tensor:
        """int64 (S,), rising from 0 to T-1: the positions of a slider over t."""
        count = _FEWER if self.x0[0, 0].numel() > _LARGE else _STOPS
        return torch.linspace(0, self.schedule.num_timesteps - 1, count).round().to(torch.int64).unique()

    def labels(self, n: int) -> torch.Tensor | None:
        """int64 (n,), its kind for n sprites; None if it has none."""
        return None if self.label is None else torch.full((n,), self.label)

    @property
    def key(self) -> str:
        """Equal for equal subjects, with the same saved steps."""
        digest = blake2b(np.ascontiguousarray(self.image).data, digest_size=12).hexdigest()
        return "/".join(map(str, (*self.mark, *self.run.steps(), digest, self.image.shape, self.label, self.seed)))


def stop_words(timesteps: torch.Tensor) -> list[str]:
    """Timesteps as a slider says them."""
    return [f"t = {t:,}" for t in timesteps.tolist()]


def choose_subject() -> Subject:
    """Ask for a model and a sprite; where there is none, say what to do, and end the page."""
    runs = models_or_stop("There is no model yet that could show how it works. Teach one: it takes minutes.")
    # A distilled model knows a few noise levels alone.
    able = [run for run in runs if "distilled" not in run.config()]
    if not able:
        st.info("The models that are here draw in a few leaps, and cannot show each noise level. Teach one.")
        if st.button("Teach one", type="primary"):
            open_form()
        st.stop()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=320):
            run = choose_run(able, "Model", "explained")
        source = st.segmented_control(
            "Sprite",
            (_UNSEEN, _DRAWN, _OWN),
            default=_UNSEEN,
            required=True,
            key="how-sprite-from",
            persist_state="session",
        )
        if st.button("Another sprite", icon=":material/shuffle:"):
            st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1
        if st.button("Other noise", icon=":material/grain:"):
            st.session_state[_SEED] = st.session_state.get(_SEED, 0) + 1
    subject = _subject(run, str(source))
    if subject is None:
        st.stop()
    return subject


def _subject(run: Run, source: str) -> Subject | None:
    number, seed = int(st.session_state.get(_NUMBER, 0)), int(st.session_state.get(_SEED, 0))
    try:
        mark, loaded = manifest_mark(run.folder), checkpoint(Path(run.folder))
    except CheckpointError as error:
        problem(error)
        return None
    with st.spinner("Getting the sprites that it learnt from ...", show_time=True):
        found = run_data(run)
    seen = None if found.sprites is None else what_was_seen(found.sprites, run.trained_on())
    if seen is not None and seen.sprites.images.shape[1:] != sprite_shape(run):
        seen = None
    if source == _OWN:
        image = _own(run, number)
        return None if image is None else Subject(run, loaded, image, None, "", seed, mark, seen)
    if source == _UNSEEN and seen is not None and len(seen.unseen):
        row = int(seen.unseen[number * _STRIDE % len(seen.unseen)])
        label, kind = _kind(loaded, seen, row)
        return Subject(run, loaded, np.asarray(seen.sprites.images[row]), label, kind, seed, mark, seen, unseen=True)
    batch = first_batch(run, 25)
    if batch is None:
        problem(f"The model {run.name} cannot draw: choose another one.")
        return None
    if source == _UNSEEN:
        st.caption(":material/info: None of its unseen sprites are here, so this is one that it drew itself.")
    drawn = batch.chain.sprites
    return Subject(run, loaded, drawn[number % len(drawn)], None, "", seed, mark, seen)


def _own(run: Run, number: int) -> np.ndarray | None:
    height, width, channels = sprite_shape(run)
    try:
        source = ask_for_file("how-own")
        if source is None:
            st.info(f"Choose a file: a sprite of {width} × {height} pixels, or a sheet of them.")
            return None
        own = sprites(source)
        show_notes(own.notes)
        one = np.asarray(own.images[number % len(own)])[None]
        images, words = fitted(one, np.zeros((1, height, width, channels), np.uint8))
    except (SpriteError, ValueError) as error:
        problem(error)
        return None
    if words:
        st.caption(f":material/info: {plain(words)}")
    return np.asarray(images[0])


def _kind(loaded: Checkpoint, seen: ComparisonSet, row: int) -> tuple[int | None, str]:
    names, labels = loaded.config.get("label_names") or [], seen.sprites.labels
    count = loaded.model.num_classes
    if labels is None or count is None or list(seen.sprites.label_names or []) != list(names):
        return None, ""
    label = int(labels[row])
    if not 0 <= label < count:
        return None, ""
    return label, str(names[label]) if label < len(names) else ""
