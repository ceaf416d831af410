"""From noise to sprites: the reverse process, as a generator of steps.

Every sampler follows a list of timesteps T-1 = t_0 > t_1 > ... > t_{K-1}, then -1, the clean image
(``alphas_cumprod`` 1). At each it calls the network once, gets x0 and eps, and moves x_t to the next timestep:

* ``ddpm``  ancestral sampling, Ho et al. 2020, eq. 7, between neighbours of the list (all T by default)
* ``ddim``  Song et al. 2020 (arXiv 2010.02502), eq. 12; ``eta`` 0 is deterministic, 1 is ``ddpm``
* ``dpm++`` DPM-Solver++(2M), Lu et al. 2022 (arXiv 2211.01095), algorithm 2; ``eta`` 1 is its stochastic form
* ``fast``  ``dpm++`` with eta 1 at other timesteps: as good in 12 network calls as ``ddpm`` in a thousand
* ``instant``  1 to 4 calls of a distilled network, with which no other can draw; see ``ddpm.diffusion.instant``
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import nn

from ddpm.diffusion.guidance.guide import Model
from ddpm.diffusion.guidance.predictor import Predictor, network_calls
from ddpm.diffusion.instant.levels import MOST_CALLS, instant_timesteps
from ddpm.diffusion.labels import checked_labels
from ddpm.diffusion.noise import NoiseSource, Shape, draw_noise, sprite_noise
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.solvers import Solver, ddim, dpm_solver, renoising
from ddpm.pixels.transparency import settle_alpha

Sampler = Literal["fast", "ddpm", "ddim", "dpm++", "instant"]

DEFAULT_SHAPE: Shape = (3, 16, 16)
"""What a model without an attribute ``image_shape`` draws."""

_FAST_STEPS = 12
# Karras et al. 2022 (arXiv 2206.00364), eq. 5: evenly spaced in the noise-to-signal ratio to the power of 1 / rho.
_FAST_RHO = 7.0
_FAST_BOUNDS = (-6.0, 9.0)
_LOG_SNR_BOUNDS = (-7.0, 9.0)


@dataclass(frozen=True)
class SamplingStep:
    """One moment of the reverse process.

    Attributes:
        t: the timestep, T-1 first, -1 last.
        x_t: float32 (N, C, H, W), the sprites at that timestep.
        x0: float32 (N, C, H, W), the clean sprites that the network predicts from x_t; x_t itself at t = -1.
    """

    t: int
    x_t: torch.Tensor
    x0: torch.Tensor


def default_steps(sampler: Sampler, num_timesteps: int) -> int:
    """Network calls that a sampler makes by default.

    Raises:
        ValueError: for an unknown sampler.
    """
    _check_sampler(sampler)
    steps = {"ddpm": num_timesteps, "ddim": 50, "dpm++": 20, "fast": _FAST_STEPS, "instant": MOST_CALLS}[sampler]
    return min(steps, num_timesteps)


def usual_sampler(model: Model) -> Sampler:
    """The sampler for a model where nobody asks for another: "instant" for a distilled one, else "fast"."""
    return "instant" if getattr(model, "distilled", False) else "fast"


def usual_calls(model: Model, schedule: NoiseSchedule, sampler: Sampler) -> int:
    """Network calls of a sprite with the sampler's default steps, those of a guide included, without strictness."""
    asked = timesteps(schedule, sampler, default_steps(sampler, schedule.num_timesteps))
    return network_calls(model, schedule, asked)


def timesteps(schedule: NoiseSchedule, sampler: Sampler, steps: int, start: int | None = None) -> list[int]:
    """The timesteps at which the network is called, falling from T-1.

    ``ddpm`` and ``ddim`` space them evenly in t, ``dpm++`` evenly in log-SNR (Lu et al. 2022, sec. 4)
    between -7 and 9, ``fast`` between -6 and 9 as Karras et al. 2022 do, eq. 5, with their rho, 7.

    Args:
        start: begin there, 0..T-1, and go on with those of the whole list that are below. It stands in for the nearer,
            in log-SNR, of the two between which it lies: a step much shorter than the next would mislead ``dpm++``,
            which goes on in the direction of the last one.

    Raises:
        ValueError: unless ``1 <= steps <= T`` and ``0 <= start < T``; for "instant" as ``instant_timesteps``.
    """
    if sampler == "instant":
        return instant_timesteps(schedule, steps, start)
    total = schedule.num_timesteps
    if not 1 <= steps <= total:
        raise ValueError(f"steps must lie in 1..{total}, got {steps}")
    _check_sampler(sampler)
    whole = _timesteps(schedule, sampler, steps)
    if start is None:
        return whole
    if not 0 <= start < total:
        raise ValueError(f"start must lie in 0..{total - 1}, got {start}")
    above, below = min(t for t in whole if t >= start), [t for t in whole if t < start]
    if below and above != start:
        up, here, down = schedule.log_snr()[[above, start, below[0]]].tolist()
        below = below[1:] if down - here < here - up else below
    return [start, *below]


