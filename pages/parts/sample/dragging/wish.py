"""What a visitor's sliders ask for, as the browser sends it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ddpm.base.json_values import is_number, is_whole, or_none
from pages.parts.shared.orders import EACH, MOST_SEED, Order

COUNTS = (16, 25, 36)
CALLS = (1, 2, 4)
WHEEL = 12
"""As many seeds the wheel goes through."""
MOST_STRICT = 6.0
_MOST_SEQUENCE = 2**53
_ANY_LABEL = 10_000


@dataclass(frozen=True)
class Wish:
    """The state of the sliders.

    Attributes:
        seq: rises with each wish of a component; its answer carries the same number.
        label: a kind's number, ``EACH`` for all in turn, None for no kind at all.
        strictness: the guidance scale.
        wheel: seeds from the one at which the wheel begins.
        anchor: the number of the sprite near which all others are drawn, as it was at ``wheel``; None for none.
        others: seeds from the first noise that is added to that of the anchor.
        degrees: the angle from the anchor's noise, 0..90.
        count: sprites.
        calls: of the network; 0 for as many as keep up.
        begun: whether a new drag begins, so that the number of calls may change.
    """

    seq: int = 0
    label: int | None = EACH
    strictness: float = 1.0
    wheel: float = 0.0
    anchor: int | None = None
    others: float = 0.0
    degrees: float = 25.0
    count: int = 36
    calls: int = 0
    begun: bool = True

    def order(self, base: Order, calls: int) -> Order:
        """What draws it, with the model and the seed of ``base``; the same sprites can be drawn by it at any time."""
        whole, turn = divmod(round(self.wheel, 2), 1.0)
        like: dict[str, Any] = {}
        if self.anchor is not None:
            strength = round(math.sin(math.radians(self.degrees)), 4)
            like = {"like": (self.anchor,), "strength": strength, "others": round(self.others, 2)}
        return Order(
            base.run,
            base.step,
            self.count,
            "instant",
            calls,
            first_seed(base.seed) + int(whole),
            self.label,
            self.strictness,
            base.weights,
            turn=round(turn, 2),
            **like,
        )


def first_seed(seed: int) -> int:
    """Where the wheel begins, so that it ends at a seed that can be drawn with."""
    return min(seed, MOST_SEED - WHEEL - 1)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "seq": lambda value: is_whole(value, 0, _MOST_SEQUENCE),
    "label": or_none(lambda value: value == EACH or is_whole(value, 0, _ANY_LABEL)),
    "strictness": lambda value: is_number(value, 1, MOST_STRICT),
    "wheel": lambda value: is_number(value, 0, WHEEL),
    "anchor": or_none(lambda value: is_whole(value, 0, max(COUNTS) - 1)),
    "others": lambda value: is_number(value, 0, WHEEL),
    "degrees": lambda value: is_number(value, 0, 90),
    "count": lambda value: is_whole(value, 1, max(COUNTS)) and value in COUNTS,
    "calls": lambda value: is_whole(value, 0, max(CALLS)) and value in (0, *CALLS),
    "begun": lambda value: isinstance(value, bool),
}


def read_wish(value: object) -> Wish | None:
    """A wish from JSON values; None if it is none, or out of range."""
    if not isinstance(value, dict) or value.keys() != _CHECKS.keys():
        return None
    return Wish(**value) if all(check(value[name]) for name, check in _CHECKS.items()) else None
