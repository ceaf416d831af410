"""JSON that is parsed strictly, and whose fields are checked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddpm.base.files import read_json, replace_json
from ddpm.base.json_values import checked, has_fields, is_count, is_share, list_of, or_none, parse_json, valid_fields


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"a": 1} x', "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"b": {"a": 1, "a": 2}}', "twice"),
        (b"[1]", "object"),
        (b"1", "object"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested too deep"),
        (b"[" * 5000, "nested too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
    ],
)
def test_what_is_no_json_object(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parse_json(data, "x.json")
    assert "x.json" in str(caught.value)


def test_half_characters_in_json_can_be_shown_and_paths_are_left(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9")
    value = {"name": odd, "names": [odd, "\ud800", "ok ✓"], odd: 1, "data": {"source": f"/tmp/{odd}"}}
    replace_json(tmp_path / "x.json", value)
    found = read_json(tmp_path / "x.json")
    assert found == {
        "name": r"caf\xe9",
        "names": [r"caf\xe9", r"\ud800", "ok ✓"],
        r"caf\xe9": 1,
        "data": {"source": f"/tmp/{odd}"},
    }


CHECKS = {"step": is_count, "shares": list_of(is_share), "best": or_none(is_count)}


def test_an_object_has_all_fields_or_not() -> None:
    good = {"step": 3, "shares": [0, 0.5], "best": None, "more": "anything"}
    assert has_fields(good, CHECKS)
    assert not has_fields([good], CHECKS)
    for name, bad in (("step", True), ("step", -1), ("shares", [2]), ("best", "3")):
        assert not has_fields({**good, name: bad}, CHECKS)
        assert valid_fields({**good, name: bad}, CHECKS) == {key: good[key] for key in good if key != name}
    assert not has_fields({"step": 3}, CHECKS)


def test_a_single_value_passes_or_raises() -> None:
    assert checked(3, is_count) == 3
    with pytest.raises(ValueError, match="'three'"):
        checked("three", is_count)
