"""Which sprites are in the set, and which of those are withheld for the exam.

No random numbers are drawn: whatever looks random is a hash (blake2b) of the seed and of what is being decided, so a
seed gives the same bytes on every machine, with every version of Python and numpy.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ddpm.sprites.builtin.atlas import Atlas, atlas
from ddpm.sprites.builtin.kinds import ALL_KINDS

VERSION = 2
DEFAULT_COUNT = 20_000
KINDS: tuple[str, ...] = tuple(kind.name for kind in ALL_KINDS)
CAPACITY = 72_428  # len(atlas().shape), as a number so that importing draws nothing; a test compares them
EXAM_SHARE = 10  # one pair in ten is withheld


@dataclass(frozen=True)
class BuiltinSprites:
    """A set of built-in sprites, row by row.

    Attributes:
        images: uint8 (N, 16, 16, 3), all different.
        labels: int64 (N,), the kind, an index into ``label_names``.
        label_names: the names of the kinds.
        shape_ids: int64 (N,), unique across all kinds; a sprite and its mirror image share it.
        palette_ids: int64 (N,), unique across all kinds; kinds may share palettes.
        exam: bool (N,), True where the pair (shape, palette) is withheld from training.
    """

    images: np.ndarray
    labels: np.ndarray
    label_names: tuple[str, ...]
    shape_ids: np.ndarray
    palette_ids: np.ndarray
    exam: np.ndarray


def generate(count: int = DEFAULT_COUNT, seed: int = 0) -> BuiltinSprites:
    """Draw ``count`` different sprites, spread evenly over kinds, shapes and palettes.

    Args:
        count: how many, 1 to ``CAPACITY``.
        seed: decides which sprites are drawn, in which order, and which pairs are withheld.

    Raises:
        ValueError: if ``count`` is outside 1 to ``CAPACITY``.
    """
    if not 1 <= count <= CAPACITY:
        raise ValueError(f"the built-in set has 1 to {CAPACITY} different sprites, not {count}")
    seed = int(seed)  # a numpy integer has another repr, and so another hash
    book = atlas()
    rows = np.array(_chosen_rows(book, count, seed), dtype=np.int64)
    rows = rows[np.argsort([_hash(seed, "row", row) for row in rows.tolist()], kind="stable")]
    shapes, palettes = book.shape[rows], book.palette[rows]
    withheld = _withheld(book, shapes, palettes, seed)
    pairs = zip(shapes.tolist(), palettes.tolist(), strict=True)
    return BuiltinSprites(
        images=book.render(rows),
        labels=book.kind[rows],
        label_names=KINDS,
        shape_ids=shapes,
        palette_ids=palettes,
        exam=np.array([pair in withheld for pair in pairs], dtype=bool),
    )


def _hash(*what: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(what).encode(), digest_size=8).digest(), "big")


def _pairs_of_kind(book: Atlas, kind: int, seed: int) -> Iterator[tuple[int, int]]:
    """All pairs of a kind, in an order such that the first n cover shapes and palettes evenly, whatever n.

    Round r gives shape i the palette i + r, as in a Latin square. In each round each shape comes once.
    """
    shapes = np.flatnonzero(book.shape_kind == kind).tolist()
    shapes.sort(key=lambda shape: _hash(seed, "shape", shape))
    palettes = sorted(book.kind_palettes[kind], key=lambda palette: _hash(seed, "palette", kind, palette))
    for turn in range(len(palettes)):
        for i, shape in enumerate(shapes):
            yield shape, palettes[(i + turn) % len(palettes)]


def _chosen_rows(book: Atlas, count: int, seed: int) -> list[int]:
    """Rows of the atlas: each time the kind that has the fewest so far gives its next pair, mirrored and not."""
    where = {
        sprite: row
        for row, sprite in enumerate(
            zip(book.shape.tolist(), book.palette.tolist(), book.mirrored.tolist(), strict=True)
        )
    }
    streams = {kind: _pairs_of_kind(book, kind, seed) for kind in range(len(KINDS))}
    given = dict.fromkeys(streams, 0)
    order = {kind: _hash(seed, "kind", kind) for kind in streams}
    rows: list[int] = []
    while len(rows) < count:
        kind = min(given, key=lambda k: (given[k], order[k]))
        pair = next(streams[kind], None)
        if pair is None:  # this kind has no more
            del given[kind]
            continue
        if (*pair, 0) not in where:  # it looks like another pair
            continue
        found = [where[(*pair, mirrored)] for mirrored in (0, 1) if (*pair, mirrored) in where]
        if _hash(seed, "first", *pair) % 2:  # at the very end there may be room for only one of the two
            found.reverse()
        rows += found
        given[kind] += len(found)
    return rows[:count]


def _withheld(book: Atlas, shapes: np.ndarray, palettes: np.ndarray, seed: int) -> set[tuple[int, int]]:
    """A tenth of each kind's pairs, but every shape and every palette of a kind keeps at least one pair for training.

    Pairs are chosen in the order of their hash, so a larger set withholds mostly the same ones.
    """
    present = sorted(set(zip(shapes.tolist(), palettes.tolist(), strict=True)))
    by_kind: dict[int, list[tuple[int, int]]] = {}
    for pair in present:
        by_kind.setdefault(int(book.shape_kind[pair[0]]), []).append(pair)
    withheld: set[tuple[int, int]] = set()
    for pairs in by_kind.values():
        wanted = len(pairs) // EXAM_SHARE
        shapes_left, palettes_left = Counter(shape for shape, _ in pairs), Counter(palette for _, palette in pairs)
        for pair in sorted(pairs, key=lambda pair: _hash(seed, "exam", *pair)):
            if wanted and shapes_left[pair[0]] > 1 and palettes_left[pair[1]] > 1:
                withheld.add(pair)
                shapes_left[pair[0]] -= 1
                palettes_left[pair[1]] -= 1
                wanted -= 1
    return withheld
