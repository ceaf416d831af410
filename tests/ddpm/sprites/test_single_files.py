"""Single pictures, and sheets that are cut into sprites: to the pixel, and told how."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ddpm.pixels.sheets import sheet_png
from ddpm.pixels.transparency import lay_on
from ddpm.sprites import SpriteDataset, load_sprites
from ddpm.sprites.builtin.generate import generate
from ddpm.sprites.readers.sheets.sheet_layout import Grid, GridQuestion, parse_tile
from tests.ddpm.sprite_files import chunk, lay_out, noise_sprites, png_bytes, raw_png, refused, write
from tests.ddpm.sprites.pixel_art import icons, on
from tests.ddpm.sprites.pixel_art import lay_out as lay_out_rgba


@lru_cache(maxsize=8)
def drawings(count: int) -> np.ndarray:
    """uint8 (count, 16, 16, 3): sprites on white, as sheets hold them."""
    return generate(count, 0).images


def icons_on_white(count: int, side: int) -> np.ndarray:
    return on(icons(count, side, side), (255, 255, 255))[..., :3]


def load(folder: Path, pixels: np.ndarray, **options: object) -> SpriteDataset:
    return load_sprites(write(folder / "x.png", png_bytes(pixels)), **options)  # type: ignore[arg-type]


def noted(pixels: np.ndarray, **note: object) -> bytes:
    info = PngInfo()
    info.add_text("ddpm:sheet", json.dumps(note))
    return png_bytes(pixels, pnginfo=info)


# Sheets


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 10])
@pytest.mark.parametrize(("gap", "margin"), [(0, 0), (1, 0), (2, 0), (0, 3), (2, 1)])
def test_a_sheet_gives_its_sprites_whatever_its_scale(tmp_path: Path, scale: int, gap: int, margin: int) -> None:
    images = noise_sprites(12)
    sprites = load(tmp_path, lay_out(images, 4, gap, margin, scale), tile=16, gap=gap, margin=margin)
    np.testing.assert_array_equal(sprites.images, images)
    again = load_sprites(sprites.source)
    assert again.source == sprites.source
    np.testing.assert_array_equal(again.images, images)


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("gap", [0, 1, 2])
def test_an_exported_sheet_gives_the_same_pixels(tmp_path: Path, scale: int, gap: int) -> None:
    white, black = np.full((2, 16, 16, 3), 255, np.uint8), np.zeros((1, 16, 16, 3), np.uint8)
    images = np.concatenate([noise_sprites(5), white, black, white])  # ends with sprites that are blank
    sheet = lay_out(images, 4, gap, 0, scale)
    path = write(tmp_path / "x.png", noted(sheet, tile=16, gap=gap, margin=0, scale=scale, count=len(images)))
    np.testing.assert_array_equal(load_sprites(path).images, images)


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("gap", [0, 2])
@pytest.mark.parametrize("size", [(16, 16), (32, 24), (8, 40)])
def test_an_exported_sheet_is_read_back(tmp_path: Path, scale: int, gap: int, size: tuple[int, int]) -> None:
    images = np.concatenate([noise_sprites(6), np.full((1, 16, 16, 3), 255, np.uint8)])
    if size != (16, 16):
        images = icons(7, *size)
        images[6] = 0
    path = write(tmp_path / "x.png", sheet_png(images, 3, scale, gap))
    np.testing.assert_array_equal(load_sprites(path).images, images)


NOTE = {"tile": 16, "gap": 0, "margin": 0, "scale": 1, "count": 64}


@pytest.mark.parametrize(
    "note",
    [
        *(NOTE | {"scale": 5}, NOTE | {"gap": 1}, NOTE | {"count": 65}, NOTE | {"count": 0}, NOTE | {"scale": 0}),
        *(NOTE | {"gap": -16}, NOTE | {"tile": 48, "count": 1}, NOTE | {"count": True}, {"tile": "16"}, {}),
        *(
            NOTE | {"tile": [16, 7]},
            NOTE | {"tile": [16]},
            NOTE | {"tile": [16, 16, 16]},
            NOTE | {"scale": 2, "count": 4},
        ),
    ],
)
def test_a_note_that_does_not_fit_the_sheet_is_not_believed(tmp_path: Path, note: dict[str, object]) -> None:
    images = drawings(64)
    sprites = load_sprites(write(tmp_path / "x.png", noted(lay_out(images, 8), **note)))
    np.testing.assert_array_equal(sprites.images, images)
    assert "x.png: its own note of its layout does not fit it, and is not followed." in sprites.notes


def test_a_note_of_any_text_is_harmless(tmp_path: Path) -> None:
    for text in ("", "[1]", "null", "[" * 900, "{" * 900, "9" * 900):
        info = PngInfo()
        info.add_text("ddpm:sheet", text)
        path = write(tmp_path / "x.png", png_bytes(lay_out(drawings(64), 8), pnginfo=info))
        np.testing.assert_array_equal(load_sprites(path).images, drawings(64))


@pytest.mark.parametrize("value", [0, 100, 255])
@pytest.mark.parametrize("size", [(16, 16), (32, 32), (16, 48), (300, 300), (1, 1)])
def test_a_picture_of_one_colour_holds_no_drawing(tmp_path: Path, value: int, size: tuple[int, int]) -> None:
    for channels in (3, 4):
        flat = write(tmp_path / "x.png", png_bytes(np.full((*size, channels), value, np.uint8)))
        refused(flat, "x.png is empty or of a single colour")
        refused(flat, "x.png", tile=16)


def test_a_sheet_is_cut_and_that_is_told(tmp_path: Path) -> None:
    images = drawings(48)
    page = np.pad(lay_out(images, 8), ((0, 32), (0, 0), (0, 0)), constant_values=255)
    for scale in (1, 3):
        path = write(tmp_path / "x.png", png_bytes(page.repeat(scale, 0).repeat(scale, 1)))
        sprites = load_sprites(path)
        np.testing.assert_array_equal(sprites.images, images)
        times = f", the picture {scale} times smaller" if scale > 1 else ""
        assert sprites.notes[0].startswith(f"x.png: cut into 8 x 8 of tile 16x16{times} (")
        assert sprites.notes[1:] == ("x.png: 16 blank cells left out (a single colour).",)
        asked = load_sprites(path, tile="16x16")
        assert asked.fingerprint == sprites.fingerprint
        assert asked.notes[0] == f"x.png: cut into 8 x 8 of tile 16x16{times} (as asked)."


def trailing(images: np.ndarray, columns: int, gap: int, scale: int = 1) -> np.ndarray:
    """A sheet whose every tile is followed by a gap, the last ones too."""
    page = np.pad(lay_out(images, columns, gap), ((0, gap), (0, gap), (0, 0)), constant_values=255)
    return page.repeat(scale, 0).repeat(scale, 1)


def extruded(images: np.ndarray) -> np.ndarray:
    return np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")


# All are sheets whose sides 16 divides, and cutting them so would be wrong.
DOUBTFUL: dict[str, tuple[np.ndarray, np.ndarray, dict[str, int]]] = {
    "16 tiles of 17 fill 272 pixels": (trailing(drawings(256), 16, 1), drawings(256), {"tile": 16, "gap": 1}),
    "four times larger": (trailing(drawings(256), 16, 1, scale=4), drawings(256), {"tile": 16, "gap": 1}),
    "8 tiles of 18": (trailing(drawings(64), 8, 2), drawings(64), {"tile": 16, "gap": 2}),
    "margin 1, gap 2": (lay_out(drawings(64), 8, 2, 1), drawings(64), {"tile": 16, "margin": 1, "gap": 2}),
    "repeated edges": (
        lay_out(extruded(noise_sprites(64)), 8),
        noise_sprites(64),
        {"tile": 16, "margin": 1, "gap": 2},
    ),
    "a margin and a gap of 1": (lay_out(drawings(225), 15, 1, 1), drawings(225), {"tile": 16, "margin": 1, "gap": 1}),
    "nine tiles of 18 without the last gap": (lay_out(drawings(81), 9, 2), drawings(81), {"tile": 16, "gap": 2}),
    "noise with gaps": (trailing(noise_sprites(256), 16, 1), noise_sprites(256), {"tile": 16, "gap": 1}),
    "tiles of 8": (lay_out(icons_on_white(256, 8), 16), icons_on_white(256, 8), {"tile": 8}),
    "twice as large, with gaps": (lay_out(drawings(81), 9, 1, scale=2), drawings(81), {"tile": 16, "gap": 1}),
    "tiles of 32": (lay_out(icons_on_white(64, 32), 8), icons_on_white(64, 32), {"tile": 32}),
    "tiles of 24": (lay_out(icons_on_white(64, 24), 8), icons_on_white(64, 24), {"tile": 24}),
    "tiles of 20": (lay_out(icons_on_white(64, 20), 8), icons_on_white(64, 20), {"tile": 20}),
    "tiles of 28": (lay_out(icons_on_white(64, 28), 8), icons_on_white(64, 28), {"tile": 28}),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_size_that_divides_proves_nothing(tmp_path: Path, name: str) -> None:
    page, images, options = DOUBTFUL[name]
    assert page.shape[0] % 16 == page.shape[1] % 16 == 0
    path = write(tmp_path / "x.png", png_bytes(page))
    np.testing.assert_array_equal(load_sprites(path, **options).images, images)  # type: ignore[arg-type]
    try:
        found, grids = load_sprites(path), []
    except GridQuestion as question:
        found, grids = None, [cut.grid for cut in question.cuts]
    if found is None:
        assert Grid(parse_tile(options["tile"]), options.get("margin", 0), options.get("gap", 0)) in grids
    else:
        np.testing.assert_array_equal(found.images, images)


def test_art_of_larger_pixels_is_read_in_its_own_size_and_that_is_told(tmp_path: Path) -> None:
    small = icons(1, 8, 8)[0]
    large = small.repeat(2, 0).repeat(2, 1)
    sprites = load(tmp_path, large)
    np.testing.assert_array_equal(sprites.images[0], small)
    assert "the picture 2 times smaller" in sprites.notes[0]
    # A side of 4 is too small for a sprite.
    tiny = noise_sprites(1)[0, :4, :4].repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(load(tmp_path, tiny).images[0], tiny)


@pytest.mark.parametrize("scale", [2, 3])
def test_a_tile_is_in_pixels_of_the_art_or_of_the_file(tmp_path: Path, scale: int) -> None:
    images = noise_sprites(6)
    page = lay_out(images, 3, gap=1, margin=2, scale=scale)
    np.testing.assert_array_equal(load(tmp_path, page, tile=16, gap=1, margin=2).images, images)
    large = images.repeat(scale, 1).repeat(scale, 2)
    np.testing.assert_array_equal(load(tmp_path, lay_out(large, 2, gap=1), tile=16 * scale, gap=1).images, large)


@pytest.mark.parametrize("size", [(11, 11), (8, 16), (24, 9)])
def test_tiles_of_any_size_stay_as_they_are(tmp_path: Path, size: tuple[int, int]) -> None:
    tiles = icons(6, *size)
    page = lay_out_rgba(tiles, 3)
    for scale in (1, 3):
        sprites = load(tmp_path, page.repeat(scale, 0).repeat(scale, 1), tile=size)
        np.testing.assert_array_equal(sprites.images, tiles)
        assert sprites.source.endswith(f"?tile={size[0]}x{size[1]}")


@pytest.mark.parametrize("margin", [0, 2])
@pytest.mark.parametrize("gap", [1, 2, 5])
def test_a_gap_after_the_last_tile_belongs_to_the_grid(tmp_path: Path, gap: int, margin: int) -> None:
    page = trailing(noise_sprites(12), 4, gap)
    page = np.pad(page, ((margin, margin), (margin, margin), (0, 0)))
    page = page[: page.shape[0] - margin, : page.shape[1] - margin]
    np.testing.assert_array_equal(load(tmp_path, page, tile=16, gap=gap, margin=margin).images, noise_sprites(12))


@pytest.mark.parametrize("colour", [(255, 255, 255, 255), (0, 0, 0, 255), (255, 0, 255, 255), (9, 8, 7, 0)])
@pytest.mark.parametrize("gap", [0, 1])
def test_blank_cells_are_dropped_wherever_they_are_and_counted(
    tmp_path: Path, colour: tuple[int, int, int, int], gap: int
) -> None:
    tiles = np.concatenate([noise_sprites(12), np.full((12, 16, 16, 1), 255, np.uint8)], axis=-1)
    tiles[[0, 5, 7, 11]] = colour
    path = write(tmp_path / "x.png", png_bytes(lay_out_rgba(tiles, 4, gap, ground=(0, 0, 0, 255))))
    options: dict[str, object]
    for options in ({"tile": 16, "gap": gap}, {"tile": "16x16", "gap": str(gap)}):
        sprites = load_sprites(path, **options)  # type: ignore[arg-type]
        np.testing.assert_array_equal(sprites.images, np.delete(noise_sprites(12), [0, 5, 7, 11], 0))
        assert "x.png: 4 blank cells left out (a single colour)." in sprites.notes


@pytest.mark.parametrize(
    ("size", "options", "words"),
    [
        ((7, 40), {}, "40 x 7 pixels: too small"),
        ((67, 71), {}, "x.png is 71 x 67 pixels, and shows no grid"),
        ((20, 20), {"tile": 16}, "x.png is 20 x 20 pixels: tile 16x16 does not fit"),
        ((32, 32), {"tile": 16, "gap": 1}, "tile 16x16, gap 1 does not fit"),
        ((32, 32), {"tile": 16, "margin": 1}, "tile 16x16, margin 1 does not fit"),
        ((32, 32), {"margin": 40}, "no tile fits with margin 40 and gap 0"),
        ((32, 32), {"tile": 64}, "tile 64x64 does not fit"),
        ((32, 32), {"tile": 128}, "8 to 64"),
        ((28, 28), {"tile": 7}, "8 to 64"),
        ((32, 32), {"tile": "16x"}, "write it as 16, 32x32 or 16x24"),
        ((32, 32), {"gap": -1}, "gap must be a whole number"),
        ((32, 32), {"margin": "a"}, "margin must be a whole number"),
        ((32, 32), {"margin": True}, "margin must be a whole number"),
        ((32, 32), {"background": "red"}, "background is auto, white or #rrggbb"),
        ((32, 32), {"centre": "maybe"}, "centre is 1 or 0"),
    ],
)
def test_a_sheet_that_does_not_fit_says_what_to_give(
    tmp_path: Path, size: tuple[int, int], options: dict[str, object], words: str
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    refused(write(tmp_path / "x.png", png_bytes(pixels)), words, **options)


# Colour types


def test_colour_types_give_the_same_sprite(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (12, 3), dtype=np.uint8)
    pixels = colours[np.random.default_rng(1).integers(0, 12, (16, 16))]
    image = Image.fromarray(pixels)
    palette = image.quantize(12)
    for form in (image, image.convert("RGBA"), palette):
        form.save(tmp_path / "x.png")
        sprites = load_sprites(tmp_path / "x.png")
        assert sprites.shape == (3, 16, 16)  # alpha that hides nothing is none
        np.testing.assert_array_equal(sprites.images[0], pixels)


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_is_read(tmp_path: Path, mode: str) -> None:
    grey = noise_sprites(1)[0, ..., 0] // 128 * 255 if mode == "1" else noise_sprites(1)[0, ..., 0]
    Image.fromarray(grey).convert(mode).save(tmp_path / "x.png")
    np.testing.assert_array_equal(load_sprites(tmp_path / "x.png").images[0], np.stack([grey] * 3, -1))


def both(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A sprite as it is, RGBA, and on white, RGB."""
    kept, laid = load_sprites(path), load_sprites(path, background="white")
    assert (kept.background, laid.background) == (None, "#ffffff")
    assert (kept.shape, laid.shape) == ((4, 16, 16), (3, 16, 16))
    return kept.images[0], laid.images[0]


