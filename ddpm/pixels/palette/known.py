"""Well-known palettes by name: facts, that is hex values, with who made them and on which terms, where that is known.

Each value was compared with at least one place outside this project; the places are noted. Repeats are left out, and
what a machine sent as voltages has no exact value: there one of the usual approximations stands.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ddpm.pixels.palette.files import Palette, read_palette

_NOT_SAID = "no terms were found where the values were"
_HARDWARE = "the colours of a machine"


@dataclass(frozen=True)
class Known:
    """A palette that people ask for by name.

    Attributes:
        title: what it is called.
        author: who made it, or the machine.
        terms: its licence, or what is known of it.
        source: where the values were confirmed.
        hexes: the colours as rrggbb, between blanks.
    """

    title: str
    author: str
    terms: str
    source: str
    hexes: str = field(repr=False)

    @property
    def palette(self) -> Palette:
        """The colours in their usual order."""
        return Palette(self.title, np.array([list(bytes.fromhex(one)) for one in self.hexes.split()], np.uint8))


KNOWN: dict[str, Known] = {
    "pico-8": Known(
        "PICO-8",
        "Joseph White (Lexaloffle)",
        "CC0",
        "aseprite/aseprite, data/extensions/pico8-palette; terms: pkg.go.dev, drakmaniso/old-cozely/color/pico8",
        """
        000000 1d2b53 7e2553 008751 ab5236 5f574f c2c3c7 fff1e8 ff004d ffa300 ffec27 00e436 29adff 83769c ff77a8 ffccaa
        """,
    ),
    "db16": Known(
        "DawnBringer 16",
        'Richard "DawnBringer" Fhager',
        _NOT_SAID,
        "aseprite/aseprite, data/extensions/dawnbringer-palettes; pixeljoint.com TID=12795",
        """
        140c1c 442434 30346d 4e4a4e 854c30 346524 d04648 757161 597dce d27d2c 8595a1 6daa2c d2aa99 6dc2ca dad45e deeed6
        """,
    ),
    "db32": Known(
        "DawnBringer 32",
        'Richard "DawnBringer" Fhager',
        _NOT_SAID,
        "aseprite/aseprite, data/extensions/dawnbringer-palettes; pixeljoint.com TID=16247",
        """
        000000 222034 45283c 663931 8f563b df7126 d9a066 eec39a fbf236 99e550 6abe30 37946e 4b692f 524b24 323c39 3f3f74
        306082 5b6ee1 639bff 5fcde4 cbdbfc ffffff 9badb7 847e87 696a6a 595652 76428a ac3232 d95763 d77bba 8f974a 8a6f30
        """,
    ),
    "sweetie-16": Known(
        "Sweetie 16",
        "GrafxKid",
        _NOT_SAID,
        "TIC-80's default; lospec.com/palette-list/sweetie-16",
        """
        1a1c2c 5d275d b13e53 ef7d57 ffcd75 a7f070 38b764 257179 29366f 3b5dc9 41a6f6 73eff7 f4f4f4 94b0c2 566c86 333c57
        """,
    ),
    "arne-16": Known(
        "Arne 16",
        "Arne Niklas Jansson",
        _NOT_SAID,
        "aseprite/aseprite, data/palettes/arne16.gpl; androidarts.com/palette/16pal.htm",
        """
        000000 9d9d9d ffffff be2633 e06f8b 493c2b a46422 eb8931 f7e26b 2f484e 44891a a3ce27 1b2632 005784 31a2f2 b2dcef
        """,
    ),
    "endesga-16": Known(
        "Endesga 16",
        "ENDESGA",
        _NOT_SAID,
        "peterhellberg/gfx; lospec.com/palette-list/endesga-16",
        """
        e4a672 b86f50 743f39 3f2832 9e2835 e53b44 fb922b ffe762 63c64d 327345 193d3f 4f6781 afbfd2 ffffff 2ce8f4 0484d1
        """,
    ),
    "endesga-32": Known(
        "Endesga 32",
        "ENDESGA",
        _NOT_SAID,
        "peterhellberg/gfx; lospec.com/palette-list/endesga-32",
        """
        be4a2f d77643 ead4aa e4a672 b86f50 733e39 3e2731 a22633 e43b44 f77622 feae34 fee761 63c74d 3e8948 265c42 193c3e
        124e89 0099db 2ce8f5 ffffff c0cbdc 8b9bb4 5a6988 3a4466 262b44 181425 ff0044 68386c b55088 f6757a e8b796 c28569
        """,
    ),
    "zughy-32": Known(
        "Zughy 32",
        'Marco "Zughy" Amato',
        _NOT_SAID,
        "aseprite/aseprite, data/extensions/zughy-palettes",
        """
        472d3c 5e3643 7a444a a05b53 bf7958 eea160 f4cca1 b6d53c 71aa34 397b44 3c5956 302c2e 5a5353 7d7071 a0938e cfc6b8
        dff6f5 8aebf1 28ccdf 3978a8 394778 39314b 564064 8e478c cd6093 ffaeb6 f4b41b f47e1b e6482e a93b3b 827094 4f546b
        """,
    ),
    "aap-64": Known(
        "AAP-64",
        "Adigun A. Polack",
        _NOT_SAID,
        "aseprite/aseprite, data/extensions/adigunpolack-palettes; pixeljoint.com/pixelart/119466.htm",
        """
        060608 141013 3b1725 73172d b4202a df3e23 fa6a0a f9a31b ffd541 fffc40 d6f264 9cdb43 59c135 14a02e 1a7a3e 24523b
        122020 143464 285cc4 249fde 20d6c7 a6fcdb ffffff fef3c0 fad6b8 f5a097 e86a73 bc4a9b 793a80 403353 242234 221c1a
        322b28 71413b bb7547 dba463 f4d29c dae0ea b3b9d1 8b93af 6d758d 4a5462 333941 422433 5b3138 8e5252 ba756a e9b5a3
        e3e6ff b9bffb 849be4 588dbe 477d85 23674e 328464 5daf8d 92dcba cdf7e2 e4d2aa c7b08b a08662 796755 5a4e44 423934
        """,
    ),
    "resurrect-64": Known(
        "Resurrect 64",
        "Kerrie Lake",
        _NOT_SAID,
        "lospec.com/palette-list/resurrect-64, as four repositories give it",
        """
        2e222f 3e3546 625565 966c6c ab947a 694f62 7f708a 9babb2 c7dcd0 ffffff 6e2727 b33831 ea4f36 f57d4a ae2334 e83b3b
        fb6b1d f79617 f9c22b 7a3045 9e4539 cd683d e6904e fbb954 4c3e24 676633 a2a947 d5e04b fbff86 165a4c 239063 1ebc73
        91db69 cddf6c 313638 374e4a 547e64 92a984 b2ba90 0b5e65 0b8a8f 0eaf9b 30e1b9 8ff8e2 323353 484a77 4d65b4 4d9be6
        8fd3ff 45293f 6b3e75 905ea9 a884f3 eaaded 753c54 a24b6f cf657f ed8099 831c5d c32454 f04f78 f68181 fca790 fdcbb0
        """,
    ),
    "gameboy": Known(
        "Game Boy (DMG)",
        "Nintendo's screen, approximated",
        _HARDWARE,
        "aseprite/aseprite, data/extensions/hardware-palettes/gameboy.gpl",
        """
        9bbc0f 8bac0f 306230 0f380f
        """,
    ),
    "nes": Known(
        "NES",
        "Nintendo's picture processor, approximated",
        _HARDWARE,
        "MegamixEngine/MegamixEngine, scripts/paletteSetup.gml",
        """
        7c7c7c 0000fc 0000bc 4428bc 940084 a80020 a81000 881400 503000 007800 006800 005800 004058 bcbcbc 0078f8 0058f8
        6844fc d800cc e40058 f83800 e45c10 ac7c00 00b800 00a800 00a844 008888 f8f8f8 3cbcfc 6888fc 9878f8 f878f8 f85898
        f87858 fca044 f8b800 b8f818 58d854 58f898 00e8d8 787878 fcfcfc a4e4fc b8b8f8 d8b8f8 f8b8f8 f8a4c0 f0d0b0 fce0a8
        f8d878 d8f878 b8f8b8 b8f8d8 00fcfc f8d8f8 000000
        """,
    ),
    "cga": Known(
        "CGA",
        "IBM",
        _HARDWARE,
        "peterhellberg/gfx; dhasenan/skyrom",
        """
        000000 0000aa 00aa00 00aaaa aa0000 aa00aa aa5500 aaaaaa 555555 5555ff 55ff55 55ffff ff5555 ff55ff ffff55 ffffff
        """,
    ),
    "zx-spectrum": Known(
        "ZX Spectrum",
        "Sinclair; at 85 % voltage where it is not bright",
        _HARDWARE,
        "whoop.ee, Hardware ZX Spectrum Colors",
        """
        000000 0000d8 d80000 d800d8 00d800 00d8d8 d8d800 d8d8d8 0000ff ff0000 ff00ff 00ff00 00ffff ffff00 ffffff
        """,
    ),
    "c64": Known(
        "Commodore 64 (Pepto)",
        'measured by Philip "Pepto" Timmermann',
        _HARDWARE,
        "pepto.de/projects/colorvic/2001",
        """
        000000 ffffff 68372b 70a4b2 6f3d86 588d43 352879 b8c76f 6f4f25 433900 9a6759 444444 6c6c6c 9ad284 6c5eb5 959595
        """,
    ),
}
"""By the name that is asked for."""


def find_palette(asked: str) -> Palette:
    """The palette that somebody means: a name in :data:`KNOWN`, or else a file.

    Raises:
        ValueError: if there is neither, or the file is no palette.
    """
    known = KNOWN.get(asked.lower())
    if known is not None:
        return known.palette
    try:
        return read_palette(Path(asked))
    except ValueError as error:
        if Path(asked).suffix or os.path.exists(asked):
            raise
        raise ValueError(f"there is no palette {asked[:40]!r}; there are {', '.join(KNOWN)}, and files") from error
