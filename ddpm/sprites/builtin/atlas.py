"""Everything that can be drawn: the shapes and palettes of every kind, and the sprites of all their pairs.

A *pair* is a shape with one of its kind's palettes. It makes one sprite, or two that mirror each other if the shape is
not its own mirror image. The capacity is the number of all these sprites; no two are equal (a test draws them all).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ddpm.sprites.builtin.draw import SIZE, roles
from ddpm.sprites.builtin.kinds import ALL_KINDS

LEAST_DIFFERENCE = 4
"""The least number of pixels in which two shapes of a kind differ, mirrored or not; of those with less one is kept."""


@dataclass(frozen=True)
class Atlas:
    """The shapes and palettes, and the table of all sprites in a fixed order."""

    role_maps: np.ndarray  # uint8 (shapes, 2, 16, 16): role indices, as drawn and mirrored
    symmetric: np.ndarray  # bool (shapes,): whether a shape is its own mirror image
    shape_kind: np.ndarray  # int64 (shapes,)
    colours: np.ndarray  # uint8 (palettes, roles, 3)
    kind_palettes: tuple[tuple[int, ...], ...]
    shape: np.ndarray  # int64 (capacity,): the shape of each sprite
    palette: np.ndarray  # int64 (capacity,)
    mirrored: np.ndarray  # int64 (capacity,): 1 if the sprite shows the shape mirrored, else 0

    @property
    def kind(self) -> np.ndarray:
        """int64 (capacity,): the kind of each sprite."""
        return self.shape_kind[self.shape]

    def render(self, rows: np.ndarray) -> np.ndarray:
        """uint8 (R, 16, 16, 3): the sprites of these rows of the table, int64 (R,)."""
        maps = self.role_maps[self.shape[rows], self.mirrored[rows]]
        return self.colours[self.palette[rows][:, None, None], maps]


@lru_cache(maxsize=1)
def atlas() -> Atlas:
    """Draw every shape once (about a second) and list every sprite."""
    role_maps: list[np.ndarray] = []
    symmetric: list[bool] = []
    shape_kind: list[int] = []
    palette_ids: dict[bytes, int] = {}
    colours: list[np.ndarray] = []
    kind_palettes: list[tuple[int, ...]] = []
    table: list[tuple[int, int, int]] = []
    for index, kind in enumerate(ALL_KINDS):
        mine: list[int] = []
        first = len(role_maps)
        for palette in kind.palettes:
            values = palette.colours()
            key = values.tobytes()
            if key not in palette_ids:
                palette_ids[key] = len(colours)
                colours.append(values)
            if palette_ids[key] not in mine:
                mine.append(palette_ids[key])
        kind_palettes.append(tuple(mine))
        for canvas in kind.draw():
            drawn = roles(canvas)
            flipped = np.ascontiguousarray(drawn[:, ::-1])
            both = np.stack([drawn, flipped])
            if any((both != other[0]).sum((1, 2)).min() < LEAST_DIFFERENCE for other in role_maps[first:]):
                continue
            number = len(role_maps)
            role_maps.append(both)
            symmetric.append(bool((drawn == flipped).all()))
            shape_kind.append(index)
            sides = (0,) if symmetric[-1] else (0, 1)
            used = np.unique(drawn)
            looks: set[bytes] = set()
            for palette_id in mine:
                look = colours[palette_id][used].tobytes()
                if look not in looks:  # palettes that differ only in roles that this shape does not use look alike
                    looks.add(look)
                    table += [(number, palette_id, mirrored) for mirrored in sides]
    columns = np.array(table, dtype=np.int64).reshape(-1, 3)
    return Atlas(
        role_maps=np.array(role_maps, dtype=np.uint8).reshape(-1, 2, SIZE, SIZE),
        symmetric=np.array(symmetric),
        shape_kind=np.array(shape_kind, dtype=np.int64),
        colours=np.array(colours, dtype=np.uint8),
        kind_palettes=tuple(kind_palettes),
        shape=columns[:, 0].copy(),
        palette=columns[:, 1].copy(),
        mirrored=columns[:, 2].copy(),
    )
