"""What is to be drawn, as a plain value that can be stored in the album or in a link, and read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from ddpm.base.json_values import Check, has_fields, is_count, is_name, is_number, is_text, is_whole, list_of, or_none
from ddpm.diffusion.sampling import Sampler
from ddpm.runs.run import Run

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
        label: a kind's number; ``ANY``: kinds drawn by their frequency; ``EACH``: one sprite of each kind in turn;
            None: no kind at all.
        like: empty, or the sprite whose noise all start near: its number in the batch of the same seed, then its number
            among those drawn like that one, and so on.
        strength: how far their noise is from that of the sprite, 0..1.
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
"""Fields that a batch of the album must have, and those that older batches may lack."""


def tells_all(info: Mapping[str, Any]) -> bool:
    """Whether a batch has all that the pages show of it, each value of the right type."""
    return has_fields(info, _NEEDED) and all(check(info[name]) for name, check in _MORE.items() if name in info)


def to_info(order: Order) -> dict[str, Any]:
    """The order as JSON values."""
    return {**asdict(order), "like": list(order.like)}


def from_info(info: Mapping[str, Any]) -> Order | None:
    """The order of a batch of the album, of any age; None if it cannot be read."""
    values = {field.name: info[field.name] for field in fields(Order) if field.name in info}
    try:
        order = Order(**{**values, "run": str(values["run"]), "like": tuple(values.get("like") or ())})
        order.check()
    except (KeyError, TypeError, ValueError):
        return None
    return order


def model_words(order: Order) -> str:
    """The model that draws, in words."""
    run = Run(Path(order.run))
    step = f"{run.latest() or 0 if order.step is None else order.step:,}"
    if run.is_shipped():
        return f"the model that came with the app ({run.name}, {step} training steps)"
    return f"your run {run.name}, step {step}"
