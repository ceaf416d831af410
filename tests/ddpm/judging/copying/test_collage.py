"""Collages: covers that can be counted by hand, plain loops, and the known answers."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from ddpm.judging.controls import hue_turned
from ddpm.judging.copying import collage
from ddpm.judging.copying.collage import COLLAGE_COVER, COLLAGE_GAIN, CollageCover, CollageIndex, is_collage
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab
from tests.ddpm.helpers import built_in_sprites, real_sprites, simple_sprites


def collage_cover(queries: np.ndarray, references: np.ndarray) -> CollageCover:
    return CollageIndex.of(references).cover(queries)


def explained(query: np.ndarray, reference: np.ndarray) -> set[tuple[int, int]]:
    """Foreground pixels that a reference explains, by plain loops."""
    lab, other = oklab(query), oklab(reference)
    inside = foreground(lab[None])[0]
    differs = np.sqrt(np.square(lab - other).sum(axis=2)) >= collage.MATCH
    found = set()
    for y, x in product(range(16), range(16)):
        window = differs[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        if inside[y, x] and window.sum() <= 1:
            found.add((y, x))
    return found


def slowly(query: np.ndarray, references: np.ndarray) -> tuple[float, float]:
    covers = [explained(query, reference) for reference in references]
    size = int(foreground(oklab(query[None])).sum())
    one = max(map(len, covers))
    two = max([one, *(len(a | b) for a, b in combinations(covers, 2))])
    return one / size, two / size


def framed(count: int, seed: int) -> np.ndarray:
    """Boxes in a few colours that reach to the border, so that parts of them are alike."""
    random = np.random.default_rng(seed)
    colours = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200], [20, 20, 20]], np.uint8)
    images = np.full((count, 16, 16, 3), 255, np.uint8)
    for image in images:
        for _ in range(3):
            top, left = random.integers(0, 10, 2)
            image[top : top + 7, left : left + 7] = colours[random.integers(0, 4)]
    return images


def test_it_equals_plain_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collage, "_BLOCK", 5)
    queries, references = framed(12, 1), framed(14, 2)
    cover = collage_cover(queries, references)
    expected = [slowly(query, references) for query in queries]
    assert cover.c1.tolist() == [one for one, _ in expected]
    assert cover.c2.tolist() == [two for _, two in expected]
    for query, first, second, share in zip(queries, cover.first, cover.second, cover.c2, strict=True):
        together = explained(query, references[first])
        if second >= 0:
            assert len(explained(query, references[second])) <= len(together)
            together |= explained(query, references[second])
        assert len(together) / foreground(oklab(query[None])).sum() == share
    assert (cover.c2 > cover.c1).any()


def test_one_stray_pixel_is_forgiven_two_are_not() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 3:13, 3:13] = (40, 40, 160)
    stray = image.copy()
    stray[0, 6, 6] = (200, 200, 0)
    assert collage_cover(stray, image).c1.tolist() == [1]
    stray[0, 6, 8] = (200, 200, 0)
    # Two strays two apart share the windows of three pixels.
    assert collage_cover(stray, image).c1.tolist() == [97 / 100]
    assert collage_cover(stray.transpose(0, 2, 1, 3), image).c1.tolist() == [97 / 100]
    stray[0, 6, 7] = (200, 200, 0)
    assert collage_cover(stray, image).c1.tolist() == [(100 - 9) / 100]


def test_what_lies_outside_the_picture_does_not_differ() -> None:
    reference = np.full((1, 16, 16, 3), 255, np.uint8)
    reference[0, 8:] = (40, 40, 160)
    query = reference.copy()
    query[0, 15, 0] = (200, 200, 0)
    assert collage_cover(query, reference).c1.tolist() == [1]
    query[0, 15, 1] = (200, 200, 0)
    # Corner, its neighbour, the two above, and nothing wraps around to the other side or to other rows.
    assert collage_cover(query, reference).c1.tolist() == [1 - 4 / foreground(oklab(query)).sum()]
    query[0, 14, 15] = (200, 200, 0)
    assert collage_cover(query, reference).c1.tolist() == [1 - 4 / foreground(oklab(query)).sum()]


def test_two_halves_have_two_sources() -> None:
    left, right = framed(2, 4)[:, None]
    left[0, :, 3:13], right[0, :, 3:13] = (30, 30, 200), (200, 30, 30)
    both = left.copy()
    both[:, :, 8:] = right[:, :, 8:]
    cover = collage_cover(both, np.concatenate([simple_sprites(5), right, left, simple_sprites(5, 1), left, right]))
    assert sorted([cover.first[0], cover.second[0]]) == [5, 6]
    assert cover.c2[0] - cover.c1[0] > COLLAGE_GAIN
    assert is_collage(cover).tolist() == [True]


def test_a_copy_needs_no_second_source() -> None:
    images = simple_sprites(20)
    cover = collage_cover(images, images)
    assert (cover.c1 == 1).all()
    assert (cover.c2 == 1).all()
    assert cover.first.tolist() == list(range(20))
    assert cover.second.tolist() == [-1] * 20
    assert not is_collage(cover).any()


def test_nothing_in_common_and_nothing_at_all() -> None:
    images = np.full((2, 16, 16, 3), 255, np.uint8)
    images[0, 3:13, 3:13] = (40, 40, 160)
    cover = collage_cover(images, np.full((3, 16, 16, 3), 9, np.uint8))
    assert cover.c1[0] == cover.c2[0] == 0
    assert cover.first.tolist() == cover.second.tolist() == [-1, -1]
    assert np.isnan([cover.c1[1], cover.c2[1]]).all()
    assert not is_collage(cover).any()
    assert collage_cover(images[:0], images).c1.shape == (0,)


def test_repeats_of_the_references_change_nothing() -> None:
    queries, references = framed(8, 1), framed(30, 3)
    once = collage_cover(queries, references)
    again = collage_cover(queries, np.tile(references, (50, 1, 1, 1)))
    for name in ("c1", "c2", "first", "second"):
        assert np.array_equal(getattr(again, name), getattr(once, name))


def test_the_limits() -> None:
    gain, cover = COLLAGE_GAIN, COLLAGE_COVER
    c1 = np.array([cover - gain - 0.01, cover - gain + 0.01, cover - gain - 0.02, 1 - gain + 0.01, np.nan])
    c2 = np.array([cover, cover, cover - 0.01, 1, np.nan])
    nowhere = np.zeros(5, np.int64)
    assert is_collage(CollageCover(c1, c2, nowhere, nowhere)).tolist() == [True, False, False, False, False]


def test_what_cannot_be_compared() -> None:
    good = simple_sprites(3)
    with pytest.raises(TypeError, match="queries"):
        collage_cover(good.astype(np.float32), good)
    with pytest.raises(ValueError, match="shape"):
        collage_cover(good, good[:, :8])
    with pytest.raises(ValueError, match="at least one"):
        collage_cover(good, good[:0])


def check_known_answers(references: np.ndarray, unseen: np.ndarray, false_alarms: float) -> None:
    random = np.random.default_rng(5)
    one, other = (
        references[random.permutation(len(references))[:60]],
        references[random.permutation(len(references))[:60]],
    )
    copies = collage_cover(one, references)
    assert (copies.c1 == 1).all()
    assert not is_collage(copies).any()
    assert not is_collage(collage_cover(hue_turned(one, 120), references)).any()
    for name, rows, columns, least in (
        ("left and right", slice(None), slice(8, None), 0.9),
        ("top and bottom", slice(8, None), slice(None), 0.9),
        ("patch", slice(4, 12), slice(7, 15), 0.7),
    ):
        mixed = one.copy()
        mixed[:, rows, columns] = other[:, rows, columns]
        cover = collage_cover(mixed, references)
        assert np.mean(cover.c2 - cover.c1 > COLLAGE_GAIN) >= least, name
        assert is_collage(cover).mean() >= least, name
    assert is_collage(collage_cover(unseen, references)).mean() <= false_alarms


def test_known_answers_of_built_in_sprites() -> None:
    sprites = built_in_sprites()
    train, heldout = sprites.split()
    check_known_answers(np.array(sprites.images[train[:1500]]), sprites.images[heldout[:100]], false_alarms=0.12)


@pytest.mark.slow
def test_known_answers_of_real_sprites() -> None:
    sprites = real_sprites()
    train, heldout = sprites.split()
    check_known_answers(np.array(sprites.images[train]), sprites.images[heldout], false_alarms=0.06)
