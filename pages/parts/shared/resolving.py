"""From an order to what draws it: the checkpoint, the kinds and the noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from ddpm.diffusion.guidance.guide import unguided
from ddpm.diffusion.labels import draw_labels
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.noise import NoiseSource, Shape, mixed_noise, nearby_noise, nearby_source, sprite_noise
from ddpm.diffusion.parallel import ParallelModel
from ddpm.diffusion.sampling import DEFAULT_SHAPE, Sampler, default_steps, usual_sampler
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.variants.levels import shown_timesteps, variant_timesteps
from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.runs.checkpoint import Checkpoint, can_use_raw, guide_of
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.shared.orders import EACH, SAMPLER_NAMES, Order
from pages.parts.shared.store import all_runs, checkpoint, run_data, sprite_shape, weights_mark
from pages.parts.shared.words import counted

# Values of sprites, of 8 bytes each: about 250 MB, 40,000 sprites of 16 by 16.
_MOST_REMEMBERED = 40_000 * 768
# One sprite alone beside a memoriser may take more: about 800 MB.
_MOST_AT_ALL = 130_000 * 768


@dataclass(frozen=True)
class Denoiser:
    """A network, and how it is sampled from.

    Attributes:
        title: what is special about it, in a comparison.
        labels: int64 (N,), the kind of each sprite, -1 for any kind; None where there are no kinds.
        step: training steps of the checkpoint.
        run_id, mark: id of its run and mark of its weights, if that is not the run of the order; else empty.
    """

    title: str
    model: Callable[..., torch.Tensor]
    schedule: NoiseSchedule
    sampler: Sampler
    steps: int
    labels: torch.Tensor | None
    guidance_scale: float
    label_names: list[str]
    step: int
    run_id: str = ""
    mark: str = ""

    def for_sprite(self, i: int) -> Denoiser:
        """The same denoiser, for sprite ``i`` alone."""
        return self if self.labels is None else replace(self, labels=self.labels[i : i + 1])

    def kinds(self) -> list[str]:
        """The kind of each sprite, "" for any kind; an empty list where there are no kinds."""
        labels = [] if self.labels is None else self.labels.tolist()
        return [self.label_names[label] if 0 <= label < len(self.label_names) else "" for label in labels]


@dataclass(frozen=True)
class Resolved:
    """An order, the denoiser that it asks for, and the rival that draws from the same noise, if any."""

    order: Order
    own: Denoiser
    rival: Denoiser | None = None

    @property
    def titles(self) -> tuple[str, str]:
        """Titles of the two denoisers; empty if there is one."""
        own, rival = self.own, self.rival
        if rival is None:
            return "", ""
        if (rival.sampler, rival.steps) != (own.sampler, own.steps):
            theirs = f" · {_sampler_title(rival.sampler, rival.steps)}" if rival.run_id else ""
            return _sampler_title(own.sampler, own.steps), rival.title + theirs
        return own.title, rival.title

    @property
    def moments(self) -> int:
        """How many moments of the way are shown: one more than timesteps."""
        order, own = self.order, self.own
        if not order.variations:
            return own.steps + 1
        last = order.variations[-1]
        ways = variant_timesteps(own.schedule, last.purpose, last.strength, usual_sampler(own.model))
        return len(shown_timesteps(ways)) + 1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the sprites."""
        return image_shape(self.own.model)[1:]

    def noise_source(self, i: int) -> NoiseSource:
        """A new source of all noise of sprite ``i``; of variants, of the first sprite ``i`` from which they come."""
        order, shape = self.order, image_shape(self.own.model)
        path = (*order.like, i)
        source = sprite_noise(order.seed, path[0], shape)
        if order.turn:
            source = _turned(source, sprite_noise(order.seed + 1, path[0], shape), order.turn)
        whole, turn = divmod(order.others, 1.0)
        seed = order.seed + int(whole)
        for depth in range(2, len(path) + 1):
            # The first of a batch that is like a sprite is that sprite itself.
            if path[depth - 1] == 0:
                continue
            if turn:
                added, then = (nearby_source(shape, one, *path[:depth]) for one in (seed, seed + 1))
                source = mixed_noise(source, _turned(added, then, turn), order.strength)
            else:
                source = nearby_noise(source, order.strength, seed, *path[:depth])
        return source


def _turned(source: NoiseSource, other: NoiseSource, turn: float) -> NoiseSource:
    """From one noise to an independent one at an even pace: ``turn`` 0..1 is the share of a quarter turn."""
    return mixed_noise(source, other, math.sin(turn * math.pi / 2))


def image_shape(model: Callable[..., torch.Tensor]) -> Shape:
    """(C, H, W) of what a model draws."""
    return tuple(getattr(model, "image_shape", DEFAULT_SHAPE))


