"""More creatures: bats, skulls, eyes, dragons, frogs, critters on four legs."""

from __future__ import annotations

import numpy as np

from ddpm.sprites.builtin.draw import (
    Canvas,
    art,
    clip,
    combine,
    glance,
    half,
    outline,
    shift,
    sides,
    soften,
    squeeze,
    stack,
)
from ddpm.sprites.builtin.kinds.base import Kind
from ddpm.sprites.builtin.kinds.monsters import PALE, PURE
from ddpm.sprites.builtin.palettes import palettes

# ---------------------------------------------------------------- bats
BATS = {  # (left half, its top row, the row of the eyes)
    "spread": (
        """
        ......M.
        6.....MM
        66...MMM
        776.MMMM
        6776MMMM
        6667MMMM
        66.66MMM
        6...6.MM
        .......M""",
        3,
        6,
    ),
    "up": (
        """
        66......
        776...M.
        6776..MM
        .677.MMM
        .667MMMM
        ..66MMMM
        ...6MMMM
        .....MMM
        ......M.""",
        2,
        6,
    ),
    "down": (
        """
        .....M..
        .....MMM
        ....MMMM
        ..77MMMM
        .777MMMM
        7776.MMM
        776.6.MM
        76..6..M
        76......
        6.......""",
        3,
        6,
    ),
    "plump": (
        """
        ....M...
        ....MM.M
        66..MMMM
        7766MMMM
        7776MMMM
        .66.MMMM
        .6..MMMM
        .....MMM
        .....M..""",
        3,
        6,
    ),
    "small": (
        """
        .....M..
        ..7..MMM
        .776MMMM
        .76.MMMM
        .6...MMM
        ......MM""",
        5,
        7,
    ),
    "wide": (
        """
        ......M.
        ......MM
        77...MMM
        7777.MMM
        .7777MMM
        ..666MMM
        ....6.MM
        .......M""",
        4,
        6,
    ),
}

FLYING_BATS = {  # from the side, 16 columns
    "glide": (
        """
        ..........77....
        .........777....
        ..M.M...7776....
        ..MMM..77766....
        .MMMMM.77766....
        MMMMMMM7766.....
        MMMMMMMM766..7..
        .MMMMMMMM6..77..
        ..MMMMMMM.7776..
        ...MMMMM..76....
        ...M..M.........""",
        2,
        7,
    ),
}

BAT_FACES = {
    "dots": """
        ......k.""",
    "white": """
        .....wk.""",
    "fangs": """
        ......k.
        ........
        ......w.""",
    "red": """
        .....rr.
        ........""",
    "stare": """
        .....ww.
        .....kw.""",
    "shut": """
        .....00.
        ........
        .......0""",
}


def _bat(body: str, face: str, wings: str) -> Canvas:
    flying = body in FLYING_BATS
    text, top, eyes = FLYING_BATS[body] if flying else BATS[body]
    text = text.replace("7", wings[0]).replace("6", wings[1])  # wings of the fur's own colour
    drawn = art(text, 0, top) if flying else half(text, top)
    seen = half(BAT_FACES[face], eyes)
    if flying:
        seen = sides(shift(seen, -3), art(""))
    return soften(outline(stack(drawn, seen), "ramp"))


def bats() -> list[Canvas]:
    """Body x face x light or dark wings."""
    return combine(_bat, [*BATS, *FLYING_BATS], [*BAT_FACES], ["21", "31"], limit=60)


# ---------------------------------------------------------------- skulls
SKULLS = {  # (left half, its top row, the row of the sockets)
    "human": (
        """
        .....MMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MM.MM
        ....MMMM""",
        1,
        4,
    ),
    "long": (
        """
        .....MMM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        .....MMM""",
        0,
        4,
    ),
    "broad": (
        """
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        ..MMMMMM
        ....MMMM""",
        2,
        5,
    ),
    "horned": (
        """
        .3......
        .33..MMM
        .322MMMM
        ..22MMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ....MMMM""",
        1,
        5,
    ),
}

SOCKETS = {
    "square": """
        ...###..
        ...###..
        ...###..
        .......#
        .......#""",
    "round": """
        ....##..
        ...###..
        ...###..
        ....#..#
        .......#""",
    "angry": """
        ...#....
        ...##...
        ...###..
        ....##.#
        .......#""",
    "glow": """
        ....##..
        ...###..
        ...#8#.#
        ....#..#""",
}

JAWS = {
    "teeth": """
        ....3#3#
        ....2#2#""",
    "jaw": """
        ....####
        ....2#2#
        .....222""",
    "none": "",
    "stub": """
        .....2#2""",
}


