"""Aseprite files as they are written: by our reader, and by one that shares no code with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm import load_sprites
from ddpm.pixels.exporting.aseprite_file import aseprite_file
from ddpm.pixels.exporting.kinds import kinds_together
from ddpm.pixels.exporting.palette_files import colours_used
from ddpm.pixels.sheets import sprite_names
from ddpm.sprites.readers.picture_files.pictures import read_picture
from tests.ddpm.pixels.exporting.files import CASES, drawings, kinds_of, take_apart


def with_alpha(images: np.ndarray) -> np.ndarray:
    opaque = np.full((*images.shape[:3], 1), 255, np.uint8)
    return images if images.shape[-1] == 4 else np.concatenate([images, opaque], axis=-1)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_frame_each(case: tuple[int, int, int], tmp_path: Path) -> None:
    kinds = kinds_of(64)
    order = kinds_together(kinds)
    images, kinds = drawings(64, *case)[order], [kinds[number] for number in order]
    data = aseprite_file(images, kinds=kinds)
    picture = read_picture(data, "x.aseprite")
    np.testing.assert_array_equal(picture.frames, with_alpha(images))
    assert picture.tags == tuple(kinds)
    assert picture.left_out == ()
    (tmp_path / "x.aseprite").write_bytes(data)
    loaded = load_sprites(tmp_path / "x.aseprite")
    np.testing.assert_array_equal(loaded.images, images)

    found = take_apart(data)
    assert found.durations == [100] * 64
    assert found.layers == [("Sprites", True, 0, 0)]
    assert [name for _, _, name in found.tags] == list(dict.fromkeys(kinds))
    assert [cel[:2] for cel in found.cels] == [(number, 0) for number in range(64)]
    np.testing.assert_array_equal([cel[2] for cel in found.cels], with_alpha(images))
    assert data == aseprite_file(images.copy(), kinds=kinds)


def shown_alone(data: bytes, layer: int, layers: int) -> bytes:
    """The file with this layer of its first frame visible, and no other layer but the groups."""
    changed, at, number = bytearray(data), 128 + 16, 0
    while number < layers:
        if changed[at + 4 : at + 6] == b"\x04\x20":
            if changed[at + 8] == 0:  # an image, no group
                changed[at + 6] = changed[at + 6] & ~1 | (number == layer)
            number += 1
        at += int.from_bytes(changed[at : at + 4], "little")
    return bytes(changed)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("with_kinds", [False, True])
def test_a_layer_each(case: tuple[int, int, int], with_kinds: bool) -> None:
    kinds = sorted(kinds_of(64)) if with_kinds else []
    images, names = drawings(64, *case), sprite_names(64, "x", kinds)
    data = aseprite_file(images, names, kinds, each="layer")
    found = take_apart(data)
    assert len(found.durations) == 1
    assert found.tags == []
    assert [name for name, _, kind, _ in found.layers if kind == 1] == list(dict.fromkeys(kinds))
    pictures = [number for number, layer in enumerate(found.layers) if layer[2] == 0]
    assert [found.layers[number][0] for number in pictures] == names
    assert {found.layers[number][3] for number in pictures} == {int(with_kinds)}
    # As it is opened the first sprite is shown; each of the others, if it is turned on alone.
    np.testing.assert_array_equal(read_picture(data, "x").frames, with_alpha(images[:1]))
    for number, image in zip(pictures, with_alpha(images), strict=True):
        np.testing.assert_array_equal(read_picture(shown_alone(data, number, len(found.layers)), "x").frames[0], image)


@pytest.mark.parametrize("channels", [3, 4])
def test_the_palette_is_the_colours_used(channels: int) -> None:
    images = drawings(64, channels, 16, 16)
    colours = colours_used(images)
    assert len(colours) > 256
    assert take_apart(aseprite_file(images)).palette == [(*colour, 255) for colour in colours[:256].tolist()]
    few = images[:2]
    assert take_apart(aseprite_file(few)).palette == [(*colour, 255) for colour in colours_used(few).tolist()]
    nothing = np.zeros((2, 16, 16, 4), np.uint8)
    assert take_apart(aseprite_file(nothing)).palette == [(0, 0, 0, 255)]
    np.testing.assert_array_equal(read_picture(aseprite_file(nothing), "x").frames, nothing)


def test_kinds_that_are_not_all_known() -> None:
    images = drawings(5, 4, 16, 24)
    kinds = ["", "猫" * 300, "", "b", "b"]
    found = take_apart(aseprite_file(images, kinds=kinds))
    assert found.tags == [(1, 1, "猫" * 200), (3, 4, "b")]
    layers = take_apart(aseprite_file(images, kinds=kinds, each="layer")).layers
    assert [(name, kind, level) for name, _, kind, level in layers] == [
        ("001", 0, 0), ("猫" * 200, 1, 0), ("002", 0, 1), ("003", 0, 0), ("b", 1, 0), ("004", 0, 1), ("005", 0, 1),
    ]  # fmt: skip


def test_what_the_format_cannot_number_is_refused() -> None:
    tiny = np.zeros((0x10000, 1, 1, 4), np.uint8)
    for each in ("frame", "layer"):
        with pytest.raises(ValueError, match="65,535"):
            aseprite_file(tiny, each=each)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="65,535"):
        aseprite_file(tiny[:0xFFFF], kinds=["a"] * 0xFFFF, each="layer")
    assert len(take_apart(aseprite_file(tiny[:0xFFFF], each="layer")).layers) == 0xFFFF
    with pytest.raises(ValueError, match="at least one"):
        aseprite_file(tiny[:0])
    with pytest.raises(ValueError, match="3 sprites need"):
        aseprite_file(tiny[:3], kinds=["a"])
    with pytest.raises(ValueError, match="3 sprites need"):
        aseprite_file(tiny[:3], ["a"])
