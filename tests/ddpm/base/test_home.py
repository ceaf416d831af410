"""Where the program keeps what it makes for itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ddpm.base.home import home


def test_it_is_the_folder_that_is_named(ddpm_home: Path) -> None:
    assert home() == ddpm_home.resolve()
    assert ddpm_home.is_dir()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="another cache folder there")
def test_without_a_name_it_is_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DDPM_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert home() == (tmp_path / "cache" / "ddpm-pixel-art").resolve()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="another cache folder there")
def test_a_relative_cache_folder_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DDPM_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert home() == (tmp_path / "me" / ".cache" / "ddpm-pixel-art").resolve()


def test_a_relative_home_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # A name that no other test uses: it is looked up once in a process.
    monkeypatch.setenv("DDPM_HOME", f"stays-{tmp_path.name}")
    found = home()
    assert found == (tmp_path / f"stays-{tmp_path.name}").resolve()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert home() == found
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="another cache folder there")
def test_a_user_without_a_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise KeyError("no such user")

    for name in ("DDPM_HOME", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(OSError, match="Set DDPM_HOME"):
        home()


def test_a_home_that_cannot_be_used_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(OSError, match="Set DDPM_HOME"):
        home()
    monkeypatch.setenv("DDPM_HOME", str(tmp_path))
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OSError, match=r"no permission.*Set DDPM_HOME"):
        home()
