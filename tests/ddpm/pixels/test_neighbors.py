"""Exact nearest neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm import nearest
from ddpm.pixels import neighbors
from ddpm.pixels.neighbors import rms_grey_levels


def images(count: int, seed: int, levels: int = 256, size: int = 16) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(0, levels, (count, size, size, 3)).astype(np.uint8) * (255 // (levels - 1))


def brute_force(queries: np.ndarray, references: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """In whole numbers, one by one; equal distances by lower index."""
    distances = np.stack(
        [((query.astype(np.int64) - references.astype(np.int64)) ** 2).sum(axis=(1, 2, 3)) for query in queries]
    )
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


def check(queries: np.ndarray, references: np.ndarray, k: int) -> None:
    indices, distances = nearest(queries, references, k)
    expected_indices, expected_distances = brute_force(queries, references, k)
    assert indices.dtype == distances.dtype == np.int64
    assert np.array_equal(distances, expected_distances)
    assert np.array_equal(indices, expected_indices)


@pytest.mark.parametrize("k", [1, 5, 40])
def test_it_equals_brute_force(k: int) -> None:
    check(images(30, 1), images(40, 2), k)


@pytest.mark.parametrize("k", [1, 3, 10, 60])
def test_ties_go_to_the_lower_index(k: int) -> None:
    few = images(4, 3, levels=2, size=2)
    references = few[np.random.default_rng(0).integers(0, 4, 60)]
    check(few, references, k)


@pytest.mark.parametrize("count", [6, 7, 8, 23, 64])
@pytest.mark.parametrize("k", [1, 5])
def test_blocks_do_not_show(count: int, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "_BLOCK", 7)
    monkeypatch.setattr(neighbors, "_QUERY_BLOCK", 3)
    check(images(8, 4, levels=2, size=2), images(count, 5, levels=2, size=2), k)


def test_many_references() -> None:
    references = images(5000, 6)
    queries = np.concatenate([references[[0, 2047, 2048, 4999]], images(3, 7)])
    check(queries, references, 4)


def test_the_extremes_are_exact() -> None:
    black, white = np.zeros((1, 16, 16, 3), np.uint8), np.full((1, 16, 16, 3), 255, np.uint8)
    references = np.concatenate([black, white, black + 1, white - 1])
    check(references, references, 4)
    assert nearest(black, white, 1)[1][0, 0] == 768 * 255 * 255


def test_a_copy_is_0_and_one_step_off_is_1() -> None:
    references = images(50, 8)
    off = references[[7]].copy()
    off[0, 3, 4, 1] ^= 1
    indices, distances = nearest(np.concatenate([references[[7]], off]), references, 1)
    assert indices.ravel().tolist() == [7, 7]
    assert distances.ravel().tolist() == [0, 1]


def test_repeats_are_taken_as_they_are() -> None:
    references = images(3, 9)[[0, 1, 1, 2, 1]]
    indices, distances = nearest(references[[1]], references, 3)
    assert indices[0].tolist() == [1, 2, 4]
    assert distances[0].tolist() == [0, 0, 0]


def test_a_mapped_file(tmp_path: Path) -> None:
    references = images(3000, 10)
    np.save(tmp_path / "x.npy", references)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for found, expected in zip(
        nearest(references[:4], mapped, 3), brute_force(references[:4], references, 3), strict=True
    ):
        assert np.array_equal(found, expected)


def test_any_layout_in_memory() -> None:
    queries, references = images(6, 11), images(40, 12)
    check(queries[::-1, :, ::-1], np.asfortranarray(references)[::2], 3)
    frozen = references.copy()
    frozen.flags.writeable = False
    before = frozen.copy()
    check(queries, frozen, 2)
    assert np.array_equal(frozen, before)


def test_no_queries() -> None:
    indices, distances = nearest(images(0, 0), images(4, 1), 2)
    assert indices.shape == distances.shape == (0, 2)


def test_the_modes_of_others_change_nothing() -> None:
    queries, references = images(5, 13), images(30, 14)
    expected = nearest(queries, references, 4)
    with torch.autocast("cpu", torch.bfloat16):
        found = nearest(queries, references, 4)
        assert torch.is_autocast_enabled("cpu")
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    with torch.inference_mode():
        assert all(np.array_equal(a, b) for a, b in zip(nearest(queries, references, 4), expected, strict=True))
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("k", [0, -1, 5])
def test_k_out_of_range(k: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.4"):
        nearest(images(2, 0), images(4, 1), k)
    with pytest.raises(ValueError):
        nearest(images(2, 0), images(0, 1), k)


def test_what_is_not_an_image() -> None:
    good = images(2, 0)
    for wrong in (good.astype(np.float32), good.astype(np.int8)):
        with pytest.raises(TypeError, match="queries"):
            nearest(wrong, good, 1)
        with pytest.raises(TypeError, match="references"):
            nearest(good, wrong, 1)
    for wrong in (good[0], good[..., :2], good.transpose(0, 3, 1, 2)):
        with pytest.raises(ValueError, match="shape"):
            nearest(wrong, good, 1)
    with pytest.raises(ValueError, match="differ in size"):
        nearest(good, images(2, 0, size=8), 1)
    with pytest.raises(ValueError, match=r"differ in size: 16 x 16 RGB and 16 x 16 RGBA"):
        nearest(good, np.concatenate([good, good[..., :1]], axis=-1), 1)
    with pytest.raises(ValueError, match="16,384"):
        nearest(images(2, 0, size=80), images(2, 0, size=80), 1)


def test_a_lower_matmul_precision_elsewhere_changes_nothing() -> None:
    random = np.random.default_rng(5)
    references = random.integers(0, 256, (300, 16, 16, 3), dtype=np.uint8)
    queries = references[:20].copy()
    queries[:, 3, 3, 1] ^= 1
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        indices, distances = nearest(queries, references, 1)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
    assert indices[:, 0].tolist() == list(range(20))
    assert distances[:, 0].tolist() == [1] * 20


def test_grey_levels_are_the_root_mean_square() -> None:
    a, b = np.zeros((1, 16, 16, 3)), np.full((1, 16, 16, 3), 7.0)
    assert rms_grey_levels(np.square(a - b).sum(axis=(1, 2, 3)), 768).tolist() == [7.0]
    assert rms_grey_levels(768 * 255**2, 768) == 255
    assert rms_grey_levels(64 * 64 * 4 * 255**2, 64 * 64 * 4) == 255


@pytest.mark.parametrize("shape", [(8, 8, 3), (24, 16, 4), (17, 19, 3), (32, 32, 4), (64, 64, 3), (64, 64, 4)])
def test_sprites_of_every_size_are_compared_exactly(shape: tuple[int, int, int]) -> None:
    random = np.random.default_rng(sum(shape))
    references = random.integers(0, 256, (24, *shape), dtype=np.uint8)
    # The greatest sums there are, and one step from them.
    references[0], references[1], references[2] = 0, 255, 254
    references[3] = references[4]
    references[3, -1, -1, -1] ^= 1
    queries = np.concatenate([references[:5], random.integers(0, 256, (3, *shape), dtype=np.uint8)])
    check(queries, references, 24)
    _, distances = nearest(references[:1], references[1:2], 1)
    assert distances[0, 0] == np.prod(shape) * 255 * 255


def test_alpha_counts_like_a_colour() -> None:
    opaque = np.concatenate([images(3, 1), np.full((3, 16, 16, 1), 255, np.uint8)], axis=-1)
    clear = opaque.copy()
    clear[0, 0, 0, 3] = 0
    assert nearest(clear[:1], opaque[:1], 1)[1][0, 0] == 255 * 255
