"""What a SpriteDataset promises: pixels, labels, distinct sprites, the split."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm.sprites import SpriteDataset, SpriteError, cache, load_sprites
from tests.ddpm.helpers import REAL_DATA
from tests.ddpm.sprite_files import noise_sprites


def load(folder: Path, images: np.ndarray, name: str = "x.npy") -> SpriteDataset:
    np.save(folder / name, images)
    return load_sprites(folder / name)


def reference_hash(image: np.ndarray) -> int:
    """The definition in the design, written again and slowly."""
    coarse = [[[int(value) // 8 for value in pixel] for pixel in row] for row in image]
    plain = bytes(value for row in coarse for pixel in row for value in pixel)
    mirrored = bytes(value for row in coarse for pixel in reversed(row) for value in pixel)
    return int.from_bytes(blake2b(min(plain, mirrored)).digest()[:8], "big")


def test_an_item_is_the_reports_transform(tmp_path: Path) -> None:
    images = noise_sprites(5)
    sprites = load(tmp_path, images)
    assert len(sprites) == 5
    assert sprites[3].shape == (3, 16, 16)
    assert sprites[3].dtype == torch.float32
    expected = (images[3].transpose(2, 0, 1).astype(np.float64) - 127.5) / 127.5
    np.testing.assert_allclose(sprites[3].numpy(), expected, atol=1e-6)
    assert torch.equal(sprites[-1], sprites[4])
    assert torch.equal(sprites[np.int64(2)], sprites[2])
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            sprites[wrong]


def test_a_batch_is_its_items(tmp_path: Path) -> None:
    sprites = load(tmp_path, noise_sprites(9))
    rows = np.array([7, 0, 7, 3], np.int64)
    batch = sprites.batch(rows)
    assert batch.shape == (4, 3, 16, 16)
    assert torch.equal(batch, torch.stack([sprites[int(row)] for row in rows]))


def test_displayed_pixels_are_the_sources_and_cannot_be_written(tmp_path: Path) -> None:
    images = noise_sprites(4)
    sprites = load(tmp_path, images)
    assert isinstance(sprites.images, np.memmap)
    assert sprites.images.dtype == np.uint8
    np.testing.assert_array_equal(sprites.images, images)
    with pytest.raises(ValueError, match="read-only"):
        sprites.images[0] = 0


def test_a_torch_data_loader_reads_it(tmp_path: Path) -> None:
    sprites = load(tmp_path, noise_sprites(10))
    batches = list(torch.utils.data.DataLoader(sprites, batch_size=4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert torch.equal(torch.cat(batches), sprites.batch(np.arange(10)))


def test_distinct_counts_and_first_rows(tmp_path: Path) -> None:
    a, b, c = noise_sprites(3)
    sprites = load(tmp_path, np.stack([b, a, b, c, a, b]))
    np.testing.assert_array_equal(sprites.distinct(), [0, 1, 3])
    np.testing.assert_array_equal(sprites.counts(), [3, 2, 1])
    np.testing.assert_array_equal(sprites.first_rows(), [0, 1, 0, 3, 1, 0])
    assert sprites.distinct().dtype == sprites.counts().dtype == sprites.first_rows().dtype == np.int64


def test_sprites_that_differ_by_one_value_are_distinct(tmp_path: Path) -> None:
    images = np.stack([noise_sprites(1)[0]] * 2)
    images[1, 15, 15, 2] ^= 1
    assert len(load(tmp_path, images).distinct()) == 2


def test_mirror_pairs_counts_unordered_pairs_of_distinct_sprites(tmp_path: Path) -> None:
    a, b, c = noise_sprites(3)
    symmetric = np.concatenate([c[:, :8], c[:, 7::-1]], axis=1)
    images = [a, a[:, ::-1], a, b, symmetric, b[::-1]]
    assert load(tmp_path, np.stack(images)).mirror_pairs() == 1
    images += [b[:, ::-1], symmetric]
    assert load(tmp_path, np.stack(images), "y.npy").mirror_pairs() == 2


def test_split_hashes_follow_the_definition(tmp_path: Path) -> None:
    images = noise_sprites(40)
    images[3] = images[4][:, ::-1]
    images[5] = 255
    sprites = load(tmp_path, images)
    assert sprites.split_hashes().dtype == np.uint64
    assert [int(value) for value in sprites.split_hashes()] == [reference_hash(image) for image in images]


def test_the_split_is_by_hash_and_covers_all_distinct_sprites(tmp_path: Path) -> None:
    images = np.concatenate([noise_sprites(300), noise_sprites(50)])
    sprites = load(tmp_path, images)
    train, held_out = sprites.split()
    assert train.dtype == held_out.dtype == np.int64
    assert [row for row in range(300) if reference_hash(images[row]) % 10 == 0] == held_out.tolist()
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), sprites.distinct())
    assert 10 < len(held_out) < 60


def test_the_split_survives_reordering_repeats_and_additions(tmp_path: Path) -> None:
    images = noise_sprites(200)
    sprites = load(tmp_path, images)
    held_out = {images[row].tobytes() for row in sprites.split()[1]}
    order = np.random.default_rng(1).permutation(200)
    more = np.concatenate([images[order], images[:70], noise_sprites(100, seed=5)])
    again = load(tmp_path, more, "more.npy")
    known = {image.tobytes() for image in images}
    assert {more[row].tobytes() for row in again.split()[1]} & known == held_out


def test_mirror_images_stand_on_the_same_side(tmp_path: Path) -> None:
    images = noise_sprites(100)
    sprites = load(tmp_path, np.concatenate([images, images[:, :, ::-1]]))
    hashes = sprites.split_hashes()
    np.testing.assert_array_equal(hashes[:100], hashes[100:])
    assert sprites.mirror_pairs() == 100


def test_the_last_three_bits_do_not_move_a_sprite(tmp_path: Path) -> None:
    images = noise_sprites(20)
    assert np.array_equal(
        load(tmp_path, images & 0xF8).split_hashes(), load(tmp_path, images | 0x07, "y.npy").split_hashes()
    )


def test_training_rows_leave_out_every_repeat_of_what_is_held_out(tmp_path: Path) -> None:
    images = np.tile(noise_sprites(100), (3, 1, 1, 1))
    sprites = load(tmp_path, images)
    held_out = set(sprites.split()[1].tolist())
    assert held_out
    expected = [row for row in range(300) if row % 100 not in held_out]
    assert sprites.training_rows().tolist() == expected
    assert sprites.training_rows(0).tolist() == list(range(300))
    for wrong in (0.2, 1, -0.1, float("nan")):
        with pytest.raises(SpriteError, match="holdout"):
            sprites.training_rows(wrong)


def test_a_set_that_is_held_out_as_a_whole_says_so(tmp_path: Path) -> None:
    image = next(image for image in noise_sprites(100) if reference_hash(image) % 10 == 0)
    sprites = load(tmp_path, image[None])
    with pytest.raises(SpriteError, match="no sprite to train on"):
        sprites.training_rows()
    assert sprites.training_rows(0).tolist() == [0]


def test_exam_rows_are_in_no_part(tmp_path: Path) -> None:
    images = np.concatenate([noise_sprites(50), noise_sprites(50)])
    sprites = load(tmp_path, images)
    first_rows, hashes = sprites.first_rows(), sprites.split_hashes()
    exam = np.zeros(100, np.int64)
    exam[[4, 60]] = 1
    stored = cache.StoredSprites(images, None, None, first_rows, hashes, "f", {"exam": exam})
    sprites = SpriteDataset(stored, name="x", source="x")
    assert sprites.exam().tolist() == [4, 60]
    train, held_out = sprites.split()
    assert not {4, 10} & set(train.tolist()) | {4, 10} & set(held_out.tolist())
    assert len(train) + len(held_out) == 48
    assert not {4, 54, 10, 60} & set(sprites.training_rows(0).tolist())
    assert len(sprites.training_rows(0)) == 96


def test_the_fingerprint_is_of_pixels_labels_and_order(tmp_path: Path) -> None:
    images = noise_sprites(6)
    base = load(tmp_path, images).fingerprint
    assert int(base, 16) >= 0
    assert load(tmp_path, images, "copy.npy").fingerprint == base
    assert load(tmp_path, images[::-1], "reversed.npy").fingerprint != base
    changed = images.copy()
    changed[5, 15, 15, 2] ^= 1
    assert load(tmp_path, changed, "changed.npy").fingerprint != base
    marks = set()
    for labels in ([0, 1, 0, 1, 0, 1], [1, 0, 0, 1, 0, 1]):
        np.save(tmp_path / "copy_labels.npy", np.array(labels))
        marks.add(load_sprites(tmp_path / "copy.npy").fingerprint)
    assert len(marks | {base}) == 3


def test_other_sources_have_no_factors_and_no_exam(tmp_path: Path) -> None:
    sprites = load(tmp_path, noise_sprites(2))
    assert (sprites.capacity, sprites.shape_ids, sprites.palette_ids, sprites.labels) == (None, None, None, None)
    assert len(sprites.exam()) == 0
    assert sprites.name == "x"
    assert sprites.source == str(tmp_path / "x.npy")


def test_a_relative_path_becomes_one_that_works_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, noise_sprites(2))
    monkeypatch.chdir(tmp_path)
    assert load_sprites("x.npy").source == str(tmp_path / "x.npy")


def test_the_builtin_set_is_cached_and_reproducible() -> None:
    first = load_sprites("builtin:300")
    again = load_sprites("builtin", count=300)
    assert first.fingerprint == again.fingerprint
    assert first.source == again.source == "builtin:300"
    assert isinstance(again.images, np.memmap)
    assert len(first) == 300
    assert first.capacity is not None
    for values in (first.labels, first.shape_ids, first.palette_ids):
        assert values is not None
        assert values.dtype == np.int64
        assert values.shape == (300,)
    other = load_sprites("builtin:300", seed=3)
    assert other.fingerprint != first.fingerprint
    assert load_sprites(other.source).fingerprint == other.fingerprint


def test_the_builtin_set_refuses_what_it_cannot_draw() -> None:
    capacity = load_sprites("builtin:10").capacity
    assert capacity is not None
    for count in (0, -5, capacity + 1):
        with pytest.raises(SpriteError, match=f"{capacity:,}"):
            load_sprites("builtin", count=count)
    for source in ("builtin:", "builtin:many", "builtin:1.5", "builtin:9999999999999999999999"):
        with pytest.raises(SpriteError, match="not understood"):
            load_sprites(source)
    with pytest.raises(SpriteError, match="one of them"):
        load_sprites("builtin:20", count=30)


@pytest.mark.slow
def test_the_real_sprites_have_the_known_numbers() -> None:
    sprites = load_sprites(REAL_DATA / "sprites_exact.npz")
    assert (len(sprites), len(sprites.distinct())) == (1560, 1495)
    assert sprites.counts().sum() == 1560
    assert len(load_sprites(REAL_DATA / "kaggle_pixelart_rows1788.npz").distinct()) == 1722


@pytest.mark.slow
def test_a_set_of_the_kaggle_shape_is_indexed_and_split_like_its_base(tmp_path: Path) -> None:
    with np.load(REAL_DATA / "kaggle_pixelart_rows1788.npz") as file:
        images, labels = file["images"], file["labels"]
    np.save(tmp_path / "sprites.npy", np.tile(images, (50, 1, 1, 1)))
    np.save(tmp_path / "sprites_labels.npy", np.tile(np.eye(5)[labels], (50, 1)))
    sprites = load_sprites(tmp_path)
    assert (len(sprites), len(sprites.distinct())) == (89_400, 1722)
    assert sprites.label_names == ("hero", "non-hero", "food", "spell", "side-facing")
    assert sprites.labels is not None
    assert np.bincount(sprites.labels).tolist() == [8000, 32400, 6000, 35000, 8000]


# Size and alpha


@pytest.mark.parametrize(("height", "width", "channels"), [(16, 16, 3), (24, 16, 4), (64, 8, 3), (48, 48, 4)])
def test_the_shape_of_a_set_is_that_of_its_batches(tmp_path: Path, height: int, width: int, channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, height, width, channels), dtype=np.uint8)
    sprites = load(tmp_path, images)
    assert sprites.shape == (channels, height, width) == tuple(sprites[0].shape)
    assert tuple(sprites.batch(np.array([0, 3])).shape) == (2, *sprites.shape)
    assert f"{width} x {height} {'RGBA' if channels == 4 else 'RGB'}" in repr(sprites)


def test_binary_alpha_is_of_the_data(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 4), dtype=np.uint8)
    assert not load(tmp_path, images).binary_alpha
    images[..., 3] = np.where(images[..., 3] > 99, 255, 0)
    assert load(tmp_path, images).binary_alpha
    assert not load(tmp_path, images[..., :3]).binary_alpha


def test_equal_drawings_are_equal_whatever_lies_under_nothing(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 4), dtype=np.uint8).repeat(3, axis=0)
    images[:, :6, :, 3] = 0
    images[1, :6, :, :3] = 7
    images[2, 0, 0, 3] = 1  # this one is to be seen
    sprites = load(tmp_path, images)
    assert sprites.distinct().tolist() == [0, 2]
    assert sprites.first_rows().tolist() == [0, 0, 2]


def test_each_once_takes_the_first_row_of_each(tmp_path: Path) -> None:
    images = noise_sprites(60)
    rows = np.concatenate([np.arange(60), np.arange(0, 60, 2), np.arange(0, 60, 3)])
    sprites = load(tmp_path, images[rows])
    train, _ = sprites.split()
    assert sprites.training_rows(0, each_once=True).tolist() == list(range(60))
    assert sprites.training_rows(0.1, each_once=True).tolist() == train.tolist()
    assert sprites.training_rows(0).tolist() == list(range(len(rows)))
    kept = sprites.training_rows(0.1)
    assert set(sprites.first_rows()[kept].tolist()) == set(train.tolist())
    assert len(kept) > len(train)
