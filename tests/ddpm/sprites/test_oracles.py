"""What Pillow and numpy read right, our door reads right: generated files, held against both."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ddpm.sprites import SpriteError, load_sprites
from tests.ddpm.sprite_files import chunk, noise_sprites, npy_bytes, png_bytes, raw_png, write

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_FORMS = [(depth, 0) for depth in (1, 2, 4, 8, 16)] + [(depth, 3) for depth in (1, 2, 4, 8)]
_FORMS += [(depth, colour) for depth in (8, 16) for colour in (2, 4, 6)]
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # Adam7


def _lines(samples: np.ndarray, depth: int) -> bytes:
    """Unfiltered scan lines of values (H, W, C)."""
    lines = []
    for row in samples.reshape(len(samples), -1):
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        else:
            bits = (row[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            packed = np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
        lines.append(b"\0" + packed)
    return b"".join(lines)


def _encode(samples: np.ndarray, depth: int, colour: int, extra: bytes = b"", interlaced: bool = False) -> bytes:
    height, width = samples.shape[:2]
    parts = [samples[y::down, x::across] for x, y, across, down in _PASSES] if interlaced else [samples]
    data = raw_png(width, height, depth, colour, b"".join(_lines(part, depth) for part in parts), extra)
    if not interlaced:
        return data
    header = bytearray(data[12:29])
    header[16] = 1
    return data[:8] + chunk(bytes(header[:4]), bytes(header[4:])) + data[33:]


def _on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    alpha = alpha[..., None].astype(int)
    return ((rgb.astype(int) * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _check(path: Path, rgba: np.ndarray) -> None:
    """The door gives these pixels, uint8 (H, W, 4), without an alpha that hides nothing, and the same on white."""
    kept, laid = load_sprites(path), load_sprites(path, background="white")
    is_opaque = bool((rgba[..., 3] == 255).all())
    assert (kept.shape[0], laid.shape[0]) == (3 if is_opaque else 4, 3)
    wanted = rgba[..., :3] if is_opaque else np.where(rgba[..., 3:] == 0, 0, rgba)
    np.testing.assert_array_equal(kept.images[0], wanted)
    np.testing.assert_array_equal(laid.images[0], _on_white(rgba[..., :3], rgba[..., 3]))


def _by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def _opaque(rgb: np.ndarray) -> np.ndarray:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255)]).astype(np.uint8)


def _samples(depth: int, colour: int) -> np.ndarray:
    return np.random.default_rng(depth * 8 + colour).integers(0, 1 << depth, (16, 16, _CHANNELS[colour]))


def _palette(depth: int) -> np.ndarray:
    return np.random.default_rng(depth).integers(0, 256, (1 << depth, 3), dtype=np.uint8)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("depth", "colour"), _FORMS)
def test_every_depth_and_colour_type(tmp_path: Path, depth: int, colour: int, interlaced: bool) -> None:
    samples = _samples(depth, colour)
    extra = chunk(b"PLTE", _palette(depth).tobytes()) if colour == 3 else b""
    data = _encode(samples, depth, colour, extra, interlaced)
    if (depth, colour) == (16, 0):  # Pillow gives the deep values, and clips them in a conversion of its own
        deep = np.asarray(Image.open(io.BytesIO(data))).astype(float)
        wanted = _opaque(np.repeat(np.rint(deep / 257)[..., None], 3, axis=-1))
    else:
        wanted = _by_pillow(data)
    _check(write(tmp_path / "x.png", data), wanted)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("depth", "colour"), [form for form in _FORMS if form[1] in (0, 2)])
def test_the_transparent_colour_is_exactly_one(tmp_path: Path, depth: int, colour: int, interlaced: bool) -> None:
    samples = _samples(depth, colour)
    clear = samples[5, 5].copy()
    samples[3] = clear
    samples[4] = clear ^ 1  # in a deep picture it has the same upper byte
    data = _encode(samples, depth, colour, chunk(b"tRNS", clear.astype(">u2").tobytes()), interlaced)
    opaque = load_sprites(write(tmp_path / "y.png", _encode(samples, depth, colour, b"", interlaced))).images[0]
    is_clear = (samples == clear).all(axis=-1)
    assert is_clear[3].all()
    assert not is_clear[4].any()
    wanted = np.where(is_clear[..., None], np.uint8(0), _opaque(opaque))
    _check(write(tmp_path / "x.png", data), wanted)


def test_only_the_bits_of_the_depth_say_what_is_clear(tmp_path: Path) -> None:
    samples = _samples(8, 2)
    clear = struct.pack(">3H", *(int(value) + 0x300 for value in samples[2, 2]))
    wanted = np.where((samples == samples[2, 2]).all(-1)[..., None], np.uint8(0), _opaque(samples))
    _check(write(tmp_path / "x.png", _encode(samples, 8, 2, chunk(b"tRNS", clear))), wanted)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("length", ["one", "half", "all"])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_transparent_palettes(tmp_path: Path, depth: int, length: str, interlaced: bool) -> None:
    count = {"one": 1, "half": 1 << (depth - 1), "all": 1 << depth}[length]
    alphas = bytes([0]) if length == "one" else np.random.default_rng(9).integers(0, 256, count, np.uint8).tobytes()
    extra = chunk(b"PLTE", _palette(depth).tobytes()) + chunk(b"tRNS", alphas)
    data = _encode(_samples(depth, 3), depth, 3, extra, interlaced)
    _check(write(tmp_path / "x.png", data), _by_pillow(data))


# What lies beside the pixels

_NOISE = np.random.default_rng(0).bytes(3 << 20)
_BESIDE = {
    "a long text": chunk(b"tEXt", b"a\0" + _NOISE),
    "a long packed text": chunk(b"zTXt", b"a\0\0" + zlib.compress(_NOISE, 0)),
    "a long note of Adobe's": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"y" * (3 << 20)),
    "a long packed note": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(_NOISE, 0)),
    "a long profile": chunk(b"iCCP", b"p\0\0" + zlib.compress(_NOISE, 0)),
    "a long camera note": chunk(b"eXIf", _NOISE),
    "a private chunk": chunk(b"prVt", _NOISE),
    "a broken profile": chunk(b"iCCP", b"p\0\0garbage"),
    "a gamma": chunk(b"gAMA", struct.pack(">I", 10_000)),
    "a gamma that is cut": chunk(b"gAMA", b"\0"),
    "a size in metres": chunk(b"pHYs", struct.pack(">IIB", 1, 2, 1)),
    "a background": chunk(b"bKGD", b"\0\1\0\2\0\3"),
    "a damaged text": chunk(b"tEXt", b"a\0b")[:-1] + b"!",
    "a text called transparency": chunk(b"tEXt", b"transparency\0hello"),
    "a text called interlace": chunk(b"tEXt", b"interlace\0hello"),
    "a text called bbox": chunk(b"tEXt", b"bbox\0hello"),
    "a suggested palette": chunk(b"PLTE", bytes(30)),
}


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("name", _BESIDE)
def test_what_lies_beside_the_pixels_changes_nothing(tmp_path: Path, name: str, place: str) -> None:
    pixels = noise_sprites(1)[0]
    data = png_bytes(pixels)
    at = 33 if place == "before" else len(data) - 12
    path = write(tmp_path / "x.png", data[:at] + _BESIDE[name] + data[at:])
    sprites = load_sprites(path)
    np.testing.assert_array_equal(sprites.images[0], pixels)
    assert sprites.notes == ()


def test_pixels_in_many_small_chunks(tmp_path: Path) -> None:
    pixels = noise_sprites(1)[0]
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    parts = b"".join(chunk(b"IDAT", packed[at : at + 1]) + chunk(b"IDAT", b"") for at in range(len(packed)))
    whole = raw_png(16, 16, 8, 2, b"")
    path = write(tmp_path / "x.png", whole[:33] + parts + chunk(b"IEND", b""))
    np.testing.assert_array_equal(load_sprites(path).images[0], pixels)


@pytest.mark.parametrize("megabytes", [2, 80])
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "start"),
    [(b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"p\0\0")],
    ids=["zTXt", "iTXt", "iCCP"],
)
def test_bombs_of_text_are_refused(tmp_path: Path, kind: bytes, start: bytes, place: str, megabytes: int) -> None:
    data, bomb = png_bytes(noise_sprites(1)[0]), chunk(kind, start + zlib.compress(bytes(megabytes << 20)))
    at = 33 if place == "before" else len(data) - 12
    path = write(tmp_path / "x.png", data[:at] + bomb + data[at:])
    with pytest.raises(SpriteError, match=r"x\.png is a PNG with compressed text that unpacks from"):
        load_sprites(path)


def test_all_pictures_of_an_animation_are_taken(tmp_path: Path) -> None:
    file = io.BytesIO()
    first, *others = (Image.fromarray(image) for image in noise_sprites(4))
    first.save(file, "PNG", save_all=True, append_images=others)
    sprites = load_sprites(write(tmp_path / "x.png", file.getvalue()))
    np.testing.assert_array_equal(sprites.images, noise_sprites(4))
    assert sprites.notes == ()
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder" / "walk.png", file.getvalue())
    walk = load_sprites(tmp_path / "folder")
    np.testing.assert_array_equal(walk.images, noise_sprites(4))
    assert walk.notes == ("folder: 1 of 1 file: 1 animation of 16 x 16 with 4 frames.",)


# .npy

_HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 16, 16, 3), }"
_HEADERS = {
    "plain": _HEADER,
    "Python 2": _HEADER.replace("5", "5L").replace("16", "16L").replace("3)", "3L)"),
    "padded": _HEADER + " " * 5000 + "\n",
    "as long as numpy takes": _HEADER + " " * (9_999 - len(_HEADER)) + "\n",
    "spaces first": "  " + _HEADER,
    "another order": "{'shape': (5, 16, 16, 3), 'fortran_order': False, 'descr': '|u1'}",
    "a type by name": _HEADER.replace("|u1", "uint8"),
    "one letter": _HEADER.replace("|u1", "B"),
    "big-endian bytes": _HEADER.replace("|u1", ">u1"),
    "text of Python 2": _HEADER.replace("'|u1'", "u'|u1'"),
    "double quotes": _HEADER.replace("'", '"'),
    "other numerals": _HEADER.replace("16", "0x10"),
    "several lines": _HEADER.replace(", ", ",\n "),
    "a comment": _HEADER + " # é",
}


@pytest.mark.filterwarnings("ignore:Reading `.npy`")
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("name", _HEADERS)
def test_headers_that_numpy_reads(tmp_path: Path, name: str, version: int) -> None:
    if (name, version) == ("Python 2", 3):
        pytest.skip("numpy refuses it, since Python 2 never wrote it")
    text = _HEADERS[name].encode("utf-8" if version == 3 else "latin-1")
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    path = write(tmp_path / "x.npy", b"\x93NUMPY" + bytes([version, 0]) + size + text + noise_sprites(5).tobytes())
    np.testing.assert_array_equal(load_sprites(path).images, np.load(path))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["|u1", "<u2", ">u2", "<i2", ">i4", "<i8", ">u8", "<f2", ">f4", "<f8", "longdouble"])
@pytest.mark.parametrize("shape", [(5, 16, 16, 3), (5, 3, 16, 16), (5, 16, 16, 1), (5, 16, 16), (16, 16, 3), (16, 16)])
def test_arrays_that_numpy_reads(tmp_path: Path, shape: tuple[int, ...], dtype: str, order: Any) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape)
    path = write(tmp_path / "x.npy", npy_bytes(np.asarray(values.astype(dtype), order=order)))
    wanted = np.load(path).astype(np.uint8)
    wanted = wanted if shape[0] == 5 else wanted[None]
    wanted = wanted.transpose(0, 2, 3, 1) if shape[1:2] == (3,) else wanted
    wanted = wanted[..., None] if wanted.ndim == 3 else wanted
    np.testing.assert_array_equal(load_sprites(path).images, np.broadcast_to(wanted, (len(wanted), 16, 16, 3)))


class _Pipe(io.RawIOBase):
    """A file that cannot be sought in: archives written to it have data descriptors."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("comment", [b"", b"x" * 60_000])
