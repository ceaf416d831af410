"""The README: all that it shows and leads to is there, and its pictures stay small."""

from __future__ import annotations

import re

from PIL import Image

from tests.browser.pictures import FOLDER, MOST
from tests.browser.pictures.__main__ import SHOWN, SIZE
from tests.ddpm.helpers import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURES = re.findall(r'<img src="([^"]*)"[^>]*? alt="([^"]*)"', TEXT) + [
    (path, alt) for alt, path in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", TEXT)
]


def test_every_picture_and_link_is_there() -> None:
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", TEXT)
    assert len(PICTURES) > len(SHOWN)
    assert links
    for path in [*links, *(path for path, _ in PICTURES)]:
        assert path.startswith("https://") or (ROOT / path).is_file(), path
    assert TEXT.count("<img") == len([path for path, _ in PICTURES if path.endswith(".webp")])


def test_the_pictures_say_what_they_show_and_are_small() -> None:
    shown = {path: alt for path, alt in PICTURES if path.endswith(".webp")}
    assert set(shown) == {f"tests/browser/pictures/{name}.webp" for name in SHOWN}
    assert {path.name for path in FOLDER.iterdir() if path.suffix not in (".py", "")} == {
        f"{name}.webp" for name in SHOWN
    }
    for path, alt in shown.items():
        assert len(alt) > 20, path
        with Image.open(ROOT / path) as picture:
            assert picture.size == SIZE
    assert sum((ROOT / path).stat().st_size for path in shown) <= MOST
