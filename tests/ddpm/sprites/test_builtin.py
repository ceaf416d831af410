"""The built-in sprites: the promises that training, the exam and the pages rely on."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from ddpm.sprites import builtin
from ddpm.sprites.builtin.atlas import atlas
from ddpm.sprites.builtin.draw import (
    SHADED,
    art,
    clip,
    combine,
    dim,
    glance,
    half,
    lean,
    outline,
    recolour,
    roles,
    shift,
    sides,
    squeeze,
    stack,
)
from ddpm.sprites.builtin.kinds import ALL_KINDS

GOLDEN = "0932de44572e7b78caaca4cece5cbeeff26e0c8a032fa84d232c1396cd15e935"
GOLDEN_LABELS = "c4cdd75bf88336a122f0e6a005b7bc4d1b6c237eb21657f133c65ca5956336c4"
NEEDED = {
    "humanoid front", "humanoid side", "slime", "ghost", "bat", "mushroom", "skull", "eye", "furry monster", "dragon",
    "frog", "apple", "cherries", "carrot", "bread", "fish", "sword", "bow", "axe", "staff", "shield", "helmet",
    "potion", "book", "scroll", "card", "orb", "gem", "ring", "key", "coin", "chest",
}  # fmt: skip


@pytest.fixture(scope="module")
def sprites() -> builtin.BuiltinSprites:
    return builtin.generate()


@pytest.fixture(scope="module")
def everything() -> np.ndarray:
    return atlas().render(np.arange(builtin.CAPACITY))


@pytest.fixture(scope="module")
def named(sprites: builtin.BuiltinSprites) -> tuple[np.ndarray, builtin.Naming]:
    """300 noisy rows of the set, 300 clean ones, one off by 1 and 2, all black, all white: named in one go."""
    rng = np.random.default_rng(7)
    rows = rng.choice(len(sprites.images), 600, replace=False)
    clean = sprites.images[rows]
    noisy = np.clip(np.rint(clean[:300] + rng.normal(0, 12, (300, 16, 16, 3))), 0, 255).astype(np.uint8)
    altered = clean[:1].copy()
    altered[0, 0, 0, 0] ^= 1
    altered[0, 3, 3, 1] ^= 2
    extremes = np.stack([np.full((16, 16, 3), value, np.uint8) for value in (0, 255)])
    images = np.concatenate([noisy, clean[300:], altered, extremes])
    return rows, builtin.name_sprites(images)


def pairs_of(sprites: builtin.BuiltinSprites) -> list[tuple[int, int]]:
    return list(zip(sprites.shape_ids.tolist(), sprites.palette_ids.tolist(), strict=True))


class TestTheSet:
    def test_form(self, sprites):
        n = builtin.DEFAULT_COUNT
        assert sprites.images.shape == (n, 16, 16, 3)
        assert sprites.images.dtype == np.uint8
        for column in (sprites.labels, sprites.shape_ids, sprites.palette_ids):
            assert column.shape == (n,)
            assert column.dtype == np.int64
        assert sprites.exam.shape == (n,)
        assert sprites.exam.dtype == bool
        assert sprites.label_names == builtin.KINDS

    def test_the_same_bytes_on_every_machine(self, sprites):
        """Raise VERSION together with these hashes: whoever stored one must be able to see that the set has changed."""
        assert hashlib.sha256(sprites.images.tobytes()).hexdigest() == GOLDEN
        rows = np.stack([sprites.labels, sprites.shape_ids, sprites.palette_ids, sprites.exam.astype(np.int64)])
        assert hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest() == GOLDEN_LABELS

    def test_same_seed_same_set_other_seed_another(self):
        one, two, other = builtin.generate(500, seed=3), builtin.generate(500, seed=3), builtin.generate(500, seed=4)
        np.testing.assert_array_equal(one.images, two.images)
        np.testing.assert_array_equal(one.exam, two.exam)
        assert (one.images != other.images).any()

    def test_no_duplicates_in_all_that_can_be_drawn(self, everything):
        assert len(atlas().shape) == builtin.CAPACITY >= 40_000
        assert len({image.tobytes() for image in everything}) == builtin.CAPACITY

    @pytest.mark.parametrize("count", [0, -1, builtin.CAPACITY + 1])
    def test_a_count_that_cannot_be_names_the_capacity(self, count):
        with pytest.raises(ValueError, match=str(builtin.CAPACITY)):
            builtin.generate(count)

    def test_the_ends_of_the_range(self):
        one = builtin.generate(1)
        assert len(one.images) == 1
        assert not one.exam.any()
        full = builtin.generate(builtin.CAPACITY)
        assert len({image.tobytes() for image in full.images}) == builtin.CAPACITY

    def test_the_three_factors_are_covered_evenly(self, sprites):
        kinds = np.bincount(sprites.labels)
        assert kinds.min() >= 0.95 * kinds.max()
        for kind in range(len(builtin.KINDS)):
            mine = sprites.labels == kind
            for ids in (sprites.shape_ids, sprites.palette_ids):
                counts = np.unique(ids[mine], return_counts=True)[1]
                assert counts.max() <= 2 * counts.min() + 2, builtin.KINDS[kind]

    def test_small_sets_are_even_too(self):
        counts = np.bincount(builtin.generate(640).labels, minlength=len(builtin.KINDS))
        assert counts.min() >= counts.max() - 2

    def test_mirrored_twins_share_their_ids(self, sprites):
        index = {image.tobytes(): row for row, image in enumerate(sprites.images)}
        twins = 0
        for row, image in enumerate(sprites.images):
            other = index.get(np.ascontiguousarray(image[:, ::-1]).tobytes())
            if other is not None and other != row:
                twins += 1
                assert sprites.shape_ids[row] == sprites.shape_ids[other]
                assert sprites.palette_ids[row] == sprites.palette_ids[other]
                assert sprites.exam[row] == sprites.exam[other]
        assert twins > 0.9 * len(sprites.images)


class TestTheKinds:
    def test_names(self):
        assert set(builtin.KINDS) >= NEEDED
        assert len(set(builtin.KINDS)) == len(builtin.KINDS) >= 24
        assert {kind.group for kind in ALL_KINDS} == {"hero", "monster", "food", "item"}

    def test_forty_shapes_each_unlike_up_to_mirroring(self):
        book = atlas()
        assert np.bincount(book.shape_kind).min() >= 40
        for kind, name in enumerate(builtin.KINDS):
            maps = book.role_maps[book.shape_kind == kind]
            apart = (maps[:, None, :, :, :] != maps[None, :, :1, :, :]).sum((3, 4)).min(2)
            np.fill_diagonal(apart, 256)
            assert apart.min() >= 4, name

    def test_palettes(self):
        book = atlas()
        assert len(book.colours) >= 24
        assert min(len(mine) for mine in book.kind_palettes) >= 12
        assert len(np.unique(book.colours.reshape(len(book.colours), -1), axis=0)) == len(book.colours)

    def test_few_colours_on_white(self, sprites):
        packed = sprites.images.astype(np.int64) @ np.array([65536, 256, 1])
        colours = [len(np.unique(image)) for image in packed[:4000]]
        assert max(colours) <= 32
        assert np.median(colours) <= 14
        assert (packed == 0xFFFFFF).any((1, 2)).all()

    def test_no_stray_pixels(self):
        """Each drawn pixel touches another one, if only by a corner."""
        drawn = np.pad(atlas().role_maps[:, 0] > 0, ((0, 0), (1, 1), (1, 1)))
        around = [drawn[:, dy : dy + 16, dx : dx + 16] for dy in range(3) for dx in range(3) if (dy, dx) != (1, 1)]
        alone = drawn[:, 1:-1, 1:-1] & ~np.any(around, axis=0)
        assert not alone.any(), sorted({builtin.KINDS[atlas().shape_kind[s]] for s in np.nonzero(alone)[0]})


class TestTheExam:
    def test_a_tenth_of_the_pairs_and_no_pair_on_both_sides(self, sprites):
        pairs = pairs_of(sprites)
        withheld = {pair for pair, exam in zip(pairs, sprites.exam, strict=True) if exam}
        training = {pair for pair, exam in zip(pairs, sprites.exam, strict=True) if not exam}
        assert not withheld & training
        assert len(withheld) / len(withheld | training) == pytest.approx(0.1, abs=0.005)

    @pytest.mark.parametrize("count", [700, 3000, 20_000])
    def test_every_shape_and_palette_is_still_trained(self, count):
        some = builtin.generate(count)
        for ids in (some.shape_ids, some.palette_ids):
            for kind in range(len(builtin.KINDS)):
                mine = some.labels == kind
                assert set(ids[mine & some.exam]) <= set(ids[mine & ~some.exam])

    def test_a_larger_set_withholds_mostly_the_same(self):
        small, large = builtin.generate(8000), builtin.generate(12_000)
        before = {pair for pair, exam in zip(pairs_of(small), small.exam, strict=True) if exam}
        after = {pair for pair, exam in zip(pairs_of(large), large.exam, strict=True) if exam}
        assert len(before & after) > 0.6 * len(before)

    def test_expected_share_of_one_who_recombines_and_of_one_who_copies(self, sprites):
        names = builtin.Naming(
            sprites.labels, sprites.shape_ids, sprites.palette_ids, np.zeros(len(sprites.labels), np.int64)
        )
        everything = builtin.expected_exam_share(names, sprites)
        assert everything == pytest.approx(sprites.exam.mean(), abs=0.01)
        assert builtin.observed_exam_share(names, sprites) == pytest.approx(sprites.exam.mean())
        rows = ~sprites.exam
        copies = builtin.Naming(names.kind[rows], names.shape[rows], names.palette[rows], names.distance[rows])
        assert builtin.observed_exam_share(copies, sprites) == 0
        assert builtin.expected_exam_share(copies, sprites) == pytest.approx(0.1, abs=0.005)

    def test_the_formula_by_hand(self):
        """Two shapes, two palettes, (0, 1) withheld; 3 samples of (0, 0), 1 of (1, 1), and one that is not in the set.

        Half a sample more: 3.5, 0.5 and 1.5 on the training pairs, which a b fits; so a_0 b_1 = 3.5 * 1.5 / 0.5 = 10.5.
        """
        ids = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        little = builtin.BuiltinSprites(
            images=np.zeros((4, 16, 16, 3), np.uint8), labels=np.zeros(4, np.int64), label_names=("x",),
            shape_ids=ids[:, 0], palette_ids=ids[:, 1], exam=np.array([False, True, False, False]),
        )  # fmt: skip
        drawn = np.array([[0, 0], [0, 0], [0, 0], [1, 1], [0, 9]])
        names = builtin.Naming(np.zeros(5, np.int64), drawn[:, 0], drawn[:, 1], np.zeros(5, np.int64))
        assert builtin.expected_exam_share(names, little) == pytest.approx(10.5 / 16)
        assert builtin.observed_exam_share(names, little) == 0

    def test_nothing_counted_is_nan(self, sprites):
        none = np.zeros(0, np.int64)
        assert np.isnan(builtin.expected_exam_share(builtin.Naming(none, none, none, none), sprites))
        assert np.isnan(builtin.observed_exam_share(builtin.Naming(none, none, none, none), sprites))


class TestNaming:
    def test_clean_sprites_exactly(self, sprites, named):
        rows, names = named
        np.testing.assert_array_equal(names.kind[300:600], sprites.labels[rows[300:]])
        np.testing.assert_array_equal(names.shape[300:600], sprites.shape_ids[rows[300:]])
        np.testing.assert_array_equal(names.palette[300:600], sprites.palette_ids[rows[300:]])
        assert not names.distance[300:600].any()

    def test_noisy_sprites_withheld_ones_included(self, sprites, named):
        rows, names = named
        noisy = rows[:300]
        right = (names.shape[:300] == sprites.shape_ids[noisy]) & (names.palette[:300] == sprites.palette_ids[noisy])
        assert right.mean() >= 0.98
        assert sprites.exam[noisy].sum() > 10
        assert right[sprites.exam[noisy]].mean() >= 0.95

    def test_distances_are_whole_and_exact(self, named):
        assert named[1].distance[600] == 5

    def test_extremes_do_not_overflow(self, named, everything):
        for extreme, distance in zip((0, 255), named[1].distance[601:], strict=True):
            away = everything[::23].astype(np.int64) - extreme
            assert 0 < distance <= (away**2).sum((1, 2, 3)).min()

    def test_wrong_arrays_are_refused(self):
        with pytest.raises(ValueError, match="uint8"):
            builtin.name_sprites(np.zeros((1, 16, 16, 3), np.float32))

    def test_no_images_no_names(self):
        assert builtin.name_sprites(np.zeros((0, 16, 16, 3), np.uint8)).kind.shape == (0,)


class TestTheDrawingTable:
    def test_a_typo_is_found(self):
        with pytest.raises(ValueError, match="no role"):
            art("..?..")

    def test_half_is_symmetric_in_silhouette_and_lit_from_the_left(self):
        ball = half("\n".join(["..MMMMMM"] * 8), 4)
        filled = ball != ord(".")
        np.testing.assert_array_equal(filled, filled[:, ::-1])
        tones = np.where(filled, ball.astype(int) - ord("0"), 0)
        assert tones[:, :8].sum() > tones[:, 8:].sum()

    def test_all_shading_letters_become_tones(self):
        for letter, ramp in SHADED.items():
            assert set(art(letter * 6 + "\n" + letter * 6).ravel()) <= {ord(tone) for tone in ramp + "."}

    def test_outline_stack_shift_clip(self):
        dot = art("2", 5, 5)
        ringed = outline(dot)
        assert (ringed != ord(".")).sum() == 5
        assert (stack(ringed, art("_", 5, 5)) != ord(".")).sum() == 4
        np.testing.assert_array_equal(shift(dot, 2, -1), art("2", 7, 4))
        np.testing.assert_array_equal(clip(art("33", 5, 5), dot), art("3", 5, 5))
        np.testing.assert_array_equal(recolour(dot, "2>7"), art("7", 5, 5))
        np.testing.assert_array_equal(dim(dot, "2>1", 6), dot)
        assert roles(dot)[5, 5] == roles(art("2"))[0, 0]

    def test_what_makes_a_drawing_less_symmetric(self):
        eyes = half("....wk..", 5)
        np.testing.assert_array_equal(glance(eyes), stack(art("wk", 4, 5), art("wk", 10, 5)))
        np.testing.assert_array_equal(sides(eyes, art("")), art("wk", 4, 5))
        post = art("2\n2\n2", 8, 4)
        np.testing.assert_array_equal(lean(post, 5, 6), stack(art("2", 6, 4), art("2", 7, 5), art("2", 8, 6)))

    def test_squeeze_keeps_the_middle(self):
        bar, smaller = art("22222222\n22222222", 4, 6), art("222222", 5, 7)
        np.testing.assert_array_equal(squeeze(bar, (5, 10), (6,)), smaller)

    def test_soft_outlines_are_lighter(self):
        dot = art("2", 5, 5)
        for role, lit, shaded in (("ramp", "1", "0"), ("soft", "2", "1")):
            assert outline(dot, role)[4, 5] == ord(lit)
            assert outline(dot, role)[6, 5] == ord(shaded)

    def test_combine_spreads_evenly(self):
        chosen = combine(lambda a, b: (a, b), range(10), range(10), limit=20)
        assert len(set(chosen)) == 20
        assert set(np.bincount([a for a, _ in chosen])) == {2}