def test_archives_that_numpy_reads(tmp_path: Path, method: int, wide: bool, comment: bytes) -> None:
    for file in (_Pipe(), io.BytesIO()):
        with zipfile.ZipFile(file, "w", method) as archive:  # type: ignore[arg-type]
            archive.comment = comment
            for name, array in (("images", noise_sprites(5)), ("labels", np.arange(5)), ("a:b", np.zeros(()))):
                with archive.open(f"{name}.npy", "w", force_zip64=wide) as member:
                    member.write(npy_bytes(array))
        path = write(tmp_path / "x.npz", file.data if isinstance(file, _Pipe) else file.getvalue())
        with np.load(path) as loaded:
            np.testing.assert_array_equal(load_sprites(path).images, loaded["images"])
            np.testing.assert_array_equal(load_sprites(path).labels, loaded["labels"])
        assert load_sprites(path).notes == ("x.npz: 1 other array left out (a:b).",)


# Labels


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("dtype", ["U", "S", ">U5", "S30"])
def test_labels_of_text_are_classes(tmp_path: Path, dtype: str, column: bool, packed: bool) -> None:
    labels = np.array(["food", "hero", "food", "10", "2"]).astype(dtype)
    labels = labels[:, None] if column else labels
    if packed:
        np.savez(tmp_path / "x.npz", images=noise_sprites(5), labels=labels)
    else:
        np.save(tmp_path / "x.npy", noise_sprites(5))
        np.save(tmp_path / "x_labels.npy", labels)
    sprites = load_sprites(tmp_path / ("x.npz" if packed else "x.npy"))
    assert sprites.label_names == ("10", "2", "food", "hero")
    assert sprites.labels is not None
    assert sprites.labels.tolist() == [2, 3, 2, 0, 1]


