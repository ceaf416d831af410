"""Creatures: a body, things that stick out of it, and a face with life in it.

Main ramp: the fur. Second: belly, horns, ears' insides, wings. Bodies are drawn as left halves (8 columns).
"""

from __future__ import annotations

from ddpm.builtin.draw import Canvas, art, combine, half, outline, stack
from ddpm.builtin.kinds.base import Kind
from ddpm.builtin.palettes import palettes

# Faces: 16 columns wide, mirrored from the left half unless they look sideways. Row 0 is the eyes' upper row.
EYES = {
    "big": """
        ....ww..
        ....wk..
        ....wk..""",
    "dots": """
        ........
        .....k..
        .....k..""",
    "wide": """
        ...www..
        ...wkk..
        ...wkk..""",
    "angry": """
        ...0....
        ...w00..
        ....wk..""",
    "sleepy": """
        ........
        ...000..
        ....w...""",
    "glow": """
        ........
        ....88..
        ....89..""",
    "shut": """
        ........
        ....0...
        ...0.0..""",
}

MOUTHS = {
    "smile": """
        .....k..
        ......kk""",
    "fangs": """
        .....kkk
        .....wkk""",
    "open": """
        .....kkk
        ......rr""",
    "flat": """
        ........
        ......00""",
    "tooth": """
        ......kk
        .......w""",
    "small": """
        .......k""",
    "grin": """
        ....kkkk
        .....www""",
    "blush": """
        ...q....
        ......kk""",
}


def _face(eyes: str, mouth: str, y: int, gap: int = 3) -> Canvas:
    return stack(half(EYES[eyes], y), half(MOUTHS[mouth], y + gap))


SLIMES = {
    "drop": """
        .......0
        ......MM
        .....MMM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        ..MMMMMM""",
    "dome": """
        ........
        ........
        .....MMM
        ...MMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM""",
    "puddle": """
        ........
        ........
        ......MM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        .MMMMMMM
        MMMMMMMM
        MM.MMMM.""",
    "tall": """
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM""",
    "cube": """
        ........
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        ..MMMMMM""",
}

SLIME_TOPS = {
    "bare": "",
    "horns": """
        ..7.....
        ..87....
        ...8....""",
    "antennae": """
        ...8....
        ....7...
        .....0..
        .....0..""",
    "ears": """
        ........
        ..MM....
        ..M7M...
        ..MMMM..""",
    "sprout": """
        .....88.
        ......87
        .......6
        .......6""",
    "crown": """
        .....8.8
        .....878
        .....777""",
}

GLOSS = """
    .44
    4..
    4.."""


def _slime(body: str, top: str, face: tuple[str, str]) -> Canvas:
    drawn = half(SLIMES[body], 5)
    height = {"drop": 5, "dome": 7, "puddle": 7, "tall": 5, "cube": 6}[body]
    drop = half(SLIME_TOPS[top], height - 3)
    gloss = art(GLOSS, 4 if body != "cube" else 3, height + (1 if body != "drop" else 3))
    return outline(stack(drop, drawn, gloss, _face(*face, 9 if body != "cube" else 8)), "ramp")


SLIME_FACES = [
    ("big", "smile"),
    ("dots", "open"),
    ("angry", "fangs"),
    ("wide", "small"),
    ("shut", "blush"),
    ("glow", "grin"),
]


def slimes() -> list[Canvas]:
    """Body x what is on top x face."""
    return combine(_slime, [*SLIMES], [*SLIME_TOPS], SLIME_FACES, limit=60)


FURRY = {
    "ball": """
        ........
        ........
        ........
        ........
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMM78
        ...MM778
        ....M777
        ....MMMM
        ....99..""",
    "bear": """
        ........
        ........
        ........
        .....MMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        .....MMM
        ....MM78
        ...MM778
        ...M.M77
        ....MMMM
        ....99..""",
    "fluff": """
        ........
        ........
        ........
        ......M.
        ....MMMM
        ..MMMMMM
        ...MMMMM
        ..MMMMMM
        ...MMMMM
        ..MMMMMM
        ...MMMMM
        ..MMMMMM
        ...M.MMM
        ......M.
        ....9.9.""",
    "imp": """
        ........
        ........
        ........
        ........
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        ......MM
        .....M78
        .....M77
        .....MMM
        .....M.M
        ....99..""",
    "pear": """
        ........
        ........
        ........
        .....MMM
        ....MMMM
        ....MMMM
        ....MMMM
        ....MMMM
        ...MMMMM
        ...MMM78
        ..MMM778
        ..MMM777
        ..MMMM77
        ...MMMMM
        ....99..""",
    "chick": """
        ........
        ........
        ........
        ........
        ........
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMM77
        ....MM78
        .....MMM
        .....9..""",
}

