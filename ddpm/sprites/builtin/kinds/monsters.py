"""Creatures: whole bodies, near to one hue, and a small face.

Main ramp: the skin. Second: belly, inside of ears, wings. Bodies are drawn as left halves (8 columns); those in motion,
and all that looks to a side, whole.
"""

from __future__ import annotations

from ddpm.sprites.builtin.draw import (
    Canvas,
    art,
    clip,
    combine,
    glance,
    half,
    lean,
    outline,
    shift,
    sides,
    soften,
    stack,
)
from ddpm.sprites.builtin.kinds.base import Kind
from ddpm.sprites.builtin.palettes import palettes

FACES = {  # 8 columns, mirrored; row 0 is the eyes' upper row
    "dots": """
        .....k..
        .....k..""",
    "smile": """
        .....k..
        .....k..
        .......k""",
    "white": """
        .....w..
        .....k..""",
    "cross": """
        ....0...
        .....k..
        ........
        ......00""",
    "wide": """
        ....wk..
        ....wk..
        ........
        .......0""",
    "blush": """
        .....k..
        .....k..
        ....q..0""",
    "fangs": """
        .....w..
        .....w..
        .....000
        .....w..""",
    "asleep": """
        ........
        ....00..
        ........
        .......0""",
}


def _eyes(face: str, y: int, turn: int = 0) -> Canvas:
    return shift(half(FACES[face], y), turn)


SLIMES = {  # (drawing, its top row, the row of the eyes, how far it looks aside)
    "pea": (
        """
        .....MMM
        ....MMMM
        ....MMMM
        ....MMMM
        ....MMMM""",
        8,
        9,
        0,
    ),
    "dome": (
        """
        .....MMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM""",
        6,
        8,
        0,
    ),
    "drop": (
        """
        .......M
        .......M
        ......MM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM""",
        4,
        9,
        -1,
    ),
    "little drop": (
        """
        .......M
        ......MM
        .....MMM
        ....MMMM
        ....MMMM
        .....MMM""",
        7,
        9,
        0,
    ),
    "puddle": (
        """
        .....MMM
        ...MMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        MMM.MMMM""",
        8,
        9,
        0,
    ),
    "cube": (
        """
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM""",
        5,
        7,
        0,
    ),
    "horned": (
        """
        ....M...
        ....MM..
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MM.MM""",
        4,
        7,
        0,
    ),
    "big": (
        """
        .....MMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        ..MMMMMM""",
        4,
        7,
        0,
    ),
    "onion": (
        """
        ......1.
        .......1
        .......1
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM""",
        4,
        8,
        0,
    ),
    "legs": (
        """
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        ....M..M""",
        6,
        8,
        -1,
    ),
}

SLIME_MOVES = {  # the same with bodies of 16 columns
    "curl": (
        """
        ........MMM.....
        ........M.MM....
        .........MM.....
        .....MMMMM......
        ...MMMMMMMMM....
        ..MMMMMMMMMMM...
        ..MMMMMMMMMMM...
        ..MMMMMMMMMMM...
        ...MM.MMM.MM....""",
        4,
        9,
        -1,
    ),
    "creep": (
        """
        ....MMMM........
        ...MMMMMMM......
        ..MMMMMMMMMM....
        ..MMMMMMMMMMMM..
        ..MMMMMMMMMMMMM.
        ...MMMMMMMMMMM..""",
        7,
        8,
        -2,
    ),
}


def _slime(body: str, face: str) -> Canvas:
    moving = body in SLIME_MOVES
    text, top, eyes, turn = SLIME_MOVES[body] if moving else SLIMES[body]
    drawn = art(text, 0, top) if moving else half(text, top)
    small = body in ("pea", "little drop", "onion", "legs")
    gloss = art("" if small else "44\n4.", 4 + (body == "cube"), eyes - 1)
    whole = outline(stack(drawn, clip(gloss, drawn), _eyes(face, eyes, turn)), "ramp")
    return soften(whole)


def slimes() -> list[Canvas]:
    """Body x face."""
    return combine(_slime, [*SLIMES, *SLIME_MOVES], ["smile", "wide", "cross", "blush", "fangs", "asleep"], limit=60)


