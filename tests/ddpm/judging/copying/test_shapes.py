"""Shapes: edge maps, their best alignment, and the known answers of recolours, mirror images and shifts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from ddpm.judging.controls import hue_turned, moved
from ddpm.judging.copying import shapes
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeIndex, ShapeMatches, edge_bits
from ddpm.pixels.oklab import SAME, oklab
from ddpm.sprites.builtin.atlas import atlas
from tests.ddpm.helpers import built_in_sprites, real_sprites, recoloured, simple_sprites

Edges = set[tuple[int, int, int, int]]

# The order of preference among equal J, written out.
ORDER = [
    (flip, dy, dx)
    for flip in (False, True)
    for dy, dx in [(0, 0), (-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]
]


def nearest_shapes(queries: np.ndarray, references: np.ndarray, k: int = 1) -> ShapeMatches:
    return ShapeIndex.of(references).nearest(queries, k)


def similarity(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """float32 (N,): of each sprite to the one beside it."""
    pairs = zip(ours[:, None], theirs[:, None], strict=True)
    return np.array([nearest_shapes(one, other).similarity[0, 0] for one, other in pairs])


def edges(image: np.ndarray) -> Edges:
    """(y, x, next y, next x) of each visible change, by plain loops."""
    lab = oklab(image)
    found = set()
    for y, x in product(range(16), range(16)):
        for below, right in ((y, x + 1), (y + 1, x)):
            if below < 16 and right < 16 and np.sqrt(((lab[y, x] - lab[below, right]) ** 2).sum()) > SAME:
                found.add((y, x, below, right))
    return found


def taken_back(query: Edges, flip: bool, dy: int, dx: int) -> Edges:
    """The query's edges where they were before the reference was flipped and then shifted."""
    result = set()
    for edge in query:
        (y, x), (below, right) = sorted((y - dy, 15 - (x - dx) if flip else x - dx) for y, x in (edge[:2], edge[2:]))
        if min(y, x) >= 0 and max(below, right) < 16:
            result.add((y, x, below, right))
    return result


def slowly(queries: np.ndarray, references: np.ndarray, k: int) -> list[list[tuple[int, float, bool, int, int]]]:
    maps = [edges(image) for image in references]
    result = []
    for query in map(edges, queries):
        turns = [taken_back(query, *variant) for variant in ORDER]
        found = []
        for index, reference in enumerate(maps):
            tries = []
            for place, turned in enumerate(turns):
                union = len(turned | reference)
                tries.append((-(len(turned & reference) / union if union else 0.0), place))
            found.append((*min(tries), index))
        result.append([(index, -score, *ORDER[place]) for score, place, index in sorted(found)[:k]])
    return result


def check(queries: np.ndarray, references: np.ndarray, k: int) -> None:
    matches = nearest_shapes(queries, references, k)
    expected = slowly(queries, references, k)
    assert matches.indices.dtype == matches.shifts.dtype == np.int64
    assert matches.similarity.dtype == np.float32
    assert matches.flips.dtype == bool
    assert matches.indices.tolist() == [[match[0] for match in row] for row in expected]
    assert np.array_equal(matches.similarity, np.array([[m[1] for m in row] for row in expected], np.float32))
    assert matches.flips.tolist() == [[match[2] for match in row] for row in expected]
    assert matches.shifts.tolist() == [[list(match[3:]) for match in row] for row in expected]


def few(count: int, seed: int) -> np.ndarray:
    """Boxes, some of them recoloured, mirrored, shifted or empty: full of equal maps and equal J."""
    random = np.random.default_rng(seed)
    images = simple_sprites(6, seed)[random.integers(0, 6, count)]
    for image in images[::3]:
        image[:] = random.permutation(256).astype(np.uint8)[image]
    for row in range(1, count, 4):
        images[row] = moved(images[row : row + 1], *random.integers(-1, 2, 2))[0]
    images[2::5] = images[2::5, :, ::-1]
    images[-1] = 7
    return images


@pytest.mark.parametrize("k", [1, 4, 20])
def test_it_equals_plain_loops(k: int) -> None:
    check(few(12, 1), few(20, 2), k)
    check(few(20, 2)[:6], few(20, 2), k)


