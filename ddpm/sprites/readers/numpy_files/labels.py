"""Labels: one-hot rows, class numbers or texts, turned into class numbers (int64)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.sprites.errors import SpriteError

MOST_CLASSES = 1000
KAGGLE_NAMES = ("hero", "non-hero", "food", "spell", "side-facing")
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Labels:
    """int64 ``(N,)`` class numbers, how many classes there are, and their names if the labels were texts."""

    values: np.ndarray
    classes: int
    one_hot: bool
    names: tuple[str, ...] | None = None


def check_labels_shape(shape: tuple[int, ...], dtype: np.dtype[Any], count: int, where: str) -> None:
    """Refuse labels that cannot fit ``count`` sprites before their data is read.

    Raises:
        SpriteError: if they aren't ``(N,)`` or ``(N, C)`` numbers, or ``(N,)`` texts, for N sprites and at most 1,000
            classes.
    """
    is_text = dtype.kind in "US"
    if len(shape) not in (1, 2) or not (is_text or dtype.kind in "buif") or (is_text and shape[1:] not in ((), (1,))):
        raise SpriteError(
            f"{where} has the shape {shape[:6]} and type {dtype}. Labels are class numbers or texts (N,), or one-hot "
            "rows (N, C)."
        )
    if shape[0] != count:
        raise SpriteError(
            f"{where} holds {shape[0]:,} labels for {count:,} sprites. There must be one for each: "
            "use the file that belongs to these sprites, or remove it to load them without labels."
        )
    if len(shape) == 2 and not 1 <= shape[1] <= MOST_CLASSES:
        raise SpriteError(f"{where} has {shape[1]:,} classes; from 1 to {MOST_CLASSES:,} are possible.")


def read_labels(array: np.ndarray, count: int, where: str) -> Labels:
    """Turn one-hot rows ``(N, C)``, class numbers ``(N,)`` of any number type, or texts ``(N,)`` into int64 ``(N,)``.

    Each different text, of characters or of bytes, is a class; their order is that of the texts.

    Raises:
        SpriteError: if there isn't one label per sprite, or one is NaN, negative, broken, not one-hot, or above 999.
    """
    check_labels_shape(array.shape, array.dtype, count, where)
    if array.dtype.kind in "US":
        return _from_texts(array.reshape(-1), where)
    one_hot = array.ndim == 2 and array.shape[1] > 1
    values = np.empty(count, np.int64)
    for part in blocks(count, 65_536 if not one_hot else 4096):
        block = np.asarray(array[part])
        values[part] = _from_one_hot(block, part.start, where) if one_hot else _from_numbers(block, part.start, where)
    classes = array.shape[1] if one_hot else int(values.max()) + 1
    return Labels(values, classes, one_hot)


def name_classes(labels: Labels, given: np.ndarray | None, kaggle: bool, where: str) -> tuple[str, ...]:
    """Names of the classes, no two alike: the labels' own, those given (text ``(K,)``), the Kaggle set's, or "class 0".

    Raises:
        SpriteError: if fewer names than classes are given.
    """
    if labels.names is not None:
        return labels.names
    if given is not None:
        names = unique_names(clean_name(_as_text(name)) for name in given.reshape(-1)[: MOST_CLASSES + 1].tolist())
        if not labels.classes <= len(names) <= MOST_CLASSES:
            raise SpriteError(
                f"{where} names {len(names)} classes in label_names, and the labels go up to {labels.classes - 1}. "
                "Give a name for each class."
            )
        return names
    if kaggle and labels.one_hot and labels.classes == len(KAGGLE_NAMES):
        return KAGGLE_NAMES
    return tuple(f"class {number}" for number in range(labels.classes))


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Number names that are alike: a, a (2). Cleaning may have made them so, and kinds are chosen by name."""
    unique: dict[str, None] = {}
    for name in names:
        number, own = 1, name
        while own in unique:
            number += 1
            own = f"{name} ({number})"
        unique[own] = None
    return tuple(unique)


def _from_texts(array: np.ndarray, where: str) -> Labels:
    texts, values = np.unique(array, return_inverse=True)
    if len(texts) > MOST_CLASSES:
        raise SpriteError(
            f"{where} holds {len(texts):,} different texts; at most {MOST_CLASSES:,} classes are possible."
        )
    try:
        names = unique_names(clean_name(_as_text(text)) for text in texts.tolist())
    except (ValueError, SystemError):
        raise SpriteError(f"{where} holds text that is not valid Unicode. Correct it, or remove the labels.") from None
    return Labels(values.astype(np.int64), len(texts), False, names)


def _as_text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "replace")


def _from_one_hot(block: np.ndarray, start: int, where: str) -> np.ndarray:
    good = ((block == 0) | (block == 1)).all(axis=1) & ((block == 1).sum(axis=1) == 1)
    if not good.all():
        row = start + int(np.argmin(good))
        raise SpriteError(f"{where}: row {row} is not one-hot (a single 1, else 0). Correct it, or remove the labels.")
    return block.argmax(axis=1)


def _from_numbers(block: np.ndarray, start: int, where: str) -> np.ndarray:
    block = block.reshape(-1)
    with np.errstate(invalid="ignore"):
        good = (block >= 0) & (block < MOST_CLASSES) & (block == np.trunc(block.astype(np.float64)))
    if not good.all():
        row = int(np.argmin(good))
        raise SpriteError(
            f"{where}: the label of sprite {start + row} is {block[row]}. Labels are whole numbers from 0 to "
            f"{MOST_CLASSES - 1}. Correct it, or remove the labels."
        )
    return block.astype(np.int64)


def clean_name(name: str) -> str:
    """A name of a class as it is shown: what is printable of it, at most 60 characters."""
    return "".join(c for c in name if c.isprintable()).strip()[:_LONGEST_NAME] or "unnamed"
