"""Which training sprite has the same grain? The shape of sprites in which no edge is seen.

Sand, stone, a soft glow: where hardly two neighbours differ visibly there is no map of edges
(:mod:`ddpm.judging.copying.shapes`) by which a sprite could be known when it is mirrored, moved or in other colours.
Its relief is left: by how much the lightness, or the alpha, of each pixel differs from that of the next. Two reliefs
are compared by the cosine of the angle between them (normalised cross-correlation) at the best of 18 alignments.
Differences, not values, since any two slopes are alike in their values, whatever grain lies on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.base.blocks import blocks, image_blocks
from ddpm.judging.copying.shapes import ShapeMatches
from ddpm.pixels.oklab import oklab

MOST_EDGES = 1 / 32
"""The largest share of visible edges with which a sprite is looked for by its relief."""

# The same sprite in other colours may show a few more of its edges.
_MOST_OF_REFERENCES = 2 * MOST_EDGES
_SHIFTS = sorted(((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)), key=lambda s: (abs(s[0]) + abs(s[1]), s))
_VARIANTS = [(flip, dy, dx) for flip in (False, True) for dy, dx in _SHIFTS]
_QUERY_BLOCK, _BLOCK = 32, 2048


@dataclass(frozen=True)
class ReliefIndex:
    """The reliefs of those references that show hardly any edges.

    Attributes:
        rows: int64 (F,), which references these are.
        reliefs: float32 (F, D), see :func:`reliefs`; of length 1, or 0 for one in a single colour.
    """

    rows: np.ndarray
    reliefs: np.ndarray

    @classmethod
    def of(cls, references: np.ndarray, edges: np.ndarray) -> ReliefIndex:
        """Index references, uint8 (R, H, W, C), of which the shares of visible edges, float (R,), are known."""
        rows = np.flatnonzero(edges <= _MOST_OF_REFERENCES)
        return cls(rows, _units(reliefs(references[rows])))

    def nearest(self, queries: np.ndarray, k: int) -> ShapeMatches:
        """The k references with the most similar reliefs for each query, uint8 (Q, H, W, C).

        Equally similar ones are ordered by index. Where there are fewer than k, the first reference fills the places
        that are left, with a similarity of 0.
        """
        shape = (len(queries), k)
        indices, similarity = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
        flips, shifts = np.zeros(shape, bool), np.zeros((*shape, 2), np.int64)
        table = np.array(_VARIANTS, np.int64)
        for part in blocks(len(queries), _QUERY_BLOCK if len(self.rows) else len(queries)):
            best, variant = self._scores(queries[part])
            order = np.argsort(-best, axis=1, kind="stable")[:, :k]
            filled = (part, slice(order.shape[1]))
            indices[filled] = self.rows[order]
            similarity[filled] = np.take_along_axis(best, order, axis=1).clip(0, 1)
            chosen = table[np.take_along_axis(variant, order, axis=1)]
            flips[filled], shifts[filled] = chosen[..., 0].astype(bool), chosen[..., 1:]
        return ShapeMatches(indices, similarity, flips, shifts)

    def _scores(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """float32 (Q, F), the cosine at the best alignment, and int64 (Q, F), which that is; of equals the first."""
        values = _values(queries)
        turned = np.stack([_units(_differences(_turned_back(values, *variant))) for variant in _VARIANTS])
        best = np.empty((len(queries), len(self.rows)), np.float32)
        variant = np.empty(best.shape, np.int64)
        for part in blocks(len(self.rows), _BLOCK):
            scores = turned @ self.reliefs[part].T
            variant[:, part] = scores.argmax(axis=0)
            best[:, part] = scores.max(axis=0)
        return best, variant


def reliefs(images: np.ndarray) -> np.ndarray:
    """By how much each pixel is lighter than the next one, and where there is alpha, less transparent.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        float32 (N, D): D = H (W - 1) + (H - 1) W for the pairs side by side and one above the other, twice with alpha.
    """
    height, width, channels = images.shape[1:]
    result = np.empty((len(images), (channels - 2) * (height * (width - 1) + (height - 1) * width)), np.float32)
    for part in image_blocks(images):
        result[part] = _differences(_values(images[part]))
    return result


def _values(images: np.ndarray) -> np.ndarray:
    """float32 (N, H, W, 1 or 2): lightness, and alpha."""
    return np.delete(oklab(images), (1, 2), axis=-1)


def _turned_back(values: np.ndarray, flip: bool, dy: int, dx: int) -> np.ndarray:
    """What was mirrored and then moved is moved and mirrored back; what lay outside the picture is NaN."""
    height, width = values.shape[1:3]
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    moved = padded[:, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
    return moved[:, :, ::-1] if flip else moved


def _differences(values: np.ndarray) -> np.ndarray:
    across, down = np.diff(values, axis=2), np.diff(values, axis=1)
    return np.nan_to_num(np.concatenate([part.reshape(len(values), -1) for part in (across, down)], axis=1))


def _units(rows: np.ndarray) -> np.ndarray:
    """Each row at length 1; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
