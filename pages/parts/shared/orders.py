"""What is to be drawn, as a value: it goes into the album, into a link, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from ddpm.base.json_values import Check, has_fields, is_count, is_name, is_number, is_text, is_whole, list_of, or_none
from ddpm.diffusion.noise import NoiseSource, nearby_noise, sprite_noise
from ddpm.diffusion.sampling import Sampler
from ddpm.runs.checkpoint import Checkpoint
from ddpm.runs.run import Run
from ddpm.runs.samples import labels_by_frequency

ANY, EACH = -1, -2
MOST = 144
MOST_SEED = 2**31 - 1
MOST_GUIDANCE = 10.0
_DEEPEST = 20
_AGAINST = re.compile(r"ddpm|ddim|raw|memoriser|run:[^/\\]{1,80}")

SAMPLER_NAMES: dict[Sampler, str] = {
    "fast": "Fast",
    "ddim": "Careful",
    "ddpm": "Original (slow)",
    "dpm++": "DPM-Solver++",
}


@dataclass(frozen=True)
class Order:
    """What is to be drawn.

    Attributes:
        run: folder of the run that draws.
        step: the saved step; None for the newest.
        label: a kind's number; ``ANY`` for each sprite's kind by frequency, ``EACH`` for one sprite of each kind in
            turn, None for no kind at all.
        like: nothing, or the way to a sprite that all are to be like: its number in the batch of the same seed, then
            the number of one that was drawn like that, and so on.
        strength: how far their noises lie from that of the sprite, 0..1.
        against: what else is drawn from the same noise: "ddpm", "ddim" (another sampler), "raw" (the last weights),
            "memoriser", or "run:" and the name of another run.
    """

    run: str
    step: int | None = None
    n: int = 64
    sampler: Sampler = "fast"
    steps: int | None = None
    seed: int = 0
    label: int | None = ANY
    guidance_scale: float = 1.0
    weights: Literal["ema", "raw"] = "ema"
    like: tuple[int, ...] = ()
    strength: float = 0.5
    against: str | None = None

    def path(self) -> Path:
        """The folder of the checkpoint that draws."""
        run = Run(Path(self.run))
        return run.folder if self.step is None else run.step_path(self.step)

    def check(self) -> None:
        """Raises ValueError for what no page would ask for; whether the model can do it is not looked at."""
        ranges: list[tuple[str, bool]] = [
            ("step", self.step is None or is_whole(self.step, 0, 10**12)),
            ("n", is_whole(self.n, 1, MOST)),
            ("sampler", self.sampler in get_args(Sampler)),
            ("steps", self.steps is None or is_whole(self.steps, 1, 100_000)),
            ("seed", is_whole(self.seed, 0, MOST_SEED)),
            ("kind", self.label is None or is_whole(self.label, EACH, 10_000)),
            ("guidance", is_number(self.guidance_scale, 0, MOST_GUIDANCE)),
            ("weights", self.weights in ("ema", "raw")),
            ("like", len(self.like) <= _DEEPEST and all(is_whole(i, 0, MOST - 1) for i in self.like)),
            ("near", is_number(self.strength, 0, 1)),
            ("against", self.against is None or bool(_AGAINST.fullmatch(self.against))),
        ]
        wrong = [name for name, right in ranges if not right]
        if wrong:
            raise ValueError(f"{wrong[0]} is out of range")


_NEEDED: dict[str, Check] = {
    **dict.fromkeys(("run", "name", "model"), is_name),
    **dict.fromkeys(("step", "steps", "seed"), is_count),
    "sampler": is_text,
}
_MORE: dict[str, Check] = {
    "kind": or_none(is_name),
    "like": or_none(list_of(is_count)),
    "guidance_scale": is_number,
    "strength": is_number,
    "weights": is_text,
    "against": or_none(is_name),
    "titles": lambda value: list_of(is_name)(value) and len(value) == 2,
    "mark": is_text,
}
"""What a batch of the album says of itself, and what it may say beside: older ones say less."""


def tells_all(info: Mapping[str, Any]) -> bool:
    """Whether a batch says all that a page tells of it, and everything as it should be."""
    return has_fields(info, _NEEDED) and all(check(info[name]) for name, check in _MORE.items() if name in info)


def to_info(order: Order) -> dict[str, Any]:
    """JSON values for the album."""
    return {**asdict(order), "like": list(order.like)}


def from_info(info: Mapping[str, Any]) -> Order | None:
    """The order that a batch of the album was drawn by, older albums included; None if it is not to be read."""
    known = {field.name: info[field.name] for field in fields(Order) if field.name in info}
    try:
        order = Order(**{**known, "run": str(known["run"]), "like": tuple(known.get("like") or ())})
        order.check()
    except (KeyError, TypeError, ValueError):
        return None
    return order


def labels_of(order: Order, drawer: Checkpoint) -> torch.Tensor | None:
    """The kind of each sprite of an order: int64 (N,), or None where there are no kinds.

    Raises:
        ValueError: if the model does not know the kind.
    """
    kinds = drawer.model.num_classes
    if kinds is None or order.label is None:
        return None
    if order.label >= kinds:
        raise ValueError(f"it knows {kinds} kinds, and was asked for number {order.label + 1}")
    count = order.like[0] + 1 if order.like else order.n
    labels: torch.Tensor | None
    if order.label >= 0:
        labels = torch.full((count,), order.label)
    elif order.label == EACH:
        labels = torch.arange(count) % kinds
    else:
        labels = labels_by_frequency(drawer, count, order.seed)
    return labels[-1:].expand(order.n) if labels is not None and order.like else labels


def noise_sources_of(order: Order) -> list[NoiseSource] | None:
    """Where an order's noise comes from, if it is not simply the seed."""
    if not order.like:
        return None
    return [_noise_source_at(order, (*order.like, i)) for i in range(order.n)]


def _noise_source_at(order: Order, way: tuple[int, ...]) -> NoiseSource:
    source = sprite_noise(order.seed, way[0])
    for depth in range(2, len(way) + 1):
        # The first of those that are like a sprite is that sprite.
        if way[depth - 1] > 0:
            source = nearby_noise(source, order.strength, order.seed, *way[:depth])
    return source


def kinds_of(info: Mapping[str, Any], count: int) -> list[str]:
    """The kind of each sprite of a batch, "" for anything; an empty list where the batch does not say."""
    kinds: Any = info.get("kinds")
    return kinds if list_of(is_text)(kinds) and len(kinds) == count else []


def file_stem(info: Mapping[str, Any]) -> str:
    """What files made of a batch are called: model, step, sampler, seed, and the kind or the sprite they are like."""
    parts = [info["name"], info["step"], f"{info['sampler']}{info['steps']}", f"seed{info['seed']}"]
    if info.get("kind"):
        parts.append(info["kind"])
    if info.get("weights") == "raw":
        parts.append("raw")
    if info.get("guidance_scale", 1.0) != 1.0:
        parts.append(f"guidance{info['guidance_scale']:g}")
    if info.get("like"):
        parts.append("like" + ".".join(str(index + 1) for index in info["like"]))
    return re.sub(r"[^\w.+-]+", "-", "-".join(str(part) for part in parts))
