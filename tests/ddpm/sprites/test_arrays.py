"""Sprites from .npy and .npz: every form that is understood, and every fault that is refused."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from tests.ddpm import sprite_files
from tests.ddpm.sprite_files import noise_sprites, npy_bytes, npy_header, npz_bytes, raw_npy, write

LABEL_NAMES = ("hero", "non-hero", "food", "spell", "side-facing")


def refused(path: Path, *words: str) -> str:
    """:func:`sprite_files.refused`, leaving nothing half done in the cache."""
    message = sprite_files.refused(path, *words)
    kept = path.parent / "home" / "sprites"
    assert not kept.exists() or not list(kept.iterdir())
    return message


def load(folder: Path, array: np.ndarray) -> SpriteDataset:
    np.save(folder / "x.npy", array)
    return load_sprites(folder / "x.npy")


# Fault 22


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".png", ".bin"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x93NUMPY", "header"),
        (b"\x93NUMPY\x01", "header"),
        (b"\x93NUMPY\x01\x00\x76", "header"),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr'", "header"),
        (b"\x93NUMPY\x09\x00" + bytes(300), "version 9.0"),
        (b"\x93NUMPY\x01\x07" + bytes(300), "version 1.7"),
        (bytes(5000), "zeros"),
        (bytes(range(256)) * 20, "unknown"),
        (b"\x80\x04\x95" + bytes(100), "pickle"),
        (b"PK\x03\x04" + bytes(50), "archive"),
        (b"x,y\n1,2\n" * 40, "text"),
    ],
)
def test_garbage_is_refused(tmp_path: Path, data: bytes, words: str, suffix: str) -> None:
    refused(write(tmp_path / f"x{suffix}", data), words)


# Faults 23, 24


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (raw_npy("{", length=60_000), "60,000"),
        (raw_npy("{", version=(2, 0), length=4_000_000_000), "4,000,000,000"),
        (raw_npy(npy_header(shape="(5592406, 16, 16, 3)")), "cut short"),
        (raw_npy(npy_header(shape=f"({2**62}, 16, 16, 3)")), "cut short"),
        (raw_npy(npy_header(shape=f"({2**64}, 16, 16, 3)")), "cut short"),
        (raw_npy(npy_header(shape=f"({2**56}, 16, 16, 3)")), "cut short"),  # 2^56 * 768 is 0 modulo 2^64
        (raw_npy(npy_header(shape=f"({2**64}, 0, 16, 3)")), "no sprites"),
        (raw_npy(npy_header(shape="(-1, 16, 16, 3)"), bytes(768)), "impossible shape"),
        (raw_npy(npy_header(shape="(True, 16, 16, 3)"), bytes(768)), "impossible shape"),
        (raw_npy(npy_header(shape="(1.0, 16, 16, 3)"), bytes(768)), "impossible shape"),
        (raw_npy(npy_header(shape="[1, 16, 16, 3]"), bytes(768)), "impossible shape"),
        (raw_npy(npy_header(order="2"), bytes(768)), "damaged header"),
        (raw_npy(npy_header() + "{}", bytes(768)), "damaged header"),
        (raw_npy("[1, 2]", bytes(768)), "damaged header"),
        (raw_npy("__import__('os').abort()", bytes(768)), "damaged header"),
        (raw_npy("(" * 9000, bytes(768)), "damaged header"),
        (raw_npy("-" * 9000 + "1", bytes(768)), "damaged header"),
        (raw_npy("\xff\xfe", bytes(768)), "damaged header"),
        (raw_npy("{'descr': '|u1', 'shape': (1, 16, 16, 3)}", bytes(768)), "damaged header"),
        (raw_npy(npy_header(descr="'|q9'"), bytes(768)), "type"),
        (raw_npy(npy_header(descr="''"), bytes(768)), "type"),
        (raw_npy(npy_header(descr="7"), bytes(768)), "type"),
        (raw_npy(npy_header(descr="'3u1'"), bytes(768 * 3)), "structured"),
        (raw_npy(npy_header(descr="'u1,u1'"), bytes(768 * 2)), "structured"),
    ],
)
def test_headers_that_lie_are_refused_before_anything_is_allocated(tmp_path: Path, data: bytes, words: str) -> None:
    refused(write(tmp_path / "x.npy", data), words)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions_of_the_format_are_read(tmp_path: Path, version: tuple[int, int]) -> None:
    images = noise_sprites(2)
    path = write(tmp_path / "x.npy", raw_npy(npy_header(shape="(2, 16, 16, 3)"), images.tobytes(), version))
    np.testing.assert_array_equal(load_sprites(path).images, images)


# Fault 25


@pytest.mark.parametrize("missing", [1, 767, 768, 1535])
def test_a_truncated_file_is_refused(tmp_path: Path, missing: int) -> None:
    refused(write(tmp_path / "x.npy", npy_bytes(noise_sprites(2))[:-missing]), "cut short", "(2, 16, 16, 3)")


def test_trailing_bytes_are_refused(tmp_path: Path) -> None:
    refused(write(tmp_path / "x.npy", npy_bytes(noise_sprites(2)) + b"!"), "1 bytes after")


# Fault 26


class Trap:
    """Leaves a trace if it is ever unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return exec, ("import os; os.environ['SPRITES_TRAP'] = 'sprung'",)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([Trap()], object), "objects"),
        (np.zeros((1, 16, 16, 3), [("r", "u1")]), "structured"),
        (np.zeros((1, 16, 16, 3), "M8[s]"), "dates"),
        (np.zeros((1, 16, 16, 3), "m8[s]"), "time"),
        (np.zeros((1, 16, 16, 3), complex), "complex"),
        (np.zeros((1, 16, 16, 3), "U1"), "text"),
        (np.zeros((1, 16, 16, 3), "S1"), "text"),
        (np.zeros((1, 16, 16, 3), "V1"), "records"),
        (np.zeros((1, 16, 16, 3), bool), "true/false"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_no_number_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, array: np.ndarray, words: str, packed: bool
) -> None:
    monkeypatch.delenv("SPRITES_TRAP", raising=False)
    data = npz_bytes([("images.npy", npy_bytes(array))]) if packed else npy_bytes(array)
    refused(write(tmp_path / ("x.npz" if packed else "x.npy"), data), words)
    assert "SPRITES_TRAP" not in os.environ


