"""Creatures: a body, things that stick out of it, and a face with life in it.

Main ramp: the fur. Second: belly, horns, ears' insides, wings. Bodies are drawn as left halves (8 columns); those
in motion, and all that looks to a side, whole.
"""

from __future__ import annotations

from ddpm.builtin.draw import Canvas, art, clip, combine, glance, half, lean, outline, shift, sides, stack
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


LOPSIDED = {  # mouths of 16 columns
    "smirk": """
        ......kkkk......
        .........k......""",
    "snaggle": """
        ......kkkkk.....
        ......w.........""",
    "shout": """
        .....kkkkk......
        .....krrrk......
        ......kkk.......""",
    "lick": """
        .....kkkkk......
        ........rr......
        ........rr......""",
}

SEEING = ("big", "wide", "dots")


def _face(eyes: str, mouth: str, y: int, gap: int = 3, turn: int = 0) -> Canvas:
    """Eyes that see look the way the head is turned."""
    pair = half(EYES[eyes], y)
    if turn and eyes in SEEING:
        pair = glance(pair)
    lips = art(LOPSIDED[mouth], 0, y + gap) if mouth in LOPSIDED else half(MOUTHS[mouth], y + gap)
    return shift(stack(pair, lips), turn)


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

SLIME_MOVES = {  # bodies of 16 columns
    "crawl": """
        ................
        ................
        .....MMM........
        ...MMMMMMM......
        ..MMMMMMMMM.....
        .MMMMMMMMMMM....
        .MMMMMMMMMMMMM..
        .MMMMMMMMMMMMMM.
        .MMMMMMMMMMMMMM.
        ..MMMMMMMMMMMM..""",
    "reach": """
        ...........MM...
        .....MMM...MMM..
        ...MMMMMM..MMM..
        ..MMMMMMMM..MM..
        ..MMMMMMMMMMMM..
        .MMMMMMMMMMMMMM.
        .MMMMMMMMMMMMMM.
        .MMMMMMMMMMMMMM.
        .MMMMMMMMMMMMMM.
        ..MMMMMMMMMMMM..""",
    "hop": """
        ....MMMMM.......
        ...MMMMMMMM.....
        ..MMMMMMMMMM....
        ..MMMMMMMMMMM...
        ..MMMMMMMMMMM...
        ...MMMMMMMMMM...
        ...MMMMMMMMM....
        ....MMMMMMM.....
        ....MM..MMM.....
        .....M...M......""",
    "bubble": """
        ............MM..
        ............MM..
        ....MMMM........
        ...MMMMMMM..M...
        ..MMMMMMMMM.....
        ..MMMMMMMMMMM...
        .MMMMMMMMMMMM...
        .MMMMMMMMMMMMM..
        .MMMMMMMMMMMMM..
        ..MMMMMMMMMMM...""",
}

GLOSS = """
    .44
    4..
    4.."""


def _slime(body: str, top: str, face: tuple[str, str]) -> Canvas:
    tilt = body.endswith("<")
    body = body.rstrip("<")
    drawn = art(SLIME_MOVES[body], 0, 5) if body in SLIME_MOVES else half(SLIMES[body], 5)
    height = {"drop": 5, "tall": 5, "hop": 5, "cube": 6, "reach": 6}.get(body, 7)
    turn = -2 if body == "crawl" else -1 if tilt or body in SLIME_MOVES else 0
    drop = shift(half(SLIME_TOPS[top], height - 3), turn if body in SLIME_MOVES else 0)
    gloss = art(GLOSS, (4 if body != "cube" else 3) + turn, height + (1 if body != "drop" else 3))
    face_y = {"cube": 8, "hop": 7}.get(body, 9)
    whole = stack(drop, drawn, gloss, _face(*face, face_y, 3, turn if body in SLIME_MOVES else -1 if tilt else 0))
    return outline(lean(whole, 8, 11) if tilt else whole, "ramp")


SLIME_FACES = [
    ("big", "smirk"),
    ("dots", "shout"),
    ("angry", "fangs"),
    ("wide", "small"),
    ("shut", "blush"),
    ("glow", "snaggle"),
    ("dots", "smile"),
]


def slimes() -> list[Canvas]:
    """Body x what is on top x face."""
    bodies = ["drop<", "dome", "crawl", "puddle<", "reach", "tall<", "hop", "cube", "bubble", "dome<"]
    return combine(_slime, bodies, [*SLIME_TOPS], SLIME_FACES, limit=72)


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