def test_transparency_in_all_its_forms_is_kept_or_laid_on_white(tmp_path: Path) -> None:
    pixels = noise_sprites(1)[0]
    hidden = np.dstack([pixels, np.full((16, 16), 255, np.uint8)])
    hidden[:4, :, 3] = 0
    expected = pixels.copy()
    expected[:4] = 255
    kept, laid = both(write(tmp_path / "x.png", png_bytes(hidden)))
    np.testing.assert_array_equal(laid, expected)
    np.testing.assert_array_equal(kept, np.where(hidden[..., 3:] > 0, hidden, 0))

    index = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rows = b"".join(b"\0" + row.tobytes() for row in index)
    palette = np.random.default_rng(3).integers(0, 255, (256, 3), dtype=np.uint8)
    extra = chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", bytes([0, 128, 0]))
    path = write(tmp_path / "x.png", raw_png(16, 16, 8, 3, rows, extra))
    kept, laid = (image.reshape(256, -1) for image in both(path))
    assert laid[0].tolist() == laid[2].tolist() == [255, 255, 255]
    assert np.abs(laid[1].astype(float) - (palette[1] * (128 / 255) + 127)).max() <= 1
    np.testing.assert_array_equal(laid[3:], palette[3:])
    assert kept[:3].tolist() == [[0, 0, 0, 0], [*palette[1].tolist(), 128], [0, 0, 0, 0]]
    np.testing.assert_array_equal(kept[3:, :3], palette[3:])

    four = b"".join(b"\0" + bytes([0b00011011] * 4) for _ in range(16))  # 2-bit grey: 0, 1, 2, 3
    path = write(tmp_path / "x.png", raw_png(16, 16, 2, 0, four, chunk(b"tRNS", b"\0\1")))
    kept, laid = (load_sprites(path, tile=16, background=colour).images[0] for colour in (None, "white"))
    assert laid[0, :4, 0].tolist() == [0, 255, 170, 255]
    assert kept[0, :4].tolist() == [[0, 0, 0, 255], [0, 0, 0, 0], [170, 170, 170, 255], [255, 255, 255, 255]]

    deep = noise_sprites(1)[0, ..., 0].astype(np.uint16) * 257
    clear = chunk(b"tRNS", int(deep[5, 5]).to_bytes(2, "big"))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    kept, laid = both(write(tmp_path / "x.png", raw_png(16, 16, 16, 0, rows, clear)))
    np.testing.assert_array_equal(laid[..., 0], np.where(deep == deep[5, 5], 255, deep // 257))
    np.testing.assert_array_equal(kept[..., 3], np.where(deep == deep[5, 5], 0, 255))


def test_an_animation_gives_all_its_frames(tmp_path: Path) -> None:
    first, second = noise_sprites(2)
    file = io.BytesIO()
    Image.fromarray(first).save(file, "PNG", save_all=True, append_images=[Image.fromarray(second)])
    sprites = load_sprites(write(tmp_path / "x.png", file.getvalue()))
    np.testing.assert_array_equal(sprites.images, np.stack([first, second]))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WebP", "ICO"])
def test_other_pictures_called_png_are_what_they_are(tmp_path: Path, kind: str) -> None:
    image = icons(1)[0] // 128 * 255
    file = io.BytesIO()
    options: dict[str, object] = {"lossless": True} if kind == "WebP" else {}
    Image.fromarray(image).save(file, kind, **options)
    sprites = load_sprites(write(tmp_path / "x.png", file.getvalue()))
    with Image.open(io.BytesIO(file.getvalue())) as shown:
        pixels = np.asarray(shown.convert("RGBA"))
    np.testing.assert_array_equal(lay_on(np.asarray(sprites.images))[0], lay_on(pixels[None])[0])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("damaged PNG", png_bytes(noise_sprites(1)[0])[:300]),
        ("50,000 x 50,000", raw_png(50_000, 50_000, 8, 2, b"\0")),
        ("JPEG", b"\xff\xd8\xff"),
        ("HTML", b"\n <!DOCTYPE html><html><body>404</body></html>"),
        ("SVG", b"<svg width='16' height='16'/>"),
    ],
)
def test_what_cannot_be_read_is_refused_alone_and_left_out_beside_others(
    tmp_path: Path, kind: str, data: bytes
) -> None:
    refused(write(tmp_path / "x.png", data), "x.png", kind)
    assert not list((tmp_path / "home" / "sprites").glob("*"))
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder" / "x.png", data)
    refused(tmp_path / "folder", "x.png", kind)
    write(tmp_path / "folder" / "good.png", png_bytes(noise_sprites(1)[0]))
    sprites = load_sprites(tmp_path / "folder")
    np.testing.assert_array_equal(sprites.images, noise_sprites(1))
    (left,) = (row for row in sprites.tally if not row.taken)
    assert left.names == ("x.png",)
    assert kind in left.what
