"""The careful cut-out, holes and shadows, measured on drawings whose silhouette is known to the pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ddpm.pixels.foreground import border_colour, border_pixels, dilate, foreground
from ddpm.pixels.oklab import SAME, distance, oklab
from ddpm.pixels.transparency import LEAST_HOLE, cutout
from ddpm.sprites.builtin.atlas import atlas
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.pixels.test_transparency import ring


def drawings(count: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (count, 16, 16, 3) and bool (count, 16, 16): built-in sprites of all kinds, and what is background."""
    book = atlas()
    rows = np.linspace(0, len(book.shape) - 1, count).astype(np.int64)
    return book.render(rows), book.role_maps[book.shape[rows], book.mirrored[rows]] == 0


def hazy(images: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Noise as a model leaves it: strong where drawing and background meet, half as strong beside, faint elsewhere."""
    edge = (dilate(~background) & background) | (dilate(background) & ~background)
    strength = np.where(edge, 6, np.where(dilate(edge), 3, 1))[..., None]
    noise = np.random.default_rng(0).normal(0, 1, images.shape) * strength
    return np.clip(images + np.rint(noise), 0, 255).astype(np.uint8)


def wrong(images: np.ndarray, background: np.ndarray, **options: Any) -> tuple[int, int]:
    """Pixels of the background that stay, and of the drawing that go."""
    gone = cutout(images, **options)[..., 3] == 0
    halo, eaten = int((background & ~gone).sum()), int((~background & gone).sum())
    print(f"{options or 'default'}: {halo} of the background stay, {eaten} of the drawing go")
    return halo, eaten


def test_wrong_pixels_against_exact_silhouettes() -> None:
    images, background = drawings()
    for name, sprites, most in (("clean", images, 0.7), ("hazy", hazy(images, background), 0.95)):
        print(name, "drawings")
        plain = wrong(sprites, background)
        careful = wrong(sprites, background, careful=True)
        holes = wrong(sprites, background, careful=True, holes=True)
        assert sum(careful) < most * sum(plain)
        assert careful[1] < plain[1], "less of the drawing goes"
        assert holes[0] < careful[0] / 2, "most holes are of the background"
        assert sum(holes) < sum(careful)


def test_without_options_it_is_what_it_always_was() -> None:
    """Exports and uploads rely on it, bit for bit."""
    images, background = drawings(200)
    for sprites in (images, hazy(images, background)):
        lab = oklab(sprites)
        plain = (distance(border_pixels(lab), border_colour(lab)[:, 0]) <= SAME).mean(axis=1) >= 0.5
        opaque = foreground(lab) | ~plain[:, None, None]
        cut = cutout(sprites)
        np.testing.assert_array_equal(cut[..., 3] == 255, opaque)
        np.testing.assert_array_equal(cut[..., :3], np.where(opaque[..., None], sprites, 0))


def test_a_drawing_that_fills_most_of_the_border_is_not_its_background() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 1:15] = (20, 20, 20)
    image[0, 2:14, 2:14] = (200, 40, 40)
    assert (cutout(image)[0, 3:13, 3:13, 3] == 255).all()
    careful = cutout(image, careful=True)[0, ..., 3] == 0
    assert careful[[0, -1]].all()
    assert not careful[1:15].any()


def test_a_pale_rim_stays_and_haze_goes() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 4:12, 4:12] = (242, 248, 255)
    image[0, 5:11, 5:11] = (40, 60, 160)
    image[0, 3, 3:13] -= np.random.default_rng(0).integers(4, 12, (10, 3), dtype=np.uint8)
    assert (cutout(image)[..., 3] == 255).sum() == 36
    careful = cutout(image, careful=True)[0, ..., 3] == 255
    assert careful[4:12, 4:12].all()
    assert careful.sum() == 64


@pytest.mark.parametrize("careful", [False, True])
def test_holes_if_asked_for_and_large_enough(careful: bool) -> None:
    image = ring()
    image[5, 5] = 255
    assert (cutout(image[None], careful=careful)[0, 4:12, 4:12, 3] == 255).all()
    cut = cutout(image[None], careful=careful, holes=True)[0]
    assert not cut[6:10, 6:10, 3].any()
    assert cut[5, 5, 3] == 255, f"a glint is smaller than {LEAST_HOLE} pixels"
    cream = ring()
    cream[6:10, 6:10] = (255, 250, 235)
    assert (cutout(cream[None], careful=careful, holes=True)[0, 4:12, 4:12, 3] == 255).all(), "not quite the background"


def test_a_soft_shadow_is_kept_or_cut() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 4:12, 4:12] = (40, 60, 160)
    image[0, 12:14, 2:14] = 204
    assert (cutout(image, shadows=0.1)[0, 12:14, 2:14, 3] == 255).all()
    cut = cutout(image, shadows=0.2)[0, ..., 3] == 255
    assert cut[4:12, 4:12].all()
    assert cut.sum() == 64
    pink = image.copy()
    pink[0, 12:14, 2:14] = (240, 180, 200)
    assert (cutout(pink, shadows=0.3)[0, 12:14, 2:14, 3] == 255).all(), "of another hue"


def test_all_options_on_any_sprites() -> None:
    random = np.random.default_rng(3)
    for images in (simple_sprites(5), random.integers(0, 256, (3, 24, 9, 3), dtype=np.uint8), simple_sprites(1)[:0]):
        cut = cutout(images, careful=True, holes=True, shadows=0.2)
        assert cut.shape == (*images.shape[:3], 4)
        assert set(np.unique(cut[..., 3])) <= {0, 255}
        assert not cut[cut[..., 3] == 0].any()
        kept = cut[..., 3] == 255
        np.testing.assert_array_equal(cut[kept][:, :3], images[kept])
        one_by_one = [cutout(image[None], careful=True, holes=True, shadows=0.2) for image in images]
        np.testing.assert_array_equal(cut, np.concatenate([cut[:0], *one_by_one]))
