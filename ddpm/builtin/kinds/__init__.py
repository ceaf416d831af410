"""The drawings, one module a family. A kind's place in ``ALL_KINDS`` is its label."""

from __future__ import annotations

from ddpm.builtin.kinds import beasts, food, heroes, monsters, things, treasures, weapons
from ddpm.builtin.kinds.base import Kind

ALL_KINDS: list[Kind] = [*heroes.KINDS, *monsters.KINDS, *beasts.KINDS, *food.KINDS, *treasures.KINDS, *weapons.KINDS, *things.KINDS]
