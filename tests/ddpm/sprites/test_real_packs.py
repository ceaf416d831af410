"""Real packs of pixel art, as they are shipped: loaded to the pixel, or asked about; none is cut wrong in silence.

``python -m tests.ddpm.sprites.test_real_packs`` prints the table.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm.pixels.transparency import lay_on
from ddpm.sprites import SpriteDataset, load_sprites
from ddpm.sprites.readers.sheets.sheet_layout import Grid, GridQuestion, parse_tile
from tests.ddpm.sprites.real_packs import PACKS, Pack

_ASKED_AT_MOST = 4


def load(pack: Pack) -> tuple[SpriteDataset, GridQuestion | None]:
    """The sprites, after the question that had to be answered, if there was one."""
    try:
        return load_sprites(pack.path, **pack.options), None  # type: ignore[arg-type]
    except GridQuestion as question:
        return load_sprites(pack.path, **pack.options, **pack.answer), question  # type: ignore[arg-type]


def on_white(image: Image.Image) -> bytes:
    paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(paper, image))[..., :3].tobytes()


def check_pixels(pack: Pack, sprites: SpriteDataset) -> None:
    """As many sprites, of this size, with these classes, as Pillow shows, and the same on white."""
    assert len(sprites) == len(pack.cells)
    (size,) = {image.size for image, _ in pack.cells}
    assert sprites.shape[1:] == size[::-1]
    images = np.asarray(sprites.images)
    names = [None] * len(images) if sprites.labels is None else [sprites.label_names[n] for n in sprites.labels]  # type: ignore[index]
    got = Counter((image.tobytes(), name) for image, name in zip(lay_on(images), names, strict=True))
    assert got == Counter((on_white(image), label) for image, label in pack.cells)
    if images.shape[-1] == 4:
        alpha = Counter(np.asarray(image)[..., 3].tobytes() for image, _ in pack.cells)
        assert Counter(image[..., 3].tobytes() for image in images) == alpha
        assert not images[images[..., 3] == 0].any()
    else:
        assert all(image.getextrema()[3][0] == 255 for image, _ in pack.cells)  # type: ignore[index]


@pytest.mark.parametrize("name", PACKS)
def test_each_gives_what_pillow_shows_or_asks(name: str, tmp_path: Path) -> None:
    pack = PACKS[name][1](tmp_path)
    sprites, question = load(pack)
    check_pixels(pack, sprites)
    told = " ".join(sprites.notes)
    for words in pack.left_out:
        assert words in told
    if question is not None:
        asked = Grid(parse_tile(pack.answer["tile"]), *(pack.answer.get(key, 0) for key in ("margin", "gap")))  # type: ignore[arg-type]
        assert asked in [cut.grid for cut in question.cuts]


def row(name: str, what: str, pack: Pack) -> tuple[str, str, str, str]:
    """A row of the table: source, what it is, loaded as, question."""
    try:
        sprites, question = load(pack)
        check_pixels(pack, sprites)
    except (AssertionError, ValueError) as error:
        return name, what, f"WRONG: {type(error).__name__} {str(error)[:150]}", ""
    channels, height, width = sprites.shape
    loaded = f"{len(sprites)} of {width} x {height} {'RGBA' if channels == 4 else 'RGB'}"
    if sprites.label_names:
        loaded += f", {len(sprites.label_names)} classes"
    asked = "" if question is None else " or ".join(str(cut.grid) for cut in question.cuts)
    return name, what, loaded, asked


def table() -> str:
    """All packs, as a table in Markdown."""
    rows = [("source", "what it is", "loaded as", "question"), ("---",) * 4]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DDPM_HOME"] = str(Path(folder) / "home")
        for number, (name, (what, write)) in enumerate(PACKS.items()):
            own = Path(folder) / str(number)
            own.mkdir()
            rows.append(row(name, what, write(own)))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def test_few_of_them_are_asked_about(tmp_path: Path) -> None:
    asked = []
    for number, (name, (_, write)) in enumerate(PACKS.items()):
        own = tmp_path / str(number)
        own.mkdir()
        pack = write(own)
        if pack.answer and load(pack)[1] is not None:
            asked.append(name)
    assert len(asked) <= _ASKED_AT_MOST, asked


if __name__ == "__main__":
    print(table())
