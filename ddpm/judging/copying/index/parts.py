"""Dataclasses of arrays, taken apart into arrays with names and put together again: how an index is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def arrays_of(value: Any, prefix: str) -> dict[str, np.ndarray]:
    """The arrays of a dataclass and of the dataclasses in it, named after their fields."""
    found: dict[str, np.ndarray] = {}
    for field in fields(value):
        part, name = getattr(value, field.name), prefix + field.name
        if is_dataclass(part):
            found |= arrays_of(part, f"{name}_")
        elif isinstance(part, np.ndarray):
            found[name] = part
    return found


def assembled(kind: Callable[..., Any], parts: Mapping[str, np.ndarray], prefix: str, **ready: Any) -> Any:
    """A dataclass from the arrays of :func:`arrays_of` and the fields in ``ready``; KeyError if one is missing."""
    names = [field.name for field in fields(kind) if field.name not in ready]  # type: ignore[arg-type]
    return kind(**{name: parts[prefix + name] for name in names}, **ready)
