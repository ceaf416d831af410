"""Files that are broken, or made to do harm: bytes that nobody expects where a file of ours should be."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# What JSON can spell and Python's encoder would not write: each stands for the text beside it.
RAW = {
    "@large@": "9" * 400,
    "@vast@": "9" * 5000,
    "@negative@": "-" + "9" * 400,
    "@infinite@": "1e999",
    "@nan@": "NaN",
    "@infinity@": "-Infinity",
    "@deep@": "[" * 500 + "]" * 500,
    "@deepest@": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "@levels@": "[" * 40 + "]" * 40,
    "@twice@": '{"step": 1, "step": 2}',
}
ODD: list[Any] = [
    *RAW,
    *(None, True, False, 0, -1, 1, 2, 255, 2**31, 2**53, 2**63, 2**64, 10**16, 10**300, -(2**63)),
    *(0.5, -0.5, 1e308, -1e308, 5e-324),
    *("", "x", "12", "\ud800", "a\0b", "/dev/zero", "../..", "x" * 3000, "[markup](http://x)"),
    *([], {}, [[]], [None], {"a": {}}, {"": 0}, [1, 2], ["a"], [-1], [0.5] * 4, [1e308] * 4),
]


def spelled(value: Any) -> bytes:
    """A value as JSON, with the odd ones as ``RAW`` spells them."""
    text = json.dumps(value)
    for mark, raw in RAW.items():
        text = text.replace(f'"{mark}"', raw)
    return text.encode()


def quick(examples: int) -> settings:
    """The same examples at every run, and no clock."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def mutated(draw: st.DrawFn, valid: bytes) -> bytes:
    """A file that was sound before some of its bytes were changed, cut out, put in, moved or repeated."""
    data = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(1, 64))
        match draw(st.sampled_from(["flip", "set", "cut", "shorten", "insert", "swap", "repeat"])):
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "set" if at < len(data):
                data[at : at + length] = draw(st.binary(max_size=length))
            case "cut":
                del data[at : at + length]
            case "shorten":
                del data[at:]
            case "insert":
                data[at:at] = draw(st.binary(max_size=64))
            case "swap":
                other = draw(st.integers(0, len(data)))
                data[at : at + length], data[other : other + length] = (
                    data[other : other + length],
                    data[at : at + length],
                )
            case "repeat":
                data[at:at] = data[at : at + length] * draw(st.integers(1, 50))
    return bytes(data)


@st.composite
def twisted(draw: st.DrawFn, valid: Any) -> bytes:
    """JSON of the right form in which some values are of the wrong kind, out of range, missing or too many."""
    value = {"": copy.deepcopy(valid)}
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = value
        key: Any = ""
        while isinstance(holder[key], dict | list) and holder[key] and draw(st.integers(0, 4)):
            holder = holder[key]
            key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        if key != "" and isinstance(holder, dict) and not draw(st.integers(0, 4)):
            del holder[key]
        else:
            holder[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return spelled(value[""])


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
