"""What a kind is: a name, a group, drawings, palettes. See :mod:`ddpm.sprites.builtin` for how to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ddpm.sprites.builtin.draw import Canvas
from ddpm.sprites.builtin.palettes import Palette


@dataclass(frozen=True)
class Kind:
    """One kind of thing: ``draw()`` returns its shapes, each of which may have each of ``palettes``."""

    name: str
    group: str
    draw: Callable[[], list[Canvas]]
    palettes: list[Palette]