def _skull(form: str, sockets: str, jaw: str, crack: bool) -> Canvas:
    text, top, eyes = SKULLS[form]
    bone = half(text, top)
    rows = len(text.strip().splitlines())
    head = outline(stack(half(JAWS[jaw], top + rows), bone, half(SOCKETS[sockets], eyes)))
    return stack(head, clip(art("#.\n##\n.#", 9, top + 1), bone)) if crack else head


def skulls() -> list[Canvas]:
    """Form x sockets x jaw x cracked or whole."""
    return combine(_skull, [*SKULLS], [*SOCKETS], [*JAWS], [False, False, True], limit=64)


# ---------------------------------------------------------------- eyes
EYE_BALLS = {
    "ball": """
        ......ww
        ....wwww
        ...wwwww
        ..wwwwww
        ..wwwwww
        ..wwwwww
        ..wwwwww
        ...wwwww
        ...wwwww
        ....wwww
        ......ww""",
    "lidded": """
        ......MM
        ....MMMM
        ...MMMMM
        ..M00000
        ..0wwwww
        ..0wwwww
        ..Mwwwww
        ...Mwwww
        ...MMwww
        ....MMMM
        ......MM""",
    "socket": """
        ......MM
        ....MMMM
        ..MMM000
        ..MM0www
        .MM0wwww
        .MM0wwww
        ..MM0www
        ..MMM000
        ...MMMMM
        ....MMMM
        ......MM""",
}

IRISES = {
    "round": """
        ......77
        .....788
        .....8kk
        .....8kk
        .....788
        ......77""",
    "slit": """
        ......77
        .....78k
        .....88k
        .....88k
        .....78k
        ......77""",
    "small": """
        ........
        ......66
        .....68k
        .....6kk
        ......66
        ........""",
    "star": """
        ......77
        .....77k
        .....7kk
        .....7kk
        .....77k
        ......77""",
}

EYE_LIMBS = {
    "none": "",
    "wings": """
        ........
        .M......
        MM......
        MM1.....
        M1MM....
        M.M1....
        ...M....""",
}


VEINS = """
    ................
    ................
    .........2......
    ..........2.....
    ................
    ..22............
    ....2........4..
    ...2.........4..
    ............43..
    ...........443..
    ........44433..."""


def _eye(ball: str, iris: str, limbs: str, look: int, small: bool) -> Canvas:
    y = 2
    white = half(EYE_BALLS[ball], y)
    pupil = stack(shift(half(IRISES[iris]), look, y + 3), art("w", 6 + look, y + 5))
    if ball == "ball":
        body = stack(white, art(VEINS, 0, y), pupil)
    else:  # the lids hide part of the iris
        body = np.where(white == ord("w"), stack(white, pupil), white)
    limb_y = 3
    whole = stack(outline(half(EYE_LIMBS[limbs], limb_y), "0"), outline(body, "0"))
    return squeeze(whole, (4, 11), (y + 2, y + 9)) if small else whole


def eyes() -> list[Canvas]:
    """Ball x iris x limbs x where it looks x size."""
    return combine(_eye, [*EYE_BALLS], [*IRISES], [*EYE_LIMBS], [0, 1], [False, True], limit=60)


# ---------------------------------------------------------------- dragons, looking left
DRAGONS = {
    "standing": """
        ................
        ................
        ................
        ...MMMM.........
        ..MMMMMM........
        MMMMMMMM........
        MMMMMMMM........
        .99.MMMM........
        ...99MMMM.......
        ..M99MMMM.......
        .MM999MMMM......
        ..9999MMMMM...M.
        ...999MMMMMM.MM.
        ....99MMMMMMMMM.
        ....MM.MM.MMM...
        ...99.99........""",
    "drake": """
        ................
        ................
        ................
        ................
        ..MMMM..........
        .MMMMMM.........
        MMMMMMM.........
        MMMMMMMM........
        .99.MMMMMM......
        ....99MMMMMM....
        ....999MMMMMMM..
        ....9999MMMMMMM.
        .....MM99.MMMMM.
        .....MM...MM..M.
        ....99...99..MM.
        ................""",
    "serpent": """
        ................
        ................
        ...MMM..........
        .MMMMMM.........
        MMMMMMM.........
        MM.MMMM.........
        ....MMM.........
        ...99MM...MMM...
        ..99MMM..MMMMM..
        ..9MMM..MMM.MM..
        ..9MMM..MMM..M..
        ..99MMMMMM...MM.
        ..999MMMMM...M..
        ...99999M.......
        ................""",
    "hatchling": """
        ................
        ................
        ................
        ................
        ...MMMMM........
        ..MMMMMMM.......
        .MMMMMMMM.......
        .MMMMMMMM.......
        ..99MMMM........
        ....9MMMM.......
        ...999MMMM......
        ...999MMMMM..M..
        ...999MMMMMMMM..
        ....99MMMMMMM...
        ....MM.MM.......
        ...99.99........""",
    "roaring": """
        ................
        ................
        ..MMMM..........
        .MMMMMM.........
        MMMMMMM.........
        MMMMMMM.........
        MM...MMM........
        .MMM9MMM........
        ....99MMM.......
        ....999MMM......
        ....999MMMM..M..
        ....999MMMMM.MM.
        .....99MMMMMMMM.
        .....MM.MMMMMM..
        ....99.99.......""",
    "resting": """
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ..MMMM..MMMMM...
        .MMMMMMMMMMMMM..
        MMMMMMMMMMMMMMM.
        MMMMMMMMMMMMM.MM
        .MMMMMMMMMMMM.MM
        .9999MMMMMMM..MM
        ...999999MMMMMM.
        ....99.99..MMM..""",
}

