"""Finishing: in which order it is done, what is told, and that pages and commands can rely on both."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.pixels.cleaning import clean_pixels
from ddpm.pixels.exporting.finishing import SOFT_SHADOWS, CutOut, Finish, keep_pixels, own_colours, why_not_cut_out
from ddpm.pixels.exporting.palette_files import colours_used
from ddpm.pixels.palette.known import KNOWN
from ddpm.pixels.palette.mapping import map_to_palette
from ddpm.pixels.transparency import cutout
from tests.ddpm.helpers import built_in_sprites

PICO = KNOWN["pico-8"].palette


@pytest.fixture(scope="module")
def sprites() -> np.ndarray:
    return built_in_sprites().images[:12]


def hazy(images: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(3).integers(-3, 4, images.shape)
    return np.clip(images.astype(int) + noise, 0, 255).astype(np.uint8)


def test_nothing_is_done_unless_it_is_asked_for(sprites: np.ndarray) -> None:
    finish = Finish()
    assert not finish
    assert finish.suffix() == ""
    done = finish.apply(sprites)
    np.testing.assert_array_equal(done.images, sprites)
    assert done.told == ()
    assert done.cleaned is None


def test_it_is_cleaned_then_cut_out_then_held_to_a_palette(sprites: np.ndarray) -> None:
    images = hazy(sprites)
    finish = Finish(True, PICO, CutOut(holes=True, shadows=SOFT_SHADOWS))
    before = images.copy()
    done = finish.apply(images)
    np.testing.assert_array_equal(images, before)
    clean = clean_pixels(images)
    cut = cutout(clean.images, careful=True, holes=True, shadows=SOFT_SHADOWS)
    np.testing.assert_array_equal(done.images, map_to_palette(cut, PICO.colours).images)
    used = {tuple(colour) for colour in colours_used(done.images).tolist()}
    assert used <= {tuple(colour) for colour in PICO.colours.tolist()}
    assert done.told == (
        clean.in_words(),
        "The background was cut out of all 12 sprites.",
        f"PICO-8: {len(used)} of 16 colours used.",
    )
    assert finish.suffix() == "-clean-pico-8-transparent"


def test_what_is_asked_for_changes_the_key_and_nothing_else_does() -> None:
    asked = [
        Finish(),
        Finish(True),
        Finish(palette=PICO),
        Finish(palette=KNOWN["cga"].palette),
        Finish(cut_out=CutOut()),
        Finish(cut_out=CutOut(True)),
        Finish(cut_out=CutOut(shadows=0.1)),
    ]
    assert len({finish.key() for finish in asked}) == len(asked)
    assert Finish(palette=KNOWN["pico-8"].palette).key() == asked[2].key()
    assert [bool(finish) for finish in asked] == [False] + [True] * 6


def test_the_colour_of_a_background_that_was_cut_out_is_not_counted() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 4:12, 4:12] = PICO.colours[8]
    told = Finish(palette=PICO).apply(image).told
    assert told == ("PICO-8: 2 of 16 colours used.",)
    assert Finish(palette=PICO, cut_out=CutOut()).apply(image).told == (
        "The background was cut out of 1 sprite.",
        "PICO-8: 1 of 16 colours used.",
    )


def test_a_pale_drawing_that_melts_into_its_background_is_told_and_can_be_cut_out() -> None:
    images = np.full((2, 16, 16, 3), 255, np.uint8)
    images[0, 4:12, 4:12] = (255, 240, 200)
    images[1, 4:12, 4:12] = (200, 0, 0)
    done = Finish(palette=PICO).apply(images)
    assert done.told[-1].startswith("1 sprite has lost a good part to the background")
    cut = Finish(palette=PICO, cut_out=CutOut()).apply(images)
    assert not any("lost" in told for told in cut.told)
    assert (cut.images[:, 4:12, 4:12, 3] == 255).all()
    assert (cut.images[..., 3] == 255).sum() == 128


def test_it_is_told_where_there_is_no_background(sprites: np.ndarray) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    clear = cutout(sprites)
    assert why_not_cut_out(sprites) == ""
    assert "no background" in why_not_cut_out(noise)
    assert "transparent already" in why_not_cut_out(clear)
    assert why_not_cut_out(np.concatenate([noise, sprites])) == ""
    cut = Finish(cut_out=CutOut())
    done = cut.apply(np.concatenate([noise, sprites]))
    assert done.told == ("The background was cut out of 12 sprites; for 3 sprites no colour surrounds what is drawn.",)
    assert (done.images[:3, ..., 3] == 255).all()
    assert cut.apply(noise).told == ("No background was cut out of 3 sprites: no colour surrounds what is drawn.",)
    assert cut.apply(clear).told == ("No background was cut out: the sprites have transparency of their own.",)
    np.testing.assert_array_equal(cut.apply(clear).images, clear)


@pytest.mark.parametrize("shadows", [-0.1, 1.1, float("nan")])
def test_shadows_are_a_share(shadows: float) -> None:
    with pytest.raises(ValueError, match="shadows must be from 0 to 1"):
        CutOut(shadows=shadows)


def test_pixels_that_are_kept_are_kept_through_everything(sprites: np.ndarray) -> None:
    kept = np.zeros((16, 16), np.bool_)
    kept[:, :8] = True
    done = Finish(clean=True, palette=PICO).apply(hazy(sprites)).images
    found = keep_pixels(done, sprites[0], kept)
    assert (found[:, kept] == sprites[0][kept]).all()
    assert (found[:, ~kept] == done[:, ~kept]).all()
    cut = Finish(cut_out=CutOut()).apply(sprites).images
    found = keep_pixels(cut, sprites, kept)
    there = kept & (cut[..., 3] > 0)
    assert (found[..., 3] == cut[..., 3]).all(), "what was cut out stays so"
    assert (found[there][:, :3] == sprites[there]).all()


def test_own_colours_are_those_of_a_part() -> None:
    sprite = np.zeros((16, 16, 4), np.uint8)
    sprite[:4] = (9, 8, 7, 255)
    sprite[8:] = (1, 2, 3, 255)
    part = np.zeros((16, 16), np.bool_)
    part[:6] = True
    assert own_colours(sprite, part).colours.tolist() == [[9, 8, 7]]
    with pytest.raises(ValueError, match="nothing with a colour"):
        own_colours(sprite, ~part & (sprite[..., 3] == 0))
    assert own_colours(sprite[..., :3], part).colours.tolist() == [[255, 255, 255], [9, 8, 7], [0, 0, 0]]
    many = np.arange(32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    many[..., 0] = np.arange(32)[:, None]
    found = own_colours(many, np.ones((32, 32), np.bool_))
    assert len(found.colours) == 256
    assert "256 most frequent of" in found.name