FURRY = {  # (drawing, its top row, the row of the eyes)
    "bunny": (
        """
        ....M...
        ....MM..
        ....MM..
        ....MMM.
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        ....MMSS
        ...MMMSS
        ....MMSS
        ....MM.M""",
        2,
        8,
    ),
    "bear": (
        """
        ...MM...
        ...MMMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ..MMMMSS
        .MMMMSSS
        .MM.MSSS
        ...MMMSS
        ...MM...""",
        2,
        5,
    ),
    "cub": (
        """
        ....M...
        ....MMMM
        ....MMMM
        ....MMMM
        ....MMMM
        .....MMM
        ....MMSS
        .....MMM
        .....M..""",
        5,
        7,
    ),
    "cat": (
        """
        ..M.....
        ..MM....
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ....MMMM
        ...MMMSS
        ...MMMSS
        ....MMSS
        ....MM.M""",
        2,
        5,
    ),
    "round": (
        """
        ...M....
        ...MMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMSSS
        .MMMSSSS
        ..MMMSSS
        ...MMMMM
        ...MM...""",
        3,
        6,
    ),
    "box": (
        """
        ...M....
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        .MMMMMMM
        M.MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MM.MM.""",
        2,
        5,
    ),
    "bull": (
        """
        .SS.....
        .SS.....
        ..SMMMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        .MMMMMMM
        MMMMMSSS
        MM.MMSSS
        .M.MMMMM
        ...MMM..
        ...MM...""",
        2,
        5,
    ),
    "mouse": (
        """
        ..MM....
        .MSSM...
        .MSSMMMM
        ..MMMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        ....MMSS
        ...MMMSS
        ....MMMM
        ....M...""",
        3,
        7,
    ),
    "imp": (
        """
        ...M....
        ...M....
        ....MMMM
        ....MMMM
        ....MMMM
        ....MMMM
        .....MMM
        .M..MMMM
        ..MMMMMM
        .....MMM
        ....MMM.
        ....MM..""",
        3,
        6,
    ),
    "yeti": (
        """
        .....MMM
        ....MMMM
        ...MMSSS
        ...MSSSS
        ..MMSSSS
        ..MMMSSS
        .MMMMMMM
        MMMMMMMM
        MMMMMMMM
        MM.MMMMM
        SM.MMMMM
        ...MMMMM
        ...MMM..
        ...SS...""",
        1,
        4,
    ),
    "chick": (
        """
        .......M
        .....MMM
        ....MMMM
        ....MMMM
        ....MMMM
        ...MMMMM
        ..MMMMSS
        ...MMMSS
        ....MMMM
        .....M..""",
        4,
        7,
    ),
    "shaggy": (
        """
        ....M..M
        ...MM.MM
        ..MMMMMM
        .MMMMMMM
        ..MMMMMM
        .MMMMMMM
        ..MMMMMM
        .MMMMMMM
        ..MMMMMM
        .MMMMMMM
        ..MMMMMM
        ...MM.M.
        ...SS...""",
        2,
        6,
    ),
}

FUR_TAILS = {
    "none": "",
    "curl": """
        ..MM
        ...M
        ..MM
        MMM.""",
    "brush": """
        ..M.
        .MMM
        .MMM
        MM..""",
}


def _furry(body: str, face: str, tail: str) -> Canvas:
    text, top, eyes = FURRY[body]
    drawn = outline(stack(half(text, top), _eyes(face, eyes, -1 if tail != "none" else 0)), "ramp")
    behind = outline(art(FUR_TAILS[tail], 12 if body != "cub" else 11, 8), "ramp")
    whole = stack(behind, drawn)
    return soften(whole)


def furries() -> list[Canvas]:
    """Body x face x tail."""
    return combine(_furry, [*FURRY], [*FACES], ["none", "none", "none", "curl", "brush"], limit=84)


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


FLOATERS = {  # bodies of 16 columns
    "wisp": """
        .....MMMM.......
        ...MMMMMMMM.....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ...MMMMMMMMMM...
        ....MMMMMMMMM...
        .....MMMMMMMMM..
        .......MMMMMMMM.
        ..........MMMM..
        ............MM..""",
    "comet": """
        ................
        ................
        ....MMMMM.......
        ..MMMMMMMMM...M.
        .MMMMMMMMMMM.MM.
        .MMMMMMMMMMMMMM.
        .MMMMMMMMMMMMM..
        .MMMMMMMMMMMM...
        .MMMMMMMMMMM....
        ..MMMMMMMMMM....
        ...MMMMMMMM.....
        ....MM.MMM......
        ........M.......""",
    "boo": """
        .....MMMMM......
        ....MMMMMMMM....
        ...MMMMMMMMM....
        M..MMMMMMMMMM...
        MM.MMMMMMMMMM...
        .MMMMMMMMMMMM...
        ..MMMMMMMMMMMMM.
        ...MMMMMMMMM.MMM
        ...MMMMMMMM...MM
        ....MMMMMMM....M
        ....MMMMMMMM....
        .....MMMMMMMM...
        ......MM.MMM....
        ..........M.....""",
    "flame": """
        ........MM......
        .......MMM......
        .....MMMM.......
        ....MMMMMMM.....
        ...MMMMMMMMM....
        ..MMMMMMMMMMM...
        ..MMMMMMMMMMM...
        ..MMMMMMMMMMM...
        ..MMMMMMMMMMM...
        ..MMMMMMMMMM....
        ...MMMMMMMMM....
        ....MMMMMMM.....
        .....MMMM.......""",
}


