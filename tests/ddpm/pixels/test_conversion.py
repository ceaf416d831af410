"""Pixels in, pixels out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ddpm.pixels.conversion import (
    is_sprite_shape,
    pack_rgb,
    require_sprites,
    size_words,
    to_float,
    to_uint8,
    unpack_rgb,
)


def test_every_value_comes_back() -> None:
    images = np.resize(np.arange(256, dtype=np.uint8), (4, 16, 16, 3))
    x = to_float(images)
    assert x.dtype == torch.float32
    assert x.shape == (4, 3, 16, 16)
    assert float(x.min()) == -1.0
    assert float(x.max()) == 1.0
    assert np.array_equal(to_uint8(x), images)


def test_channels_move_and_nothing_else() -> None:
    images = np.zeros((1, 16, 16, 3), np.uint8)
    images[0, 2, 5, 1] = 255
    x = to_float(images)
    assert float(x[0, 1, 2, 5]) == 1.0
    assert int((x > -1).sum()) == 1


def test_the_source_is_neither_changed_nor_shared() -> None:
    images = np.full((1, 16, 16, 3), 7, np.uint8)
    to_float(images).zero_()
    assert (images == 7).all()
    x = torch.full((1, 3, 16, 16), 0.3, requires_grad=True)
    to_uint8(x)[:] = 0
    assert (x == 0.3).all()


def test_values_are_rounded_and_clipped() -> None:
    x = torch.tensor([-9.0, -1.0, -1 + 0.6 / 127.5, 1 - 0.4 / 127.5, 1.0, float("inf")])
    images = to_uint8(x.reshape(6, 1, 1, 1).expand(6, 3, 1, 1))
    assert images[:, 0, 0, 0].tolist() == [0, 0, 1, 255, 255, 255]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_floats_are_understood(dtype: torch.dtype) -> None:
    assert (to_uint8(torch.ones(1, 3, 2, 2, dtype=dtype)) == 255).all()


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, np.bool_])
def test_other_pixel_types_are_refused(dtype: type) -> None:
    with pytest.raises(TypeError, match="uint8"):
        to_float(np.zeros((1, 16, 16, 3), dtype))


@pytest.mark.parametrize(
    "shape", [(16, 16, 3), (1, 3, 16, 16), (1, 16, 16, 5), (1, 16, 16, 2), (1, 16, 16, 1), (1, 16, 16)]
)
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        to_float(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="shape"):
        to_uint8(torch.zeros((1, 16, 16, 3)))


def test_nan_is_refused() -> None:
    x = torch.zeros(2, 3, 16, 16)
    x[1, 2, 3, 4] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        to_uint8(x)


def test_no_sprites_are_no_sprites() -> None:
    assert to_uint8(to_float(np.zeros((0, 16, 16, 3), np.uint8))).shape == (0, 16, 16, 3)


def test_a_colour_as_one_number() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    pixels[0, 0, 0] = (0x12, 0xAB, 0xFF)
    packed = pack_rgb(pixels)
    assert packed.shape == (3, 4, 4)
    assert packed[0, 0, 0] == 0x12ABFF
    assert np.array_equal(unpack_rgb(packed), pixels)


@pytest.mark.parametrize("shape", [(8, 8, 4), (64, 64, 4), (24, 16, 3), (16, 24, 4), (17, 9, 3)])
def test_every_size_and_alpha_go_there_and_back_exactly(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(1).integers(0, 256, (3, *shape), dtype=np.uint8)
    x = to_float(images)
    assert x.shape == (3, shape[2], shape[0], shape[1])
    np.testing.assert_array_equal(to_uint8(x), images)
    expected = (images.astype(np.int64).transpose(0, 3, 1, 2) - 127.5) / 127.5
    np.testing.assert_allclose(x.numpy(), expected, rtol=0, atol=1e-7)


def test_colours_are_packed_in_one_number_each() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (4, 8, 9, 4), dtype=np.uint8)
    rgb, rgba = pack_rgb(pixels[..., :3]), pack_rgb(pixels)
    assert (rgb.dtype, rgba.dtype) == (np.int32, np.int64)
    np.testing.assert_array_equal(unpack_rgb(rgb), pixels[..., :3])
    np.testing.assert_array_equal(unpack_rgb(rgba, 4), pixels)
    assert pack_rgb(np.array([1, 2, 3], np.uint8)) == 0x010203
    # What is opaque is the same number with alpha and without.
    opaque = pixels.copy()
    opaque[..., 3] = 255
    np.testing.assert_array_equal(pack_rgb(opaque), rgb)
    assert pack_rgb(np.array([1, 2, 3, 0], np.uint8)) == 0xFF010203


def test_sprites_have_8_to_64_pixels_a_side_and_one_size() -> None:
    assert [is_sprite_shape(shape) for shape in ((8, 64, 3), (64, 8, 4))] == [True, True]
    for shape in ((7, 16, 3), (16, 65, 3), (16, 16, 1), (16, 16, 5), (16, 16), (1, 16, 16, 3)):
        assert not is_sprite_shape(shape)
    a, b = np.zeros((1, 24, 16, 4), np.uint8), np.zeros((1, 16, 24, 3), np.uint8)
    assert size_words(a) == "16 x 24 RGBA"
    with pytest.raises(ValueError, match="b must be of the same size as the others: 16 x 24 RGBA, not 24 x 16 RGB"):
        require_sprites(a=a, b=b)
