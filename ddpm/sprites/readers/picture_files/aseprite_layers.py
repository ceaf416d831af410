"""The layers of an Aseprite file, and how they are laid on one another.

Blending is done in Aseprite's own whole numbers, so that no pixel is off by one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ddpm.sprites.errors import SpriteError

IMAGE, GROUP, TILEMAP = 0, 1, 2
VISIBLE, BACKGROUND, REFERENCE = 1, 8, 64
_MOST_WORK = 8  # times the most pixels: what all layers of all frames may hold, linked ones counted each time
_ROWS = 1 << 18  # pixels at a time: the wider numbers in between would take many times the memory of the picture


@dataclass(frozen=True)
class Layer:
    """A layer or a group, numbered as they stand in the file."""

    kind: int
    flags: int
    mode: int
    opacity: int
    tileset: int | None
    parent: int | None
    shown: bool  # it and all groups around it


@dataclass(frozen=True)
class Cel:
    """A picture of one layer in one frame; a tilemap's size is in tiles, and ``masks`` says how a tile is spelled."""

    x: int
    y: int
    opacity: int
    z: int
    width: int
    height: int
    data: memoryview
    packed: bool
    masks: tuple[int, ...] | None = None  # bits, number, x flip, y flip, diagonal flip


@dataclass
class Tileset:
    """Tiles, as many as they are, below one another."""

    count: int
    width: int
    height: int
    zero_is_empty: bool
    data: memoryview | None  # None: the tiles are in another file
    tiles: np.ndarray | None = None  # uint8 (N, H, W, C), once unpacked


@dataclass
class Sprite:
    """A file as it was read, unpacked only when it is painted."""

    width: int
    height: int
    depth: int  # bytes a pixel
    flags: int
    transparent: int
    layers: list[Layer] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)  # the groups that are open while layers are read
    cels: list[dict[int, Cel]] = field(default_factory=list)
    palettes: list[np.ndarray] = field(default_factory=list)
    palette: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.uint8))
    palette_is_new: bool = False
    tilesets: dict[int, Tileset] = field(default_factory=dict)
    tags: list[tuple[int, int, str]] = field(default_factory=list)