# Faults 27, 28


@pytest.mark.parametrize("dtype", ["|u1", ">u2", "<u2", "<i2", ">i4", "<i8", ">u8", "<f4", ">f4", "<f8", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_number_types_and_orders_give_the_same_pixels(tmp_path: Path, dtype: str, order: str) -> None:
    images = noise_sprites(7)
    stored = np.asarray(images.astype(dtype), order=order)  # type: ignore[call-overload]
    assert (tmp_path / "x.npy").write_bytes(npy_bytes(stored))
    np.testing.assert_array_equal(load_sprites(tmp_path / "x.npy").images, images)


def test_signed_bytes_are_taken_only_if_none_wrapped(tmp_path: Path) -> None:
    images = noise_sprites(3) >> 1
    np.testing.assert_array_equal(load(tmp_path, images.astype(np.int8)).images, images)
    (tmp_path / "home").rename(tmp_path / "elsewhere")
    refused(write(tmp_path / "x.npy", npy_bytes(noise_sprites(3).astype(np.int8))), "signed")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("low", [0, -1])
def test_floats_that_span_a_known_range_are_scaled(tmp_path: Path, dtype: type, low: int) -> None:
    images = noise_sprites(5)
    unit = images / 255 if low == 0 else images / 127.5 - 1
    found = load(tmp_path, unit.astype(dtype)).images.astype(int)
    exact = dtype is not np.float16 or low == 0
    assert np.abs(found - images).max() <= (0 if exact else 1)


def _spread(low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, 768).reshape(1, 16, 16, 3)


def _with(value: float) -> np.ndarray:
    array = np.full((5000, 16, 16, 3), 0.5, np.float32)
    array[4999, 3, 3, 1] = value
    return array


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (_spread(0, 1.5), "not certain"),
        (_spread(-0.1, 1), "not certain"),
        (_spread(-2, 2), "not certain"),
        (_spread(0.5, 254.5), "not certain"),
        (_spread(-1, 255), "not certain"),
        (np.rint(_spread(0, 300)), "not certain"),
        (np.rint(_spread(-3, 200)), "not certain"),
        (_spread(0, 70_000).astype(np.uint16), "0 to 255"),
        (_spread(0, 300).astype(np.int32), "0 to 255"),
        (np.full((1, 16, 16, 3), 2**63, np.uint64), "0 to 255"),
        (_with(np.nan), "sprite 4999"),
        (_with(np.inf), "sprite 4999"),
        (_with(-np.inf), "sprite 4999"),
    ],
)
def test_values_that_mean_nothing_certain_are_refused(tmp_path: Path, array: np.ndarray, words: str) -> None:
    refused(write(tmp_path / "x.npy", npy_bytes(array)), words)


