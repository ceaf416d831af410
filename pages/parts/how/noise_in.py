"""Scene: noise is added to a sprite, by either schedule."""

from __future__ import annotations

from typing import get_args

import numpy as np
import torch

from ddpm.diffusion.schedule import NoiseSchedule, ScheduleKind
from ddpm.training.recipes import RECIPES
from pages.parts.how.pixels import as_noise, as_sprites
from pages.parts.how.subject import Subject, stop_words
from pages.parts.shared.scene import Chart, Panel, Row, Scene

_REACH, _BINS = 3.0, 48


def noise_in(subject: Subject) -> Scene:
    """x_t of one sprite and one noise at every timestep, with the linear and with the cosine schedule."""
    t, total = subject.timesteps, subject.schedule.num_timesteps
    x0, eps = (one.expand(len(t), -1, -1, -1) for one in (subject.x0, subject.eps))
    rows, log_snr, spread = [], {}, {}
    for kind in get_args(ScheduleKind):
        schedule = NoiseSchedule(total, kind)
        x_t = schedule.add_noise(x0, eps, t)
        kept = schedule.alphas_cumprod[t].tolist()
        title = f"{kind.capitalize()} schedule"
        panels = (
            Panel("The sprite", subject.image[None]),
            Panel("Its part", as_sprites(schedule.add_noise(x0, torch.zeros_like(eps), t)), _shares(kept)),
            Panel(
                "The noise’s part",
                as_noise(schedule.add_noise(torch.zeros_like(x0), eps, t), 1.0),
                _shares([1 - share for share in kept]),
            ),
            Panel("Together: x_t", as_sprites(x_t)),
        )
        rows.append(Row(title, panels))
        log_snr[title] = schedule.log_snr()[t].numpy()
        spread[title] = _spread(x_t)
    ends = "t = 0", f"t = {total - 1:,}"
    charts = (
        Chart("What is left of the sprite: log-SNR", log_snr, ends, 1),
        Chart("How the values of x_t are spread", spread, (f"{-_REACH:g}", f"{_REACH:g}")),
        Chart("Where training looks how often", _looks(total, t), ends, 1, " × as often as on average"),
    )
    return Scene("Timestep t: how much noise", stop_words(t), rows, charts, start=len(t) // 4)


def _shares(values: list[float]) -> list[str]:
    return [f"{100 * value:.0f}%" for value in values]


def _spread(x_t: torch.Tensor) -> np.ndarray:
    """The share of the values in each bin, float64 (S, B); the outermost bins hold what lies beyond."""
    values = x_t.flatten(1).clamp(-_REACH, _REACH).numpy()
    return np.stack([np.histogram(row, _BINS, (-_REACH, _REACH))[0] / row.size for row in values])


def _looks(total: int, t: torch.Tensor) -> dict[str, np.ndarray]:
    """For each recipe, how likely training is to draw each timestep; 1 is the average."""
    found = {}
    for recipe in RECIPES.values():
        schedule = NoiseSchedule(total, recipe.schedule)
        found[recipe.title] = (schedule.timestep_probabilities(recipe.even_log_snr)[t] * total).numpy()
    return found