@pytest.mark.parametrize("count", [1, 7, 8, 23])
def test_blocks_do_not_show(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_BLOCK", 4)
    monkeypatch.setattr(shapes, "_QUERY_BLOCK", 3)
    check(few(8, 3), few(count, 4), min(3, count))


def test_noise_has_no_shape_that_is_known() -> None:
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (4, 16, 16, 3)).astype(np.uint8)
    check(noise[:2], noise[2:], 2)
    assert nearest_shapes(noise, simple_sprites(40)).similarity.max() < 0.5


def test_edges_of_one_pixel() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 3, 5] = 0
    bits = edge_bits(image)
    assert bits.shape == (1, 480)
    assert np.flatnonzero(bits).tolist() == [3 * 15 + 4, 3 * 15 + 5, 240 + 2 * 16 + 5, 240 + 3 * 16 + 5]
    assert not edge_bits(np.full((1, 16, 16, 3), 9, np.uint8)).any()


def test_an_edge_is_more_than_what_counts_as_one_colour() -> None:
    image = np.full((2, 16, 16, 3), 100, np.uint8)
    greys = oklab(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1))[:, 0] - oklab(image)[0, 0, 0, 0]
    least = int(np.flatnonzero(greys > SAME)[0])
    image[0, 4, 4], image[1, 4, 4] = least - 1, least
    assert edge_bits(image).sum(axis=1).tolist() == [0, 4]


def test_sprites_without_edges_are_like_nothing() -> None:
    flat = np.full((2, 16, 16, 3), 200, np.uint8)
    matches = nearest_shapes(flat, np.concatenate([simple_sprites(3), flat]), 5)
    assert matches.indices.tolist() == [[0, 1, 2, 3, 4]] * 2
    assert not matches.similarity.any()
    assert not matches.flips.any()
    assert not matches.shifts.any()


def test_no_queries() -> None:
    matches = nearest_shapes(simple_sprites(1)[:0], simple_sprites(4), 2)
    assert matches.indices.shape == matches.similarity.shape == matches.flips.shape == (0, 2)
    assert matches.shifts.shape == (0, 2, 2)


def test_repeats_of_the_references_change_nothing_but_their_number() -> None:
    references, queries = few(20, 5), few(9, 6)
    once = nearest_shapes(queries, references, 1)
    for many in (np.tile(references, (50, 1, 1, 1)), np.repeat(references, 50, axis=0)):
        again = nearest_shapes(queries, many, 1)
        rows = again.indices % 20 if np.array_equal(many[:20], references) else again.indices // 50
        assert np.array_equal(rows, once.indices)
        for name in ("similarity", "flips", "shifts"):
            assert np.array_equal(getattr(again, name), getattr(once, name))


def test_the_modes_of_others_change_nothing() -> None:
    # Dense maps: bfloat16 holds no odd number above 256.
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3)).astype(np.uint8)
    expected = nearest_shapes(images, images, 4)
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", torch.bfloat16), torch.inference_mode():
            found = nearest_shapes(images, images, 4)
            assert torch.is_autocast_enabled("cpu")
    finally:
        torch.set_float32_matmul_precision(precision)
    for name in ("indices", "similarity", "flips", "shifts"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))


def test_what_cannot_be_compared() -> None:
    good = simple_sprites(3)
    for wrong in (good.astype(np.float32), good.astype(np.int64)):
        with pytest.raises(TypeError, match="queries"):
            nearest_shapes(wrong, good)
        with pytest.raises(TypeError, match="references"):
            nearest_shapes(good, wrong)
        with pytest.raises(TypeError, match="images"):
            edge_bits(wrong)
    for odd in (good[0], good[:, :8], good[..., :2]):
        with pytest.raises(ValueError, match="shape"):
            nearest_shapes(odd, good)
    for k in (0, 4):
        with pytest.raises(ValueError, match=r"1\.\.3"):
            nearest_shapes(good, good, k)


@pytest.fixture(scope="module")
def builtin() -> np.ndarray:
    """2,000 distinct training sprites of the built-in set."""
    sprites = built_in_sprites()
    return np.array(sprites.images[sprites.split()[0][:2000]])


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    sprites = real_sprites()
    return np.array(sprites.images[sprites.split()[0]])


