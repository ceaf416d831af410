"""Sprites held to a palette: by regions, not by pixels, and without dithering.

Each sprite is taken as a few colours (:func:`regions`) that touch each other. Together they get the palette's colours
at the least cost: how far each moves in OKLab, and what is lost where two that could be told apart become one, or swap
which of them is the darker. So an outline does not drown in its fill only because both are nearest to the same colour.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ddpm.pixels.conversion import pack_rgb, require_sprites, unpack_rgb
from ddpm.pixels.oklab import SAME, distance, oklab
from ddpm.pixels.patches import SIDES, patches
from ddpm.pixels.traits import MERGED

_LOSS = 0.5
"""What a lost contrast costs, as a share of itself: to keep it a colour moves up to about half as far."""
_SWEEPS = 8
_SPECK = 2
"""Patches of so few pixels are haze, if what they touch hardly differs."""


@dataclass(frozen=True)
class Mapped:
    """Sprites in the colours of a palette.

    Attributes:
        images: uint8 (N, H, W, C); alpha as it was, and what is wholly transparent untouched.
        used: int64 (K,), the pixels of each colour, in all sprites; repeated colours count where they come first.
        moved: float32 (N, H, W), how far each pixel moved, in OKLab.
    """

    images: np.ndarray
    used: np.ndarray
    moved: np.ndarray = field(repr=False)

    def in_words(self) -> str:
        """ "12 of 16 colours used"."""
        return f"{int((self.used > 0).sum())} of {len(self.used)} colours used"


def map_to_palette(images: np.ndarray, colours: np.ndarray) -> Mapped:
    """Give sprites the colours of a palette; the same sprites and palette always give the same.

    Equal pixels that touch stay equal. A sprite that has only the palette's colours stays as it is.

    Args:
        images: uint8 (N, H, W, C), left as they are; N may be 0.
        colours: uint8 (K, 3), K at least 1.

    Raises:
        TypeError: if one of them is not uint8.
        ValueError: for other shapes.
    """
    (images,) = require_sprites(images=images)
    colours = np.asanyarray(colours)
    if colours.dtype != np.uint8:
        raise TypeError(f"colours must be uint8, got {colours.dtype}")
    if colours.ndim != 2 or colours.shape[1] != 3 or len(colours) == 0:
        raise ValueError(f"colours must have shape (K, 3), K at least 1, got {colours.shape}")
    palette = _Palette.of(colours)
    mapped, used = images.copy(), np.zeros(len(colours), np.int64)
    for image, result in zip(images, mapped, strict=True):
        chosen = _chosen(image, palette)
        solid = chosen >= 0
        result[solid, :3] = colours[chosen[solid]]
        used += np.bincount(chosen[solid], minlength=len(colours))
    moved = distance(oklab(images), oklab(mapped)).astype(np.float32)
    return Mapped(mapped, used, moved)


def regions(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A sprite as a few colours, without its haze: equal pixels that touch always get the same.

    The most frequent colour takes in all that are hardly different (``ddpm.pixels.traits.MERGED``), then the most
    frequent of the rest does, as in :func:`ddpm.pixels.cleaning.clean_pixels`. Then patches of one or two pixels join
    the most similar larger one that they touch, if they would count as one colour with it (``ddpm.pixels.oklab.SAME``).

    Args:
        image: uint8 (H, W, C).

    Returns:
        int64 (H, W), an index into the colours, -1 where nothing is; and the colours, uint8 (R, 3).
    """
    solid = image[..., 3] > 0 if image.shape[-1] == 4 else np.ones(image.shape[:2], bool)
    packed, index, counts = np.unique(pack_rgb(image[solid][:, :3]), return_inverse=True, return_counts=True)
    lab = oklab(unpack_rgb(packed))
    leader = np.full(len(packed), -1)
    for candidate in np.argsort(-counts, kind="stable"):
        if leader[candidate] < 0:
            leader[(leader < 0) & (distance(lab, lab[candidate]) <= MERGED)] = candidate
    which = np.full(solid.shape, -1)
    which[solid] = leader[index.reshape(-1)]
    joined = _without_specks(which, lab)
    kept, numbers = np.unique(joined[solid], return_inverse=True)
    joined[solid] = numbers.reshape(-1)
    return joined, unpack_rgb(packed[kept])


def _touching(which: np.ndarray) -> np.ndarray:
    """int64 (S, 2): the values of any two pixels side by side that differ, -1 left out, in both orders."""
    found = [np.stack([which[here].ravel(), which[there].ravel()], axis=1) for here, there in SIDES]
    both = np.concatenate(found)
    both = both[(both[:, 0] != both[:, 1]) & (both >= 0).all(axis=1)]
    return np.concatenate([both, both[:, ::-1]])


