"""At which noise level does a model decide on kind, shape and palette, and do two seeds say the same?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.deciding.curves import NAMES, Decisions
from ddpm.judging.deciding.stored import load_or_measure
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint
from ddpm.runs.run import Run
from ddpm.sprites import SpriteError, load_sprites

SEEDS = (0, 1)


def bench_rewind(
    path: Path, source: str | None, sprites: int, say: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Measure the curves with two seeds, or load what was measured before.

    Args:
        path: a run folder or a step of it.
        source: what it learnt from; None for what it says itself.
        sprites: how many go back, at least 2.
        say: receives a message before slow work, and why something is left out.

    Returns:
        JSON values: ``seeds``, a :meth:`Decisions.to_dict` each, and ``between_seeds``, by name of a curve the
        ``largest`` difference, the timestep ``t`` where it is, the half ``width`` there of a 95% interval of such a
        difference, and at how many levels (``beyond``) the difference is wider than that.

    Raises CheckpointError if the checkpoint cannot be used, and ValueError as ``measure_decisions``.
    """
    loaded = load_checkpoint(path)
    comparison_set = _what_it_saw(loaded, source, say)
    found = []
    for seed in SEEDS:
        say(f"Seed {seed}: {sprites:,} sprites, back and forward again ...")
        found.append(load_or_measure(loaded, comparison_set, sprites, seed))
    one, other = found
    return {
        "checkpoint": str(path),
        "seeds": [decisions.to_dict() for decisions in found],
        "between_seeds": {
            name: _difference(one, other, name) for name in NAMES if name in one.curves and name in other.curves
        },
    }


def _what_it_saw(loaded: Checkpoint, source: str | None, say: Callable[[str], None]) -> ComparisonSet | None:
    try:
        sprites = load_sprites(source or loaded.config["data"]["source"])
    except SpriteError as error:
        if source is not None:
            raise
        say(f"Without the kinds: {error}")
        return None
    return what_was_seen(sprites, Run(loaded.path.parent.parent).trained_on())


def _difference(one: Decisions, other: Decisions, name: str) -> dict[str, Any]:
    first, second = one.curves[name], other.curves[name]
    apart = np.abs(first.share - second.share)
    width = np.hypot((first.high - first.low) / 2, (second.high - second.low) / 2)
    at = int(apart.argmax())
    return {
        "largest": float(apart[at]),
        "t": int(one.t[at]),
        "width": float(width[at]),
        "beyond": int((apart > width).sum()),
        "levels": len(apart),
    }


def table(result: dict[str, Any]) -> str:
    """What :func:`bench_rewind` returned, for a terminal."""
    lines = []
    for found in result["seeds"]:
        curves = found["curves"].values()
        lines.append(f"Seed {found['seed']}: {found['sprites']:,} sprites, each {found['each']} times.")
        lines.append(found["sentence"])
        lines.append(f"{'t':>6}" + "".join(f"{name:>24}" for name in found["curves"]))
        for i, t in enumerate(found["t"]):
            lines.append(f"{t:>6}" + "".join(f"{_share(curve, i):>24}" for curve in curves))
        halves = [_half(curve) for curve in curves]
        lines += [f"{'half':>6}" + "".join(f"{words:>24}" for words in halves), ""]
        lines += [f"No curve of the {name}: {why}" for name, why in found["absent"].items()]
        if found["blank"]:
            lines.append(f"{found['blank']:,} of the sprites have no palette, and count nowhere in its curve.")
    for name, apart in result["between_seeds"].items():
        lines.append(
            f"{name}: the seeds differ by {apart['largest']:.3f} at most (t = {apart['t']}), where chance makes up to "
            f"{apart['width']:.3f}; by more than chance at {apart['beyond']} of {apart['levels']} levels."
        )
    return "\n".join(lines)


def _share(curve: dict[str, Any], i: int) -> str:
    return f"{curve['share'][i]:.2f} ({curve['low'][i]:.2f} to {curve['high'][i]:.2f})"


def _half(curve: dict[str, Any]) -> str:
    if curve["half"] is None:
        return "-"
    interval = "" if curve["half_low"] is None else f" ({curve['half_low']:.0f} to {curve['half_high']:.0f})"
    return f"t = {curve['half']:.0f}{interval}"
