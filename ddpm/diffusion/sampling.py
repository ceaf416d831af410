"""From noise to sprites: the reverse process, as a generator of steps.

Every sampler walks down a list of noise levels T-1 = t_0 > t_1 > ... > t_{K-1}, then to -1, the clean image
(``alphas_cumprod`` 1). At each it asks the network once, gets x0 and eps, and moves x_t to the next level:

* ``ddpm``  ancestral sampling, Ho et al. 2020, eq. 7, between neighbours of the list (all T by default)
* ``ddim``  Song et al. 2020 (arXiv 2010.02502), eq. 12; ``eta`` 0 is deterministic, 1 is ``ddpm``
* ``dpm++`` DPM-Solver++(2M), Lu et al. 2022 (arXiv 2211.01095), algorithm 2; ``eta`` 1 is its stochastic twin
* ``fast``  ``dpm++`` with eta 1 at levels of its own: as good in 12 network calls as the others in a thousand
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import nn

from ddpm.base.seeds import generator_for
from ddpm.diffusion.schedule import NoiseSchedule, PredictionType
from ddpm.pixels.conversion import SHAPE

Sampler = Literal["fast", "ddpm", "ddim", "dpm++"]
Model = Callable[..., torch.Tensor]
NoiseSource = Callable[[], torch.Tensor]

_FAST_STEPS = 12
# Karras et al. 2022 (arXiv 2206.00364), eq. 5: levels are even in the noise-to-signal ratio to the power of 1 / rho.
_FAST_RHO = 7.0
_FAST_BOUNDS = (-6.0, 9.0)
_LOG_SNR_BOUNDS = (-7.0, 9.0)


@dataclass(frozen=True)
class SamplingStep:
    """One moment of the reverse process.

    Attributes:
        t: noise level, T-1 first, -1 last.
        x_t: float32 (N, 3, 16, 16), the sprites at that level.
        x0: float32 (N, 3, 16, 16), the clean sprites that the network sees in x_t; x_t itself at t = -1.
    """

    t: int
    x_t: torch.Tensor
    x0: torch.Tensor


def default_steps(sampler: Sampler, num_timesteps: int) -> int:
    """Network calls of a sampler that was not told how many to make.

    Raises:
        ValueError: for an unknown sampler.
    """
    _check_sampler(sampler)
    steps = {"ddpm": num_timesteps, "ddim": 50, "dpm++": 20, "fast": _FAST_STEPS}[sampler]
    return min(steps, num_timesteps)


def timesteps(schedule: NoiseSchedule, sampler: Sampler, steps: int) -> list[int]:
    """The levels at which the network is asked, falling from T-1.

    ``ddpm`` and ``ddim`` space them evenly in t, ``dpm++`` evenly in log-SNR (Lu et al. 2022, sec. 4)
    between -7 and 9, ``fast`` between -6 and 9 as Karras et al. 2022 do, eq. 5, with their rho, 7.

    Raises:
        ValueError: unless ``1 <= steps <= T``.
    """
    total = schedule.num_timesteps
    if not 1 <= steps <= total:
        raise ValueError(f"steps must lie in 1..{total}, got {steps}")
    _check_sampler(sampler)
    if sampler in ("ddpm", "ddim"):
        return [round(total - i * total / steps) - 1 for i in range(steps)]
    log_snr = schedule.log_snr().numpy()
    # Beyond these bounds there is nothing to decide: all noise, or less of it than one grey level.
    low, high = np.clip(log_snr[[-1, 0]], *(_FAST_BOUNDS if sampler == "fast" else _LOG_SNR_BOUNDS))
    if sampler == "fast":
        first, last = np.exp(-np.array([low, high]) / (2 * _FAST_RHO))
        wanted = -2 * _FAST_RHO * np.log(np.linspace(first, last, steps))
    else:
        wanted = np.linspace(low, high, steps)
    # log_snr falls with t, and np.interp wants rising positions.
    exact = np.interp(wanted, log_snr[::-1], np.arange(total - 1, -1, -1))
    # Where the table is coarse two levels may round to one; each must still be lower than the one before.
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
) -> Iterator[SamplingStep]:
    """Draw sprites, yielding ``steps + 1`` moments of the reverse process from ``steps`` network calls.

    Sprite i depends on (seed, i) alone, whatever n, up to float rounding. A yielded tensor is never written again.

    Args:
        model: any callable ``(x_t, t, labels=None)`` that returns (N, 3, 16, 16); what it predicts is its attribute
            ``prediction_type`` ("eps" if it has none).
        n: number of sprites, at least 1.
        sampler: "fast", "ddpm", "ddim" or "dpm++".
        steps: network calls, 1..T; None for the sampler's own default (ddpm: all T).
        labels: integer (N,), the kind of each sprite, -1 for anything; None is anything for all.
        guidance_scale: w in ``eps_u + w (eps_c - eps_u)`` (Ho & Salimans 2022, arXiv 2207.12598); 1 is plain
            conditional sampling in one pass, any other value takes twice the network calls.
        eta: noise that "ddim" and "dpm++" add at each step, 0..1; "fast" has its own.
        clip_x0: keep the predicted x0 in [-1, 1], where all sprites are; eps follows it.
        noise: float (N, 3, 16, 16) to start from; drawn from the seed if None.
        noise_sources: N sources of noise in place of those of (seed, i), such as :func:`sprite_noise`; each call
            returns a new standard normal float32 (3, 16, 16), first for the start, then for what is added on the way.

    Raises:
        ValueError: for values outside these ranges, at the first step.
    """
    if steps is None:
        steps = default_steps(sampler, schedule.num_timesteps)
    levels = timesteps(schedule, sampler, steps)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie in 0..1, got {eta}")
    if not math.isfinite(guidance_scale):
        raise ValueError(f"guidance_scale must be a finite number, got {guidance_scale}")
    labels = _checked_labels(labels, n, getattr(model, "num_classes", None))
    device = _device(model)
    noise_sources = [sprite_noise(seed, i) for i in range(n)] if noise_sources is None else noise_sources
    if len(noise_sources) != n:
        raise ValueError(f"there must be {n} noise_sources, one for each sprite, not {len(noise_sources)}")
    # Drawn in any case: what is added on the way must not repeat the noise that a caller took from an earlier chain.
    x_t = _draw(noise_sources)
    if noise is not None:
        x_t = torch.as_tensor(noise).detach().to(torch.float32).clone()
    if tuple(x_t.shape) != (n, *SHAPE):
        raise ValueError(f"noise must have shape {(n, *SHAPE)}, got {tuple(x_t.shape)}")
    predict = _Predictor(model, schedule, labels, guidance_scale, clip_x0)
    eta = 1.0 if sampler in ("ddpm", "fast") else eta
    move = _ancestral(schedule, eta) if sampler in ("ddpm", "ddim") else _dpm_solver(schedule, eta)

    x_t = x_t.to(device)
    for t, t_next in zip(levels, [*levels[1:], -1], strict=True):
        x0, eps = predict(x_t, t)
        yield SamplingStep(t, x_t, x0)
        with torch.no_grad():
            x_t = move(x_t, x0, eps, t, t_next, noise_sources)
    yield SamplingStep(-1, x_t, x_t)


def sprite_noise(seed: int, i: int) -> NoiseSource:
    """The noise of sprite i of a seed, as :func:`sample` draws it: first the start, then what is added on the way."""
    return _noise_source(generator_for("sprite", seed, i))


def nearby_noise(source: NoiseSource, strength: float, *numbers: int) -> NoiseSource:
    """Noise near that of another source, draw by draw: ``sqrt(1 - strength^2) z + strength z'``, standard normal too.

    A start nearby would not be enough where noise is added on the way: "fast" forgets where it came from.

    Args:
        source: gives z; to be used for nothing else.
        strength: 0..1; 0 is the same noise, 1 another one altogether.
        numbers: z' depends on them alone.

    Raises:
        ValueError: if strength is out of range.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must lie in 0..1, got {strength}")
    fresh = _noise_source(generator_for("nearby", *numbers))
    return lambda: (1 - strength**2) ** 0.5 * source() + strength * fresh()


