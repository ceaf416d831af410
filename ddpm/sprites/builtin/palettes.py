"""Colours: a ramp is five tones of one material, and a palette gives each of a drawing's five ramps its colours.

The tones are chosen as pixel artists do: shadows lean to blue and purple and stay saturated, lights lean to yellow.
To add one: a name and five hex colours, dark to light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.sprites.builtin.draw import ROLES

Tone = tuple[int, int, int]

RAMPS: dict[str, str] = {
    "crimson": "3b0a20 8f1232 d6243a f65a4c ffb69a",
    "scarlet": "4a0c10 a8181c ee2f2a ff6c4a ffc69a",
    "orange": "4a1a0c a8400f ec7a1c fbad3c ffe492",
    "gold": "4a2a08 9c6010 dea322 f9d249 fff6b0",
    "lemon": "58400a ac8712 edd02c fcee66 fffcc8",
    "lime": "1d3d0c 478c14 82d024 b8f04a eeffae",
    "green": "0a3220 157a34 2fbb44 74e456 ccfb9a",
    "forest": "0d2a24 1d5a3a 338a44 6cbe50 bbe47c",
    "olive": "26280e 545a1e 87903a b8bf5e e4e6a0",
    "teal": "0a2f3a 0f7078 18b2a2 5ae4be c2fce4",
    "cyan": "0a3558 1780bc 2cc0f0 74e6fc ccfaff",
    "azure": "0e1e58 1c50bc 2c8af4 6ac0fd c4eaff",
    "navy": "0b1136 1a2a70 2d4ab0 567ede a0c0f8",
    "violet": "1f0e48 4a2298 7e3eda b274f4 e4c0ff",
    "purple": "2e0a42 701a8a b234bc e068d8 fcb8f2",
    "pink": "480c3c aa2470 f04e98 fc8cbe ffd4e6",
    "rose": "521428 b83a56 ee6f7e fca2a2 ffdccf",
    "wood": "28130c 5c2f18 90552a c08546 e6be7e",
    "bark": "1b0e0c 3d2119 633a27 90603e c2916a",
    "tan": "472a18 966438 d09c5e eeca90 fff2d0",
    "crust": "4a200c 9c5218 d28a34 efb860 fde6a6",
    "steel": "182032 485872 8498b2 bed0e0 f6fbff",
    "silver": "1e202c 5a5f72 9a9fb0 d0d4de fbfcff",
    "iron": "0d0f18 2a3042 4a5368 76829a aebaca",
    "coal": "08080f 1b1b2b 313246 4f5270 8488a8",
    "bone": "463830 9a8470 d2c0a2 f1e6cc fffcf0",
    "snow": "3a4668 8296be bccee8 e4eefb ffffff",
    "copper": "38150d 8c401e cc763e eea86c ffe0b6",
    "lava": "380a14 98180f ec4a12 fd9a28 fff08a",
    "mint": "123c3a 2f8f78 64cca0 a4ecc0 e4fde4",
    "peach": "5a2420 c2664e f2a07c fcc8a4 ffeed6",
    "lilac": "2d2450 6f5aa8 a58ede ccb8f6 f0e6ff",
    # Paper, bone and rare woods
    "parchment": "4a3218 a07a44 dcb878 f4dca4 fff6d6",
    "papyrus": "3e2e18 86703c bca45e e2cc90 faf0c4",
    "sepia": "32180c 74421e ac7038 d8a468 f6d8a4",
    "ash": "2a282e 6c686c a6a29e d6d2c8 faf6ec",
    "sage": "26301e 64764a 9eb07c ccdaaa f2f8da",
    "mahogany": "360d10 702219 a6442e d4785a f6b894",
    "teak": "382210 785020 b48236 deb664 f8e6a8",
    "ebony": "0e0b10 2a2228 4c3e42 766460 aa968c",
    # Fruit, roots and leaves
    "ruby": "3c0814 92101e c81a2a ee4a48 ffa890",
    "wine": "2a0616 5e0e26 8e1c36 bc3c50 e88a86",
    "brick": "3e120c 8a2a18 c24a28 e87a48 fcc090",
    "garnet": "300414 76082c aa1440 dc3c5c f8909a",
    "maroon": "240810 4c1018 761c22 a43a36 d47c64",
    "coral": "541418 b63a34 f0604c ff9070 ffd0ac",
    "plum": "220a26 4c1644 762a62 a44c86 d890b4",
    "amber": "462008 985408 d88c12 f8bc34 ffe884",
    "carroty": "4a1606 b0480a f4861c ffb048 ffe0a0",
    "honey": "4a2c0c 99681c d0a034 eeca62 fcf0ae",
    "granny": "1e3a10 4c8820 8cc038 bee066 ecf8b0",
    "spring": "2c3c08 6c9410 b0cc20 daee58 f8fcb8",
    "cream": "4e3c24 a88c5c e4cc94 f8ecc4 fffcec",
    "fern": "10301c 24683a 48943c 80c050 c8e890",
    "moss": "1c2c10 42601e 6c8c2c a0b84c d8e490",
    # Metals for coins and rings
    "brass": "3a2a0c 80641a b8983a dcc268 f8ecb0",
    "bronze": "2e180c 6c4018 a06a2a cc9850 f0d094",
    "rosegold": "46201c 9a5c4c d0907a f0bca4 ffe6d6",
    "electrum": "3c3820 8c8450 c8c080 e8e4b0 fcfce0",
    "tin": "24282a 5c666a 8e9a9c bcc6c4 e8f0ec",
    "oldgold": "301c04 744a08 b07a14 deae34 fae07a",
    "patina": "16302c 3c6a5c 6a9c84 a0c8a8 daf0d4",
    # Plain ramps of one hue, for items
    "red": "2e0606 8c1414 dc2424 f8625a ffb6aa",
    "blue": "0e2238 245e96 4a9ae0 8ac6f8 d4ecff",
    "leaf": "14240c 3e7c1c 68ba2e a2ee58 dcffb2",
    "grey": "1a1a1a 4e4e4e 8a8a8a bcbcbc eaeaea",
    "graphite": "080808 242424 464646 6c6c6c a2a2a2",
    "white": "3c3c3c 8e8e8e c6c6c6 e6e6e6 ffffff",
    "yellow": "4a2806 b06210 d69a1c ffd44a fff2aa",
    "brown": "22140a 4c2e1a 764a2a a06c44 d8aa7a",
    "sand": "4a2e18 9a6a3e dea462 f2c88a fde8c2",
    "grape": "1c0c30 4c2482 8242ca b282f0 e2ceff",
    "magenta": "3c0a28 96205c da4892 f88cc2 ffd2ea",
    "rust": "341406 8a3c12 ca682a f09c5e ffd4aa",
    "lagoon": "06262a 146a6e 2ca8a2 6edece cafff4",
    "mustard": "26260a 5e6014 929826 cace4e f2f4a4",
    "royal": "0a1030 1c2c7e 3652c6 6e8ef0 bed2ff",
    "glass": "202850 6272c2 a4b0fa d0d8ff f4f6ff",
    # Creatures: pure hues that fade into the white background
    "flame": "420a04 b02810 f24826 ff8a6a ffd6c6",
    "blood": "3a0206 9e0a14 ee1c24 ff5c5c ffc4c4",
    "cherry": "30060e 7a1024 b81c36 e2526c f8bcc8",
    "salmon": "4a1820 b04a58 e67e88 fab4b8 fde4e4",
    "emerald": "052a08 0c881c 1cd22c 6cf470 d0fcd0",
    "pine": "08220c 1c5c26 348a3a 6cb66a d0ecce",
    "grass": "163008 3c9214 74d42c aef070 e6fccc",
    "jade": "06302a 0e8862 24c690 78ecc0 d4fcec",
    "cobalt": "040c44 0c34b4 1a62f4 629cff cadeff",
    "sky": "06304e 107ec2 20b6f8 78dcff d4f4ff",
    "ink": "060a2c 14226e 2640b0 5874e2 c4d0fa",
    "slate": "0e2238 2e5e8c 5a92c2 9cc6e4 def0fa",
    "aqua": "04343c 0c92a2 1ed2e2 80f2f8 dafdff",
    # Skin
    "fair": "4e3024 a86c4c e8a078 ffc29c ffe4cc",
    "warm": "46281a 94603e ce8e64 e8b088 fcd8b8",
    "tawny": "2e1a10 68442c 986648 bc8660 e0ae84",
    "dark": "1e100a 46301e 6a4630 8e6244 b88c64",
    "goblin": "1a3010 48781c 7cae34 a8d458 dcf69a",
    "frost": "14304a 3c7ca6 74b4d8 a8dcf0 e0f8ff",
}

FIXED: dict[str, Tone] = {
    ".": (255, 255, 255),
    "k": (8, 6, 10),
    "w": (255, 255, 255),
    "r": (196, 34, 58),
    "q": (250, 134, 146),
}


def tone(text: str) -> Tone:
    """``"ff8000"`` to (255, 128, 0)."""
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


@dataclass(frozen=True)
class Palette:
    """A ramp from ``RAMPS`` for each of a drawing's five, and the colour of ``#``."""

    ramps: tuple[str, str, str, str, str]
    outline: str = "000000"

    def colours(self) -> np.ndarray:
        """uint8 (roles, 3): the colour of each role."""
        table = dict(FIXED)
        table["#"] = tone(self.outline)
        tones = "".join(ROLES[6:])
        for position, role in enumerate(tones):
            table[role] = tone(RAMPS[self.ramps[position // 5]].split()[position % 5])
        return np.array([table[role] for role in ROLES], dtype=np.uint8)


def palettes(*ramps: str, outline: str = "000000") -> list[Palette]:
    """One palette for each word of the first argument; the other lists are repeated to its length.

    ``palettes("azure crimson", "gold")`` is azure with gold, and crimson with gold. Missing ramps repeat the last.
    """
    columns = [text.split() for text in ramps]
    columns += [columns[-1]] * (5 - len(columns))
    out = []
    for i, main in enumerate(columns[0]):
        rest = [column[i % len(column)] for column in columns[1:]]
        # Two parts in one ramp would merge into each other: the next ramp of the list is taken instead.
        b, c, d, e = (
            column[(i + 1) % len(column)] if name == main else name
            for name, column in zip(rest, columns[1:], strict=True)
        )
        out.append(Palette((main, b, c, d, e), outline))
    return out
