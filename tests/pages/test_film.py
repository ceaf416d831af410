"""The film of a training."""

from __future__ import annotations

import json
import struct

import pytest

from pages.parts.train.film import pack


def test_all_frames_travel_in_order() -> None:
    frames = [(25, b"first"), (50, b"\x89PNG second"), (1000, b"")]
    data = pack(frames)
    (length,) = struct.unpack("<I", data[:4])
    header = json.loads(data[4 : 4 + length])
    assert [frame["step"] for frame in header] == [25, 50, 1000]
    at = 4 + length
    for frame, (_, png) in zip(header, frames, strict=True):
        assert data[at : at + frame["size"]] == png
        at += frame["size"]
    assert at == len(data)


def test_a_film_without_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="frame"):
        pack([])