def check_copies_and_moved_ones(references: np.ndarray) -> None:
    rows = np.linspace(0, len(references) - 1, 150).astype(int)
    copies = nearest_shapes(references[rows], references)
    assert (copies.similarity == 1).all()
    assert not copies.flips.any()
    assert not copies.shifts.any()
    assert np.array_equal(edge_bits(references[copies.indices[:, 0]]), edge_bits(references[rows]))
    for flip, dy, dx in ((True, 0, 0), (False, 1, 0), (False, -1, 1), (True, 0, -1), (True, 1, 1)):
        queries = moved(references[rows][:, :, ::-1] if flip else references[rows], dy, dx)
        known = nearest_shapes(queries, references).similarity >= SHAPE_KNOWN
        assert known.mean() >= 0.95
        # Against its own source alone, since the data hold mirror images too. A shape that is its own mirror image
        # does not say which of the two it was.
        right = []
        for row, query in zip(rows, queries, strict=True):
            reference = references[[row]]
            if np.array_equal(edge_bits(reference), edge_bits(reference[:, :, ::-1])):
                continue
            match = nearest_shapes(query[None], reference)
            right.append((bool(match.flips[0, 0]), *match.shifts[0, 0].tolist()) == (flip, dy, dx))
        assert len(right) > 100
        assert np.mean(right) >= 0.95


def check_turned_hues(references: np.ndarray) -> None:
    rows = np.linspace(0, len(references) - 1, 150).astype(int)
    chosen = references[rows]
    chosen = chosen[np.hypot(*oklab(chosen)[..., 1:].transpose(3, 0, 1, 2)).max(axis=(1, 2)) > 0.04]
    assert len(chosen) > 120
    for degrees in (60, 180):
        queries = hue_turned(chosen, degrees)
        matches = nearest_shapes(queries, references)
        assert (matches.similarity >= SHAPE_KNOWN).mean() >= 0.98
        found = references[matches.indices[:, 0]]
        assert (similarity(found, chosen) >= SHAPE_KNOWN).mean() >= 0.98


def test_copies_and_moved_copies_of_built_in_sprites(builtin: np.ndarray) -> None:
    check_copies_and_moved_ones(builtin[:400])


def test_turned_hues_of_built_in_sprites(builtin: np.ndarray) -> None:
    check_turned_hues(builtin)


def test_the_shape_of_one_with_the_palette_of_another() -> None:
    sprites = built_in_sprites()
    book = atlas()
    assert sprites.shape_ids is not None
    assert sprites.palette_ids is not None
    train = sprites.split()[0][:4000]
    exam = sprites.exam()[:200]
    shown = np.isin(sprites.shape_ids[exam], sprites.shape_ids[train])
    exam = exam[shown]
    assert len(exam) > 100
    queries = book.colours[sprites.palette_ids[exam]][
        np.arange(len(exam))[:, None, None], book.role_maps[sprites.shape_ids[exam], 0]
    ]
    matches = nearest_shapes(queries, sprites.images[train])
    assert (matches.similarity[:, 0] >= SHAPE_KNOWN).mean() >= 0.95
    own = sprites.images[exam]
    assert (similarity(sprites.images[train[matches.indices[:, 0]]], own) >= SHAPE_KNOWN).mean() >= 0.95


@pytest.mark.slow
def test_copies_and_moved_copies_of_real_sprites(real: np.ndarray) -> None:
    check_copies_and_moved_ones(real)


@pytest.mark.slow
def test_turned_hues_of_real_sprites(real: np.ndarray) -> None:
    check_turned_hues(real)


@pytest.mark.slow
def test_the_shape_of_one_real_sprite_with_the_palette_of_another(real: np.ndarray) -> None:
    random = np.random.default_rng(0)
    shape, palette = random.permutation(len(real))[:200], random.permutation(len(real))[:200]
    matches = nearest_shapes(recoloured(real[shape], real[palette]), real)
    assert (similarity(real[matches.indices[:, 0]], real[shape]) >= SHAPE_KNOWN).mean() >= 0.95


@pytest.mark.slow
def test_unseen_real_sprites_have_known_shapes_more_often_than_not(real: np.ndarray) -> None:
    sprites = real_sprites()
    matches = nearest_shapes(sprites.images[sprites.split()[1]], real)
    assert 0.55 < (matches.similarity >= SHAPE_KNOWN).mean() < 0.75
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (100, 16, 16, 3)).astype(np.uint8)
    assert nearest_shapes(noise, real).similarity.max() < SHAPE_KNOWN
