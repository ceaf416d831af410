"""What a reader brings back from a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ddpm.sprites.readers.shelf import Shelf


@dataclass(frozen=True)
class Reading:
    """Checked sprites: images uint8 ``(N,16,16,3)`` lying on the shelf as "images", labels int64 ``(N,)`` or None.

    ``factors`` are further int64 or bool arrays ``(N,)`` that only the built-in set has. ``notes`` are plain sentences,
    one for each thing that was left out, cut, guessed or assumed, with its count.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] | None = None
    factors: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


Reader = Callable[[Shelf], Reading]
