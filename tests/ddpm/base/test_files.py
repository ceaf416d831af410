"""Files that are the old ones or the new ones, whatever happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddpm.base import files
from ddpm.base.files import move, read_json, remedy, replace_bytes, replace_json


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x"
    replace_bytes(path, b"one")
    os.chmod(path, 0o640)
    replace_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o7777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["x" * 240, "猫" * 80, "x" * 255])
def test_a_name_may_be_as_long_as_the_system_lets_it(name: str, tmp_path: Path) -> None:
    replace_bytes(tmp_path / name, b"one")
    replace_bytes(tmp_path / name, b"two")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: b"two"}


def test_a_link_stays_one_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "x", tmp_path / "here"
    target.parent.mkdir()
    link.symlink_to(Path("there") / "x")
    for data in (b"one", b"two"):
        replace_bytes(link, data)
        assert os.readlink(link) == os.path.join("there", "x")
        assert target.read_bytes() == data
        assert [entry.name for entry in target.parent.iterdir()] == ["x"]
    link.unlink()
    link.symlink_to(tmp_path / "none" / "x")
    with pytest.raises(OSError, match="none"):
        replace_bytes(link, b"three")
    assert link.is_symlink()


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    replace_bytes(path, b"one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match="No space"):
        replace_bytes(path, b"two")
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_json_goes_there_and_back(tmp_path: Path) -> None:
    value = {"name": "häuser ✓", "steps": [1, 2.5, None, True], "deep": {"er": {}}}
    replace_json(tmp_path / "x.json", value, durable=False)
    assert read_json(tmp_path / "x.json") == value
    with pytest.raises(ValueError):
        replace_json(tmp_path / "x.json", {"loss": float("nan")})
    assert read_json(tmp_path / "x.json") == value


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with open(path, "wb") as file:
        file.truncate(17 << 20)
    with pytest.raises(ValueError, match="larger than 16 MB"):
        read_json(path)
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "none.json")


class Refusing:
    """``os.replace`` as on Windows while somebody reads the file: it refuses so many times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self._replace = os.replace

    def __call__(self, source: Path, target: Path) -> None:
        if self.left:
            self.left -= 1
            raise PermissionError(13, "The process cannot access the file", str(source), 32, str(target))
        self._replace(source, target)


def test_a_refused_rename_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    replace_bytes(path, b"one")
    monkeypatch.setattr(files, "_WAITS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(os, "replace", Refusing(3))
    replace_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    monkeypatch.setattr(os, "replace", Refusing(4))
    with pytest.raises(PermissionError, match="cannot access"):
        replace_bytes(path, b"three")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_a_folder_that_holds_the_place_is_no_passing_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Refusing(5)
    monkeypatch.setattr(os, "replace", refusing)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(PermissionError):
        move(tmp_path / "a", tmp_path / "b")
    assert refusing.left == 4


def test_what_helps_is_what_was_wrong() -> None:
    assert remedy(OSError(28, "No space left on device")) == "Make room"
    assert "open" in remedy(PermissionError(13, "refused"))
    assert "room" not in remedy(PermissionError(13, "refused"))
    assert "room" not in remedy(OSError(5, "Input/output error"))
