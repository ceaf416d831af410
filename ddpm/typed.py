"""JSON values of the kind that one expects: whoever reads a file that others may have touched asks here first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]


def keep(values: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The entries that pass; a key without a check passes as it is."""
    return {key: value for key, value in values.items() if key not in checks or checks[key](value)}


def is_count(value: Any) -> bool:
    """A whole number from 0 to 10^15."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**15


def is_amount(value: Any) -> bool:
    """A finite number that is not negative."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= 1e300 and math.isfinite(value)


def is_text(value: Any) -> bool:
    """A string."""
    return isinstance(value, str)


def is_record(value: Any) -> bool:
    """An object."""
    return isinstance(value, dict)


def or_none(check: Check) -> Check:
    """What ``check`` says, or null."""
    return lambda value: value is None or check(value)


def list_of(check: Check) -> Check:
    """A list of what ``check`` says."""
    return lambda value: isinstance(value, list) and all(map(check, value))


def jsonable(value: Any) -> Any:
    """A value as strict JSON has it: None for numbers that are not finite, lists for tuples, inside dicts, too."""
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
