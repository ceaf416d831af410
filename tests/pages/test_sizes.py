"""Sprites of other sizes than 16 by 16, and with alpha: files, favourites, drawings, and what cannot be compared."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.pixels.cleaning import clean_pixels
from ddpm.pixels.exporting.finishing import Finish
from ddpm.pixels.fitting import SizeError, difference, fitted
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES
from pages.parts.sample.cleaned import finished
from pages.parts.shared.drawing import draw
from pages.parts.shared.easel import to_image
from pages.parts.shared.orders import Order
from pages.parts.shared.pictures import sprite_tag
from pages.parts.shared.resolving import resolve, rivals
from pages.parts.shared.store import all_runs, sprite_shape
from tests.ddpm.helpers import SMALL


def cutouts(count: int, height: int = 24, width: int = 16) -> np.ndarray:
    """uint8 (count, height, width, 4), alpha 0 or 255 alone, black where it is 0."""
    random = np.random.default_rng(count)
    images = random.integers(0, 256, (count, height, width, 4), dtype=np.uint8)
    images[..., 3] = np.where(images[..., 3] < 128, 0, 255)
    images[images[..., 3] == 0] = 0
    return images


def test_a_changed_pixel_in_many_is_cleaned_anew() -> None:
    """Streamlit looks at a sample of a large array only."""
    images = np.full((125, 64, 64, 3), 255, np.uint8)
    images[:, 20:40, 20:40] = (200, 30, 40)
    assert images.size > 500_000
    first = finished(images, Finish(True)).cleaned
    images[77, 30, 30] = (201, 31, 41)
    again = finished(images, Finish(True))
    assert first is not None
    assert again.cleaned is not None
    assert not np.array_equal(again.cleaned.merged, first.merged)
    assert np.array_equal(again.images, clean_pixels(images).images)


@pytest.mark.parametrize(
    ("shape", "width", "height"),
    [((16, 16, 3), 64, 64), ((24, 16, 4), 48, 72), ((32, 32, 4), 64, 64), ((64, 64, 3), 64, 64)],
)
def test_a_picture_is_enlarged_by_a_whole_number(shape: tuple[int, int, int], width: int, height: int) -> None:
    tag = sprite_tag(np.zeros(shape, np.uint8), "it")
    assert f"width:calc({width}px * var(--grow, 1));height:calc({height}px * var(--grow, 1))" in tag
    assert ("conic-gradient" in tag) == (shape[2] == 4)


def test_a_drawing_has_the_size_and_alpha_of_the_data() -> None:
    drawn = ["0"] * (24 * 16)
    drawn[5 * 16 + 3], drawn[-1] = "1", "g"
    image = to_image("".join(drawn), (24, 16, 4))
    assert image is not None
    assert image.shape == (24, 16, 4)
    assert image[5, 3].tolist() == [0x1B, 0x17, 0x25, 255]
    assert image[-1, -1].tolist() == [255] * 4
    assert (image[0] == 0).all(), "the background is transparent"
    for wrong in ("".join(drawn)[1:], "0" * 384, "z" * 384, None):
        assert to_image(wrong, (24, 16, 4)) is None
    assert to_image("g" * 256) is None, "without alpha, white is the background"


def test_sprites_are_made_to_fit_or_it_is_said_why_not() -> None:
    opaque, clear = np.full((2, 24, 16, 3), 9, np.uint8), cutouts(3)
    same, words = fitted(clear, clear)
    assert same is clear
    assert words == ""
    with_alpha, words = fitted(opaque, clear)
    assert (with_alpha[..., 3] == 255).all()
    assert np.array_equal(with_alpha[..., :3], opaque)
    assert "opaque" in words
    laid, words = fitted(clear, opaque)
    assert (laid[clear[..., 3] == 0] == 255).all()
    assert "white" in words
    with pytest.raises(SizeError, match=r"These sprites are 32 x 32 pixels.*16 x 24.*Choose what was learnt"):
        fitted(np.zeros((1, 32, 32, 4), np.uint8), clear)


def test_a_difference_shows_in_alpha_too() -> None:
    one, other = np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 4), np.uint8)
    other[0, 0] = (0, 0, 0, 255)
    other[1, 1] = one[1, 1] = (9, 9, 9, 255)
    gap = difference(one, other)
    assert gap[0, 0].tolist() == [0, 0, 0]
    gap[0, 0] = 255
    assert (gap == 255).all()


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has learnt from sprites of 16 by 24 with alpha, hardly anything."""
    place = tmp_path_factory.mktemp("tall")
    patch = pytest.MonkeyPatch()
    patch.setenv("DDPM_HOME", str(place / "home"))
    patch.setattr(self_check, "FINAL_EVALUATIONS", 4)
    patch.setitem(RECIPES, "fast", SMALL)
    np.save(place / "tall.npy", cutouts(20))
    run = place / "checkpoints" / "tall"
    request = TrainingRequest(run, data=str(place / "tall.npy"), steps=2, threads=1, check_sprites=0)
    run_training(request, lambda progress: None)
    patch.undo()
    return run


def test_more_like_a_tall_sprite_begins_with_that_sprite(tall: Path) -> None:
    order = Order(str(tall), n=3, steps=3, seed=5)
    batch = draw(resolve(order))
    assert batch.chain.sprites.shape == (3, 24, 16, 4)
    assert set(np.unique(batch.chain.sprites[..., 3])) <= {0, 255}
    like = draw(resolve(replace(order, like=(2,), strength=0.3))).chain.sprites
    assert np.array_equal(like[0], batch.chain.sprites[2])
    assert not np.array_equal(like[1], like[0])


def test_models_of_other_sizes_are_no_rivals(tall: Path, small: Path) -> None:
    """The same noise suits only one of them."""
    shutil.copytree(tall, small.parent / "tall")
    order = Order(str(small), n=2, steps=3)
    assert sprite_shape(Run(tall)) == (24, 16, 4)
    assert "run:tall" not in rivals(order, all_runs())
    assert "run:small" not in rivals(Order(str(small.parent / "tall")), all_runs())
    with pytest.raises(CheckpointError, match=r"tall draws sprites of 16 × 24 pixels with transparency, this model"):
        resolve(replace(order, against="run:tall"))


BACKDROP = """
import numpy as np
import streamlit as st
from pages.parts.shared.backdrop import ask_for_backdrop, backdrop_colour, behind
for channels in (3, 4):
    ask_for_backdrop(np.zeros((1, 16, 16, channels), np.uint8))
st.write(str(backdrop_colour()))
st.write(behind())
"""


def test_the_visitor_chooses_what_is_behind() -> None:
    app = AppTest.from_string(BACKDROP, default_timeout=60).run()
    # Only once: not for sprites without alpha.
    (choice,) = app.segmented_control
    assert [words.value[:9] for words in app.markdown] == ["None", "repeating"]
    for name, colour in {"White": (255, 255, 255), "Black": (0, 0, 0), "Colour": (0x6F, 0xA8, 0xDC)}.items():
        choice.set_value(name).run()
        assert [words.value for words in app.markdown] == [str(colour), f"rgb{colour}"]
    app.color_picker[0].set_value("#102030").run()
    assert app.markdown[0].value == "(16, 32, 48)"