def draw_labels(frequencies: list[float], n: int, seed: int = 0) -> torch.Tensor:
    """Kinds for n sprites by their frequency in the training data; sprite i's depends on (seed, i) alone.

    Args:
        frequencies: share of each kind; they need not add up to 1.

    Returns:
        int64 (N,).
    """
    edges = np.cumsum(np.asarray(frequencies, dtype=np.float64))
    chances = [float(torch.rand((), generator=generator_for("label", seed, i), dtype=torch.float64)) for i in range(n)]
    drawn = np.searchsorted(edges, np.asarray(chances) * edges[-1], side="right")
    return torch.from_numpy(np.minimum(drawn, len(edges) - 1).astype(np.int64))


class _Predictor:
    """The network, guided and translated: (x_t, t) to (x0, eps)."""

    def __init__(
        self,
        model: Model,
        schedule: NoiseSchedule,
        labels: torch.Tensor | None,
        guidance_scale: float,
        clip_x0: bool,
    ) -> None:
        self._model = model
        self._schedule = schedule
        self._labels = labels
        self._guidance_scale = guidance_scale
        self._clip_x0 = clip_x0

    @torch.no_grad()
    def __call__(self, x_t: torch.Tensor, t: int) -> tuple[torch.Tensor, torch.Tensor]:
        model = self._model
        training = isinstance(model, nn.Module) and model.training
        if training:
            model.eval()  # type: ignore[attr-defined]
        try:
            ts = torch.full((len(x_t),), t, dtype=torch.int64, device=x_t.device)
            output = self._guided(x_t, ts)
        finally:
            if training:
                model.train()  # type: ignore[attr-defined]
        if output.shape != x_t.shape:
            raise ValueError(f"the model returned shape {tuple(output.shape)}, expected {tuple(x_t.shape)}")
        kind: PredictionType = getattr(model, "prediction_type", "eps")
        return self._schedule.split_prediction(output.to(torch.float32), x_t, ts, kind, self._clip_x0)

    def _guided(self, x_t: torch.Tensor, ts: torch.Tensor) -> torch.Tensor:
        labels = None if self._labels is None else self._labels.to(x_t.device)
        conditional = self._model(x_t, ts, labels=labels)
        if self._guidance_scale == 1.0 or labels is None:
            return conditional
        anything = self._model(x_t, ts, labels=None)
        # The same formula in eps and in v: one is a linear function of the other at a given x_t.
        return anything + self._guidance_scale * (conditional - anything)