def resolve(order: Order) -> Resolved:
    """Look up all that an order needs.

    Raises:
        CheckpointError: if a model cannot be loaded, does not know the kind, or draws other sizes than its rival.
    """
    own = _own(order)
    # A model that knows one way alone is not drawn with in another: what is kept of the batch says so.
    if own.sampler != order.sampler:
        order = replace(order, sampler=own.sampler, steps=own.steps)
    return Resolved(order, own, None if order.against is None else _rival(order, order.against, own))


def memorising(own: Denoiser, seen: ComparisonSet) -> Denoiser:
    """A perfect memoriser of the sprites that a network has seen, with the same sampling settings."""
    sprites, rows = seen.sprites, seen.seen
    if len(rows) * math.prod(sprites.shape) > _MOST_AT_ALL:
        raise CheckpointError(
            f"A perfect memoriser of {counted(len(rows), 'sprite')} of this size needs too much memory."
        )
    by_kind = sprites.labels is not None and own.labels is not None
    # Streamlit hashes a long array from a sample of its values.
    digest = blake2b(np.ascontiguousarray(rows).data, digest_size=12).hexdigest()
    mark = (sprites.fingerprint, digest, own.schedule.num_timesteps, own.schedule.kind, by_kind)
    memoriser = _memoriser(mark, seen, own.schedule)
    if memoriser.image_shape != image_shape(own.model):
        raise CheckpointError(
            "The sprites that it learnt from are not of the size that it draws, so nothing can remember them."
        )
    model, labels = ParallelModel(memoriser), None if memoriser.num_classes is None else own.labels
    sampler: Sampler = "fast" if own.sampler == "instant" else own.sampler
    steps = default_steps(sampler, own.schedule.num_timesteps) if sampler != own.sampler else own.steps
    found = replace(
        own, title="The perfect memoriser", model=model, labels=labels, guidance_scale=1.0, run_id="", mark=""
    )
    return replace(found, sampler=sampler, steps=steps)


def rivals(order: Order, runs: list[Run]) -> dict[str, str]:
    """What an order can be compared with: values of ``Order.against``, and their text in a menu."""
    found: dict[str, str] = {}
    own = Run(Path(order.run))
    total = (own.config().get("schedule") or {}).get("num_timesteps", 1000)
    distilled = "distilled" in own.config()
    if (order.sampler, order.steps) != ("ddpm", total) and not distilled:
        found["ddpm"] = f"the original’s {total:,} steps (slow)"
    if order.sampler != "ddim" and not distilled:
        found["ddim"] = "plain steps without new noise (DDIM)"
    if order.weights == "ema" and can_use_raw(order.path()):
        found["raw"] = "the last weights, not averaged"
    if order.weights == "ema" and (guide := guide_of(order.path())) is not None:
        found["alone"] = f"the same without its guide (its own step {guide['step']:,})"
    if (own.folder / "trained_on.npy").is_file() and own.config().get("data"):
        found["memoriser"] = "a perfect memoriser of what it learnt from"
    for run in runs:
        # The same noise suits only models of the same size.
        if str(run.folder) != order.run and run.name != own.name and sprite_shape(run) == sprite_shape(own):
            found.setdefault(f"run:{run.name}", f"the model {run.name}")
    return found


def rival_run(against: str, runs: list[Run], run_id: object = None) -> Run | None:
    """The run that "run:NAME" means, if it can draw; its id, where that is known, finds it under a new name, too."""
    name = against.removeprefix("run:")
    able = sorted((run for run in runs if run.latest() is not None), key=lambda run: run.name != name)
    same = [run for run in able if run_id and run.id() == run_id]
    return next(iter(same or [run for run in able if run.name == name]), None)


def _own(order: Order) -> Denoiser:
    run = Run(Path(order.run))
    if not run.exists():
        raise CheckpointError(f"The model {run.name} is no longer here: choose another one, and press Draw.")
    if order.step is not None and not order.path().is_dir():
        raise CheckpointError(
            f"The model {run.name} is here, but no longer its step {order.step:,}: choose another step under More."
        )
    loaded = checkpoint(order.path(), order.weights)
    try:
        labels = _labels(order, loaded)
    except ValueError as error:
        raise CheckpointError(f"This model cannot draw that: {error}.") from error
    titles = {"raw": "The averaged weights", "alone": "Led away from its guide"}
    title = titles.get(order.against or "", _model_title(run.name, loaded))
    return _denoiser(title, loaded, order, labels)