def _counted(edges: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Each of the pairs of numbers below ``count`` once, in order, and how often it is there."""
    codes, times = np.unique(edges[:, 0] * count + edges[:, 1], return_counts=True)
    return np.stack(np.divmod(codes, count), axis=1), times


def _without_specks(which: np.ndarray, lab: np.ndarray) -> np.ndarray:
    labels = np.where(which < 0, -1, patches(which))
    sizes = np.bincount(labels[labels >= 0], minlength=which.size)
    edges, _ = _counted(_touching(labels), which.size)
    colour = which.reshape(-1)
    edges = edges[(sizes[edges[:, 0]] <= _SPECK) & (sizes[edges[:, 1]] > _SPECK)]
    far = distance(lab[colour[edges[:, 0]]], lab[colour[edges[:, 1]]])
    near = far <= SAME
    edges, far = edges[near], far[near]
    # The nearest first, so that of several to one speck it is the one that counts.
    order = np.lexsort((edges[:, 1], far, edges[:, 0]))
    specks, first = np.unique(edges[order, 0], return_index=True)
    becomes = colour.copy()
    becomes[specks] = colour[edges[order[first], 1]]
    return np.where(labels < 0, -1, becomes[labels])


@dataclass(frozen=True)
class _Palette:
    packed: np.ndarray  # int32 (K,), sorted
    first: np.ndarray  # int64 (K,): where each of these is in the palette, the first of repeats before the others
    lab: np.ndarray  # float32 (K, 3)
    alike: np.ndarray  # bool (K, K): colours that cannot be told apart
    darker: np.ndarray  # bool (K, K)

    @classmethod
    def of(cls, colours: np.ndarray) -> _Palette:
        lab, packed = oklab(colours), pack_rgb(colours)
        order = np.argsort(packed, kind="stable")
        light = lab[:, 0]
        alike = distance(lab[:, None], lab) <= MERGED
        return cls(packed[order], order, lab, alike, light[:, None] < light)

    def place(self, colours: np.ndarray) -> np.ndarray:
        """int64 (R,): where colours, uint8 (R, 3), are in the palette; -1 where they are not."""
        wanted = pack_rgb(colours)
        at = np.minimum(np.searchsorted(self.packed, wanted), len(self.packed) - 1)
        return np.where(self.packed[at] == wanted, self.first[at], -1)


def _chosen(image: np.ndarray, palette: _Palette) -> np.ndarray:
    """int64 (H, W): the palette's colour of each pixel of a sprite, -1 where nothing is."""
    exact = palette.place(image[..., :3])
    if image.shape[-1] == 4:
        exact = np.where(image[..., 3] == 0, -2, exact)
    # Drawn in this palette: then even its hardly different colours are meant.
    if not (exact == -1).any():
        return np.maximum(exact, -1)
    which, colours = regions(image)
    sizes = np.bincount(which[which >= 0], minlength=len(colours))
    choice = _assigned(oklab(colours), sizes, _touching(which), palette)
    return np.where(which < 0, -1, choice[which])


def _assigned(lab: np.ndarray, sizes: np.ndarray, edges: np.ndarray, palette: _Palette) -> np.ndarray:
    """int64 (R,): the palette's colour of each of a sprite's colours.

    Costs are weighted by the square root of what they concern, pixels or the length of a border: an eye of one pixel
    counts, and a background does not outweigh everything. Coordinate descent from the nearest colours, the smallest
    first, finds a minimum in a few sweeps.
    """
    cost = distance(lab[:, None], palette.lab) * np.sqrt(sizes)[:, None]
    choice = cost.argmin(axis=1)
    pairs, lengths = _counted(edges, len(lab))
    contrast = distance(lab[pairs[:, 0]], lab[pairs[:, 1]])
    seen = contrast > SAME
    pairs, weight = pairs[seen], _LOSS * contrast[seen] * np.sqrt(lengths[seen])
    steps = lab[pairs[:, 1], 0] - lab[pairs[:, 0], 0]
    starts = np.searchsorted(pairs[:, 0], np.arange(len(lab) + 1))
    for _ in range(_SWEEPS):
        before = choice.copy()
        for one in np.argsort(sizes, kind="stable"):
            mine = slice(starts[one], starts[one + 1])
            theirs, step = choice[pairs[mine, 1]], steps[mine, None]
            swapped = palette.darker[theirs] & (step > SAME) | palette.darker[:, theirs].T & (step < -SAME)
            lost = palette.alike[theirs] | swapped
            choice[one] = (cost[one] + weight[mine] @ lost).argmin()
        if (choice == before).all():
            break
    return choice