# Faults 29, 30


def test_layouts_give_the_same_sprites(tmp_path: Path) -> None:
    images = noise_sprites(4)
    alpha = np.concatenate([images, np.full((4, 16, 16, 1), 255, np.uint8)], axis=-1)
    for array in (images.transpose(0, 3, 1, 2), alpha, alpha.transpose(0, 3, 1, 2)):
        np.testing.assert_array_equal(load(tmp_path, array).images, images)
    for array in (images[0], images[:1], alpha[0]):
        np.testing.assert_array_equal(load(tmp_path, array).images, images[:1])


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    grey = noise_sprites(5)[..., 0]
    expected = np.stack([grey] * 3, axis=-1)
    for array in (grey, grey[..., None], grey[:, None]):
        np.testing.assert_array_equal(load(tmp_path, array).images, expected)
    for array in (grey[0], grey[:1], grey[0][..., None]):
        np.testing.assert_array_equal(load(tmp_path, array).images, expected[:1])


def test_alpha_is_kept_or_laid_on_a_colour(tmp_path: Path) -> None:
    pixels = np.zeros((1, 16, 16, 4), np.uint8)
    pixels[0, 0, 0] = (10, 20, 30, 0)  # a hidden colour
    pixels[0, 0, 1] = (10, 20, 30, 255)
    pixels[0, 0, 2] = (0, 0, 0, 51)
    path = write(tmp_path / "x.npy", npy_bytes(pixels))
    assert load_sprites(path).images[0, 0, :3].tolist() == [[0, 0, 0, 0], [10, 20, 30, 255], [0, 0, 0, 51]]
    white = load_sprites(path, background="white")
    assert white.images[0, 0, :3].tolist() == [[255, 255, 255], [10, 20, 30], [204, 204, 204]]
    assert white.background == "#ffffff"
    blue = load_sprites(path, background="#0000ff")
    assert blue.images[0, 0, :3].tolist() == [[0, 0, 255], [10, 20, 30], [0, 0, 204]]
    assert load_sprites(blue.source).fingerprint == blue.fingerprint
    for array in (pixels.transpose(0, 3, 1, 2), pixels[0], pixels.astype(np.float32) / 255, np.asfortranarray(pixels)):
        np.testing.assert_array_equal(load(tmp_path, array).images, load_sprites(path).images)


