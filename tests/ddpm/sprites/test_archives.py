"""Zip archives of pictures: what is listed, what is read, and what is refused before it can do harm."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files import archives
from ddpm.sprites.readers.picture_files.archives import Archive, is_numpy_archive
from tests.broken_files import mutated, quick


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pack.zip"


def listed(path: Path, data: bytes) -> tuple[list[str], tuple[str, ...]]:
    path.write_bytes(data)
    with Archive(path) as archive:
        return [member.name for member in archive.members()], archive.left_out


def read_all(path: Path) -> list[bytes]:
    with Archive(path) as archive:
        return [archive.read(member) for member in archive.members()]


def refused(path: Path, data: bytes, *words: str) -> None:
    path.write_bytes(data)
    with pytest.raises(SpriteError) as caught:
        read_all(path)
    message = str(caught.value)
    assert message.endswith(".")
    assert len(message) < 500
    for word in ("pack.zip", *words):
        assert word in message


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_come_by_name_and_are_read_in_any_order(path: Path, method: int) -> None:
    path.write_bytes(zipped(("b/two.png", b"2" * 5000), ("a.png", b"1"), ("b/one.gif", b""), method=method))
    with Archive(path) as archive:
        members = archive.members()
        assert [(member.name, member.size) for member in members] == [
            ("a.png", 1),
            ("b/one.gif", 0),
            ("b/two.png", 5000),
        ]
        assert [archive.read(member) for member in reversed(members)] == [b"2" * 5000, b"", b"1"]
        assert archive.read(members[2]) == archive.read(members[2]) == b"2" * 5000
        assert archive.left_out == ()


def test_two_members_of_one_name_are_two(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path.write_bytes(zipped(("a.png", b"1"), ("a.png", b"2")))
    with Archive(path) as archive:
        assert [archive.read(member) for member in archive.members()] == [b"1", b"2"]


def test_what_is_no_file_of_the_pack_is_left_out_and_counted(path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    file = io.BytesIO(
        zipped(
            *(
                ("a.png", b"1"),
                ("folder/", b""),
                ("__MACOSX/._a.png", b"x"),
                (".git/a.png", b"x"),
                ("b/.DS_Store", b"x"),
            ),
            *(("../evil.png", b"x"), ("b/../../evil.png", b"x"), ("/etc/evil.png", b"x"), ("C:\\evil.png", b"x")),
            ("d/" * 40 + "a.png", b"x"),
        )
    )
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(link, b"/etc/passwd")
    names, left_out = listed(path, file.getvalue())
    assert names == ["a.png"]
    assert left_out == ("4 files whose paths point outside", "1 file nested too deep", "3 hidden files", "1 link")


def test_names_of_another_encoding_are_shown_safely(path: Path) -> None:
    data = zipped(("abcdef.png", b"1"), ("\x1b[2Jx\n.png", b"2"), ("d\u00e9j\u00e0.png", b"3"))
    data = data.replace(b"abcdef", "スライ".encode("shift-jis"))
    path.write_bytes(data)
    with Archive(path) as archive:
        members = archive.members()
        assert all(member.name.isprintable() for member in members)
        assert sorted(archive.read(member) for member in members) == [b"1", b"2", b"3"]
        assert "d\u00e9j\u00e0.png" in [member.name for member in members]


def test_a_name_that_ends_early_is_left_out(path: Path) -> None:
    data = zipped(("a.pngX/../../b", b"1"), ("c.png", b"")).replace(b"a.pngX", b"a.png\0")
    assert listed(path, data) == (["c.png"], ("1 file whose path points outside",))


def test_an_empty_archive_holds_nothing(path: Path) -> None:
    assert listed(path, zipped()) == ([], ())


GOOD = zipped(("a.png", bytes(range(256)) * 9), ("b/c.png", b"two"), ("d.npy", b"three"))
PLAIN = zipped(("a.png", bytes(range(256)) * 9), method=zipfile.ZIP_STORED)


def encrypted(data: bytes) -> bytes:
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(mark) + at
        data = data[:place] + bytes([data[place] | 1]) + data[place + 1 :]
    return data


def saying(size: int, data: bytes = GOOD) -> bytes:
    """An archive whose table of contents states another size of its first member, unpacked."""
    place = data.index(b"PK\x01\x02") + 24
    return data[:place] + struct.pack("<I", size) + data[place + 4 :]


def overlapping() -> bytes:
    """Many entries of one and the same bytes."""
    data = zipped(("a.png", bytes(1 << 20)), method=zipfile.ZIP_STORED)
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entries = data[start:end] * 20
    return data[:start] + entries + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 20, 20, len(entries), start, 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encrypted(GOOD), "encrypted"),
        (GOOD[:-30], "cut short"),
        (GOOD[: len(GOOD) // 2], "cut short"),
        (b"", "cut short"),
        (b"hello" * 100, "no archive"),
        (PLAIN[:100] + b"!" + PLAIN[101:], "damaged"),
        (saying(5000), "damaged"),
        (saying(2 << 30), "too much"),
        (saying(300 << 20), "too much"),
        (overlapping(), "too much"),
        (zipped(("a.png", b"x" * 5000), method=zipfile.ZIP_BZIP2), "plain .zip"),
        (zipped(("a.png", b"x" * 5000), method=zipfile.ZIP_LZMA), "plain .zip"),
    ],
)
def test_broken_and_hostile_archives_are_refused(path: Path, data: bytes, words: str) -> None:
    refused(path, data, words)


def test_large_files_that_are_no_pictures_do_no_harm_until_they_are_read(path: Path) -> None:
    data = saying(300 << 20, zipped(("film.bin", b"x"), ("a.png", b"1")))
    assert listed(path, data)[0] == ["a.png", "film.bin"]
    refused(path, data, "film.bin", "larger")


def test_what_is_read_is_limited_altogether(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_UNPACKED", 5000)
    refused(path, zipped(("a.bin", bytes(3000)), ("b.bin", bytes(3000))), "too much")
    listed(path, zipped(("a.bin", bytes(3000))))


def test_too_many_members_are_refused_before_they_are_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(*((f"{number}.png", b"") for number in range(101)))
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 101)
    assert len(listed(path, data)[0]) == 101
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 100)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    refused(path, data, "members")
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 101)
    monkeypatch.setattr(archives, "_MOST_DIRECTORY", 1000)
    refused(path, data, "members")


def test_an_archive_of_arrays_is_known_by_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with open(path, "wb") as file:
        np.savez(file, images=np.zeros(3))
    assert is_numpy_archive(path)
    for data in (GOOD, zipped(("a.png", b"")), zipped(("readme.txt", b"")), zipped(), GOOD[:-40], b""):
        path.write_bytes(data)
        assert not is_numpy_archive(path)


def test_a_missing_file_is_an_error_of_the_system(path: Path) -> None:
    with pytest.raises(OSError, match=r"pack\.zip"):
        Archive(path)


@quick(300)
@given(mutated(GOOD))
def test_whatever_is_changed_in_an_archive_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "pack.zip"
    path.write_bytes(data)
    with contextlib.suppress(SpriteError), Archive(path) as archive:
        for member in archive.members():
            assert member.name.isprintable()
            with contextlib.suppress(SpriteError):
                assert len(archive.read(member)) == member.size
