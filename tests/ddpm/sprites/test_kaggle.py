"""The Kaggle set: found where it lies, fetched only when asked, and every refusal explained."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ddpm.sprites import SpriteError, kaggle, load_sprites
from tests.ddpm.sprite_files import noise_sprites

PLACE = Path("datasets/ebrahimelgazar/pixel-art/versions/1")


@pytest.fixture(autouse=True)
def places(ddpm_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Our own folder and kagglehub's, both empty."""
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "hub"))
    return ddpm_home / "kaggle", tmp_path / "hub" / PLACE


def fill(folder: Path) -> Path:
    folder.mkdir(parents=True)
    np.save(folder / "sprites.npy", noise_sprites(3))
    np.save(folder / "sprites_labels.npy", np.eye(5)[[4, 0, 2]])
    return folder


def hub(monkeypatch: pytest.MonkeyPatch, download: object) -> None:
    module = ModuleType("kagglehub")
    module.dataset_download = download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", module)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(handle: str) -> str:
        raise AssertionError("nothing may be downloaded")

    hub(monkeypatch, download)


@pytest.mark.parametrize("which", [0, 1])
def test_a_set_on_this_machine_is_used_without_a_download(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    forbid(monkeypatch)
    fill(places[which])
    sprites = load_sprites("kaggle")
    assert (len(sprites), sprites.name, sprites.source) == (3, "Kaggle Pixel Art", "kaggle")
    assert sprites.label_names == ("hero", "non-hero", "food", "spell", "side-facing")
    np.testing.assert_array_equal(sprites.labels, [4, 0, 2])
    assert kaggle.download() == places[which] / "sprites.npy"


def test_loading_never_downloads_and_says_how_to(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch)
    with pytest.raises(SpriteError) as caught:
        load_sprites("kaggle")
    for words in ("python -m ddpm data kaggle --download", "pip install kagglehub", "sprites.npy", str(places[0])):
        assert words in str(caught.value)


def test_a_download_is_pinned_and_then_used(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(handle: str) -> str:
        asked.append(handle)
        return str(fill(places[1]))

    hub(monkeypatch, download)
    assert kaggle.download() == places[1] / "sprites.npy"
    assert asked == ["ebrahimelgazar/pixel-art/versions/1"]
    assert len(load_sprites("kaggle")) == 3


def test_an_absent_package_is_explained(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(SpriteError, match="pip install kagglehub") as caught:
        kaggle.download()
    assert str(places[0]) in str(caught.value)


@pytest.mark.parametrize("error", [OSError("Network is unreachable"), RuntimeError("403 Forbidden"), KeyError()])
def test_a_failed_download_is_explained(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def download(handle: str) -> str:
        raise error

    hub(monkeypatch, download)
    with pytest.raises(SpriteError, match="by hand") as caught:
        kaggle.download()
    assert (str(error) or "KeyError") in str(caught.value)


def test_a_download_without_sprites_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, lambda handle: str(tmp_path))
    with pytest.raises(SpriteError, match=r"no sprites\.npy"):
        kaggle.download()


def test_whether_a_download_is_possible_is_known_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    assert not kaggle.can_download()
    monkeypatch.delitem(sys.modules, "kagglehub")
    # Installed while we run: no restart is needed.
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "kagglehub.py").write_text("")
    assert kaggle.can_download()
    assert kaggle.install_line() == f"{sys.executable} -m pip install kagglehub"