def test_labels_that_become_equal_when_they_are_made_plain_stay_apart(tmp_path: Path) -> None:
    long = "x" * 70
    labels = np.array([f"{long}1", f"{long}2", "a", "a\x07", " a"])
    np.savez(tmp_path / "x.npz", images=noise_sprites(5), labels=labels)
    sprites = load_sprites(tmp_path / "x.npz")
    assert sprites.labels is not None
    assert sprites.label_names == ("a", "a (2)", "a (3)", long[:60], f"{long[:60]} (2)")
    assert sprites.labels.tolist() == [3, 4, 1, 2, 0]
    np.savez(tmp_path / "y.npz", images=noise_sprites(5), labels=np.arange(5) % 2, label_names=np.array([b"b", b"b"]))
    assert load_sprites(tmp_path / "y.npz").label_names == ("b", "b (2)")


def test_too_many_texts_and_broken_ones_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.tile(noise_sprites(3), (400, 1, 1, 1)))
    np.save(tmp_path / "x_labels.npy", np.array([str(number) for number in range(1200)]))
    with pytest.raises(SpriteError, match="1,200 different texts"):
        load_sprites(tmp_path / "x.npy")
    np.save(tmp_path / "x_labels.npy", np.full((1200, 2), "a"))
    with pytest.raises(SpriteError, match="Labels are class numbers or texts"):
        load_sprites(tmp_path / "x.npy")
    broken = npy_bytes(np.full(1200, "a"))
    write(tmp_path / "x_labels.npy", broken[:-4] + b"\xff\xff\xff\xff")
    with pytest.raises(SpriteError, match="not valid Unicode"):
        load_sprites(tmp_path / "x.npy")
    assert os.listdir(tmp_path / "home" / "sprites") in ([], ["sources"])