@pytest.mark.parametrize("shape", [(5, 32, 32, 3), (5, 3, 32, 32), (5, 8, 8, 3), (5, 24, 16, 4), (5, 4, 64, 64)])
def test_any_size_from_8_to_64_is_a_sprite(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    if shape[-1] == 4:  # so that no colour is hidden
        array[..., 3] |= 1
    elif shape[1] == 4:
        array[:, 3] |= 1
    wanted = array.transpose(0, 2, 3, 1) if shape[1] in (3, 4) else array
    np.testing.assert_array_equal(load(tmp_path, array).images, wanted)
    if shape[1] not in (3, 4):
        np.testing.assert_array_equal(load(tmp_path, array[0]).images, wanted[:1])


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((3, 16, 16), "3 grey"),
        ((4, 16, 16), "4 grey"),
        ((5, 65, 32, 3), "Larger art is not scaled down"),
        ((128, 128, 3), "Larger art is not scaled down"),
        ((5, 3, 128, 128), "Larger art is not scaled down"),
        ((5, 7, 8, 3), "8 to 64 pixels a side"),
        ((3, 32, 24), "3 grey"),
        ((5, 16, 16, 2), "(5, 16, 16, 2)"),
        ((5, 768), "Reshape"),
        ((5, 16, 3, 16), "(N, H, W, 3)"),
        ((1, 5, 16, 16, 3), "(N, H, W, 3)"),
        ((1,) * 30, "dimensions"),
        ((), "()"),
        ((7,), "(7,)"),
        ((0, 16, 16, 3), "no sprites"),
        ((0,), "no sprites"),
    ],
)
def test_other_shapes_are_refused_with_advice(tmp_path: Path, shape: tuple[int, ...], words: str) -> None:
    refused(write(tmp_path / "x.npy", npy_bytes(np.zeros(shape, np.uint8))), words)


@pytest.mark.parametrize("value", [0, 1, 255])
def test_constant_images_and_a_single_one_are_sprites(tmp_path: Path, value: int) -> None:
    images = np.full((3, 16, 16, 3), value, np.uint8)
    sprites = load(tmp_path, images)
    np.testing.assert_array_equal(sprites.images, images)
    assert sprites.distinct().tolist() == [0]
    assert sprites.counts().tolist() == [3]
    assert sprites.mirror_pairs() == 0
    assert len(load(tmp_path, images[:1])) == 1


# Fault 31


def test_an_npz_gives_images_labels_and_names(tmp_path: Path) -> None:
    images = noise_sprites(6)
    labels = np.array([0, 2, 1, 2, 0, 0])
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", images=images, labels=labels, label_names=["a", "b", "ç"], other=np.zeros(3))
        sprites = load_sprites(tmp_path / "x.npz")
        np.testing.assert_array_equal(sprites.images, images)
        np.testing.assert_array_equal(sprites.labels, labels)
        assert sprites.label_names == ("a", "b", "ç")
        assert isinstance(sprites.images, np.memmap)


def test_the_only_array_of_an_npz_needs_no_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", noise_sprites(2).transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(load_sprites(tmp_path / "x.npz").images, noise_sprites(2))


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def _encrypted(data: bytes) -> bytes:
    """Set the flag in both headers of the only member."""
    central = data.rfind(b"PK\x01\x02")
    data = data[:6] + b"\x01" + data[7:]
    return data[: central + 8] + b"\x01" + data[central + 9 :]


def _method(data: bytes, method: int) -> bytes:
    central = data.rfind(b"PK\x01\x02")
    data = data[:8] + bytes([method]) + data[9:]
    return data[: central + 10] + bytes([method]) + data[central + 11 :]


GOOD = npy_bytes(noise_sprites(3))
PLAIN = npz_bytes([("images.npy", GOOD)])
PACKED = npz_bytes([("images.npy", GOOD)], zipfile.ZIP_DEFLATED)