FUR_MOVES = {  # bodies of 16 columns
    "sitter": """
        ................
        ................
        ................
        ...MMMMMMM......
        ..MMMMMMMMM.....
        ..MMMMMMMMMM....
        .MMMMMMMMMMM....
        .MMMMMMMMMMM....
        ..MMMMMMMMMM....
        ...MMMMMMMM.....
        ....M77MMMMM....
        ...MM778MMMMM...
        ...M.777MMMMM...
        ....MM.MMMMMM...
        ....99.999.99...""",
    "brute": """
        ................
        ................
        ................
        ....MMMMMM......
        ...MMMMMMMM.....
        ...MMMMMMMMMM...
        ..MMMMMMMMMMMM..
        .MMMMMMMMMMMMMM.
        .MMMMMMMMMMM.MM.
        .MM.MM777MMM.MM.
        MMM.M77778MM.MMM
        MMM.M77778MM.MMM
        .9..MM777MMM..9.
        ....MMM.MMMM....
        ....99...99.....""",
    "waver": """
        ................
        ............MM..
        ............MMM.
        ....MMMMM....MM.
        ...MMMMMMMM..MM.
        ..MMMMMMMMM.MMM.
        ..MMMMMMMMM.MM..
        ..MMMMMMMMMMM...
        ..MMMMMMMMMM....
        ...MMMMMMMM.....
        ..MMM77MMM......
        .MM.M778MMM.....
        .M..M777MMM.....
        ....MMM.MMM.....
        ....99...99.....""",
    "strider": """
        ................
        ................
        ................
        ...MMMMMM.......
        ..MMMMMMMMM.....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ..MMMMMMMMMM....
        ...M777MMMMM....
        ..M77778MMMM.M..
        .MM77778MMMMMM..
        ..M.777MMMMMM...
        ...MM...MMM.....
        ..999....999....""",
}

FUR_TAILS = {
    "none": "",
    "curl": """
        ..MM.
        ...MM
        ...MM
        ..MM.
        MMM..""",
    "tuft": """
        ...99
        ..988
        ..MM.
        .MM..
        MM...""",
    "brush": """
        ..MM.
        .MMMM
        .MMMM
        MMMM.
        MMM..""",
}


def _furry(body: str, ears: str, face: tuple[str, str], arms: tuple[str, str], tail: str) -> Canvas:
    moving = body in FUR_MOVES
    drawn = art(FUR_MOVES[body]) if moving else half(FURRY[body])
    heads = {"ball": 4, "bear": 3, "fluff": 4, "imp": 4, "pear": 3, "chick": 5}
    head = heads.get(body, 3)
    turn = 0 if body == "brute" else -1
    gloss = art("44\n4.", 5 + turn, head + 1)
    left, right = (half(FUR_ARMS[arm], head + 5) for arm in arms)
    behind = shift(half(FUR_EARS[ears], head - 3), turn if moving else 0)
    if not moving:
        behind = stack(sides(left, right), behind)
    if body != "brute":
        behind = stack(art(FUR_TAILS[tail], 11, 8), behind)
    front = stack(outline(drawn, "ramp"), gloss, _face(*face, head + 2, 2 if body == "imp" else 3, turn))
    return stack(outline(behind, "ramp"), front)


FUR_FACES = [
    ("big", "smirk"), ("wide", "snaggle"), ("angry", "fangs"), ("dots", "blush"), ("glow", "grin"), ("big", "shout"),
    ("sleepy", "small"), ("dots", "lick"),
]  # fmt: skip


def furries() -> list[Canvas]:
    """Body x ears or horns x face x arms x tail."""
    arms = [("up", "down"), ("down", "down"), ("none", "up"), ("wings", "wings"), ("down", "none")]
    bodies = ["ball", "sitter", "bear", "brute", "fluff", "waver", "imp", "strider", "pear", "chick"]
    return combine(_furry, bodies, [*FUR_EARS], FUR_FACES, arms, [*FUR_TAILS], limit=96)


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
    return whole if floating else stack(outline(sides(left, right), "ramp"), whole)


def ghosts() -> list[Canvas]:
    """Body x arms x eyes x mouth."""
    bodies = ["sheet<", "wisp", "hood", "comet", "wide<", "boo", "sheet", "flame", "hood<"]
    arms = [("raised", "hanging"), ("none", "none"), ("hanging", "hands"), ("none", "raised")]
    return combine(_ghost, bodies, arms, [*GHOST_EYES], [*GHOST_MOUTHS], limit=72)


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
    return stack(bottom, clip(art(STEM_MARKS[mark], 0, 10), bottom), outline(top, "ramp"))


def mushrooms() -> list[Canvas]:
    """Cap x spots x stem x mark x upright or bent."""
    marks = ["none", "collar", "cute", "streaks", "none", "wink"]
    return combine(_mushroom, [*CAPS], [*SPOTS], [*STEMS], marks, [0, 1], limit=72)


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
            "snow silver cyan lilac mint azure pink bone violet rose lime ash peach teal frost steel",
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
