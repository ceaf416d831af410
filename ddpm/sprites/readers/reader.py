"""What every reader is: a function that puts the arrays of a source into a store and returns them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ddpm.sprites.readers.numpy_files.array_store import ArrayStore
from ddpm.sprites.readers.tally import TallyRow


@dataclass(frozen=True)
class SpriteArrays:
    """The checked arrays of a source.

    Attributes:
        images: uint8 ``(N,H,W,C)``, C of 3 or 4, in the store as "images".
        labels: int64 ``(N,)`` class numbers, or None.
        label_names: a name for each class, or None.
        factors: further int64 arrays ``(N,)``, which only the built-in set has.
        notes: plain sentences, one for each thing that was left out, cut, guessed or assumed, with its count.
        tally: what became of the files of a folder or archive.
        background: the colour "#rrggbb" that transparent pixels were laid on, or None.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] | None = None
    factors: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tally: tuple[TallyRow, ...] = ()
    background: str | None = None


Reader = Callable[[ArrayStore], SpriteArrays]