def _ghost(body: str, arms: tuple[str, str], eyes: str, mouth: str) -> Canvas:
    tilt = body.endswith("<")
    body = body.rstrip("<")
    floating = body in FLOATERS
    drawn = art(FLOATERS[body], 0, 1) if floating else half(GHOSTS[body], 1)
    left, right = (half(GHOST_ARMS[arm], 7) for arm in arms)
    turn = -2 if body == "comet" else -1 if tilt or body in ("wisp", "flame") else 0
    if body == "hood":  # only two lights in the dark
        face = stack(half(HOOD_EYES[eyes], 6), half(HOOD_DRESS[mouth], 11))
    else:
        pair = half(GHOST_EYES[eyes], 5)
        if turn and eyes != "angry":
            pair = glance(pair)
        lips = half(GHOST_MOUTHS[mouth], 9)
        face = shift(stack(art("44\n4.", 5, 4 if floating else 3), pair, lips), turn)
    front = stack(drawn, face)
    whole = outline(lean(front, 5, 10) if tilt else front, "ramp")
    return soften(whole if floating else stack(outline(sides(left, right), "ramp"), whole))


def ghosts() -> list[Canvas]:
    """Body x arms x eyes x mouth."""
    bodies = ["sheet<", "wisp", "comet", "boo", "sheet", "flame", "hood"]
    arms = [("none", "none"), ("raised", "hanging")]
    return combine(_ghost, bodies, arms, ["oval", "big", "angry"], ["oh", "wave", "none"], limit=60)


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
    "one": """
        ................
        ......www.......
        .....wwww.......
        ......ww........""",
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

STEM_MARKS = {
    "none": "",
    "collar": """
        ................
        ....9999999.....
        ...9.8989898....""",
    "streaks": """
        ................
        .....6..........
        .....6.....6....
        ......6....5....""",
    "cute": """
        .....k....k.....
        .....k....k.....
        ...q...kk.......""",
    "wink": """
        ....kw..........
        ....kk...kk.....
        .......r........""",
}


def _mushroom(cap: str, spots: str, stem: str, mark: str, tilt: int) -> Canvas:
    bottom = outline(half(STEMS[stem], 9), "ramp")
    top = stack(half(CAPS[cap], 2), art(SPOTS[spots], 0, 4 if cap in ("flat", "cone") else 3))
    if tilt:
        top = lean(top, 4, 6)
    return soften(stack(bottom, clip(art(STEM_MARKS[mark], 0, 10), bottom), outline(top, "ramp")))


def mushrooms() -> list[Canvas]:
    """Cap x spots x stem x mark x upright or bent."""
    marks = ["none", "collar", "cute", "streaks", "none", "wink"]
    return combine(_mushroom, [*CAPS], [*SPOTS], [*STEMS], marks, [0, 1], limit=72)


PURE = "blood cobalt emerald sky cherry pine flame grass aqua ink salmon jade slate grape magenta grey"
"""The hues of creatures: pure ones."""
PALE = "cream peach snow cream sand snow"
KINDS = [
    Kind("slime", "monster", slimes, palettes(PURE, PALE)),
    Kind("furry monster", "monster", furries, palettes(PURE, PALE)),
    Kind(
        "ghost",
        "monster",
        ghosts,
        palettes(
            "snow white cobalt aqua lilac mint sky flame bone violet salmon grass grey jade blood slate",
            "navy ink crimson royal coal forest",
        ),
    ),
    Kind(
        "mushroom",
        "monster",
        mushrooms,
        palettes(
            "blood cobalt emerald grape rust magenta brown jade yellow flame grass cherry ink sand sky graphite",
            "cream peach sand snow",
        ),
    ),
]