def _rival(order: Order, against: str, own: Denoiser) -> Denoiser:
    if against == "memoriser":
        return memorising(own, _what_it_saw(Run(Path(order.run))))
    if against.startswith("run:"):
        run = rival_run(against, all_runs())
        if run is None:
            name = against.removeprefix("run:")
            raise CheckpointError(f"The model {name} is not here: choose another one to compare with.")
        loaded = checkpoint(run.folder)
        theirs, ours = image_shape(loaded.model), image_shape(own.model)
        if theirs != ours:
            raise CheckpointError(
                f"{run.name} draws {_shape_words(theirs)}, this model {_shape_words(ours)}: they cannot draw from the "
                "same noise. Compare with another model."
            )
        rival = _denoiser(_model_title(run.name, loaded), loaded, order, None)
        return replace(
            rival,
            labels=_same_kinds(own, rival, loaded.model.num_classes),
            run_id=run.id(),
            mark=weights_mark(loaded.path),
        )
    if against == "raw":
        return _denoiser("The last weights", checkpoint(order.path(), "raw"), order, own.labels)
    if against == "alone":
        loaded = checkpoint(order.path())
        if order.weights != "ema" or loaded.model.guide is None:
            raise CheckpointError(
                "This model has no guide here: choose something else to compare it with, and press Draw."
            )
        return replace(own, title="Without its guide", model=ParallelModel(unguided(loaded.model)))
    sampler: Sampler = "ddpm" if against == "ddpm" else "ddim"
    steps = default_steps(sampler, own.schedule.num_timesteps)
    return replace(own, title=_sampler_title(sampler, steps), sampler=sampler, steps=steps)


def _denoiser(title: str, loaded: Checkpoint, order: Order, labels: torch.Tensor | None) -> Denoiser:
    sampler, steps = order.sampler, order.steps
    if loaded.model.distilled != (sampler == "instant"):
        sampler, steps = usual_sampler(loaded.model), None
    return Denoiser(
        title,
        ParallelModel(loaded.model),
        loaded.schedule,
        sampler,
        steps or default_steps(sampler, loaded.schedule.num_timesteps),
        labels,
        order.guidance_scale,
        [str(name) for name in loaded.config.get("label_names") or []],
        int(loaded.config["step"]),
    )


def _labels(order: Order, loaded: Checkpoint) -> torch.Tensor | None:
    kinds = loaded.model.num_classes
    if kinds is None or order.label is None:
        return None
    if order.label >= kinds:
        raise ValueError(f"it knows {kinds} kinds, and was asked for number {order.label + 1}")
    one = [*order.like, *(variation.index for variation in order.variations[:1])]
    count = one[0] + 1 if one else order.n
    if order.label >= 0:
        labels = torch.full((count,), order.label)
    elif order.label == EACH:
        labels = torch.arange(count) % kinds
    elif frequencies := loaded.config.get("class_frequencies"):
        labels = draw_labels(frequencies, count, order.seed)
    else:
        return None
    # All sprites like one, and all variants of one, are of its kind.
    return labels[-1:].expand(order.n) if one else labels


def _same_kinds(own: Denoiser, rival: Denoiser, num_classes: int | None) -> torch.Tensor | None:
    """The same kinds for a model that may number them differently; -1 where it has no kind of that name."""
    if own.labels is None or num_classes is None:
        return None
    numbers = {name: number for number, name in enumerate(rival.label_names)}
    return torch.tensor([numbers.get(name, -1) for name in own.kinds()])


def _shape_words(shape: Shape) -> str:
    channels, height, width = shape
    return f"sprites of {width} × {height} pixels {'with' if channels == 4 else 'without'} transparency"


def _model_title(name: str, loaded: Checkpoint) -> str:
    return f"{name}, step {int(loaded.config['step']):,}"


def _sampler_title(sampler: Sampler, steps: int) -> str:
    return f"{SAMPLER_NAMES[sampler].removesuffix(' (slow)')}, {counted(steps, 'step')}"


def _what_it_saw(run: Run) -> ComparisonSet:
    found = run_data(run)
    if found.sprites is None:
        raise CheckpointError(f"The sprites that {run.name} learnt from are not here, so nothing can remember them.")
    seen = what_was_seen(found.sprites, run.trained_on())
    count = len(seen.seen)
    most = _MOST_REMEMBERED // math.prod(found.sprites.shape)
    if not 0 < count <= most:
        raise CheckpointError(
            f"A perfect memoriser would have to hold {counted(count, 'sprite')}; 1 to {most:,} can be."
        )
    return seen


# Only one is kept: it takes up to 250 MB.
@st.cache_resource(max_entries=1, show_spinner=False)
def _memoriser(
    mark: tuple[str, str, int, str, bool], _seen: ComparisonSet, _schedule: NoiseSchedule
) -> PerfectMemoriser:
    sprites, rows, by_kind = _seen.sprites, _seen.seen, mark[-1]
    labels = np.asarray(sprites.labels)[rows] if by_kind else None
    return PerfectMemoriser(np.asarray(sprites.images[rows]), _schedule, labels)
