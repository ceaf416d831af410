"""Is what a model adds to half a sprite nearer to the truth than what the best training sprite has there?

Of sprites that the model never saw one half is shown (left, right, top, bottom), and the other one is drawn 16 times.
What is compared was laid down before the first measurement:

* *One drawing* against one training sprite, that which is most like the shown half: mean squared error on the hidden
  half, values in [-1, 1], as mean over all drawings, and how often a drawing is nearer (a tie counts half). This is the
  fair comparison of two guesses, and the one that counts.
* *The mean picture* of the 16 drawings against the mean picture of the 16 training sprites most like the shown half.
* *The mean picture* against one training sprite, for completeness alone: a mean is blurred, and of all guesses that
  which squared error favours.

Intervals are of 95%, by bootstrap over sprites (Efron 1979), all four halves of a sprite together. The seam is the mean
absolute difference between neighbours across the border of the halves, divided by that of the true sprites: 1 is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.diffusion.plays.filling import HALVES, JUMP, RESAMPLES, fill, filling_way, half_mask
from ddpm.diffusion.sampling import Model, default_steps
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import check_seen, what_was_seen
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.transparency import lay_on
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.run import Run
from ddpm.sprites import load_sprites

_BOOTSTRAPS = 2000
_BATCH = 64


@dataclass(frozen=True)
class Setting:
    """How a rest is drawn: network calls of a way without resampling, and as in ``filling_way``."""

    steps: int
    jump: int = JUMP
    resamples: int = RESAMPLES

    @property
    def calls(self) -> int:
        return len(filling_way(range(self.steps), self.jump, self.resamples))


def bench_finish(
    path: Path,
    source: str | None,
    n: int = 32,
    drawings: int = 16,
    settings: dict[str, Setting] | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Finish half-hidden sprites that a model never saw.

    Args:
        path: a run folder or a step of it.
        source: what it learnt from; None for what it says itself.
        n: sprites; fewer if there are not so many.
        drawings: of each half.
        settings: by name; None for the usual one and those to compare it with.
        say: receives a message before slow work.

    Returns:
        JSON values: ``sprites``, ``drawings``, and by name of a setting ``calls`` and what :func:`_compared` says.

    Raises:
        CheckpointError, SpriteError: if the checkpoint or the sprites cannot be used.
        ValueError: if the model is a distilled one, or has seen all sprites, or none.
    """
    loaded = load_checkpoint(path)
    sprites = load_sprites(source or loaded.config["data"]["source"])
    reference = what_was_seen(sprites, Run(loaded.path.parent.parent).trained_on())
    check_seen(reference)
    if not len(reference.unseen):
        raise ValueError("This model has seen all of these sprites: none is left whose hidden half it has to guess.")
    rows = np.random.default_rng(0).permutation(reference.unseen)[:n]
    truth, train = (np.asarray(sprites.images[chosen]) for chosen in (rows, reference.seen))
    copies = [_copies(truth, train, half, drawings) for half in HALVES]
    result: dict[str, Any] = {"checkpoint": str(path), "sprites": len(truth), "drawings": drawings, "settings": {}}
    for name, setting in (settings or usual_settings(loaded.schedule)).items():
        say(f"{name}: {len(truth):,} sprites, 4 halves, {drawings} drawings, {setting.calls:,} calls each ...")
        drawn = [_drawn(loaded.model, loaded.schedule, truth, half, drawings, setting) for half in HALVES]
        result["settings"][name] = {"calls": setting.calls} | _compared(truth, drawn, copies)
    return result


def usual_settings(schedule: NoiseSchedule) -> dict[str, Setting]:
    """The usual setting, and those to compare it with."""
    steps = default_steps("fast", schedule.num_timesteps)
    usual = Setting(steps)

    def with_calls(share: float) -> Setting:
        ways = [Setting(steps, resamples=resamples) for resamples in range(1, 4 * RESAMPLES)]
        return min(ways, key=lambda setting: abs(setting.calls - share * usual.calls))

    return {
        "usual": usual,
        "no resampling": Setting(steps, resamples=1),
        "no resampling, as many calls": Setting(min(usual.calls, schedule.num_timesteps), resamples=1),
        "half the calls": with_calls(0.5),
        "twice the calls": with_calls(2.0),
    }


