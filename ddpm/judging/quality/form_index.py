"""What looks most alike to the network of forms, whatever the colours, mirrored or not.

To see 16,000 sprites takes it ten seconds of one core, so what it sees of a set is kept in ``forms/`` of our home. The
file's name depends on the network's version and on the pixels; what is damaged or missing is computed again.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import numpy as np

from ddpm.base.blocks import image_blocks
from ddpm.base.files import npy_bytes, replace_bytes
from ddpm.base.home import home
from ddpm.judging.quality.form_network import DIMENSIONS, VERSION, FormNetwork, form_network
from ddpm.judging.quality.forms import background_for
from ddpm.pixels.conversion import require_sprites
from ddpm.sprites.readers.numpy_files import npy

_BLOCK = 1024
_LARGEST = 1 << 30
_MOST_STORED = 8


class FormIndex:
    """Reference sprites as the network of forms sees them.

    Args:
        references: uint8 (R, H, W, C), R at least 1.
        watch: called with the share of them that has been seen, 0..1.
        seen: float32 (R, 128), their embeddings of length 1, if they are known.

    Raises:
        ValueError: if there are none.
    """

    def __init__(
        self,
        references: np.ndarray,
        watch: Callable[[float], None] = lambda done: None,
        network: FormNetwork | None = None,
        seen: np.ndarray | None = None,
    ) -> None:
        (references,) = require_sprites(references=references)
        if len(references) == 0:
            raise ValueError("there are no sprites to search")
        self._network = network or form_network()
        self._shape = references.shape[1:]
        self._background = background_for(references)
        if seen is None:
            seen = np.empty((len(references), DIMENSIONS), np.float32)
            for part in image_blocks(references, _BLOCK):
                seen[part] = self._see(references[part])
                watch(min(1.0, part.stop / len(references)))
        self.seen = seen

    def nearest(self, samples: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The references that look most like each sample.

        Args:
            samples: uint8 (N, H, W, C), of the references' size.

        Returns:
            int64 (N, k), rows of the references, and float32 (N, k), the cosine of the embeddings, descending; ties by
            lower row.

        Raises:
            ValueError: for images of another size, or a k outside 1..R.
        """
        (samples,) = require_sprites(samples=samples)
        if samples.shape[1:] != self._shape:
            raise ValueError(f"both must be of the same size, got {samples.shape[1:]} and {self._shape}")
        if not 1 <= k <= len(self.seen):
            raise ValueError(f"k must lie in 1..{len(self.seen)}, the number of references, got {k}")
        rows = np.empty((len(samples), k), np.int64)
        cosines = np.empty((len(samples), k), np.float32)
        for part in image_blocks(samples, _BLOCK):
            found = self._see(samples[part]) @ self.seen.T
            rows[part] = np.argsort(-found, axis=1, kind="stable")[:, :k]
            cosines[part] = np.take_along_axis(found, rows[part], axis=1)
        return rows, cosines

    def _see(self, images: np.ndarray) -> np.ndarray:
        points = self._network.see(np.asarray(images), self._background)[0]
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        return np.divide(points, lengths, out=np.zeros_like(points), where=lengths > 0)


def load_or_build_forms(references: np.ndarray, watch: Callable[[float], None] = lambda done: None) -> FormIndex:
    """A :class:`FormIndex` with what was stored for these sprites, else built and stored; the same errors."""
    path = _path(references)
    # Damaged or missing, it is seen again; if the disk is full, it is seen again next time.
    with contextlib.suppress(OSError, ValueError):
        seen = npy.load(path, _LARGEST)
        if seen.dtype == np.float32 and seen.shape == (len(references), DIMENSIONS) and np.isfinite(seen).all():
            os.utime(path)
            return FormIndex(references, seen=seen)
    index = FormIndex(references, watch)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in sorted(path.parent.glob("*.npy"), key=_last_used)[: -_MOST_STORED + 1]:
            old.unlink(missing_ok=True)
        replace_bytes(path, npy_bytes(index.seen), durable=False)
    return index


def are_stored(references: np.ndarray) -> bool:
    """Whether :func:`load_or_build_forms` will find something stored; whether that is damaged is not checked."""
    return _path(references).is_file()


def nearest_in_form(
    samples: np.ndarray, references: np.ndarray, k: int = 1, network: FormNetwork | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """:meth:`FormIndex.nearest` among references, uint8 (R, H, W, C); the same errors."""
    return FormIndex(references, network=network).nearest(samples, k)


def _path(references: np.ndarray) -> Path:
    key = blake2b(f"{VERSION} {references.shape}".encode(), digest_size=16)
    for part in image_blocks(references, _BLOCK):
        key.update(np.ascontiguousarray(references[part]).data)
    return home() / "forms" / f"{key.hexdigest()}.npy"


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        # Another process removed it.
        return time.time()
