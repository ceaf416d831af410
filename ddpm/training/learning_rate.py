"""The learning rate over a training: warm-up, then constant or down a cosine."""

from __future__ import annotations

import math

from ddpm.training.recipes import Recipe


def learning_rate_at(recipe: Recipe, step: int, total_steps: int) -> float:
    """The learning rate of step ``step`` (0..total_steps-1)."""
    # Even a short run needs most of its steps at a useful rate.
    warmup = min(recipe.warmup_steps, total_steps // 5)
    rate = recipe.learning_rate
    if step < warmup:
        return rate * (step + 1) / warmup
    if recipe.cosine_decay:
        progress = (step - warmup) / max(1, total_steps - warmup)
        rate *= 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return rate