FUR_EARS = {
    "round": """
        ...MM...
        ..M77M..
        ..M7MM..
        ...MMM..
        ....M...""",
    "cat": """
        ...M....
        ...MM...
        ...M7M..
        ...M7M..
        ...MMM..""",
    "bunny": """
        ....MM..
        ....78..
        ...M7M..
        ...M7M..
        ....MM..""",
    "horns": """
        ..8.....
        ..98....
        ..998...
        ...987..
        ....77..""",
    "antlers": """
        ..8.8...
        ..8.8.8.
        ...998..
        ....9...
        ....8...""",
    "antennae": """
        ..99....
        ..98....
        ....0...
        ....0...
        .....0..""",
    "tuft": """
        ........
        ......M.
        ....M.MM
        .....MMM
        ....MMMM""",
    "floppy": """
        ........
        ........
        ...MMM..
        .MMMM...
        .M7M....
        .M7M....
        ..M.....""",
}

FUR_ARMS = {
    "none": "",
    "up": """
        .MM.....
        ..MM....
        ...M....""",
    "down": """
        ..MM....
        .MM.....
        .M7.....""",
    "wings": """
        8.......
        98......
        998M....
        .98.....
        ..8.....""",
}


def _furry(body: str, ears: str, face: tuple[str, str], arms: str) -> Canvas:
    drawn = half(FURRY[body])
    head = {"ball": 4, "bear": 3, "fluff": 4, "imp": 4, "pear": 3, "chick": 5}[body]
    gloss = art("44\n4.", 5, head + 1)
    behind = stack(half(FUR_ARMS[arms], head + 5), half(FUR_EARS[ears], head - 3))
    front = outline(drawn, "0")
    return stack(outline(behind, "ramp"), front, gloss, _face(*face, head + 2, 2 if body == "imp" else 3))


FUR_FACES = [
    ("big", "smile"), ("wide", "tooth"), ("angry", "fangs"), ("dots", "blush"), ("glow", "grin"), ("big", "open"),
    ("sleepy", "small"),
]  # fmt: skip


def furries() -> list[Canvas]:
    """Body x ears or horns x face x arms."""
    return combine(_furry, [*FURRY], [*FUR_EARS], FUR_FACES, [*FUR_ARMS], limit=80)


GHOSTS = {
    "sheet": """
        ........
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MM.MMM
        ..M...M.""",
    "tail": """
        ........
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        ....MMMM
        .....MMM
        ......MM""",
    "wide": """
        ........
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MM.MMM
        ..M...M.""",
    "hood": """
        ......SS
        ....SSSS
        ...SSSSS
        ...SS555
        ...S5000
        ...S5000
        ...S5000
        ...S5000
        ...SS500
        ..SSSSSS
        ..SSSSSS
        ..SSSSSS
        ..S.SS.S""",
}

GHOST_ARMS = {
    "none": "",
    "raised": """
        M.......
        MM......
        MMM.....
        .MM.....""",
    "hanging": """
        ........
        .MM.....
        MM......
        M.......""",
    "hands": """
        .MM.....
        MMM.....
        M.M.....""",
}

HOOD_EYES = {
    "oval": """
        .....2..
        .....3..""",
    "big": """
        .....22.
        .....24.""",
    "angry": """
        .....2..
        .....33.""",
    "glow": """
        ........
        .....33.
        ......2.""",
}

HOOD_DRESS = {  # the hooded one has no mouth: it picks the dress
    "oh": """
        .....2..
        ......2.
        .......3""",
    "tongue": """
        .......4
        ......34
        .......3""",
    "wave": """
        ........
        ...22222
        ........""",
    "none": "",
}

GHOST_EYES = {
    "oval": """
        ....kk..
        ....kk..
        ....kk..""",
    "big": """
        ....ww..
        ....wk..
        ....kk..""",
    "angry": """
        ....k...
        ....kk..
        .....k..""",
    "glow": """
        ....88..
        ....89..
        ........""",
}

GHOST_MOUTHS = {
    "oh": """
        ......kk
        ......kk""",
    "tongue": """
        .....kkk
        ......rr
        .......r""",
    "wave": """
        .....k.k
        ......k.""",
    "none": """
        ........""",
}


