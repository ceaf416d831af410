"""Palettes: distances with known values, exact neighbours, and colours that the data do not hold."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.judging.controls import hue_turned, moved
from ddpm.judging.copying import palettes as palette
from ddpm.judging.copying.palettes import SAME_PALETTE, PaletteIndex, palette_embedding
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab
from tests.ddpm.helpers import built_in_sprites, real_sprites, recoloured, simple_sprites


def nearest_palettes(queries: np.ndarray, references: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    return PaletteIndex.of(references).nearest(queries, k)


def colours_nowhere(queries: np.ndarray, references: np.ndarray, radius: float = SAME_PALETTE) -> np.ndarray:
    return PaletteIndex.of(references).nowhere(queries, radius)


def on_white(*blocks: np.ndarray) -> np.ndarray:
    """uint8 (N, 16, 16, 3): pixels (8, 8, 3) in the middle of white."""
    images = np.full((len(blocks), 16, 16, 3), 255, np.uint8)
    for image, block in zip(images, blocks, strict=True):
        image[4:12, 4:12] = block
    return images


def noisy(count: int, seed: int = 0) -> np.ndarray:
    """Sprites with a foreground of 64 dark pixels of many colours."""
    return on_white(*np.random.default_rng(seed).integers(0, 150, (count, 8, 8, 3)).astype(np.uint8))


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm(palette_embedding(one) - palette_embedding(other), axis=1)


def test_the_lines_are_spread_evenly() -> None:
    lines = palette._LINES.astype(np.float64)
    np.testing.assert_allclose(lines.T @ lines, np.eye(3) * 32 / 3, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(lines, axis=1), 1, atol=0.05)
    cosines = np.abs(lines @ lines.T)
    assert (cosines - np.diag(np.diag(cosines))).max() < 0.98


def test_a_uniform_shift_measures_its_length() -> None:
    # One colour each: the distance of the palettes is that of the colours.
    random = np.random.default_rng(0)
    one, other = random.integers(0, 200, (2, 40, 1, 1, 3)).astype(np.uint8)
    expected = np.linalg.norm(oklab(one[:, 0, 0]) - oklab(other[:, 0, 0]), axis=1)
    np.testing.assert_allclose(apart(on_white(*one), on_white(*other)), expected, atol=1e-6)


def test_it_equals_the_sliced_distance_of_means_of_ranks() -> None:
    one, other = noisy(6, 1), noisy(6, 2)
    expected = []
    for pair in zip(one, other, strict=True):
        total = 0.0
        for line in palette._LINES:
            # 64 pixels and 32 quantiles: two ranks each.
            a, b = (np.sort(oklab(image[4:12, 4:12]).reshape(-1, 3) @ line).reshape(32, 2).mean(1) for image in pair)
            total += 3 * np.mean((a - b) ** 2) / 32
        expected.append(np.sqrt(total))
    np.testing.assert_allclose(apart(one, other), expected, atol=1e-6)


def test_it_never_exceeds_the_distance_of_all_ranks_and_reaches_that_of_means() -> None:
    stats = pytest.importorskip("scipy.stats")
    one, other = noisy(4, 3), noisy(4, 4)
    for a, b, measured in zip(one, other, apart(one, other), strict=True):
        colours = [oklab(image[4:12, 4:12]).reshape(-1, 3) for image in (a, b)]
        full, first = 0.0, 0.0
        for line in palette._LINES:
            x, y = (points @ line for points in colours)
            full += 3 * np.mean((np.sort(x) - np.sort(y)) ** 2) / 32
            first += stats.wasserstein_distance(x, y) / 32
        assert np.linalg.norm(colours[0].mean(0) - colours[1].mean(0)) <= measured + 1e-6
        assert measured <= np.sqrt(full) + 1e-6
        # The 1-Wasserstein distance is the smaller one; means of two ranks lose little of it.
        assert np.sqrt(3) * first * 0.9 <= measured


def test_only_the_number_of_pixels_of_a_colour_counts_not_their_place() -> None:
    block = np.random.default_rng(5).integers(0, 150, (64, 3)).astype(np.uint8)
    shuffled = np.random.default_rng(6).permutation(block)
    one, other = on_white(block.reshape(8, 8, 3)), on_white(shuffled.reshape(8, 8, 3))
    assert np.array_equal(palette_embedding(one), palette_embedding(other))
    # Twice as many pixels of each colour are the same palette; the background counts for nothing.
    twice = np.full((1, 16, 16, 3), 255, np.uint8)
    twice[0, 4:12] = np.concatenate([block, shuffled]).reshape(8, 16, 3)
    assert apart(one, twice)[0] < 1e-6
    dark = one.copy()
    dark[(dark == 255).all(axis=3)] = (0, 255, 255)
    assert apart(one, dark)[0] < 1e-6


def test_a_points_value_does_not_depend_on_its_place() -> None:
    images = np.array(built_in_sprites().images[:300])
    together = palette_embedding(images)
    assert together.dtype == np.float32
    assert together.shape == (300, 1024)
    for row in (0, 7, 255, 256, 299):
        assert np.array_equal(palette_embedding(images[[row]])[0], together[row])


def test_one_pixel_of_foreground_and_none() -> None:
    images = np.full((2, 16, 16, 3), 255, np.uint8)
    images[0, 8, 8] = (200, 0, 0)
    points = palette_embedding(images)
    expected = oklab(images[0, 8, 8]) @ palette._LINES.T * np.sqrt(3 / 1024)
    np.testing.assert_allclose(points[0].reshape(32, 32), np.repeat(expected[:, None], 32, 1), atol=1e-6)
    assert np.isnan(points[1]).all()


def slowly(queries: np.ndarray, references: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    ours, theirs = palette_embedding(queries), palette_embedding(references)
    indices = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), np.nan, np.float32)
    for row, point in enumerate(ours):
        gaps = np.linalg.norm((theirs - point).astype(np.float64), axis=1).astype(np.float32)
        found = [(gap, index) for index, gap in enumerate(gaps) if np.isfinite(gap)]
        for place, (gap, index) in enumerate(sorted(found)[:k]):
            indices[row, place], distances[row, place] = index, gap
    return indices, distances


@pytest.mark.parametrize("k", [1, 5, 40])
def test_neighbours_equal_plain_loops(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palette, "_BLOCK", 7)
    empty = np.full((2, 16, 16, 3), 255, np.uint8)
    references = noisy(25, 1)[np.random.default_rng(2).integers(0, 25, 60)]
    # Mirror images have the same palette: full of equal distances.
    references = np.concatenate([references[:20], empty, references[20:, :, ::-1]])
    queries = np.concatenate([noisy(9, 3), empty[:1], references[[3, 30, 61]]])
    found = nearest_palettes(queries, references, k)
    expected = slowly(queries, references, k)
    assert found[0].dtype == np.int64
    assert found[1].dtype == np.float32
    assert np.array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_fewer_palettes_than_asked_for() -> None:
    references = np.concatenate([np.full((2, 16, 16, 3), 255, np.uint8), noisy(2)])
    indices, distances = nearest_palettes(references[1:3], references, 4)
    assert indices.tolist() == [[-1] * 4, [2, 3, -1, -1]]
    assert np.isnan(distances).tolist() == [[True] * 4, [False, False, True, True]]
    assert nearest_palettes(references[:0], references, 2)[0].shape == (0, 2)
    assert nearest_palettes(noisy(1), references[:2], 2)[0].tolist() == [[-1, -1]]


def test_equal_palettes_are_at_0_and_a_step_away_is_not() -> None:
    references = noisy(300)
    copies = moved(references[::30], 1, -1)[:, :, ::-1]
    indices, distances = nearest_palettes(copies, references)
    assert indices[:, 0].tolist() == list(range(0, 300, 30))
    assert not distances.any()
    off = references[:1].copy()
    off[0, 4:12, 4:12, 1] += 1
    assert 1e-4 < nearest_palettes(off, references)[1][0, 0] < 5e-3


def test_repeats_of_the_references_change_nothing() -> None:
    references, queries = noisy(12), noisy(6, 1)
    once = nearest_palettes(queries, references)
    again = nearest_palettes(queries, np.tile(references, (50, 1, 1, 1)))
    apiece = nearest_palettes(queries, np.repeat(references, 50, axis=0))
    assert np.array_equal(again[0], once[0])
    assert np.array_equal(apiece[0], once[0] * 50)
    assert np.array_equal(again[1], once[1])
    assert np.array_equal(apiece[1], once[1])
    assert np.array_equal(
        colours_nowhere(queries, np.tile(references, (9, 1, 1, 1))), colours_nowhere(queries, references)
    )


@pytest.mark.parametrize("radius", [0.004, SAME_PALETTE, 0.3])
def test_colours_nowhere_equals_plain_loops(radius: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palette, "_BLOCK", 3)
    monkeypatch.setattr(palette, "_COLOUR_BLOCK", 5)
    queries = np.concatenate([noisy(5, 1), np.full((1, 16, 16, 3), 255, np.uint8), simple_sprites(6)])
    references = np.concatenate([noisy(2, 2), queries[:1], simple_sprites(4, 1)])
    theirs = oklab(references)[foreground(oklab(references))]
    expected = []
    for query in oklab(queries):
        mine = query[foreground(query[None])[0]].astype(np.float64)
        gaps = [np.linalg.norm(theirs - colour, axis=1).min() > radius for colour in mine]
        expected.append(np.mean(gaps) if len(gaps) else np.nan)
    found = colours_nowhere(queries, references, radius)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)
    assert found[0] == 0
    assert np.isnan(found[5])


def test_only_foreground_colours_of_the_data_count() -> None:
    box = on_white(np.full((8, 8, 3), (255, 0, 0), np.uint8))
    on_red = np.full((1, 16, 16, 3), (255, 0, 0), np.uint8)
    on_red[0, 4:12, 4:12] = (0, 0, 255)
    assert colours_nowhere(box, on_red).tolist() == [1]
    assert colours_nowhere(box, box).tolist() == [0]
    assert colours_nowhere(box, box[:0]).tolist() == [1]
    assert colours_nowhere(box[:0], box).shape == (0,)


def test_what_cannot_be_compared() -> None:
    good = noisy(3)
    for function in (nearest_palettes, colours_nowhere):
        with pytest.raises(TypeError, match="queries"):
            function(good.astype(np.float32), good)
        with pytest.raises(ValueError, match="shape"):
            function(good, good[:, :8])
    for k in (0, 4):
        with pytest.raises(ValueError, match=r"1\.\.3"):
            nearest_palettes(good, good, k)
    for radius in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="radius"):
            colours_nowhere(good, good, radius)


def check_known_answers(references: np.ndarray, found: float, same: float) -> None:
    random = np.random.default_rng(0)
    rows = random.permutation(len(references))[:200]
    indices, distances = nearest_palettes(references[rows], references)
    assert not distances.any()
    assert (indices[:, 0] <= rows).all()
    assert not colours_nowhere(references[rows], references).any()
    turned = hue_turned(references[rows], 120)
    colourful = np.hypot(*oklab(references[rows])[..., 1:].transpose(3, 0, 1, 2)).max(axis=(1, 2)) > 0.04
    assert np.mean(apart(turned, references[rows])[colourful] <= SAME_PALETTE) < 0.1
    # The shape of one with the palette of another, as far as its areas allow: their sizes differ.
    others = random.permutation(len(references))[:200]
    mixed = recoloured(references[rows], references[others])
    indices, distances = nearest_palettes(mixed, references, 5)
    gaps = np.linalg.norm(
        palette_embedding(references[indices.ravel()]).reshape(200, 5, -1)
        - palette_embedding(references[others])[:, None],
        axis=2,
    )
    assert (gaps[:, 0] <= SAME_PALETTE).mean() >= same
    assert (gaps.min(axis=1) == 0).mean() >= found


def test_known_answers_of_built_in_sprites() -> None:
    sprites = built_in_sprites()
    check_known_answers(np.array(sprites.images[sprites.split()[0][:2000]]), found=0.4, same=0.25)


def test_the_palette_of_a_withheld_pair_is_found() -> None:
    sprites = built_in_sprites()
    assert sprites.palette_ids is not None
    train = sprites.split()[0][:4000]
    exam = sprites.exam()[:200]
    indices, _ = nearest_palettes(sprites.images[exam], sprites.images[train], 5)
    hits = sprites.palette_ids[train[indices]] == sprites.palette_ids[exam][:, None]
    assert hits[:, 0].mean() >= 0.55
    assert hits.any(axis=1).mean() >= 0.75


@pytest.mark.slow
def test_known_answers_of_real_sprites() -> None:
    sprites = real_sprites()
    train, heldout = sprites.split()
    references = np.array(sprites.images[train])
    check_known_answers(references, found=0.65, same=0.55)
    unseen = sprites.images[heldout]
    assert 0.7 < (nearest_palettes(unseen, references)[1] > SAME_PALETTE).mean() < 0.95
    assert np.quantile(colours_nowhere(unseen, references), 0.95) == 0
