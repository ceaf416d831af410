"""The drawings, one module per family. A kind's place in ``ALL_KINDS`` is its label."""

from __future__ import annotations

from ddpm.sprites.builtin.kinds import beasts, food, heroes, monsters, things, treasures, weapons
from ddpm.sprites.builtin.kinds.base import Kind

_MODULES = (heroes, monsters, beasts, food, treasures, weapons, things)
ALL_KINDS: list[Kind] = [kind for module in _MODULES for kind in module.KINDS]
