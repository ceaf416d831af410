"""JSON values of the kind that one expects: whoever reads a file that others may have touched asks here first."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
_HALF = re.compile("[\ud800-\udfff]")


def keep(values: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The entries that pass; a key without a check passes as it is."""
    return {key: value for key, value in values.items() if key not in checks or checks[key](value)}


def fits(value: Any, checks: Mapping[str, Check]) -> bool:
    """Whether a value is an object that has all of these keys, and each of them passes."""
    return isinstance(value, dict) and all(key in value and check(value[key]) for key, check in checks.items())


def is_whole(value: Any, low: int, high: int) -> bool:
    """A whole number in a range, both ends included."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_number(value: Any, low: float = -1e300, high: float = 1e300) -> bool:
    """A number in a range, both ends included. Compared first: an integer may be too large for a float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def is_count(value: Any) -> bool:
    """A whole number from 0 to 10^15."""
    return is_whole(value, 0, 10**15)


def is_amount(value: Any) -> bool:
    """A finite number that is not negative."""
    return is_number(value, 0)


def is_share(value: Any) -> bool:
    """A number from 0 to 1."""
    return is_number(value, 0, 1)


def is_text(value: Any) -> bool:
    """A string that can be written out: JSON may hold half a character."""
    return isinstance(value, str) and not _HALF.search(value)


def is_name(value: Any) -> bool:
    """A string that may name a file. Systems allow names that are no text, and they are kept as they are."""
    return isinstance(value, str) and "\0" not in value


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
