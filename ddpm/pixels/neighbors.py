"""The nearest sprites by pixels, exactly.

Pixels minus 128 are whole numbers in -128..127, and every partial sum of a dot product of 1,024 values is at most
1,024 * 128^2 = 2^24: float32 holds it without rounding, in any order. So the fast float32 matrix product gives exact
squared distances, 1,024 values at a time: a copy has 0, a sprite that is off by one in one value has 1. bfloat16 holds
each pixel, too, so torch may multiply in it (``set_float32_matmul_precision``) and nothing changes.
"""

from __future__ import annotations

import numpy as np
import torch

from ddpm.base.blocks import blocks, images_per_block
from ddpm.pixels.conversion import CHANNELS, size_words

_EXACT = 1024
_LARGEST = 64 * 64 * 4
# Of 16x16 sprites, or fewer larger ones: small enough for a block of float32 pixels to stay in the processor's cache.
_BLOCK = 2048
_QUERY_BLOCK = 1024
_LEAST_BLOCK = 256
_INDEX_BITS = 31


def nearest(queries: np.ndarray, references: np.ndarray, k: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest references of each query, by squared Euclidean distance over all pixel values.

    References are read in blocks, so a mapped file stays on disk; they are taken as they are, repeats included.

    Args:
        queries: uint8 (Q, H, W, C), C of 3 or 4; alpha counts like a colour.
        references: uint8 (R, H, W, C), at most 2^31 - 1 of them.
        k: 1..R.

    Returns:
        ``(indices, squared_distances)``: int64 (Q, k) each, nearest first, equal distances by lower index.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for other shapes, sprites of more than 16,384 values, or a k outside 1..R.
    """
    queries, references = np.asarray(queries), np.asanyarray(references)
    for name, images in (("queries", queries), ("references", references)):
        if images.dtype != np.uint8:
            raise TypeError(f"{name} must be uint8 images, got {images.dtype}")
        if images.ndim != 4 or images.shape[3] not in CHANNELS:
            raise ValueError(f"{name} must have shape (N, H, W, 3) or (N, H, W, 4), got {images.shape}")
    if queries.shape[1:] != references.shape[1:]:
        raise ValueError(f"queries and references differ in size: {size_words(queries)} and {size_words(references)}")
    if np.prod(queries.shape[1:]) > _LARGEST:
        raise ValueError(f"sprites of more than {_LARGEST:,} values would not be compared exactly")
    check_k(k, len(references))
    indices = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k), np.int64)
    for part in blocks(len(queries), _rows_of(queries, _QUERY_BLOCK)):
        indices[part], distances[part] = _nearest_block(queries[part], references, k)
    return indices, distances


def check_shape(queries: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raises ValueError if queries, (N, H, W, C), are not of the shape (H, W, C) of the references."""
    if queries.shape[1:] != shape:
        expected = size_words(np.empty((0, *shape)))
        raise ValueError(f"queries must have the shape of the references: {expected}, not {size_words(queries)}")


def check_k(k: int, count: int) -> None:
    """Raises ValueError if there are no k nearest among so many references."""
    if not 1 <= k <= count:
        raise ValueError(f"k must lie in 1..{count}, the number of references, got {k}")


def rms_grey_levels(squared_distances: np.ndarray | int, values: int) -> np.ndarray:
    """Squared distances over all ``values`` of a sprite, H * W * C, as a root mean square, in grey levels 0..255."""
    return np.sqrt(np.asarray(squared_distances) / values)


def _rows_of(images: np.ndarray, most: int) -> int:
    """How many images make a block; a product of very few would be slow."""
    return max(min(most, _LEAST_BLOCK), images_per_block(images.shape[1] * images.shape[2], most))


@torch.no_grad()
def _nearest_block(queries: np.ndarray, references: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    with torch.autocast("cpu", enabled=False):
        wanted, wanted_norms = _Centred(len(queries), queries[0].size).read(queries)
        rows_each = _rows_of(references, _BLOCK)
        reader = _Centred(min(rows_each, len(references)), queries[0].size)
        # A key holds distance and index in one number, so that the smallest key is the nearest, then the first.
        best = torch.full((len(queries), k), torch.iinfo(torch.int64).max, dtype=torch.int64)
        for start in range(0, len(references), rows_each):
            block, norms = reader.read(references[start : start + rows_each])
            distances = _dot_products(wanted, block).mul_(-2).add_(norms).add_(wanted_norms[:, None])
            # An equal distance further down the file never displaces one that is already there.
            rows = (distances.amin(dim=1) < (best[:, -1] >> _INDEX_BITS)).nonzero().squeeze(1)
            if len(rows):
                keys = (distances[rows].to(torch.int64) << _INDEX_BITS) + torch.arange(start, start + len(block))
                keys = keys.topk(min(k, len(block)), dim=1, largest=False).values
                best[rows] = torch.cat([best[rows], keys], dim=1).sort(dim=1).values[:, :k]
    return (best & ((1 << _INDEX_BITS) - 1)).numpy(), (best >> _INDEX_BITS).numpy()


class _Centred:
    """Reads blocks of images into one pair of buffers: allocating them anew would cost more than the arithmetic."""

    def __init__(self, rows: int, values: int) -> None:
        self._pixels = torch.empty(rows, values)
        self._squares = torch.empty(rows, values)

    def read(self, images: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """float32 (N, values) pixels minus 128, and int32 (N,) their squared norms; valid until the next call."""
        flat = np.require(images, requirements=["C", "W"]).reshape(len(images), -1)
        pixels = self._pixels[: len(flat)].copy_(torch.from_numpy(flat)).sub_(128.0)
        squares = torch.mul(pixels, pixels, out=self._squares[: len(flat)])
        pieces = [piece.sum(dim=1).to(torch.int32) for piece in squares.split(_EXACT, dim=1)]
        return pixels, sum(pieces[1:], pieces[0])


def _dot_products(queries: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """int32 (Q, R), exact."""
    pieces = zip(queries.split(_EXACT, dim=1), references.split(_EXACT, dim=1), strict=True)
    first, *others = ((query @ reference.T).to(torch.int32) for query, reference in pieces)
    return sum(others, first)
