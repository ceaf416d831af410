"""Scene: the perfect copier, the patch machine and the network, asked the same."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.patch_machine.machine import PatchMachine
from ddpm.diffusion.sampling import Model, sample
from ddpm.diffusion.schedule import PredictionType
from ddpm.pixels.neighbors import nearest, rms_grey_levels
from pages.parts.how.pixels import as_noise, as_sprites
from pages.parts.how.subject import Subject, stop_words
from pages.parts.shared.scene import Chart, Panel, Row, Scene

STEPS = 20
_MANY = 2_000
# Values of the sprites that the copier keeps, of 8 bytes each: as many as the Sample page lets one remember.
_MOST = 40_000 * 768


@dataclass(frozen=True)
class Learnt:
    """Training sprites, uint8 (R, H, W, C), and their kinds where they are asked for by kind."""

    images: np.ndarray = field(repr=False)
    labels: np.ndarray | None = field(repr=False)
    note: str


def why_not_copy(subject: Subject) -> Scene:
    """What copier, patch machine and network believe at every timestep, and what they draw from the same noise.

    Raises:
        ValueError: if what the model learnt from is not here.
    """
    learnt, schedule = learnt_by(subject), subject.schedule
    # The machines look at all training sprites for each answer: fewer timesteps show the same.
    stride = 4 if len(learnt.images) > _MANY else 2
    t = subject.timesteps[:: stride if len(subject.timesteps) > 50 else stride // 2]
    x0, eps = (one.expand(len(t), -1, -1, -1) for one in (subject.x0, subject.eps))
    x_t = schedule.add_noise(x0, eps, t)
    patches = PatchMachine(learnt.images, schedule, labels=learnt.labels)
    models: dict[str, Model] = {
        "The perfect copier": PerfectMemoriser(learnt.images, schedule, learnt.labels),
        "The patch machine": patches,
        "The network": subject.model,
    }
    labels = subject.labels(len(t))
    believed: dict[str, torch.Tensor] = {}
    for name, model in models.items():
        prediction = model(x_t, t, labels=labels).to(torch.float32)
        kind: PredictionType = getattr(model, "prediction_type", "eps")
        believed[name] = schedule.split_prediction(prediction, x_t, t, kind, clip_x0=True)[0]
    side = max(subject.image.shape[:2])
    seen = {
        "The perfect copier": ["each pixel sees all"],
        "The patch machine": [_sees(patches.window_at(one), side) for one in t.tolist()],
        "The network": [],
    }
    apart = {
        f"network and {name.removeprefix('The ')}": (believed["The network"] - others)
        .square()
        .flatten(1)
        .mean(1)
        .sqrt()
        for name, others in believed.items()
        if name != "The network"
    }
    asked = (
        Panel("They see: x_t", as_sprites(x_t)),
        *(Panel(name, as_sprites(x0), seen[name]) for name, x0 in believed.items()),
        Panel("The truth: x0", subject.image[None], [_seen_before(subject, learnt)]),
    )
    drawn, near = _drawn(subject, learnt, models)
    rows = (
        Row(f"What they believe is beneath the noise ({learnt.note})", asked),
        Row(f"What they draw from the same noise, to the end ({STEPS} steps)", drawn),
        Row("Of these training sprites, the nearest to each drawing", near),
    )
    chart = Chart(
        "How far their beliefs are apart (root mean square); it jumps where the window changes",
        {name: values.numpy() for name, values in apart.items()},
        ("t = 0", f"t = {schedule.num_timesteps - 1:,}"),
    )
    return Scene(
        "Timestep t: how noisy the question is",
        stop_words(t),
        rows,
        (chart,),
        start=len(t) // 2,
        remark=_nearer(*(float(values.mean()) for values in apart.values())),
    )


def _nearer(copier: float, patches: float) -> str:
    """To which of the two the network is nearer, by the mean distance of their beliefs, in words."""
    to = "the patch machine" if patches < copier else "the perfect copier"
    return (
        f"Over all t, of this sprite, the network is {copier:.2f} from the perfect copier and {patches:.2f} from the "
        f"patch machine: nearer to {to}. Nearer is not the same: the last row says how far its drawing is from any "
        "training sprite. And one sprite says little: on “Created or copied?”, among the figures, “Made of patches?” "
        "asks the same of many."
    )


def _seen_before(subject: Subject, learnt: Learnt) -> str:
    """Whether the true sprite was learnt from, and how near the training set comes to it, in words."""
    _, squared = nearest(subject.image[None], learnt.images, 1)
    apart = float(rms_grey_levels(squared[0, 0], math.prod(subject.image.shape)))
    if apart == 0:
        return "learnt from"
    never = "never learnt from; " if subject.unseen else ""
    return f"{never}the nearest of them is {apart:.1f} grey levels away"


def _sees(window: int, side: int) -> str:
    if window >= 2 * side - 1:
        return "each pixel sees all"
    return "each pixel sees nearly all" if window > side else f"each pixel sees {window} × {window}"


def learnt_by(subject: Subject) -> Learnt:
    """The sprites that the model learnt from, of the subject's kind if it has one. ValueError if they are not here."""
    seen = subject.seen
    if seen is None or not len(seen.seen):
        raise ValueError(
            "The sprites that this model learnt from are not here, and the copier and the patch machine need them: "
            "put them back, or choose another model above."
        )
    rows = seen.seen
    labels = None
    note = f"{len(rows):,} training sprites"
    if subject.label is not None and seen.sprites.labels is not None:
        # By kind: the machines look at the sprites of that kind alone, and the network is told the kind.
        same = np.asarray(seen.sprites.labels)[rows] == subject.label
        if same.any():
            rows = rows[same]
            labels = np.full(len(rows), subject.label)
            note = f"{len(rows):,} training sprites of the kind “{subject.kind}”" if subject.kind else note
    most = max(1, _MOST // math.prod(subject.image.shape))
    if len(rows) > most:
        note = f"the first {most:,} of {note}"
        rows, labels = rows[:most], None if labels is None else labels[:most]
    return Learnt(np.asarray(seen.sprites.images[rows]), labels, note)


def _drawn(subject: Subject, learnt: Learnt, models: dict[str, Model]) -> tuple[list[Panel], list[Panel]]:
    """Each model's sprite, by a sampler that adds no noise, and the training sprite nearest to it."""
    drawn, near = [], []
    labels = subject.labels(1)
    steps = min(STEPS, subject.schedule.num_timesteps)
    for name, model in models.items():
        moments = sample(
            model, subject.schedule, 1, "dpm++", steps, subject.seed, known(model, labels), noise=subject.eps
        )
        (last,) = deque(moments, maxlen=1)
        sprite = as_sprites(last.x0)
        rows, squared = nearest(sprite, learnt.images, 1)
        apart = float(rms_grey_levels(squared[0, 0], math.prod(sprite.shape[1:])))
        drawn.append(Panel(name, sprite))
        same = "the same, pixel for pixel" if apart == 0 else f"{apart:.1f} grey levels away"
        near.append(Panel(f"To {name[0].lower()}{name[1:]}’s", learnt.images[rows[0]], [same]))
    return [*drawn, Panel("The noise", as_noise(subject.eps))], near


def known(model: Callable[..., torch.Tensor], labels: torch.Tensor | None) -> torch.Tensor | None:
    """The labels, if a model knows kinds; else None."""
    return None if getattr(model, "num_classes", None) is None else labels