def _timesteps(schedule: NoiseSchedule, sampler: Sampler, steps: int) -> list[int]:
    total = schedule.num_timesteps
    if sampler in ("ddpm", "ddim"):
        return [round(total - i * total / steps) - 1 for i in range(steps)]
    log_snr = schedule.log_snr().numpy()
    # Outside these bounds the network has nothing to decide: pure noise, or less noise than one grey level.
    low, high = np.clip(log_snr[[-1, 0]], *(_FAST_BOUNDS if sampler == "fast" else _LOG_SNR_BOUNDS))
    if sampler == "fast":
        first, last = np.exp(-np.array([low, high]) / (2 * _FAST_RHO))
        wanted = -2 * _FAST_RHO * np.log(np.linspace(first, last, steps))
    else:
        wanted = np.linspace(low, high, steps)
    # log_snr falls with t, and np.interp wants rising positions.
    exact = np.interp(wanted, log_snr[::-1], np.arange(total - 1, -1, -1))
    # Where the schedule is coarse, two may round to the same timestep; each must be lower than the one before.
    levels = np.rint(exact).astype(int)
    levels[0] = total - 1
    levels = np.minimum.accumulate(levels + np.arange(steps)) - np.arange(steps)
    levels = np.maximum(levels, np.arange(steps - 1, -1, -1))
    return [int(t) for t in levels]


def sample(
    model: Model,
    schedule: NoiseSchedule,
    n: int = 64,
    sampler: Sampler = "ddpm",
    steps: int | None = None,
    seed: int = 0,
    labels: Any = None,
    guidance_scale: float = 1.0,
    eta: float = 0.0,
    clip_x0: bool = True,
    noise: torch.Tensor | None = None,
    noise_sources: Sequence[NoiseSource] | None = None,
    start: int | None = None,
) -> Iterator[SamplingStep]:
    """Draw sprites, yielding ``steps + 1`` moments of the reverse process from ``steps`` network calls.

    Sprite i depends only on (seed, i), not on n, up to float rounding. A yielded tensor is never changed afterwards.

    With ``start`` only the rest of the way is gone, from sprites that stand at that noise level already: a drawing to
    which noise was added (SDEdit, Meng et al. 2021, arXiv 2108.01073), or the x_t of a moment of another chain. From
    such an x_t "ddim" with eta 0 goes the same way again; "dpm++" begins anew, since it has no step before.

    Args:
        model: any callable ``(x_t, t, labels=None)`` that returns the shape of x_t. Its attributes say the rest:
            ``prediction_type`` ("eps" if it has none), ``image_shape``, the (C, H, W) of its sprites ((3, 16, 16) if it
            has none), ``num_classes``, ``distilled``, whether "instant" can draw with it, and then nothing else (not,
            if it has none), ``binary_alpha``, whether a fourth channel is alpha of 0 or 1 alone: then the result has no
            other, and is black where it is 0; ``guide``, a :class:`ddpm.diffusion.guidance.guide.Guide` (None if it
            has none), which takes one more network call as long as it acts; and ``guidance_max_log_snr``, the log-SNR
            above which ``guidance_scale`` acts no longer (Kynkäänniemi et al. 2024, arXiv 2404.07724; it always acts if
            there is none).
        n: number of sprites, at least 1.
        sampler: "fast", "ddpm", "ddim", "dpm++" or "instant".
        steps: network calls, 1..T ("instant": 1..4); None for the sampler's default (ddpm: all T).
        labels: integer (N,), the kind of each sprite, -1 for any kind; None for any kind in all.
        guidance_scale: w in ``eps_u + w (eps_c - eps_u)`` (Ho & Salimans 2022, arXiv 2207.12598); 1 is plain
            conditional sampling in one pass, any other value takes twice the network calls as long as it acts.
        eta: noise that "ddim" and "dpm++" add at each step, 0..1; ignored by the others.
        clip_x0: keep the predicted x0 in [-1, 1], where all sprites are; eps is changed to match.
        noise: float (N, C, H, W) to start from; drawn from the seed if None. With ``start`` it is needed, and is the
            x_t of that level, as :meth:`NoiseSchedule.add_noise` makes it, not noise alone.
        noise_sources: N sources to use instead of :func:`sprite_noise` of (seed, i); each call returns new standard
            normal noise, float32 (C, H, W), first for the start, then for each step that adds noise.
        start: the timestep to begin at, 0..T-1; None for T-1. ``steps`` still counts those of the whole way, of which
            the ones below are made: see :func:`timesteps`, whose length is the number of network calls.

    Raises:
        ValueError: for values outside these ranges, ``start`` without ``noise``, or a sampler that the model was not
            made for, at the first step.
    """
    _check_made_for(sampler, model)
    if steps is None:
        steps = default_steps(sampler, schedule.num_timesteps)
    levels = timesteps(schedule, sampler, steps, start)
    if start is not None and noise is None:
        raise ValueError("start needs noise: the sprites as they stand at that timestep")
    shape: Shape = tuple(getattr(model, "image_shape", DEFAULT_SHAPE))
    noise_sources = [sprite_noise(seed, i, shape) for i in range(n)] if noise_sources is None else noise_sources
    _check(n, eta, guidance_scale, noise_sources)
    labels = checked_labels(labels, n, getattr(model, "num_classes", None))
    device = device_of(model)
    x_t = _start((n, *shape), noise, noise_sources).to(device)
    predict = Predictor(model, schedule, labels, guidance_scale, clip_x0)
    move = solver_for(schedule, sampler, eta, lambda: draw_noise(noise_sources).to(device))
    for t, t_next in zip(levels, [*levels[1:], -1], strict=True):
        x0, eps = predict(x_t, t)
        yield SamplingStep(t, x_t, x0)
        with torch.no_grad():
            x_t = move(x_t, x0, eps, t, t_next)
    x_t = settle_alpha(x_t, getattr(model, "binary_alpha", False))
    yield SamplingStep(-1, x_t, x_t)


