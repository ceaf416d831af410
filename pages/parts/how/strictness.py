"""Scene: the answer with the kind and without it, and what their difference does."""

from __future__ import annotations

from collections import deque

import numpy as np

from ddpm.diffusion.sampling import sample
from pages.parts.how.pixels import as_noise, as_sprites
from pages.parts.how.question import answers
from pages.parts.how.subject import Subject, stop_words
from pages.parts.shared.scene import Panel, Row, Scene

_SCALES = (0.0, 1.0, 2.0, 4.0, 8.0)
_SHOWN = 3.0
_STEPS = 20


def kinds(subject: Subject) -> Scene:
    """Both answers at every timestep, and the same noise drawn with several guidance scales.

    Raises:
        ValueError: if the model knows no kinds, or the sprite has none.
    """
    if subject.label is None:
        raise ValueError(
            "This needs a model that knows kinds, and a sprite whose kind it knows: choose builtin and “Unseen” above."
        )
    t = subject.timesteps
    x0, eps = (one.expand(len(t), -1, -1, -1) for one in (subject.x0, subject.eps))
    x_t = subject.schedule.add_noise(x0, eps, t)
    told, untold = (answers(subject, x_t, t, with_kind)[0] for with_kind in (True, False))
    difference = told - untold
    size = difference.square().flatten(1).mean(1).sqrt().tolist()
    kind = subject.kind or f"kind {subject.label}"
    asked = (
        Panel("It sees: x_t", as_sprites(x_t)),
        Panel("Not told the kind", as_sprites(untold)),
        Panel(f"Told “{kind}”", as_sprites(told)),
        Panel("The difference", as_noise(difference, 1.0), [f"size {value:.2f}" for value in size]),
        Panel(f"Strictness {_SHOWN:g}", as_sprites(untold + _SHOWN * difference)),
    )
    drawn = [Panel(_name(scale), _drawn(subject, scale)) for scale in _SCALES]
    rows = (Row("Two answers to one question", asked), Row(f"“{kind}” from the same noise, to the end", drawn))
    return Scene("Timestep t: how noisy the question is", stop_words(t), rows, start=3 * len(t) // 4)


def _name(scale: float) -> str:
    return "Kind not told" if scale == 0 else f"Strictness {scale:g}"


def _drawn(subject: Subject, scale: float) -> np.ndarray:
    """uint8 (1, H, W, C), by a sampler that adds no noise; 0 is without the kind."""
    labels = None if scale == 0 else subject.labels(1)
    moments = sample(
        subject.model,
        subject.schedule,
        1,
        "dpm++",
        min(_STEPS, subject.schedule.num_timesteps),
        subject.seed,
        labels,
        guidance_scale=scale or 1.0,
        noise=subject.eps,
    )
    (last,) = deque(moments, maxlen=1)
    return as_sprites(last.x0)
