"""What is to be drawn, as a plain value that can be stored in the album or in a link, and read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ddpm.base.json_values import Check, has_fields, is_count, is_name, is_number, is_text, is_whole, list_of, or_none
from ddpm.diffusion.sampling import Sampler
from ddpm.diffusion.variants.levels import Purpose
from ddpm.runs.run import Run

ANY, EACH = -1, -2
MOST = 144
MOST_SEED = 2**31 - 1
MOST_GUIDANCE = 10.0
MOST_OTHERS = 100
_DEEPEST = 20
DEEPEST_VARIATION = 6
"""How often variants of a variant can be drawn; each must be drawn again to get to the next."""
_AGAINST = re.compile(r"ddpm|ddim|raw|alone|memoriser|run:[^/\\]{1,80}")

SAMPLER_NAMES: dict[Sampler, str] = {
    "fast": "Fast",
    "ddim": "Careful",
    "ddpm": "Original (slow)",
    "dpm++": "DPM-Solver++",
    "instant": "Instant",
}


_VARIATION = re.compile(r"(colours|shape|like)-(\d{1,3})of(\d{1,3})-([01](?:\.\d{1,6})?)-(\d{1,10})", re.ASCII)


@dataclass(frozen=True)
class Variation:
    """Variants of a drawn sprite, instead of sprites from noise.

    Attributes:
        purpose: what changes; see ``ddpm.diffusion.variants``.
        index: the number of the sprite that is varied, in the batch in which it was drawn, and
        among: how many were drawn there.
        strength: how strongly, 0..1.
        seed: another one gives other variants of the same sprite.
    """

    purpose: Purpose
    index: int
    among: int
    strength: float
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.purpose}-{self.index}of{self.among}-{self.strength:g}-{self.seed}"

    @classmethod
    def read(cls, text: str) -> Variation:
        """The inverse of ``str``; ValueError for any other text."""
        found = _VARIATION.fullmatch(text)
        if found is None:
            raise ValueError("variants are not readable")
        return cls(cast(Purpose, found[1]), int(found[2]), int(found[3]), float(found[4]), int(found[5]))

    def file_words(self) -> str:
        """What it is, for the name of a file: "colours-of-4-at-0.12"; sprites are counted from 1, as on screen."""
        others = f"-{self.seed + 1}" if self.seed else ""
        return f"{self.purpose}-of-{self.index + 1}-at-{self.strength:g}{others}"

    def is_valid(self) -> bool:
        return (
            self.purpose in get_args(Purpose)
            and is_whole(self.among, 1, MOST)
            and is_whole(self.index, 0, self.among - 1)
            and is_number(self.strength, 0, 1)
            and is_whole(self.seed, 0, MOST_SEED)
        )


@dataclass(frozen=True)
class Order:
    """What is to be drawn.

    Attributes:
        run: folder of the run that draws.
        step: the saved step; None for the newest.
        label: a kind's number; ``ANY``: kinds drawn by their frequency; ``EACH``: one sprite of each kind in turn;
            None: no kind at all.
        like: empty, or the sprite whose noise all start near: its number in the batch of the same seed, then its number
            among those drawn like that one, and so on.
        strength: how far their noise is from that of the sprite, 0..1.
        against: what else is drawn from the same noise: "ddpm", "ddim" (another sampler), "raw" (the last weights),
            "alone" (the same without its guide), "memoriser", or "run:" and the name of another run.
        variations: empty, or the sprite of which variants are drawn: in the batch that the order would give without
            them, then among its variants, and so on; the last one is drawn. All else says how the first was drawn.
        turn: how far the noise is turned from that of the seed to that of the next seed, in quarter turns, 0..1.
        others: the same for what is added to the noise of ``like``; a whole number stands for another seed of it.
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
    variations: tuple[Variation, ...] = ()
    turn: float = 0.0
    others: float = 0.0

    def path(self) -> Path:
        """The folder of the checkpoint that draws."""
        run = Run(Path(self.run))
        return run.folder if self.step is None else run.step_path(self.step)

    def check(self) -> None:
        """Raise ValueError for values that no page offers; whether the model can do it is not checked."""
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
            (
                "variants",
                len(self.variations) <= DEEPEST_VARIATION
                and all(one.is_valid() for one in self.variations)
                and not (self.variations and self.against),
            ),
            ("turn", is_number(self.turn, 0, 1)),
            ("others", is_number(self.others, 0, MOST_OTHERS)),
        ]
        wrong = [name for name, right in ranges if not right]
        if wrong:
            raise ValueError(f"{wrong[0]} is out of range")


def read_variations(texts: Any) -> tuple[Variation, ...]:
    """Those of a list of texts, empty for None; TypeError or ValueError if they cannot be read."""
    return tuple(Variation.read(text) for text in texts or ())


def _are_variations(value: Any) -> bool:
    try:
        return isinstance(value, list) and all(one.is_valid() for one in read_variations(value))
    except (TypeError, ValueError):
        return False


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
    "variations": _are_variations,
    "columns": is_count,
    "turn": is_number,
    "others": is_number,
}
"""Fields that a batch of the album must have, and those that older batches may lack."""


def tells_all(info: Mapping[str, Any]) -> bool:
    """Whether a batch has all that the pages show of it, each value of the right type."""
    return has_fields(info, _NEEDED) and all(check(info[name]) for name, check in _MORE.items() if name in info)


def to_info(order: Order) -> dict[str, Any]:
    """The order as JSON values."""
    info = {**asdict(order), "like": list(order.like)}
    del info["variations"]
    # Batches that are no variants, and not between two seeds, stay as they always were.
    for name in ("turn", "others"):
        if not info[name]:
            del info[name]
    return info | ({"variations": [str(one) for one in order.variations]} if order.variations else {})


def from_info(info: Mapping[str, Any]) -> Order | None:
    """The order of a batch of the album, of any age; None if it cannot be read."""
    values = {field.name: info[field.name] for field in fields(Order) if field.name in info}
    try:
        listed = {"like": tuple(values.get("like") or ()), "variations": read_variations(values.get("variations"))}
        order = Order(**{**values, "run": str(values["run"]), **listed})
        order.check()
    except (KeyError, TypeError, ValueError):
        return None
    return order


def seed_words(info: Mapping[str, Any]) -> str:
    """The seed of a batch: "7", or "7.25" for noise on the way from seed 7 to seed 8."""
    return f"{info['seed'] + round(float(info.get('turn') or 0), 4):.12g}"


def model_words(order: Order) -> str:
    """The model that draws, in words."""
    run = Run(Path(order.run))
    step = f"{run.latest() or 0 if order.step is None else order.step:,}"
    if run.is_shipped():
        return f"the model that came with the app ({run.name}, {step} training steps)"
    return f"your run {run.name}, step {step}"