def solver_for(schedule: NoiseSchedule, sampler: Sampler, eta: float, noise: Callable[[], torch.Tensor]) -> Solver:
    """The steps of a sampler. It may remember its last step: a way that begins anew takes a new one."""
    if sampler == "instant":
        return renoising(schedule, noise)
    solver = ddim if sampler in ("ddpm", "ddim") else dpm_solver
    return solver(schedule, 1.0 if sampler in ("ddpm", "fast") else eta, noise)


def _check_made_for(sampler: Sampler, model: Model) -> None:
    _check_sampler(sampler)
    distilled = bool(getattr(model, "distilled", False))
    if sampler == "instant" and not distilled:
        raise ValueError(
            "the sampler instant is for distilled models alone, and this one is none: distil it first "
            "(python -m ddpm distil --run NAME), or draw with fast"
        )
    if sampler != "instant" and distilled:
        raise ValueError(
            f"this model was distilled, and knows only the few noise levels of the sampler instant: {sampler} cannot "
            "draw with it; draw with instant, or with the model that it was distilled from"
        )


def _check(n: int, eta: float, guidance_scale: float, noise_sources: Sequence[NoiseSource]) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie in 0..1, got {eta}")
    if not math.isfinite(guidance_scale):
        raise ValueError(f"guidance_scale must be a finite number, got {guidance_scale}")
    if len(noise_sources) != n:
        raise ValueError(f"there must be {n} noise_sources, one for each sprite, not {len(noise_sources)}")


def _start(shape: tuple[int, ...], noise: torch.Tensor | None, noise_sources: Sequence[NoiseSource]) -> torch.Tensor:
    # Drawn even if not used: later steps must not repeat the noise that a caller took from an earlier chain.
    x_t = draw_noise(noise_sources)
    if noise is not None:
        x_t = torch.as_tensor(noise).detach().to(torch.float32).clone()
    if tuple(x_t.shape) != shape:
        raise ValueError(f"noise must have shape {shape}, got {tuple(x_t.shape)}")
    return x_t


def device_of(model: Model) -> torch.device:
    """Where a model computes; the CPU for one that has no parameters."""
    parameter = next(model.parameters(), None) if isinstance(model, nn.Module) else None
    return torch.device("cpu") if parameter is None else parameter.device


def _check_sampler(sampler: str) -> None:
    if sampler not in get_args(Sampler):
        raise ValueError(f"unknown sampler {sampler!r}: choose one of {', '.join(get_args(Sampler))}")
