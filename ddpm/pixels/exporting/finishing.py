"""What is done to drawn sprites before they are looked at or saved; never to those that are measured."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ddpm.base.text import counted
from ddpm.pixels.cleaning import Cleaned, clean_pixels
from ddpm.pixels.exporting.palette_files import colours_used
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab
from ddpm.pixels.palette.files import Palette
from ddpm.pixels.palette.mapping import map_to_palette
from ddpm.pixels.sheets import plain_name
from ddpm.pixels.transparency import cutout

SOFT_SHADOWS = 0.2
"""As ``shadows`` of :class:`CutOut`: soft ones go, and a black outline stays."""
_STILL_THERE = 0.7
_MOST_COLOURS = 256  # of a palette


@dataclass(frozen=True)
class CutOut:
    """How the background is made transparent; see :func:`ddpm.pixels.transparency.cutout`, careful."""

    holes: bool = False
    shadows: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.shadows <= 1:
            raise ValueError(f"shadows must be from 0 to 1, got {self.shadows!r}")


@dataclass(frozen=True, eq=False)
class Finished:
    """Sprites as they are looked at or saved.

    Attributes:
        images: uint8 (N, H, W, C); C is 4 if the background was cut out.
        cleaned: what was cleaned; None if that was not asked for.
        told: what was done, a sentence each.
    """

    images: np.ndarray
    cleaned: Cleaned | None = field(repr=False)
    told: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Finish:
    """What is to be done, in this order: clean the pixels, cut the background out, hold the rest to a palette.

    The background goes first, as a palette may give it and a pale drawing the same colour.

    With none of them it is false, and the sprites stay as they are.

    Attributes:
        clean: see :func:`ddpm.pixels.cleaning.clean_pixels`.
        palette: see :func:`ddpm.pixels.palette.mapping.map_to_palette`.
    """

    clean: bool = False
    palette: Palette | None = None
    cut_out: CutOut | None = None

    def __bool__(self) -> bool:
        return self.clean or self.palette is not None or self.cut_out is not None

    def key(self) -> tuple[object, ...]:
        """Equal for what gives equal sprites and words."""
        held = None if self.palette is None else (self.palette.name, self.palette.colours.tobytes())
        return self.clean, held, self.cut_out

    def suffix(self) -> str:
        """What it adds to the name of a file: "-clean-pico-8-transparent", or "" for nothing."""
        parts = ["clean"] if self.clean else []
        if self.palette is not None:
            parts.append(plain_name(self.palette.name).lower() or "palette")
        return "".join(f"-{part}" for part in [*parts, *(["transparent"] if self.cut_out else [])])

    def apply(self, images: np.ndarray) -> Finished:
        """Finish sprites, uint8 (N, H, W, C), which are left as they are; the same sprites always give the same.

        Raises:
            TypeError, ValueError: if they are no sprites.
        """
        told: list[str] = []
        cleaned = clean_pixels(images) if self.clean else None
        if cleaned is not None:
            images = cleaned.images
            told.append(cleaned.in_words())
        if self.cut_out is not None:
            before = images
            images = cutout(before, careful=True, holes=self.cut_out.holes, shadows=self.cut_out.shadows)
            told.append(_cut_words(before, images))
        if self.palette is not None:
            before, images = images, map_to_palette(images, self.palette.colours).images
            used = len(colours_used(images))
            told.append(f"{self.palette.name}: {used} of {len(self.palette.colours)} colours used.")
            if lost := _lost_in_background(before, images):
                told.append(_lost_words(lost))
        return Finished(images, cleaned, tuple(told))


def keep_pixels(images: np.ndarray, sprite: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Finished sprites with some pixels as they were before, whatever cleaning and palette made of them.

    Args:
        images: uint8 (N, H, W, C), or with a fourth channel if the background was cut out: what was cut stays so.
        sprite: uint8 (H, W, C) or (N, H, W, C), to which these pixels belong.
        kept: bool (H, W), which ones.

    Returns:
        a new uint8 array, shape of ``images``.
    """
    found = images.copy()
    channels = sprite.shape[-1]
    there = np.broadcast_to(kept, images.shape[:3])
    if images.shape[-1] > channels:
        there = there & (images[..., channels] > 0)
    found[..., :channels] = np.where(there[..., None], sprite, images[..., :channels])
    return found


def own_colours(sprite: np.ndarray, fixed: np.ndarray) -> Palette:
    """The colours of the fixed pixels, the most frequent first; of more than 256 the palette's name tells it.

    Where there is no alpha, white is one of them: what is drawn needs a background.

    Args:
        sprite: uint8 (H, W, C).
        fixed: bool (H, W).

    Raises:
        ValueError: if none of these pixels has a colour.
    """
    found = colours_used(sprite[fixed])
    if not len(found):
        raise ValueError("nothing with a colour is given, so there are no own colours to hold the rest to")
    if sprite.shape[-1] == 3 and not (found == 255).all(axis=1).any():
        found = np.concatenate([np.full((1, 3), 255, np.uint8), found])
    some = f"The {_MOST_COLOURS} most frequent of {len(found):,} own colours"
    return Palette("Own colours" if len(found) <= _MOST_COLOURS else some, found[:_MOST_COLOURS])


def why_not_cut_out(images: np.ndarray) -> str:
    """Why there is no background to cut out of any of these sprites, in a sentence; "" if there is one.

    Args:
        images: uint8 (N, H, W, C).
    """
    if images.shape[-1] == 4:
        return "They are transparent already where nothing is drawn."
    if len(images) and cutout(images, careful=True)[..., 3].all():
        return "They have no background: no colour surrounds what is drawn."
    return ""


def _lost_in_background(before: np.ndarray, after: np.ndarray) -> int:
    """Of how many sprites a good part of the drawing got the colour of its background."""
    if before.shape[-1] == 4 or len(before) == 0:
        return 0
    drawn, left = (foreground(oklab(images)).sum(axis=(1, 2)) for images in (before, after))
    return int((left < _STILL_THERE * drawn).sum())


def _lost_words(count: int) -> str:
    whose = "1 sprite has" if count == 1 else f"{count:,} sprites have"
    return (
        f"{whose} lost a good part to the background: the palette has one colour for both. Cut the background out, or "
        "take a palette with more colours."
    )


def _cut_words(before: np.ndarray, after: np.ndarray) -> str:
    if before.shape[-1] == 4:
        return "No background was cut out: the sprites have transparency of their own."
    cut = int((after[..., 3] == 0).any(axis=(1, 2)).sum())
    if cut == len(after):
        return f"The background was cut out of {'all ' * (cut > 1)}{counted(cut, 'sprite')}."
    rest = counted(len(after) - cut, "sprite")
    if cut == 0:
        return f"No background was cut out of {rest}: no colour surrounds what is drawn."
    return f"The background was cut out of {counted(cut, 'sprite')}; for {rest} no colour surrounds what is drawn."
