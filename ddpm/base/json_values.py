"""JSON from files that other programs may have changed: parsed strictly, each field checked before it is used.

A table of checks, ``{"step": is_count, "loss": or_none(is_amount)}``, says what an object holds. :func:`has_fields`
tests an object as a whole, :func:`valid_fields` drops the fields that fail.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from ddpm.base.text import SURROGATE, showable

Check = Callable[[Any], bool]

_MOST_LEVELS = 32
_MOST_DIGITS = 300
# The values of these keys are paths, which must keep their exact bytes.
_PATHS = frozenset({"source", "log", "run", "folder"})


def parse_json(data: bytes, name: str) -> dict[str, Any]:
    """Parse a JSON object, all of whose numbers are finite floats; error messages call it ``name``.

    Raises:
        ValueError: if it is not UTF-8, not a JSON object, or has too many levels, a repeated key or too large a number.
    """
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        deep = _is_deep(value)
    except RecursionError:
        deep = True
    except ValueError as error:
        raise ValueError(f"{name} is not valid JSON ({error})") from None
    if deep:
        raise ValueError(f"{name} is nested too deep")
    # Valid JSON may contain surrogates, which can be neither shown nor written.
    if b"\\ud" in data or b"\\uD" in data:
        value = _showable_values(value)
    if not isinstance(value, dict):
        raise ValueError(f"{name} does not hold a JSON object")
    return value


def valid_fields(values: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The fields that pass their check, and those without a check."""
    return {key: value for key, value in values.items() if key not in checks or checks[key](value)}


def has_fields(value: Any, checks: Mapping[str, Check]) -> bool:
    """Whether a value is an object with a field for each check, and all of them pass."""
    return isinstance(value, dict) and all(key in value and check(value[key]) for key, check in checks.items())


def checked(value: Any, check: Check) -> Any:
    """The value itself. Raises ValueError if it fails the check."""
    if not check(value):
        raise ValueError(f"{str(value)[:40]!r} is not what is expected")
    return value


def is_whole(value: Any, low: int, high: int) -> bool:
    """A whole number in a range, both ends included."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_number(value: Any, low: float = -1e300, high: float = 1e300) -> bool:
    """A number in a range, both ends included; also safe for integers too large for a float."""
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
    """A string without surrogates, which cannot be written."""
    return isinstance(value, str) and not SURROGATE.search(value)


def is_name(value: Any) -> bool:
    """A string that may name a file; surrogates are allowed, since a name on disk need not be valid text."""
    return isinstance(value, str) and "\0" not in value


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def jsonable(value: Any) -> Any:
    """A value for strict JSON: None instead of numbers that are not finite, lists instead of tuples, at all levels."""
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_deep(value: Any) -> bool:
    """Whether it has more levels than any of our files; recursive code could then run out of stack."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        held = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [item for items in held for item in items]
        if not level:
            return False
    return True


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key occurs twice")
    return value


def _parse_int(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a finite number")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_int=_parse_int, parse_float=_parse_float, parse_constant=_parse_float
)


def _showable_values(value: Any) -> Any:
    """JSON values with all text except paths made :func:`showable`."""
    if isinstance(value, str):
        return showable(value)
    if isinstance(value, list):
        return [_showable_values(item) for item in value]
    if isinstance(value, dict):
        return {
            showable(key): item if key in _PATHS and isinstance(item, str) else _showable_values(item)
            for key, item in value.items()
        }
    return value