def _bomb() -> bytes:
    count = 400_000
    return npz_bytes([("images.npy", raw_npy(npy_header(shape=f"({count}, 16, 16, 3)"), bytes(count * 768)))], 8)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: npz_bytes([]), "no array"),
        (lambda: npz_bytes([("readme.txt", b"hello")]), "no array"),
        (lambda: npz_bytes([("a.npy", GOOD), ("b.npy", GOOD)]), "a, b"),
        (lambda: npz_bytes([("images.npy", GOOD), ("images.npy", GOOD)]), "twice"),
        (lambda: npz_bytes([("images.npy", GOOD), ("images", GOOD)]), "twice"),
        (lambda: npz_bytes([("images.npy", GOOD), ("../evil.npy", GOOD)]), "outside"),
        (lambda: npz_bytes([("images.npy", GOOD), ("a/../../evil.npy", GOOD)]), "outside"),
        (lambda: npz_bytes([("images.npy", GOOD), ("/etc/evil.npy", GOOD)]), "outside"),
        (lambda: npz_bytes([("images.npy", GOOD), ("C:\\evil.npy", GOOD)]), "outside"),
        (lambda: _flip(PLAIN, 400), "CRC"),
        (lambda: _flip(PACKED, 400), "damaged archive"),
        (lambda: _encrypted(PLAIN), "encrypted"),
        (lambda: _method(PLAIN, 99), "damaged archive"),
        (lambda: _method(PLAIN, 8), "damaged archive"),
        (lambda: PLAIN[:-10], "cut short"),
        (lambda: PLAIN[: len(PLAIN) // 2], "cut short"),
        (lambda: PLAIN[200:], "archive"),
        (lambda: npz_bytes([("images.npy", GOOD[:-5])]), "cut short"),
        (lambda: npz_bytes([("images.npy", GOOD + b"xx")]), "2 bytes after"),
        (lambda: npz_bytes([("images.npy", b"")]), "empty"),
        (lambda: npz_bytes([("images.npy", b"garbage" * 50)]), "not a NumPy file"),
        (_bomb, "unpack"),
        (lambda: npz_bytes([("images.npy", bytes(200_000_000))], 8), "not a NumPy file"),
        (lambda: npz_bytes([("images.npy", GOOD), ("labels.npy", npy_bytes(np.zeros(4)))]), "4 labels for 3"),
        (
            lambda: npz_bytes(
                [
                    ("images.npy", GOOD),
                    ("labels.npy", npy_bytes(np.array([0, 1, 2]))),
                    ("label_names.npy", npy_bytes(np.array(["a", "b"]))),
                ]
            ),
            "names 2 classes",
        ),
        (
            lambda: npz_bytes(
                [
                    ("images.npy", GOOD),
                    ("labels.npy", npy_bytes(np.array([0, 1, 2]))),
                    ("label_names.npy", npy_bytes(np.array([1, 2, 3]))),
                ]
            ),
            "label_names",
        ),
    ],
)
def test_archives_that_are_broken_or_hostile_are_refused(tmp_path: Path, make: Callable[[], bytes], words: str) -> None:
    refused(write(tmp_path / "x.npz", make()), words)


def test_a_member_that_is_not_needed_is_not_unpacked(tmp_path: Path) -> None:
    data = npz_bytes([("images.npy", GOOD), ("huge.npy", bytes(50_000_000))], 8)
    assert len(load_sprites(write(tmp_path / "x.npz", data))) == 3


def test_a_directory_of_a_million_members_is_not_read(tmp_path: Path) -> None:
    data = npz_bytes([(f"{number:0200}.npy", b"") for number in range(5_000)])
    refused(write(tmp_path / "x.npz", data), "members")


# Labels


@pytest.mark.parametrize(
    "make",
    [
        lambda labels: labels,
        lambda labels: labels.astype(np.uint8),
        lambda labels: labels.astype(">i4"),
        lambda labels: labels.astype(np.float32),
        lambda labels: labels[:, None],
        lambda labels: np.eye(5)[labels],
        lambda labels: np.eye(5, dtype=bool)[labels],
        lambda labels: np.eye(5, dtype=np.int16)[labels],
        lambda labels: np.asfortranarray(np.eye(5)[labels]),
    ],
)
def test_labels_of_any_form_are_class_numbers(tmp_path: Path, make: Callable[[np.ndarray], np.ndarray]) -> None:
    labels = np.array([4, 0, 1, 1, 3, 2])
    np.save(tmp_path / "x_labels.npy", make(labels))
    sprites = load(tmp_path, noise_sprites(6))
    assert sprites.labels is not None
    assert sprites.labels.dtype == np.int64
    np.testing.assert_array_equal(sprites.labels, labels)
    assert sprites.label_names == tuple(f"class {n}" for n in range(5))


@pytest.mark.parametrize("folder", [False, True])
def test_the_kaggle_files_bring_their_class_names(tmp_path: Path, folder: bool) -> None:
    np.save(tmp_path / "sprites.npy", noise_sprites(6))
    np.save(tmp_path / "sprites_labels.npy", np.eye(5)[[4, 0, 1, 1, 3, 2]])
    sprites = load_sprites(tmp_path if folder else tmp_path / "sprites.npy")
    assert sprites.label_names == LABEL_NAMES
    np.testing.assert_array_equal(sprites.labels, [4, 0, 1, 1, 3, 2])