class Painter:
    """Lays the layers of a frame on one another; what it unpacks for all frames together is limited."""

    def __init__(self, sprite: Sprite, where: str, most_pixels: int) -> None:
        self._sprite, self._where = sprite, where
        self._most, self._left = most_pixels, _MOST_WORK * most_pixels
        self._members: dict[int | None, list[int]] = {}  # of each group; of None, the outermost layers
        for number, layer in enumerate(sprite.layers):
            self._members.setdefault(layer.parent, []).append(number)

    def frame(self, number: int) -> np.ndarray:
        """uint8 ``(H, W, 4)``."""
        layers, canvas = self._sprite.layers, np.zeros((self._sprite.height, self._sprite.width, 4), np.uint8)
        cels = {
            one: cel
            for one, cel in self._sprite.cels[number].items()
            if layers[one].shown and layers[one].kind in (IMAGE, TILEMAP) and not layers[one].flags & REFERENCE
        }
        if self._sprite.flags & 2 and self._sprite.depth != 1:  # each group by itself, then laid on what is below it
            filled = set(cels)
            for one in cels:
                while (parent := layers[one].parent) is not None:
                    filled.add(one := parent)
            self._paint_group(canvas, number, cels, filled, None)
        else:
            for one in sorted(cels, key=lambda one: self._place(one, one, cels)):
                self._paint_cel(canvas, number, one, cels[one])
        return canvas

    def _place(self, order: int, layer: int, cels: dict[int, Cel]) -> tuple[bool, int, int]:
        z = cels[layer].z if layer in cels else 0
        return not self._sprite.layers[layer].flags & BACKGROUND, order + z, z

    def _paint_group(
        self, canvas: np.ndarray, number: int, cels: dict[int, Cel], filled: set[int], group: int | None
    ) -> None:
        places = {
            one: self._place(order, one, cels)
            for order, one in enumerate(self._members.get(group, ()))
            if one in filled
        }
        for one in sorted(places, key=places.__getitem__):
            if one in cels:
                self._paint_cel(canvas, number, one, cels[one])
                continue
            self._spend(canvas.shape[0] * canvas.shape[1])
            inner = np.zeros_like(canvas)
            self._paint_group(inner, number, cels, filled, one)
            blend(canvas, inner, self._sprite.layers[one].opacity, self._sprite.layers[one].mode)

    def _paint_cel(self, canvas: np.ndarray, number: int, layer: int, cel: Cel) -> None:
        found = self._tilemap(layer, cel) if cel.masks else self._image(cel)
        if found is None:
            return
        pixels, empty = found
        top, left = max(0, -cel.y), max(0, -cel.x)
        place = canvas[max(0, cel.y) : max(0, cel.y + len(pixels)), max(0, cel.x) : max(0, cel.x + pixels.shape[1])]
        part = (slice(top, top + place.shape[0]), slice(left, left + place.shape[1]))
        one, pixels, empty = self._sprite.layers[layer], pixels[part], empty[part]
        background = bool(one.flags & BACKGROUND)
        if self._sprite.depth == 1:
            self._paint_indices(place, pixels[..., 0], empty, number, background)
            return
        colours = pixels[..., [0, 0, 0, 1]] if self._sprite.depth == 2 else pixels.copy()
        colours[empty] = 0
        opacity = 255 if background else ((t := cel.opacity * one.opacity + 128) + (t >> 8)) >> 8
        blend(place, colours, opacity, one.mode)

    def _paint_indices(
        self, place: np.ndarray, indices: np.ndarray, empty: np.ndarray, number: int, background: bool
    ) -> None:
        palette = self._sprite.palettes[number]
        shown = ~empty & (indices < len(palette))
        if not background:
            shown &= indices != self._sprite.transparent
        place[shown] = palette[indices[shown]]

    def _image(self, cel: Cel) -> tuple[np.ndarray, np.ndarray] | None:
        """Pixels ``(H, W, C)`` as they stand in the file, and bool ``(H, W)``: where there is nothing at all."""
        self._spend(cel.width * cel.height)
        if not cel.width * cel.height:
            return None
        size = cel.width * cel.height * self._sprite.depth
        pixels = np.frombuffer(self._unpack(cel.data, size, cel.packed), np.uint8).reshape(cel.height, cel.width, -1)
        return pixels, np.zeros(pixels.shape[:2], bool)

    def _tilemap(self, layer: int, cel: Cel) -> tuple[np.ndarray, np.ndarray] | None:
        """Pixels ``(H, W, C)`` of a tilemap, and bool ``(H, W)``: where there is no tile."""
        tileset = self._sprite.tilesets.get(self._sprite.layers[layer].tileset or 0)
        if tileset is None:
            raise ValueError("tiles are missing")
        if tileset.data is None or cel.masks is None or not cel.width * cel.height * tileset.width * tileset.height:
            return None
        self._spend(cel.width * cel.height * tileset.width * tileset.height)
        bits, mask, *flips = cel.masks
        if bits not in (8, 16, 32):
            raise ValueError("its tiles are of an unknown kind")
        data = self._unpack(cel.data, cel.width * cel.height * bits // 8, True)
        spelled = np.frombuffer(data, f"<u{bits // 8}").reshape(cel.height, cel.width).astype(np.uint32)
        tiles = self._tiles(tileset)
        numbers = spelled & np.uint32(mask)
        # A number that names no tile is an empty one, as it is for Aseprite.
        full = numbers < tileset.count
        full &= numbers != 0 if tileset.zero_is_empty else spelled != 0xFFFFFFFF >> 32 - bits
        pixels = tiles[np.where(full, numbers, 0)]
        across, down, diagonal = (spelled & np.uint32(flip) != 0 for flip in flips)
        if tileset.width == tileset.height:
            pixels[diagonal] = pixels[diagonal].swapaxes(1, 2)
        pixels[across] = pixels[across][:, :, ::-1]
        pixels[down] = pixels[down][:, ::-1]
        empty = (~full).repeat(tileset.height, 0).repeat(tileset.width, 1)
        return pixels.swapaxes(1, 2).reshape(*empty.shape, self._sprite.depth), empty

    def _tiles(self, tileset: Tileset) -> np.ndarray:
        if tileset.tiles is None:
            size = tileset.count * tileset.height * tileset.width
            self._spend(size)
            assert tileset.data is not None
            data = self._unpack(tileset.data, size * self._sprite.depth, True)
            # One tile at least, so that there is something to take where no tile is.
            pixels = np.frombuffer(data or bytes(tileset.height * tileset.width * self._sprite.depth), np.uint8)
            tileset.tiles = pixels.reshape(-1, tileset.height, tileset.width, self._sprite.depth)
        return tileset.tiles

    def _spend(self, pixels: int) -> None:
        self._left -= pixels
        if pixels > self._most or self._left < 0:
            raise SpriteError(
                f"{self._where} has layers of more pixels than are read. Export it as PNG, frame by frame."
            )

    def _unpack(self, data: memoryview, size: int, packed: bool) -> bytes | memoryview:
        if not packed:
            if len(data) < size:
                raise ValueError("a picture in it is cut short")
            return data[:size]
        stream = zlib.decompressobj()
        unpacked = stream.decompress(data, size) if size else b""
        # The end of the stream holds its checksum, which is read only if there is room for one byte more.
        if size and (stream.decompress(stream.unconsumed_tail, 1) or not stream.eof or len(unpacked) != size):
            raise ValueError("a picture in it is of another size than it says")
        return unpacked


# Blending


def blend(below: np.ndarray, above: np.ndarray, opacity: int, mode: int) -> None:
    """Lay ``above`` on ``below``, in place.

    Args:
        below: uint8 (H, W, 4), straight alpha; may be a view.
        above: uint8 (H, W, 4).
        opacity: 0 to 255.
        mode: a blend mode by Aseprite's number; those that are not in :data:`MODES` count as normal.
    """
    opaque = above[..., 3] == 255
    if mode == 0 and opacity == 255 and (opaque | (above[..., 3] == 0)).all():
        below[opaque] = above[opaque]
        return
    rows = max(1, _ROWS // max(1, above.shape[1]))
    for start in range(0, len(above), rows):
        part = below[start : start + rows]
        part[:] = _blend(part.astype(np.int32), above[start : start + rows].astype(np.int32), opacity, mode)


def _blend(below: np.ndarray, above: np.ndarray, opacity: int, mode: int) -> np.ndarray:
    plain = _normal(below, above, opacity)
    if mode not in MODES:
        return plain
    # Where nothing lies below there is nothing to blend with: the more there is, the more the mode counts.
    mixed = np.concatenate([MODES[mode](below[..., :3], above[..., :3]), above[..., 3:]], axis=-1)
    mixed = _normal(below, mixed, opacity)
    result = _merge(
        _merge(plain, mixed, below[..., 3:]), mixed, _times(below[..., 3:], _times(above[..., 3:], opacity))
    )
    return np.where(below[..., 3:] == 0, plain, result)


def _normal(below: np.ndarray, above: np.ndarray, opacity: int) -> np.ndarray:
    alpha = _times(above[..., 3:], opacity)
    total = alpha + below[..., 3:] - _times(below[..., 3:], alpha)
    step = (above[..., :3] - below[..., :3]) * alpha
    colour = below[..., :3] + np.sign(step) * (np.abs(step) // np.maximum(total, 1))
    laid = np.where(above[..., 3:] == 0, below, np.concatenate([colour, total], axis=-1))
    return np.where(below[..., 3:] == 0, np.concatenate([above[..., :3], alpha], axis=-1), laid)


def _merge(one: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """From ``one`` to ``other`` by ``share`` (H, W, 1) of 255."""
    colour = one[..., :3] + _times(other[..., :3] - one[..., :3], share)
    colour = np.where(one[..., 3:] == 0, other[..., :3], np.where(other[..., 3:] == 0, one[..., :3], colour))
    alpha = one[..., 3:] + _times(other[..., 3:] - one[..., 3:], share)
    return np.concatenate([np.where(alpha == 0, 0, colour), alpha], axis=-1)


def _times(a: np.ndarray, b: np.ndarray | int) -> np.ndarray:
    """a * b / 255, rounded."""
    product = a * b + 0x80
    return ((product >> 8) + product) >> 8


def _over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """255 * a / b, rounded; 255 where a is not smaller."""
    return np.where(a >= b, 255, (a * 255 + b // 2) // np.maximum(b, 1))


def _screen(b: np.ndarray, s: np.ndarray) -> np.ndarray:
    return b + s - _times(b, s)


def _hard_light(b: np.ndarray, s: np.ndarray) -> np.ndarray:
    return np.where(s < 128, _times(b, 2 * s), _screen(b, 2 * s - 255))


def _soft_light(b: np.ndarray, s: np.ndarray) -> np.ndarray:
    below, above = b / 255, s / 255
    curve = np.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, np.sqrt(below))
    change = np.where(above <= 0.5, below * (1 - below), curve - below)
    return ((below + (2 * above - 1) * change) * 255 + 0.5).astype(np.int32)


def _luminosity(c: np.ndarray) -> np.ndarray:
    return (c * (0.3, 0.59, 0.11)).sum(axis=-1, keepdims=True)


def _with_saturation(c: np.ndarray, saturation: np.ndarray) -> np.ndarray:
    low, reach = c.min(axis=-1, keepdims=True), np.ptp(c, axis=-1, keepdims=True)
    return np.where(reach > 0, (c - low) * saturation / np.where(reach > 0, reach, 1), 0)


def _with_luminosity(c: np.ndarray, luminosity: np.ndarray) -> np.ndarray:
    """The colours with another luminosity, drawn towards grey as far as needed to stay within 0 and 1."""
    c = c + (luminosity - _luminosity(c))
    grey, low, high = _luminosity(c), c.min(axis=-1, keepdims=True), c.max(axis=-1, keepdims=True)
    c = np.where(low < 0, grey + (c - grey) * grey / np.where(low < 0, grey - low, 1), c)
    return np.where(high > 1, grey + (c - grey) * (1 - grey) / np.where(high > 1, high - grey, 1), c)


def _whole(c: np.ndarray) -> np.ndarray:
    return (255 * c.clip(0, 1)).astype(np.int32)


def _mixed(colours: np.ndarray, saturation_of: np.ndarray, luminosity_of: np.ndarray) -> np.ndarray:
    """The hue of one, the saturation of another and the luminosity of a third."""
    saturation = np.ptp(saturation_of / 255, axis=-1, keepdims=True)
    return _whole(_with_luminosity(_with_saturation(colours / 255, saturation), _luminosity(luminosity_of / 255)))


MODES: dict[int, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    1: _times,  # multiply
    2: _screen,
    3: lambda b, s: _hard_light(s, b),  # overlay
    4: np.minimum,  # darken
    5: np.maximum,  # lighten
    6: lambda b, s: np.where(b == 0, 0, _over(b, 255 - s)),  # colour dodge
    7: lambda b, s: np.where(b == 255, 255, 255 - _over(255 - b, s)),  # colour burn
    8: _hard_light,
    9: _soft_light,
    10: lambda b, s: np.abs(b - s),  # difference
    11: lambda b, s: b + s - 2 * _times(b, s),  # exclusion
    12: lambda b, s: _mixed(s, b, b),  # hue
    13: lambda b, s: _mixed(b, s, b),  # saturation
    14: lambda b, s: _whole(_with_luminosity(s / 255, _luminosity(b / 255))),  # colour
    15: lambda b, s: _whole(_with_luminosity(b / 255, _luminosity(s / 255))),  # luminosity
    16: lambda b, s: np.minimum(b + s, 255),  # addition
    17: lambda b, s: np.maximum(b - s, 0),  # subtract
    18: lambda b, s: np.where(b == 0, 0, _over(b, s)),  # divide
}
"""What becomes of the colours, int32 (H, W, 3), of what lies below and above, where both are opaque. 0 is normal."""
