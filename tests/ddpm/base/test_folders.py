"""Folders that are whole or absent."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ddpm.base.folders import build_aside, discard, names_in, put_in_place, sweep


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_what_is_built_appears_whole(tmp_path: Path) -> None:
    with build_aside(tmp_path / "store") as building:
        (building / "a").write_text("a")
        assert all(name.startswith(".") for name in names(tmp_path / "store"))
        put_in_place(building, tmp_path / "store" / "x")
    assert names(tmp_path / "store") == ["x"]
    assert names(tmp_path / "store" / "x") == ["a"]


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def build() -> None:
        with build_aside(tmp_path) as building:
            (building / "a").write_text("a")
            raise KeyError

    with pytest.raises(KeyError):
        build()
    assert names(tmp_path) == []


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "theirs").write_text("")
    with pytest.raises(OSError), build_aside(tmp_path) as building:
        put_in_place(building, tmp_path / "x")
    assert names(tmp_path) == ["x"]
    assert names(tmp_path / "x") == ["theirs"]


def test_discarding(tmp_path: Path) -> None:
    (tmp_path / "x" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "x")
    discard(tmp_path / "link")
    assert names(tmp_path) == ["x"], "of a link the link alone"
    discard(tmp_path / "x")
    assert names(tmp_path) == []
    with pytest.raises(OSError):
        discard(tmp_path / "x")


def test_only_what_is_old_is_swept(tmp_path: Path) -> None:
    sweep(tmp_path / "none")
    for name in (".building-young", ".building-old", ".discarded-old", "old"):
        (tmp_path / name).mkdir()
        if "old" in name:
            os.utime(tmp_path / name, (1, 1))
    sweep(tmp_path)
    assert names(tmp_path) == [".building-young", "old"]
    sweep(tmp_path, older_than=0)
    assert names(tmp_path) == ["old"]


def test_names_that_fit(tmp_path: Path) -> None:
    for name in ("12", "12.tmp", "x"):
        (tmp_path / name).write_text("")
    assert names_in(tmp_path, re.compile(r"\d+")) == ["12"]
    assert names_in(tmp_path / "none", re.compile(".*")) == []