DRAGON_WINGS = {
    "none": "",
    "bat": """
        ....2...
        ...22..2
        ..272.27
        ..277227
        .27727.7
        .277.7..
        .27.....
        .2......""",
    "small": """
        ........
        ...2.2..
        ..2727..
        ..277...
        .27.....""",
    "spread": """
        .2...2..
        .22..72.
        .2722772
        ..2727.7
        ..277.7.
        ..27....
        ..2.....""",
}

DRAGON_HORNS = {
    "back": """
        ......9.
        ....98..
        ..988...
        ..88....""",
    "two": """
        .9..9...
        .98.98..
        ..8..8..
        ..88.88.""",
    "crest": """
        ........
        ..7.7...
        ..77777.
        ....7777
        .....77.
        .....777
        ......7.""",
    "fin": """
        ........
        ...77...
        ..7777..
        ...777..
        .....77.
        ......7.""",
    "none": "",
}

DRAGON_HEAD = {"standing": 3, "drake": 4, "serpent": 2, "hatchling": 4, "roaring": 2, "resting": 7}

DRAGON_LOOKS = {
    "calm": """
        ..ww....
        ..wk....
        0.......
        0000....""",
    "fierce": """
        ..00....
        ..9k....
        0.......
        00w0w...""",
    "smoke": """
        ..00....
        ..wk....
        0.......
        rrrr....""",
}


def _dragon(body: str, wings: str, horns: str, look: str) -> Canvas:
    y = DRAGON_HEAD[body]
    horn = outline(art(DRAGON_HORNS[horns], 3, y - 3), "ramp")
    front = outline(art(DRAGONS[body]), "ramp")
    wing_y = y - 5 * (body == "resting") + (0 if wings in ("bat", "spread") else 2)
    wing = outline(art(DRAGON_WINGS[wings], 8, wing_y), "ramp")
    return soften(stack(wing, horn, front, art(DRAGON_LOOKS[look], 1, y + 1)))


def dragons() -> list[Canvas]:
    """Body x wings x horns x look."""
    return combine(_dragon, [*DRAGONS], [*DRAGON_WINGS], [*DRAGON_HORNS], [*DRAGON_LOOKS], limit=88)


# ---------------------------------------------------------------- frogs
FROGS = {
    "squat": """
        ........
        ........
        ........
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...M7777
        ..MM7778
        .MMM7778
        .MM.M777
        .MM.MMMM
        .99.99..""",
    "fat": """
        ........
        ........
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMM777
        .MMM7778
        .MMM7778
        ..MMM777
        ...MMMMM
        ...99...""",
    "tall": """
        ........
        ........
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        .....777
        ....M778
        ...MM778
        ...M.777
        .....MMM
        ....M.M.
        ...99.9.""",
    "tadpole": """
        ........
        ........
        ........
        ........
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MM777
        ....M778
        ...MM777
        ....MMMM
        ....99.9""",
    "side": """
        ................
        ...MMM..........
        ..MMMMM.........
        .MMMMMMMM.......
        MMMMMMMMMM......
        MMMMMMMMMMM.....
        777MMMMMMMMM....
        .777MMMMMMMMM...
        ..777MMMMMMMM...
        ..M77MMMMMMMMM..
        ..MM7MM.MMMMMM..
        .MM.MM.MMMMMM...
        .99.999.9999....""",
    "leaping": """
        ................
        ...MMM..........
        ..MMMMM.........
        .MMMMMMMM.......
        MMMMMMMMMMM.....
        MMMMMMMMMMMM....
        777MMMMMMMMMM...
        .7777MMMMMMMMM..
        MMM777MMMMMMMM..
        9...MM..MMMMMMM.
        ....99.....MMMM.
        .............MM.
        ............999.""",
}

