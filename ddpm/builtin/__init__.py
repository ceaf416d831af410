"""Sprites that we draw ourselves, so that shape and palette of each are known.

    from ddpm import builtin
    sprites = builtin.generate(20_000, seed=0)
    sprites.images, sprites.labels, sprites.shape_ids, sprites.palette_ids, sprites.exam
    builtin.name_sprites(sprites.images[:10]).shape

How it is made: :mod:`~ddpm.builtin.draw` turns ASCII drawings into maps of *roles* ("outline", "middle tone of the main
ramp"); :mod:`~ddpm.builtin.palettes` gives the roles colours; :mod:`~ddpm.builtin.kinds` holds the drawings. A sprite is
``palette[role_map]``.

A new kind is a few lines in one of the modules in ``kinds/``, added to its ``KINDS``::

    EGG = ["..MMMM..", ...]                                    # M: "shade this in the main ramp"
    SPOTS = ["........", ...]

    def eggs() -> list[Canvas]:
        return combine(lambda egg, spots: outline(stack(art(egg), art(spots))), EGG, SPOTS)

    KINDS = [..., Kind("egg", "food", eggs, palettes("bone tan azure", "crimson gold"))]

Whatever changes a pixel, a shape or an order changes what the seeds mean: raise ``VERSION`` and the golden hash in the tests.
"""

from __future__ import annotations

from ddpm.builtin.generate import CAPACITY, DEFAULT_COUNT, KINDS, VERSION, BuiltinSprites, generate
from ddpm.builtin.naming import Naming, expected_exam_share, name_sprites, observed_exam_share

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
