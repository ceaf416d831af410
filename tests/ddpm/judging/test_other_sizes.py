"""The known answers at other sizes and with transparency: each control gets its answer, and alpha counts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ddpm import NoiseSchedule, memorization_report, quality_report
from ddpm.judging.controls import CONTROLS, hue_turned, make_control, noisy
from ddpm.judging.copying import collage, palettes, shapes
from ddpm.judging.copying.collage import CollageIndex
from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.copying.denoising_gap import measure_denoising_gap
from ddpm.judging.copying.index.stored_index import is_stored, load_or_build
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.lookup import look_up
from ddpm.judging.copying.memorization import MemorizationReport, judge
from ddpm.judging.copying.palettes import PaletteIndex, palette_embedding
from ddpm.judging.copying.shapes import ShapeIndex, edge_bits
from ddpm.judging.exam import take_exam
from ddpm.judging.html_report import to_html
from ddpm.judging.quality.classifier import train_classifier
from ddpm.judging.quality.features import DIMENSIONS, FeatureNetwork, as_seen
from ddpm.judging.report import make_report
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab
from ddpm.pixels.traits import traits
from ddpm.pixels.transparency import alpha_is_binary, cutout
from ddpm.sprites import load_sprites
from ddpm.sprites.builtin import generate
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.judging.uniformity import expect_uniform_p_values

N = 30
KINDS = ("24x24 RGB", "32x32 RGBA", "16x24 RGB")


def drawings(kind: str, count: int) -> np.ndarray:
    """Built-in sprites at another size: on a larger page, four on a page with their background cut out, or beside
    the half of another one."""
    if kind == "24x24 RGB":
        return np.pad(generate(count).images, ((0, 0), (3, 5), (4, 4), (0, 0)), constant_values=255)
    drawn = generate(4 * count).images
    drawn = drawn[np.random.default_rng(1).permutation(4 * count)].reshape(4, count, 16, 16, 3)
    if kind == "16x24 RGB":
        return framed(np.concatenate([drawn[0], drawn[1][:, :, 4:12]], axis=2))
    rows = [np.concatenate([drawn[2 * i], drawn[2 * i + 1]], axis=2) for i in range(2)]
    return cutout(framed(np.concatenate(rows, axis=1)))


def framed(images: np.ndarray) -> np.ndarray:
    """With a white border, so that there is room to move."""
    images[:, [0, -1]] = images[:, :, [0, -1]] = 255
    return images


@dataclass
class Given:
    """A data set of one kind, and its index."""

    kind: str
    comparison_set: ComparisonSet
    train: np.ndarray
    index: TrainingIndex

    def judged(self, samples: np.ndarray) -> MemorizationReport:
        return judge(self.index.measure(samples), self.index)


@pytest.fixture(scope="module", params=KINDS)
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Given:
    folder = tmp_path_factory.mktemp("sizes")
    np.save(folder / "large.npy", drawings(request.param, 700))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(folder / "home"))
        comparison_set = what_was_seen(load_sprites(folder / "large.npy"), None)
    images = comparison_set.sprites.images
    train, unseen = np.array(images[comparison_set.seen]), np.array(images[comparison_set.unseen])
    return Given(request.param, comparison_set, train, TrainingIndex(train, unseen))


@pytest.mark.parametrize("name", CONTROLS)
def test_each_control_gets_its_answer(name: str, given: Given) -> None:
    samples = make_control(name, given.comparison_set, N)
    assert samples.shape == (N, *given.train.shape[1:])
    assert samples.dtype == np.uint8
    if samples.shape[-1] == 4:
        assert alpha_is_binary(samples)
        assert not samples[samples[..., 3] == 0].any()
    assert CONTROLS[name].is_right(given.judged(samples))


def test_copies_mirror_images_and_blurred_ones(given: Given) -> None:
    chosen = given.train[::20][:N]
    copies = given.judged(chosen)
    assert set(copies.labels) == {"exact copy"}
    assert copies.evidence.cover.c1.min() == copies.evidence.shape_similarity.min() == 1
    assert copies.evidence.palette_distance.max() == 0
    mirrored = given.judged(chosen[:, :, ::-1])
    assert mirrored.rates["shape known"].rate == 1
    counts = Counter(mirrored.labels)
    assert counts["exact copy"] + counts["near copy"] + counts["moved copy"] == len(chosen)
    # The mean of 2x2 pixels makes new colours at every edge.
    padded = np.pad(chosen, ((0, 0), (0, 1), (0, 1), (0, 0)), mode="edge").astype(np.uint16)
    blurred = (padded[:, 1:, 1:] + padded[:, 1:, :-1] + padded[:, :-1, 1:] + padded[:, :-1, :-1] + 2) // 4
    blur = given.judged(blurred.astype(np.uint8))
    assert blur.rates["exact copy"].count == 0
    assert blur.rates["low quality"].low > copies.rates["low quality"].high
    assert traits(blurred.astype(np.uint8)).merged_colours.mean() > 2 * traits(chosen).merged_colours.mean()


def test_unseen_sprites_have_uniform_p_values(given: Given) -> None:
    expect_uniform_p_values(np.concatenate([given.train, given.index.heldout]))


def test_quality_tells_real_sprites_from_noisy_and_repeated_ones(given: Given) -> None:
    real, unseen = given.train, given.index.heldout
    good, bad, same = (
        quality_report(samples, real)
        for samples in (unseen, noisy(unseen, np.random.default_rng(0), 12), np.repeat(unseen[:2], 40, axis=0))
    )
    assert good.frechet_ratio is not None
    assert same.frechet_ratio is not None
    assert good.frechet_ratio < 2 < same.frechet_ratio
    # Noise that is hardly seen shows in the colours.
    assert bad.merged_colours is not None
    assert good.merged_colours is not None
    assert bad.merged_colours > 1.5 * good.merged_colours
    assert good.patch_wasserstein is not None
    assert good.patch_wasserstein < 1.5


def test_alpha_alone_makes_another_sprite() -> None:
    train = cutout(np.pad(simple_sprites(60), ((0, 0), (2, 2), (4, 4), (0, 0)), constant_values=255))
    faint = train[:6].copy()
    box = faint[..., 3] == 255
    faint[..., 3][box] = 120
    report = memorization_report(np.concatenate([train[:6], faint]), train, train[:0])
    assert report.labels[:6] == ("exact copy",) * 6
    assert report.rates["exact copy"].count == 6
    assert report.evidence.squared_distance[6:].min() > 0
    # The same colours inside the same outline.
    assert report.rates["shape known"].count == 12
    assert report.evidence.palette_distance.max() == 0
    assert report.evidence.cover.c1[6:].max() == 0


def test_transparent_pixels_have_no_palette_and_count_as_a_hole() -> None:
    ring = np.zeros((1, 20, 28, 4), np.uint8)
    ring[0, 4:14, 4:14] = (200, 30, 30, 255)
    full = ring.copy()
    ring[0, 7:11, 7:11] = 0
    # The hole belongs to the drawing, and has no colour.
    assert foreground(oklab(ring)).sum() == foreground(oklab(full)).sum() == 100
    assert np.array_equal(palette_embedding(ring), palette_embedding(full))
    index = PaletteIndex.of(full)
    assert index.colours.tolist() == [0xC81E1E]
    assert index.nowhere(ring).tolist() == [0]
    nothing = np.zeros_like(ring)
    assert np.isnan(palette_embedding(nothing)).all()
    assert edge_bits(ring).sum() == 4 * 10 + 4 * 4


def test_a_drawing_that_fills_its_border_is_foreground() -> None:
    tile = np.full((1, 16, 16, 4), (90, 60, 30, 255), np.uint8)
    tile[0, [0, 0, -1, -1], [0, -1, 0, -1]] = 0
    assert foreground(oklab(tile)).sum() == 256 - 4
    assert foreground(oklab(tile[..., :3] + 0)).sum() == 4


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    images = drawings("32x32 RGBA", 60)
    queries = np.concatenate([images[:6], hue_turned(images[6:12], 90), images[12:20, ::-1]])
    whole = TrainingIndex(images[10:], images[:5]).measure(queries)
    for module in (collage, palettes, shapes):
        monkeypatch.setattr(module, "_BLOCK", 13)
    monkeypatch.setattr(shapes, "_QUERY_BLOCK", 5)
    parted = TrainingIndex(images[10:], images[:5]).measure(queries)
    for name in ("shape_row", "shape_similarity", "palette_row", "palette_distance", "nowhere", "low_quality"):
        np.testing.assert_array_equal(getattr(parted, name), getattr(whole, name))
    for name in ("c1", "c2", "first", "second"):
        np.testing.assert_array_equal(getattr(parted.cover, name), getattr(whole.cover, name))


def test_collages_equal_plain_loops_where_pixels_do_not_fill_words() -> None:
    """9 x 11 pixels are one word of 64 bits and a half."""
    random = np.random.default_rng(3)
    images = np.zeros((24, 9, 11, 4), np.uint8)
    for image in images:
        for colour in ((200, 30, 30, 255), (30, 30, 200, 255), (20, 20, 20, 255)):
            top, left = random.integers(0, 5), random.integers(0, 6)
            image[top : top + 4, left : left + 5] = colour
    queries, references = images[:8], images[8:]
    cover = CollageIndex.of(references).cover(queries)
    for query, c1, c2 in zip(queries, cover.c1, cover.c2, strict=True):
        inside = foreground(oklab(query[None]))[0]
        explained = []
        for reference in references:
            differs = np.sqrt(np.square(oklab(query) - oklab(reference)).sum(axis=2)) >= collage.MATCH
            padded = np.pad(differs, 1)
            around = sum(padded[dy : dy + 9, dx : dx + 11].astype(int) for dy in range(3) for dx in range(3))
            explained.append(inside & (around <= 1))
        assert c1 == max(one.sum() for one in explained) / inside.sum()
        assert c2 == max((one | other).sum() for one in explained for other in explained) / inside.sum()


def test_equally_similar_shapes_stay_in_order_at_any_size() -> None:
    """At 64x64 two similarities differ by less than float32 can tell."""
    noise = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)
    almost = noise[:1].copy()
    # One edge less, of some eight thousand.
    almost[0, 0, 0] = almost[0, 0, 1]
    references = np.concatenate([almost, noise, noise, noise[:, :, ::-1]])
    found = ShapeIndex.of(references).nearest(noise[:1], 4)
    assert found.indices[0, :3].tolist() == [1, 4, 7]
    assert found.indices[0, 3] == 0
    assert found.similarity[0, :3].tolist() == [1, 1, 1]
    assert 0.99 < found.similarity[0, 3] < 1
    assert found.flips[0].tolist() == [False, False, True, False]


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 13, 4), (24, 24, 3), (64, 40, 4)])
def test_features_of_any_size(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, *shape)).astype(np.uint8)
    network = FeatureNetwork(0, shape[2])
    found = network(images)
    assert found.shape == (5, DIMENSIONS)
    assert np.isfinite(found).all()
    # An odd last row and column count.
    changed = images.copy()
    changed[0, -1, -1, :3] ^= 128
    changed[0, -1, -1, 3:] = 255
    images[0, -1, -1, 3:] = 255
    assert np.abs(network(changed)[0, 48:] - network(images)[0, 48:]).max() > 0
    with pytest.raises(ValueError, match="channels"):
        FeatureNetwork(0, 7 - shape[2])(images)


def test_what_is_hardly_visible_hardly_counts() -> None:
    images = np.zeros((2, 12, 12, 4), np.uint8)
    images[:, 3:9, 3:9] = (200, 40, 40, 255)
    images[1, 0, 0] = (255, 255, 255, 1)
    assert as_seen(images)[1, 0, 0].tolist() == [1, 1, 1, 1]
    one, other = FeatureNetwork(0, 4)(images)
    assert np.abs(one - other).max() < 0.01
    assert as_seen(images[..., :3]) is not None
    assert np.array_equal(as_seen(images[:1]), images[:1])


@pytest.mark.parametrize("shape", [(8, 8, 4), (24, 40, 4), (57, 64, 3)])
def test_a_classifier_of_any_size(shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars that lie and bars that stand, in any colour."""
    monkeypatch.setattr("ddpm.judging.quality.classifier._STEPS", 40)
    monkeypatch.setattr("ddpm.judging.quality.classifier._BATCH", 64)
    random = np.random.default_rng(0)
    height, width, channels = shape
    images = np.zeros((240, *shape), np.uint8)
    labels = np.arange(240) % 2
    for image, label in zip(images, labels, strict=True):
        tall, wide = (height // 2, max(1, width // 8)) if label else (max(1, height // 8), width // 2)
        top, left = random.integers(0, [height - tall, width - wide])
        image[top : top + tall, left : left + wide] = (*random.integers(60, 256, 3), 255)[:channels]
    found = train_classifier(images, labels, 2)
    assert found.accuracy > 0.9
    assert (found.predict(images) == labels).mean() > 0.9


def test_a_stored_index_is_that_of_its_size(tmp_path: Path) -> None:
    images = drawings("32x32 RGBA", 80)
    found = []
    for name, sprites in (("rgba", images), ("rgb", images[..., :3]), ("wide", images.reshape(80, 16, 64, 4))):
        np.save(tmp_path / f"{name}.npy", sprites)
        found.append(what_was_seen(load_sprites(tmp_path / f"{name}.npy"), None))
    for number, comparison_set in enumerate(found):
        assert [is_stored(other) for other in found] == [True] * number + [False] * (3 - number)
        fresh, again = load_or_build(comparison_set), load_or_build(comparison_set)
        samples = comparison_set.sprites.images[:10]
        assert judge(again.measure(samples), again).to_dict() == judge(fresh.measure(samples), fresh).to_dict()


@pytest.mark.parametrize(("kind", "width"), [("32x32 RGBA", None), ("24x24 RGB", 48), ("16x24 RGB", 48)])
def test_a_page_of_any_size(kind: str, width: int | None, tmp_path: Path) -> None:
    images = drawings(kind, 60)
    np.save(tmp_path / "large.npy", images)
    comparison_set = what_was_seen(load_sprites(tmp_path / "large.npy"), None)
    page = to_html(make_report(images[:12], comparison_set))
    assert page.count("data:image/png;base64,") > 20
    assert ("repeating-conic-gradient" in page) == (images.shape[-1] == 4)
    assert set(re.findall(r'style="width:(\d+)px"', page)) == (set() if width is None else {str(width)})


def test_other_sizes_are_told_apart() -> None:
    """Both sizes are in the message."""
    small, large = simple_sprites(20), drawings("32x32 RGBA", 20)
    both = r"16 x 16 RGB\b.*32 x 32 RGBA|32 x 32 RGBA.*16 x 16 RGB\b"
    index = TrainingIndex(large, large[:0])
    schedule = NoiseSchedule(1000, "cosine")
    for wrong in (
        lambda: memorization_report(small, large, large[:0]),
        lambda: memorization_report(large, large, small),
        lambda: index.measure(small),
        lambda: index.near_share(small, 0.05),
        lambda: index.look_up(small),
        lambda: look_up(small, large),
        lambda: quality_report(small, large),
        lambda: measure_denoising_gap(lambda x, t: x, schedule, small, large),
        lambda: CollageIndex.of(large).cover(small),
        lambda: ShapeIndex.of(large).nearest(small),
        lambda: PaletteIndex.of(large).nearest(small),
        lambda: PaletteIndex.of(large).nowhere(small),
    ):
        with pytest.raises(ValueError, match=both):
            wrong()


def test_there_is_no_exam_at_another_size() -> None:
    sprites = load_sprites("builtin")
    with pytest.raises(ValueError, match="32 x 32 RGBA"):
        take_exam(drawings("32x32 RGBA", 2), sprites, sprites.split()[0], 100)
    sprites.images = np.pad(sprites.images[:], ((0, 0), (0, 4), (0, 0), (0, 0)), constant_values=255)
    assert take_exam(sprites.images[:3], sprites, sprites.split()[0], 100) is None