FROG_EYES = {
    "bulging": """
        ...33...
        ..3ww3..
        ..3wk2..
        ...22...""",
    "wide": """
        ...333..
        ..3www2.
        ..3wkk2.
        ...222..""",
    "sleepy": """
        ...33...
        ..3332..
        ..30k2..
        ...22...""",
    "slit": """
        ...33...
        ..3992..
        ..3k82..
        ...22...""",
}

FROG_MOUTHS = {
    "line": """
        ....0...
        .....000""",
    "grin": """
        ....k...
        .....kkk
        ......rr""",
    "tongue": """
        ....0000
        ......rr
        ......rr""",
    "frown": """
        .....000
        ....0...""",
    "blush": """
        ...qq..0
        .....00.""",
}

FROG_BACKS = {
    "plain": "",
    "warts": """
        ......1.
        .......4
        ......4.""",
    "stripe": """
        ......77
        .......7
        .......7""",
}


FROG_FLANKS = {
    "plain": "",
    "warts": """
        ................
        ................
        ................
        .......1........
        .........4......
        ......4.........
        ........1..4....
        .........4......""",
    "stripe": """
        ................
        ................
        ................
        .....11.........
        .......11.......
        .........11.....
        ..........11....
        ...........1....""",
}

FROG_LIPS = {
    "line": "00000",
    "grin": "kkkkk\n.rrr",
    "tongue": "00000\nrr\nr",
    "frown": ".0000\n0",
    "blush": "000\n...q",
}


def _frog(body: str, eyes: str, mouth: str, back: str) -> Canvas:
    if body in ("side", "leaping"):  # these look left
        trunk = art(FROGS[body], 1, 2)
        marks = clip(art(FROG_FLANKS[back], 1, 2), trunk)
        eye = outline(art(FROG_EYES[eyes], 1, 2), "ramp")
        return stack(outline(stack(trunk, marks), "ramp"), eye, art(FROG_LIPS[mouth], 1, 7))
    y = {"squat": 3, "fat": 2, "tall": 2, "tadpole": 3}[body]
    front = outline(half(FROGS[body], 1), "ramp")
    marks = half(FROG_BACKS[back], y) if back in ("warts", "stripe") else half("")
    pair = outline(half(FROG_EYES[eyes], y - 1), "ramp")
    if back != "plain":  # a glance aside
        pair = stack(pair, glance(half(FROG_EYES[eyes], y - 1)))
    return soften(stack(front, pair, marks, half(FROG_MOUTHS[mouth], y + 4)))


def frogs() -> list[Canvas]:
    """Body x eyes x mouth x back."""
    return combine(_frog, [*FROGS], [*FROG_EYES], [*FROG_MOUTHS], [*FROG_BACKS], limit=72)


# ---------------------------------------------------------------- critters on four legs, looking left
CRITTERS = {
    "pup": """
        ................
        ................
        ................
        ................
        ..MMMM..........
        .MMMMMM.........
        .MMMMMM.........
        MMMMMMM.........
        .99MMMMMMMMM....
        ...MMMMMMMMMM...
        ...99MMMMMMMM...
        ....999MMMMMM...
        ....MM.M..MMM...
        ....MM.M..M.MM..
        ....99.9..9.99..""",
    "boar": """
        ................
        ................
        ................
        ................
        ...MMMM.MMM.....
        ..MMMMMMMMMMM...
        .MMMMMMMMMMMMM..
        .MMMMMMMMMMMMM..
        77MMMMMMMMMMMM..
        77MMMMMMMMMMMM..
        .99MMMMMMMMMM...
        ..999MMMMMMMM...
        ...MMM.M.MMM....
        ...MM..M..MM....
        ...00..0..00....""",
    "cat": """
        ................
        ................
        ................
        ................
        ..MMMMM.........
        .MMMMMMM........
        .MMMMMMM........
        .MMMMMMM........
        ..99MMMM........
        ...9MMMMMM......
        ..99MMMMMMM.....
        ..99MMMMMMMM....
        ..99MMMMMMMM....
        ..M.MMM.MMMM....
        ..9.99..9999....""",
    "hedgehog": """
        ................
        ................
        ................
        ................
        .......M.M......
        .....MMMMMM.M...
        ...M.MMMMMMMM...
        ...MMMMMMMMMMM..
        ..99MMMMMMMMMM..
        .999MMMMMMMMMMM.
        99999MMMMMMMMM..
        .99999MMMMMMMMM.
        ..999999MMMMMM..
        ....99...99.....
        ................""",
    "cub": """
        ................
        ................
        ................
        ..MMMMMM........
        .MMMMMMMM.......
        .MMMMMMMM.......
        .MMMMMMMM.......
        .99MMMMMM.......
        .999MMMMM.......
        ..9MMMMMMM......
        ....MMMMMMM.....
        ....9MMMMMM.....
        ...99MMMMMM.....
        ...MM.M.MMM.....
        ...99.9.999.....""",
    "runner": """
        ................
        ................
        ................
        ................
        ................
        ..MMMM..........
        .MMMMMM.........
        MMMMMMM...MMM...
        .99MMMMMMMMMMM..
        ...MMMMMMMMMMMM.
        ...99MMMMMMMMMM.
        ..MM999MMMMMMM..
        .MM..M.....MMMM.
        99...99.......M.
        ..............99""",
    "bird": """
        ................
        ................
        ................
        ....MMMM........
        ...MMMMMM.......
        ..MMMMMMM.......
        .9MMMMMMMM......
        99MMMMMMMMM.....
        ...77MMMMMMM....
        ...777MMMMMMM...
        ...777MM777MMMM.
        ....777M7777.MM.
        .....77MM77.....
        ......9..9......
        .....99.99......""",
}

