"""Palettes: which colours, in which order, and files that other programs read."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ddpm.pixels.exporting.palette_files import colours_used, gpl_text, hex_text, palette_text
from tests.ddpm.pixels.exporting.files import CASES, drawings, parse_gpl


@pytest.mark.parametrize("case", CASES, ids=str)
def test_colours_are_counted(case: tuple[int, int, int]) -> None:
    images = drawings(30, *case)
    pixels = images.reshape(-1, case[0]).tolist()
    counts = Counter(tuple(pixel[:3]) for pixel in pixels if pixel[3:] != [0])
    expected = sorted(counts, key=lambda colour: (-counts[colour], colour))
    colours = colours_used(images)
    assert colours.dtype == np.uint8
    assert [tuple(colour) for colour in colours.tolist()] == expected


def test_nothing_has_no_colours() -> None:
    assert colours_used(np.zeros((2, 16, 16, 4), np.uint8)).shape == (0, 3)
    assert colours_used(np.zeros((0, 16, 16, 3), np.uint8)).shape == (0, 3)


def test_gimp_reads_it() -> None:
    colours = np.array([[0, 0, 0], [255, 128, 7], [1, 22, 255]], np.uint8)
    name, columns, found = parse_gpl(gpl_text(colours, "my\nsprites  猫"))
    assert (name, columns) == ("my sprites 猫", 16)
    assert found == [(0, 0, 0, "000000"), (255, 128, 7, "ff8007"), (1, 22, 255, "0116ff")]
    assert parse_gpl(gpl_text(colours[:0], "\n"))[::2] == ("Palette", [])


def test_lospec_reads_it() -> None:
    colours = colours_used(drawings(8, 4, 16, 16))
    lines = hex_text(colours).splitlines()
    assert all(len(line) == 6 for line in lines)
    np.testing.assert_array_equal([list(bytes.fromhex(line)) for line in lines], colours)


def test_the_ending_says_which() -> None:
    colours = np.array([[1, 2, 3]], np.uint8)
    assert palette_text(colours, ".hex", "x") == "010203\n"
    assert palette_text(colours, ".gpl", "x") == gpl_text(colours, "x")
    with pytest.raises(ValueError, match=r"\.gpl or \.hex"):
        palette_text(colours, ".pal", "x")