def _ancestral(schedule: NoiseSchedule, eta: float) -> Callable[..., torch.Tensor]:
    """DDIM's step, eq. 12 and 16; with eta 1 it is DDPM's posterior with the smaller of its two variances."""

    def move(
        x_t: torch.Tensor,
        x0: torch.Tensor,
        eps: torch.Tensor,
        t: int,
        t_next: int,
        noise_sources: Sequence[NoiseSource],
    ) -> torch.Tensor:
        kept, kept_next = _kept(schedule, t), _kept(schedule, t_next)
        variance = (1 - kept_next) / (1 - kept) * (1 - kept / kept_next)
        if eta == 1.0:
            # Written with x_t in place of eps, as Ho et al. do: the same but for rounding.
            step = kept / kept_next
            mean = (kept_next**0.5 * (1 - step) / (1 - kept)) * x0 + (step**0.5 * (1 - kept_next) / (1 - kept)) * x_t
        else:
            mean = kept_next**0.5 * x0 + max(0.0, 1 - kept_next - eta**2 * variance) ** 0.5 * eps
        if eta == 0.0 or t_next < 0:
            return mean
        return mean + eta * variance**0.5 * _draw(noise_sources).to(mean.device)

    return move


def _dpm_solver(schedule: NoiseSchedule, eta: float) -> Callable[..., torch.Tensor]:
    """DPM-Solver++(2M): second order from the x0 of the step before; first order at both ends.

    With eta above 0 a part of the noise is replaced by new one: SDE-DPM-Solver++(2M) of Lu et al. 2022, app. B, at eta
    1. What an ill-judged step has done wrong is then forgotten on the way, instead of being carried to the end.
    """
    last: list[tuple[torch.Tensor, float]] = []

    def half_log_snr(t: int) -> float:
        kept = _kept(schedule, t)
        return 0.5 * float(np.log(kept) - np.log1p(-kept))

    def move(
        x_t: torch.Tensor,
        x0: torch.Tensor,
        eps: torch.Tensor,
        t: int,
        t_next: int,
        noise_sources: Sequence[NoiseSource],
    ) -> torch.Tensor:
        if t_next < 0:
            return x0.clone()
        now, then = half_log_snr(t), half_log_snr(t_next)
        target = x0
        if last:
            x0_before, before = last.pop()
            ratio = (now - before) / (then - now)
            target = x0 + (x0 - x0_before) / (2 * ratio)
        last.append((x0, now))
        kept, kept_next = _kept(schedule, t), _kept(schedule, t_next)
        way, renewed = then - now, eta * (then - now)
        shrink = ((1 - kept_next) / (1 - kept)) ** 0.5 * math.exp(-renewed)
        mean = shrink * x_t - kept_next**0.5 * math.expm1(-way - renewed) * target
        if eta == 0.0:
            return mean
        return mean + ((1 - kept_next) * -math.expm1(-2 * renewed)) ** 0.5 * _draw(noise_sources).to(mean.device)

    return move


def _kept(schedule: NoiseSchedule, t: int) -> float:
    return 1.0 if t < 0 else float(schedule.alphas_cumprod[t])


def _noise_source(generator: torch.Generator) -> NoiseSource:
    return lambda: torch.randn(SHAPE, generator=generator)


def _draw(noise_sources: Sequence[NoiseSource]) -> torch.Tensor:
    return torch.stack([source() for source in noise_sources])


def _device(model: Model) -> torch.device:
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            return parameter.device
    return torch.device("cpu")


def _check_sampler(sampler: str) -> None:
    if sampler not in get_args(Sampler):
        raise ValueError(f"unknown sampler {sampler!r}: choose one of {', '.join(get_args(Sampler))}")


def _checked_labels(labels: Any, n: int, num_classes: int | None) -> torch.Tensor | None:
    if labels is None:
        return None
    try:
        labels = labels.clone() if isinstance(labels, torch.Tensor) else torch.from_numpy(np.array(labels))
    except (TypeError, ValueError) as error:
        raise ValueError(f"labels must be integers: {error}") from None
    if labels.dtype.is_floating_point or labels.dtype.is_complex or labels.dtype == torch.bool:
        raise ValueError(f"labels must be integers, got {labels.dtype}")
    labels = labels.to(torch.int64).cpu()
    if tuple(labels.shape) != (n,):
        raise ValueError(f"labels must have shape ({n},), got {tuple(labels.shape)}")
    if int(labels.min()) < -1:
        raise ValueError("labels must be class numbers, or -1 for anything")
    if num_classes is not None and int(labels.max()) >= num_classes:
        raise ValueError(f"labels must lie below {num_classes}, the number of classes that the model knows")
    return labels
