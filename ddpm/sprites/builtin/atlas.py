"""All that can be drawn: every shape of every kind, every palette, and the sprite of any pair of them.

A *pair* is a shape with one of its kind's palettes. It gives one sprite, or two mirrored twins where the shape is not
its own mirror image. The capacity is the number of all these sprites; no two of them are equal (a test draws them all).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ddpm.sprites.builtin.draw import SIZE, roles
from ddpm.sprites.builtin.kinds import ALL_KINDS

LEAST_DIFFERENCE = 4
"""Pixels in which two shapes of a kind differ, mirrored or not. Where parts happen to make less, one is left out."""


@dataclass(frozen=True)
class Atlas:
    """The shapes and palettes, and the table of all sprites in a fixed order."""

    role_maps: np.ndarray  # uint8 (shapes, 2, 16, 16): role indices, as drawn and mirrored
    symmetric: np.ndarray  # bool (shapes,): its own mirror image
    shape_kind: np.ndarray  # int64 (shapes,)
    colours: np.ndarray  # uint8 (palettes, roles, 3)
    palette_names: tuple[str, ...]
    kind_palettes: tuple[tuple[int, ...], ...]
    shape: np.ndarray  # int64 (capacity,): the shape of each sprite
    palette: np.ndarray  # int64 (capacity,)
    twin: np.ndarray  # int64 (capacity,): 1 where the sprite is the mirrored one

    @property
    def kind(self) -> np.ndarray:
        """int64 (capacity,): the kind of each sprite."""
        return self.shape_kind[self.shape]

    def render(self, rows: np.ndarray) -> np.ndarray:
        """uint8 (len(rows), 16, 16, 3): the sprites of these rows of the table."""
        maps = self.role_maps[self.shape[rows], self.twin[rows]]
        return self.colours[self.palette[rows][:, None, None], maps]


@lru_cache(maxsize=1)
def atlas() -> Atlas:
    """Draw every shape once (about a second) and list every sprite."""
    role_maps: list[np.ndarray] = []
    symmetric: list[bool] = []
    shape_kind: list[int] = []
    palette_ids: dict[bytes, int] = {}
    colours: list[np.ndarray] = []
    names: list[str] = []
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
                names.append(palette.name)
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
            twins = (0,) if symmetric[-1] else (0, 1)
            used = np.unique(drawn)
            looks: set[bytes] = set()
            for palette_id in mine:
                look = colours[palette_id][used].tobytes()
                if look not in looks:  # palettes that differ only in roles that this shape does not use look the same
                    looks.add(look)
                    table += [(number, palette_id, twin) for twin in twins]
    columns = np.array(table, dtype=np.int64).reshape(-1, 3)
    return Atlas(
        role_maps=np.array(role_maps, dtype=np.uint8).reshape(-1, 2, SIZE, SIZE),
        symmetric=np.array(symmetric),
        shape_kind=np.array(shape_kind, dtype=np.int64),
        colours=np.array(colours, dtype=np.uint8),
        palette_names=tuple(names),
        kind_palettes=tuple(kind_palettes),
        shape=columns[:, 0].copy(),
        palette=columns[:, 1].copy(),
        twin=columns[:, 2].copy(),
    )