CRITTER_EARS = {
    "pointed": """
        .M..M...
        .MM.MM..
        .M7MM7..""",
    "round": """
        .MM..MM.
        .M7M.M7M
        ..MM.MM.""",
    "long": """
        .M...M..
        .M7..M7.
        .MM..MM.""",
}

CRITTER_TAILS = {
    "bushy": """
        ...MM
        ..MMM
        .MMMM
        MMMM.
        MMM..""",
    "curl": """
        .MMM.
        MM.MM
        M..MM
        ..MM.
        MMM..""",
    "tip": """
        ...99
        ...88
        ...M.
        ..MM.
        MMM..""",
    "none": "",
}

CRITTER_LOOKS = {
    "calm": """
        ......
        .wk...
        .wk...""",
    "fierce": """
        .00...
        ..9k..
        ......
        .w.w..""",
    "dot": """
        ......
        ..k...
        ..k...
        ...q..""",
}

CRITTER_JOINTS = {  # where head, tail and nose are; 16: off the sheet
    "pup": ((1, 4), (11, 5), (0, 7)),
    "boar": ((2, 4), (12, 4), (0, 8)),
    "cat": ((1, 4), (11, 8), (1, 7)),
    "hedgehog": ((0, 8), (16, 8), (0, 10)),
    "cub": ((1, 3), (10, 7), (1, 7)),
    "runner": ((1, 5), (11, 3), (0, 7)),
    "bird": ((3, 4), (16, 8), (16, 0)),
}


def _critter(body: str, ears: str, tail: str, look: str) -> Canvas:
    trunk = art(CRITTERS[body])
    head, (tail_x, tail_y), nose_at = CRITTER_JOINTS[body]
    ear = art("") if body == "hedgehog" else art(CRITTER_EARS[ears], head[0], head[1] - 3)
    behind = stack(art(CRITTER_TAILS[tail], tail_x, tail_y), ear)
    eyes = art(CRITTER_LOOKS[look], head[0], head[1])
    nose = art("0", *nose_at)
    front = outline(trunk, "ramp")
    return soften(stack(outline(behind, "ramp"), front, eyes, nose))


def critters() -> list[Canvas]:
    """Body x ears x tail x look."""
    parts = [*CRITTERS], [*CRITTER_EARS], [*CRITTER_TAILS], [*CRITTER_LOOKS]
    return combine(_critter, *parts, limit=96)


KINDS = [
    Kind(
        "bat",
        "monster",
        bats,
        palettes(
            "grape graphite ink blood bark slate brown cobalt cherry pine grey jade magenta rust sky emerald",
        ),
    ),
    Kind(
        "skull",
        "monster",
        skulls,
        palettes(
            "bone cream white grey sand red blue yellow graphite parchment ash brown silver tin rust leaf",
            "red yellow blue leaf white",
        ),
    ),
    Kind("eye", "monster", eyes, palettes(PURE, "cobalt yellow cherry leaf grape grass sky")),
    Kind("dragon", "monster", dragons, palettes(PURE, "cream snow bone")),
    Kind("frog", "monster", frogs, palettes(PURE, PALE)),
    Kind("critter", "monster", critters, palettes(PURE + " brown sand", PALE)),
]