def _broken_one_hot(*row: float) -> np.ndarray:
    labels = np.eye(3)[[0, 1, 2, 0]]
    labels[2] = row
    return labels


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros(3), "3 labels for 4 sprites"),
        (np.zeros(5), "5 labels for 4 sprites"),
        (np.eye(5), "5 labels for 4 sprites"),
        (np.array([0, 1, np.nan, 2]), "sprite 2"),
        (np.array([0, 1, 2, np.inf]), "sprite 3"),
        (np.array([0, -1, 0, 0]), "sprite 1"),
        (np.array([0, 1, 0.5, 0]), "sprite 2"),
        (np.array([0, 1, 1000, 0]), "sprite 2"),
        (np.array([0, 1, 2**63, 0], np.uint64), "sprite 2"),
        (_broken_one_hot(0, 0, 0), "row 2"),
        (_broken_one_hot(1, 1, 0), "row 2"),
        (_broken_one_hot(0, 0.5, 0.5), "row 2"),
        (_broken_one_hot(0, np.nan, 1), "row 2"),
        (_broken_one_hot(2, -1, 0), "row 2"),
        (np.zeros((4, 1001)), "1,001 classes"),
        (np.zeros((4, 0)), "classes"),
        (np.zeros((4, 2, 2)), "class numbers"),
        (np.array(4), "class numbers"),
        (np.array(["a", "b", "a"]), "3 labels for 4 sprites"),
        (np.array([Trap()] * 4, object), "objects"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, labels: np.ndarray, words: str) -> None:
    write(tmp_path / "x_labels.npy", npy_bytes(labels))
    message = refused(write(tmp_path / "x.npy", npy_bytes(noise_sprites(4))), words)
    assert "x_labels.npy" in message


# Fault 36


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\0",
        "a\0b.npy",
        "x" * 100_000,
        "a/" * 5_000 + "x.npy",
        "../" * 300 + "no such file",
        "<img src=x onerror=alert(1)>.npy",
        "line\nbreak\x1b[31m.npy",
        "\udcff\udc80.npy",
        "/dev/null",
        "/dev/zero",
        "/proc/self/mem",
        "http://example.com/sprites.npy",
        None,
        7,
        b"x.npy",
        ["x.npy"],
    ],
)
def test_hostile_names_are_refused_in_one_short_line(source: object) -> None:
    start = time.process_time()
    with pytest.raises(SpriteError) as caught:
        load_sprites(source)  # type: ignore[arg-type]
    assert time.process_time() - start < 5
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_a_strange_but_possible_name_is_read_and_shown_safely(tmp_path: Path) -> None:
    path = tmp_path / "<b>na\nme\x1b[31m'.npy"
    path.write_bytes(npy_bytes(noise_sprites(2)))
    sprites = load_sprites(path)
    assert len(sprites) == 2
    assert sprites.name.isprintable()
    assert load_sprites(sprites.source).fingerprint == sprites.fingerprint


def test_a_loop_of_links_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").symlink_to(tmp_path / "b.npy")
    (tmp_path / "b.npy").symlink_to(tmp_path / "a.npy")
    refused(tmp_path / "a.npy", "a.npy")
    refused(tmp_path / "c.npy", "no file or folder c.npy")


@pytest.mark.parametrize(
    "options",
    [
        {"tile": 0},
        {"tile": -16},
        {"tile": 16.0},
        {"tile": "16"},
        {"tile": True},
        {"margin": -1},
        {"background": "blue"},
        {"centre": 2},
        {"centre": True},
        {"gap": 1 << 40},
        {"count": 5},
        {"seed": "x"},
        {"tile": 16},
        {"gap": 1},
    ],
)
def test_options_that_mean_nothing_here_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(2)))
    with pytest.raises(SpriteError, match=next(iter(options))):
        load_sprites(path, **options)  # type: ignore[arg-type]
