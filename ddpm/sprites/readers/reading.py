"""How a source is to be read, where it does not speak for itself: said in options, or at the end of its name.

``art.png?tile=32x32&gap=1`` is a source like any other, so whoever knows its name reads the same sprites again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ddpm.pixels.transparency import colour_name, parse_colour
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.sheets.sheet_layout import Grid, parse_tile

AUTO = "auto"
_MOST = 1 << 16
READING_OPTIONS = ("tile", "margin", "gap", "background", "centre")
_AT_END = re.compile(
    rf"(.+)\?((?:{'|'.join(READING_OPTIONS)})=[^?&/]*(?:&(?:{'|'.join(READING_OPTIONS)})=[^?&/]*)*)", re.DOTALL
)


@dataclass(frozen=True)
class Reading:
    """What somebody asked for; nothing by default.

    Attributes:
        grid: how sheets are cut.
        background: "#rrggbb" that transparent pixels are laid on, or "auto" for one that contrasts with the drawings;
            None keeps them transparent.
        centre: whether drawings that are smaller than the others are placed in the middle instead of left out.
    """

    grid: Grid = field(default_factory=Grid)
    background: str | None = None
    centre: bool = False

    @property
    def key(self) -> list[Any]:
        """What tells it from other readings; JSON values."""
        grid = self.grid
        return [grid.tile and list(grid.tile), grid.margin, grid.gap, self.background, self.centre]

    def name(self, source: str) -> str:
        """The source and how it is read, in one text that :func:`split_source` takes apart."""
        grid = self.grid
        asked = {
            "tile": grid.tile and "{}x{}".format(*grid.tile),
            "margin": grid.margin,
            "gap": grid.gap,
            "background": self.background and self.background.removeprefix("#"),
            "centre": int(self.centre),
        }
        text = urlencode({name: value for name, value in asked.items() if value})
        return f"{source}?{text}" if text else source


def split_source(source: str) -> tuple[str, dict[str, str]]:
    """A source without what is said at its end, and that, by name."""
    found = _AT_END.fullmatch(source)
    return (source, {}) if found is None else (found[1], dict(parse_qsl(found[2], keep_blank_values=True)))


def make_reading(asked: dict[str, Any]) -> Reading:
    """A reading from options of any origin; None and missing ones are not asked for.

    Raises:
        SpriteError: naming the option that cannot be followed.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    tile = parse_tile(given["tile"]) if "tile" in given else None
    margin, gap = (_whole(given.get(name, 0), name) for name in ("margin", "gap"))
    background = given.get("background")
    if background is not None and background != AUTO:
        try:
            background = colour_name(parse_colour(str(background)))
        except ValueError:
            raise SpriteError(
                f"background is auto, white or #rrggbb, as in #ff8000, not {str(background)[:40]!r}."
            ) from None
    return Reading(Grid(tile, margin, gap), background, _flag(given.get("centre", False)))


def _whole(value: Any, name: str) -> int:
    try:
        number = int(value) if isinstance(value, str) else value.__index__()
    except (AttributeError, ValueError):
        number = -1
    if isinstance(value, bool) or not 0 <= number < _MOST:
        raise SpriteError(f"{name} must be a whole number of pixels from 0 on, not {str(value)[:40]!r}.")
    return number


def _flag(value: Any) -> bool:
    if str(value) not in ("0", "1", "True", "False"):
        raise SpriteError(f"centre is 1 or 0, not {str(value)[:40]!r}.")
    return str(value) in ("1", "True")
