"""Scene: from noise to a sprite, one step taken apart, and with many steps or few."""

from __future__ import annotations

import torch

from ddpm.diffusion.sampling import sample
from ddpm.diffusion.solvers import ddim
from pages.parts.how.pixels import as_noise, as_sprites
from pages.parts.how.subject import Subject
from pages.parts.shared.scene import Panel, Row, Scene

_STEPS = (50, 12, 4, 1)


def way_back(subject: Subject) -> Scene:
    """The way of the 50-step sampler of Ho et al., and those of DDIM with 50, 12, 4 and 1 steps from the same noise."""
    most = min(_STEPS[0], subject.schedule.num_timesteps)
    apart, stops = _apart(subject, most)
    counts = sorted({min(steps, most) for steps in _STEPS}, reverse=True)
    beside = [_panel(subject, steps, most) for steps in counts]
    rows = (
        Row("One step, taken apart", apart),
        Row("The same noise with many steps or few; without fresh noise, so that only their number differs", beside),
    )
    return Scene("How far on the way from noise to sprite", stops, rows, start=4 * most // 5)


def _apart(subject: Subject, steps: int) -> tuple[list[Panel], list[str]]:
    """What each step of "ddpm" is made of."""
    schedule = subject.schedule
    moments = list(
        sample(subject.model, schedule, 1, "ddpm", steps, subject.seed, subject.labels(1), noise=subject.eps)
    )
    # The step of the sampler itself, without fresh noise: what is left to x_(t-1) is the noise.
    mean_of = ddim(schedule, 1.0, lambda: torch.zeros_like(subject.eps))
    pairs = list(zip(moments, moments[1:], strict=False))
    means = [mean_of(now.x_t, now.x0, now.x_t, now.t, then.t) for now, then in pairs]
    noises = [then.x_t - mean for (_, then), mean in zip(pairs, means, strict=True)]
    sizes = [f"size {float(noise.square().mean().sqrt()):.2f}" for noise in noises]
    stops = [f"Step {number} of {steps}: t = {now.t:,}" for number, (now, _) in enumerate(pairs, start=1)]
    panels = [
        Panel("Before the step: x_t", as_sprites(torch.cat([now.x_t for now, _ in pairs]))),
        Panel("It believes: x0", as_sprites(torch.cat([now.x0 for now, _ in pairs]))),
        Panel("Moved a part of the way to x0", as_sprites(torch.cat(means))),
        Panel("Fresh noise", as_noise(torch.cat(noises), 1.0), sizes),
        Panel("After it", as_sprites(torch.cat([then.x_t for _, then in pairs]))),
    ]
    return panels, stops


def _panel(subject: Subject, steps: int, most: int) -> Panel:
    """The way of "ddim" with so many steps, at the same share of the way as the slider."""
    moments = list(
        sample(subject.model, subject.schedule, 1, "ddim", steps, subject.seed, subject.labels(1), noise=subject.eps)
    )
    # At the last position of the slider its step is done, and so are those of all others.
    at = [(position + 1) * steps // most for position in range(most)]
    pictures = as_sprites(torch.cat([moment.x_t for moment in moments]))[at]
    name = "1 step" if steps == 1 else f"{steps} steps"
    return Panel(name, pictures, [f"{done} done" for done in at])
