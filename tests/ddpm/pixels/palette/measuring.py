"""What a mapping to a palette keeps and what it loses, in numbers that can be quoted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.pixels.conversion import pack_rgb
from ddpm.pixels.oklab import SAME, distance, oklab
from ddpm.pixels.patches import SIDES, patches


@dataclass(frozen=True)
class MappingNumbers:
    """Shares, 0 to 1, over all sprites; NaN where there is nothing to take a share of.

    Attributes:
        outside: pixels of a colour that the palette does not have.
        even: regions of one colour, two pixels or more, that have one colour afterwards.
        kept: of pixels side by side that could be told apart, those that still can.
        moved: the mean distance to the colour before, in OKLab.
        alpha: whether alpha is what it was.
    """

    outside: float
    even: float
    kept: float
    moved: float
    alpha: bool

    def __str__(self) -> str:
        return (
            f"{self.outside:.2%} of pixels outside the palette; {self.even:.2%} of even regions stay even; "
            f"{self.kept:.1%} of visible edges stay; moved by {self.moved:.3f}; "
            f"alpha {'kept' if self.alpha else 'LOST'}"
        )


def mapping_numbers(before: np.ndarray, after: np.ndarray, colours: np.ndarray) -> MappingNumbers:
    """Compare sprites with what became of them.

    Args:
        before: uint8 (N, H, W, C); the clean drawings, where haze was added before the mapping, to see whether it
            tears their regions apart.
        after: uint8 (N, H, W, C).
        colours: uint8 (K, 3), the palette.
    """
    solid = before[..., 3] > 0 if before.shape[-1] == 4 else np.ones(before.shape[:3], bool)
    old, new = oklab(before[..., :3]), oklab(after[..., :3])
    even = [
        _evenness(*pair) for pair in zip(np.where(solid, pack_rgb(before[..., :3]), -1), pack_rgb(after), strict=True)
    ]
    stays, regions = np.array(even, np.int64).reshape(-1, 2).sum(axis=0)
    visible = kept = 0
    for here, there in SIDES:
        was, now = (distance(lab[(*here, slice(None))], lab[(*there, slice(None))]) > SAME for lab in (old, new))
        seen = was & solid[here] & solid[there]
        visible += int(seen.sum())
        kept += int((seen & now).sum())
    inside = np.isin(pack_rgb(after[..., :3]), pack_rgb(colours))[solid]
    return MappingNumbers(
        outside=_share(int((~inside).sum()), inside.size),
        even=_share(int(stays), int(regions)),
        kept=_share(kept, visible),
        moved=float(distance(old, new)[solid].mean()) if solid.any() else float("nan"),
        alpha=bool((before[..., 3:] == after[..., 3:]).all()),
    )


def nearest_by_pixel(images: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """What other programs do, to compare with: uint8 (N, H, W, C), each pixel in the palette's nearest colour."""
    packed, index = np.unique(pack_rgb(images[..., :3]), return_inverse=True)
    lab = oklab(np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=-1).astype(np.uint8))
    choice = np.array([distance(one, oklab(colours)).argmin() for one in lab], np.int64)
    result = images.copy()
    result[..., :3] = colours[choice[index.reshape(images.shape[:3])]]
    return result


def _evenness(before: np.ndarray, after: np.ndarray) -> tuple[int, int]:
    """How many patches of one colour stay so, and how many there are; of int (H, W), -1 where nothing is."""
    labels = patches(before)[before >= 0]
    colours = after[before >= 0]
    places, index, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    same = np.ones(len(places), bool)
    representative = np.zeros(len(places), colours.dtype)
    representative[index] = colours
    np.logical_and.at(same, index, representative[index] == colours)
    large = sizes > 1
    return int((same & large).sum()), int(large.sum())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
