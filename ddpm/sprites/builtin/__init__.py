"""Sprites that we draw ourselves, so that the shape and palette of each are known.

    from ddpm.sprites import builtin
    sprites = builtin.generate(20_000, seed=0)
    sprites.images, sprites.labels, sprites.shape_ids, sprites.palette_ids, sprites.exam
    builtin.name_sprites(sprites.images[:10]).shape

How it works: :mod:`~ddpm.sprites.builtin.draw` turns ASCII drawings into maps of *roles* ("outline", "middle tone of
the main ramp"); :mod:`~ddpm.sprites.builtin.palettes` gives the roles colours; :mod:`~ddpm.sprites.builtin.kinds` holds
the drawings; :mod:`~ddpm.sprites.builtin.atlas` lists everything that can be drawn; and
:mod:`~ddpm.sprites.builtin.generate` chooses a set from it. A sprite is ``palette[role_map]``.

A new kind is a few lines in one of the modules in ``kinds/``::

    EGGS = {"tall": "..MMMM..\\n.MMMMMM.\\n...", "round": ...}       # M: "shade this in the main ramp"
    SPOTS = {"plain": "", "dots": "...7....\\n.....7..\\n..."}       # 7: middle tone of the second ramp

    def _egg(egg: str, spots: str) -> Canvas:
        shell = art(EGGS[egg], 4, 3)
        return outline(stack(shell, clip(art(SPOTS[spots], 4, 3), shell)))

    def eggs() -> list[Canvas]:
        return combine(_egg, [*EGGS], [*SPOTS])

    KINDS = [..., Kind("egg", "food", eggs, palettes("bone tan azure", "crimson gold"))]

A change of a pixel, a shape or an order changes what the seeds mean: raise ``VERSION``, and update ``CAPACITY`` and
the golden hashes in the tests.
"""

from __future__ import annotations

from ddpm.sprites.builtin.generate import CAPACITY, DEFAULT_COUNT, KINDS, VERSION, BuiltinSprites, generate
from ddpm.sprites.builtin.naming import Naming, expected_exam_share, name_sprites, observed_exam_share

__all__ = [
    "CAPACITY",
    "DEFAULT_COUNT",
    "KINDS",
    "VERSION",
    "BuiltinSprites",
    "Naming",
    "expected_exam_share",
    "generate",
    "name_sprites",
    "observed_exam_share",
]