TAIL = """
    MMM.
    .MMM
    ..MM
    ...M"""


def _ghost(body: str, arms: str, eyes: str, mouth: str) -> Canvas:
    drawn = half(GHOSTS[body], 1)
    behind = half(GHOST_ARMS[arms], 7)
    if body == "hood":  # only two lights in the dark
        face = stack(half(HOOD_EYES[eyes], 6), half(HOOD_DRESS[mouth], 11))
    else:
        face = stack(art("44\n4.", 5, 3), half(GHOST_EYES[eyes], 5), half(GHOST_MOUTHS[mouth], 9))
    if body == "tail":
        drawn = stack(drawn, art(TAIL, 8, 12))
    return stack(outline(behind, "ramp"), outline(drawn, "ramp"), face)


def ghosts() -> list[Canvas]:
    """Body x arms x eyes x mouth."""
    return combine(_ghost, [*GHOSTS], [*GHOST_ARMS], [*GHOST_EYES], [*GHOST_MOUTHS], limit=60)


CAPS = {
    "dome": """
        .....MMM
        ...MMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .M111111
        ..11....""",
    "flat": """
        ........
        ........
        ....MMMM
        .MMMMMMM
        MMMMMMMM
        M1111111
        .11.....""",
    "cone": """
        .......M
        ......MM
        .....MMM
        ....MMMM
        ..MMMMMM
        MMMMMMMM
        .1111111""",
    "drip": """
        ......MM
        ....MMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .M1M1MM1
        .1.1.1..""",
    "ball": """
        .....MMM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...11111""",
}

SPOTS = {
    "plain": """
        ................""",
    "three": """
        ......ww........
        ....www..ww.....
        ....ww...www....
        .........ww.....""",
    "many": """
        .....ww...w.....
        ...w.....ww.....
        ...ww..w....w...
        .......ww..ww...""",
    "rings": """
        ......www.......
        .....w...w......
        ......www...w...
        ............w...""",
    "stripes": """
        ......8.8.......
        ....8.8.8.8.....
        ...8..8.8..8....
        ...8..8.8..8....""",
}

STEMS = {
    "round": """
        ....SSSS
        ...SSSSS
        ...SSSSS
        ...SSSSS
        ....SSSS
        .....SSS""",
    "thin": """
        .....SSS
        .....SSS
        .....SSS
        .....SSS
        ....SSSS
        ....SSSS""",
    "feet": """
        ....SSSS
        ...SSSSS
        ...SSSSS
        ...SSSSS
        ....SSSS
        ...66...""",
    "skirt": """
        ....SSSS
        ..999999
        ....SSSS
        ....SSSS
        ...SSSSS
        ...SSSSS""",
}

SHROOM_FACES = {
    "none": """
        ........""",
    "cute": """
        .....k..
        .....k..
        ...q...k""",
    "angry": """
        .....k..
        ......k.
        ......rr""",
    "big": """
        ....wk..
        ....kk..
        .......r""",
}


def _mushroom(cap: str, spots: str, stem: str, face: str) -> Canvas:
    bottom = outline(half(STEMS[stem], 9), "ramp")
    top = stack(half(CAPS[cap], 2), art(SPOTS[spots], 0, 4 if cap in ("flat", "cone") else 3))
    return stack(bottom, half(SHROOM_FACES[face], 10), outline(top, "ramp"))


def mushrooms() -> list[Canvas]:
    """Cap x spots x stem x face."""
    return combine(_mushroom, [*CAPS], [*SPOTS], [*STEMS], [*SHROOM_FACES], limit=64)


_MONSTER = "azure crimson green pink cyan violet orange lime scarlet teal purple navy gold mint snow olive"
_BELLY = "snow gold lemon bone peach tan silver"
KINDS = [
    Kind("slime", "monster", slimes, palettes(_MONSTER, "gold crimson lemon bone lime pink snow")),
    Kind("furry monster", "monster", furries, palettes(_MONSTER + " bark coal", _BELLY)),
    Kind(
        "ghost",
        "monster",
        ghosts,
        palettes(
            "snow silver cyan lilac mint azure pink bone violet rose lime lemon peach teal",
            "navy violet crimson gold coal forest",
        ),
    ),
    Kind(
        "mushroom",
        "monster",
        mushrooms,
        palettes(
            "crimson azure green violet orange pink bark teal gold scarlet lime purple navy tan cyan coal",
            "bone peach tan snow lemon",
        ),
    ),
]
