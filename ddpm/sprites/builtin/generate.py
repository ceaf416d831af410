"""Which of all sprites are in the set, and which of those are withheld for the exam.

No random numbers are drawn: everything that looks random is a hash (blake2b) of the seed and of what is decided, so the
same seed gives the same bytes whatever numpy, Python or machine.
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
CAPACITY = 72_428  # len(atlas().shape), written down so that importing draws nothing; a test compares
EXAM_SHARE = 10  # one pair in ten is withheld


@dataclass(frozen=True)
class BuiltinSprites:
    """A set of built-in sprites, row by row.

    Attributes:
        images: uint8 (N, 16, 16, 3), all different.
        labels: int64 (N,), the kind, an index into ``label_names``.
        label_names: the names of the kinds.
        shape_ids: int64 (N,), unique over all kinds; mirrored twins share it.
        palette_ids: int64 (N,), unique over all kinds; kinds may share palettes.
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
        seed: which of the possible sets, which pairs are withheld, and in which order the rows come.

    Raises:
        ValueError: if ``count`` is outside 1 to ``CAPACITY``.
    """
    if not 1 <= count <= CAPACITY:
        raise ValueError(f"the built-in set has 1 to {CAPACITY} different sprites, not {count}")
    seed = int(seed)  # a numpy integer would be hashed by another spelling
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
    """All pairs of a kind, such that any first part of them covers shapes and palettes evenly.

    Round r gives shape number i the palette number i + r: a Latin square. In each round each shape comes once.
    """
    shapes = np.flatnonzero(book.shape_kind == kind).tolist()
    shapes.sort(key=lambda shape: _hash(seed, "shape", shape))
    palettes = sorted(book.kind_palettes[kind], key=lambda palette: _hash(seed, "palette", kind, palette))
    for turn in range(len(palettes)):
        for i, shape in enumerate(shapes):
            yield shape, palettes[(i + turn) % len(palettes)]


def _chosen_rows(book: Atlas, count: int, seed: int) -> list[int]:
    """Rows of the atlas: the kind that has the fewest so far gives its next pair, both twins of it."""
    where = {
        (shape, palette, twin): row
        for row, (shape, palette, twin) in enumerate(
            zip(book.shape.tolist(), book.palette.tolist(), book.twin.tolist(), strict=True)
        )
    }
    streams = {kind: _pairs_of_kind(book, kind, seed) for kind in range(len(KINDS))}
    given = dict.fromkeys(streams, 0)
    order = {kind: _hash(seed, "kind", kind) for kind in streams}
    rows: list[int] = []
    while len(rows) < count:
        kind = min(given, key=lambda k: (given[k], order[k]))
        pair = next(streams[kind], None)
        if pair is None:  # this kind has given all it has
            del given[kind]
            continue
        if (*pair, 0) not in where:  # it would look like another pair
            continue
        twins = [where[(*pair, twin)] for twin in (0, 1) if (*pair, twin) in where]
        if _hash(seed, "first", *pair) % 2:  # when only one fits at the very end, either may be it
            twins.reverse()
        rows += twins
        given[kind] += len(twins)
    return rows[:count]


def _withheld(book: Atlas, shapes: np.ndarray, palettes: np.ndarray, seed: int) -> set[tuple[int, int]]:
    """A tenth of each kind's pairs, leaving every shape and every palette of the kind at least one pair for training.

    Pairs are taken in the order of their hash, so a larger set withholds mostly the same ones.
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