def _drawn(
    model: Model, schedule: NoiseSchedule, truth: np.ndarray, half: str, drawings: int, setting: Setting
) -> np.ndarray:
    """uint8 (N, K, H, W, C)."""
    mask = half_mask(truth.shape[1], truth.shape[2], half)
    together = max(1, _BATCH // drawings)
    found = []
    for start in range(0, len(truth), together):
        some = truth[start : start + together]
        count = len(some) * drawings
        *_, last = fill(
            model,
            schedule,
            np.repeat(some, drawings, axis=0),
            mask,
            count,
            steps=setting.steps,
            jump=setting.jump,
            resamples=setting.resamples,
            numbers=range(start * drawings, start * drawings + count),
        )
        found.append(to_uint8(last.x0).reshape(len(some), drawings, *truth.shape[1:]))
    return np.concatenate(found)


def _copies(truth: np.ndarray, train: np.ndarray, half: str, count: int) -> np.ndarray:
    """uint8 (N, K, H, W, C): the shown half, and beside it the hidden one of the training sprites most like it."""
    mask = half_mask(truth.shape[1], truth.shape[2], half)
    shown = lay_on(train)[:, mask].reshape(len(train), -1).astype(np.float64)
    found = []
    for sprite in truth:
        own = lay_on(sprite[None])[:, mask].reshape(1, -1).astype(np.float64)
        best = np.argsort(np.square(shown - own).sum(axis=1), kind="stable")[:count]
        found.append(np.where(mask[..., None], sprite, train[best]))
    return np.stack(found)


def _compared(truth: np.ndarray, drawn: list[np.ndarray], copies: list[np.ndarray]) -> dict[str, Any]:
    """Errors of both by half and sprite, and what follows from them.

    Returns:
        ``one``, ``mean`` and ``mean_to_one``, as above: ``error``, ``copy_error``, ``ratio`` of the two and
        ``nearer``, the share of cases in which the drawn one is nearer to the truth, each a list of value, low and
        high; ``ratio_by_half`` of one drawing, and ``seam`` and ``copy_seam``.
    """
    found: dict[str, list[np.ndarray]] = {}

    def note(**values: np.ndarray) -> None:
        for name, value in values.items():
            found.setdefault(name, []).append(value)

    for half, ours, theirs in zip(HALVES, drawn, copies, strict=True):
        hidden = ~half_mask(truth.shape[1], truth.shape[2], half)
        errors = _errors(ours, truth, hidden)
        best = _errors(theirs[:, :1], truth, hidden)[:, 0]
        mean = _errors(_mean(ours), truth, hidden)[:, 0]
        copies_mean = _errors(_mean(theirs), truth, hidden)[:, 0]
        note(one=errors.mean(axis=1), copy=best, wins=_nearer(errors, best[:, None]).mean(axis=1))
        note(mean=mean, copies_mean=copies_mean, mean_wins=_nearer(mean, copies_mean), blur_wins=_nearer(mean, best))
        note(seam=_seam(ours, half), copy_seam=_seam(theirs[:, :1], half), true_seam=_seam(truth[:, None], half))
    by = {name: np.stack(values, axis=1) for name, values in found.items()}
    return {
        "one": _versus(by["one"], by["copy"], by["wins"]),
        "mean": _versus(by["mean"], by["copies_mean"], by["mean_wins"]),
        "mean_to_one": _versus(by["mean"], by["copy"], by["blur_wins"]),
        "ratio_by_half": {half: float((by["one"].mean(0) / by["copy"].mean(0))[i]) for i, half in enumerate(HALVES)},
        "seam": _interval(by["seam"], by["true_seam"]),
        "copy_seam": _interval(by["copy_seam"], by["true_seam"]),
    }


def _nearer(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """float64: 1 where the first error is smaller, one half where both are equal."""
    return (ours < theirs) + 0.5 * (ours == theirs)


def _values(images: np.ndarray) -> np.ndarray:
    """float64 (..., H, W, 3) in [-1, 1], transparent pixels on white."""
    return (lay_on(images) if images.dtype == np.uint8 else images).astype(np.float64) / 127.5 - 1


def _mean(images: np.ndarray) -> np.ndarray:
    """float64 (N, 1, H, W, 3) in 0..255: the mean picture of each row."""
    return np.asarray(lay_on(images).mean(axis=1, keepdims=True))


def _errors(images: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """float64 (N, K): the mean squared error of each on the hidden pixels."""
    apart = _values(images) - _values(truth)[:, None]
    return np.asarray(np.square(apart[:, :, hidden]).mean(axis=(2, 3)))


def _seam(images: np.ndarray, half: str) -> np.ndarray:
    """float64 (N,): the mean absolute difference across the border of the halves."""
    values = _values(images)
    if half in ("top", "bottom"):
        values = values.swapaxes(2, 3)
    side = values.shape[3]
    at = side // 2 if half in ("left", "top") else side - side // 2
    return np.asarray(np.abs(values[:, :, :, at] - values[:, :, :, at - 1]).mean(axis=(1, 2, 3)))


def _versus(ours: np.ndarray, theirs: np.ndarray, wins: np.ndarray) -> dict[str, Any]:
    """From float64 (N, halves) each."""
    ones = np.ones_like(ours)
    return {
        "error": _interval(ours, ones),
        "copy_error": _interval(theirs, ones),
        "ratio": _interval(ours, theirs),
        "nearer": _interval(wins.astype(np.float64), ones),
    }


def _interval(above: np.ndarray, below: np.ndarray) -> list[float]:
    """The ratio of two means, and its interval: float64 (N, halves) each, drawn again by sprite."""
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(above), (_BOOTSTRAPS, len(above)))
    over, under = (values.mean(axis=1)[drawn].mean(axis=1) for values in (above, below))
    low, high = np.percentile(over / under, [2.5, 97.5])
    return [float(above.mean() / below.mean()), float(low), float(high)]


def table(result: dict[str, Any]) -> str:
    """What :func:`bench_finish` returned, for a terminal."""
    lines = [f"{result['sprites']:,} unseen sprites, 4 halves each, {result['drawings']} drawings.", ""]
    for name, row in result["settings"].items():
        lines.append(f"{name}: {row['calls']:,} network calls")
        for which, words in (("one", "one drawing"), ("mean", "mean picture"), ("mean_to_one", "mean to one")):
            found = row[which]
            lines.append(
                f"{words:>14}: error {_pm(found['error'])}, training {_pm(found['copy_error'])}, "
                f"ratio {_pm(found['ratio'])}, nearer in {_pm(found['nearer'])}"
            )
        halves = ", ".join(f"{half} {ratio:.2f}" for half, ratio in row["ratio_by_half"].items())
        lines.append(f"{'':>14}  ratio by the half that is shown: {halves}")
        lines.append(f"{'seam':>14}: {_pm(row['seam'])}; with the training sprite beside it {_pm(row['copy_seam'])}")
    return "\n".join(lines)


def _pm(interval: list[float]) -> str:
    value, low, high = interval
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
