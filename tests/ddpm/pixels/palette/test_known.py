"""The palettes that are known by name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ddpm.pixels.palette.known import KNOWN, find_palette

COUNTS = {
    **{"pico-8": 16, "db16": 16, "db32": 32, "sweetie-16": 16, "arne-16": 16, "endesga-16": 16, "endesga-32": 32},
    **{"zughy-32": 32, "aap-64": 64, "resurrect-64": 64, "gameboy": 4, "nes": 55, "cga": 16, "zx-spectrum": 15},
    "c64": 16,
}


def test_each_has_its_colours_and_says_where_they_are_from() -> None:
    assert {name: len(known.palette.colours) for name, known in KNOWN.items()} == COUNTS
    for name, known in KNOWN.items():
        assert len(np.unique(known.palette.colours, axis=0)) == COUNTS[name], "none comes again"
        assert re.fullmatch(r"[0-9a-f ]+", " ".join(known.hexes.split()))
        assert known.title
        assert known.author
        assert known.terms
        assert known.source
    assert KNOWN["pico-8"].terms == "CC0"


# As others write them than those whom ddpm/pixels/palette/known.py names.
ELSEWHERE = {
    # Phaser, src/textures/palettes/PICO8.ts
    "pico-8": "000000 1D2B53 7E2553 008751 AB5236 5F574F C2C3C7 FFF1E8 FF004D FFA300 FFEC27 00E436 29ADFF 83769C "
    "FF77A8 FFCCAA",
    # spritecart.retroactive.cloud/docs/palettes
    "db16": "140C1C 442434 30346D 4E4A4E 854C30 346524 D04648 757161 597DCE D27D2C 8595A1 6DAA2C D2AA99 6DC2CA DAD45E "
    "DEEED6",
    "sweetie-16": "1A1C2C 5D275D B13E53 EF7D57 FFCD75 A7F070 38B764 257179 29366F 3B5DC9 41A6F6 73EFF7 F4F4F4 94B0C2 "
    "566C86 333C57",
    # peterhellberg/gfx, palettes.go
    "arne-16": "000000 493C2B BE2633 E06F8B 9D9D9D A46422 EB8931 F7E26B FFFFFF 1B2632 2F484E 44891A A3CE27 005784 "
    "31A2F2 B2DCEF",
    # dhasenan/skyrom, src/palette.py
    "cga": "000000 0000AA 555555 5555FF 00AA00 55FF55 00AAAA 55FFFF AA0000 FF5555 AA00AA FF55FF AA5500 AAAAAA FFFF55 "
    "FFFFFF",
    # jeffnyman/improbable-mission, src/data/palette.ts, "vice"
    "c64": "000000 ffffff 68372b 70a4b2 6f3d86 588d43 352879 b8c76f 6f4f25 433900 9A6759 444444 6c6c6c 9ad284 6c5eb5 "
    "959595",
    "gameboy": "0f380f 306230 8bac0f 9bbc0f",
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_values_against_other_lists(name: str) -> None:
    """The order differs from list to list."""
    assert sorted(KNOWN[name].hexes.split()) == sorted(ELSEWHERE[name].lower().split())


def test_a_name_in_any_case_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_palette("PICO-8").name == "PICO-8"
    Path("mine.hex").write_text("ff8000\n")
    assert find_palette("mine.hex").colours.tolist() == [[255, 128, 0]]
    with pytest.raises(ValueError, match=r"there is no palette 'pico'; there are pico-8, db16"):
        find_palette("pico")
    with pytest.raises(ValueError, match=r"none\.gpl cannot be read"):
        find_palette("none.gpl")
    Path("odd").write_bytes(b"?")
    with pytest.raises(ValueError, match="odd is no palette"):
        find_palette("odd")
