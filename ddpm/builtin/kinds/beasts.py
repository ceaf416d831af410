"""More creatures: bats, skulls, eyes, dragons, frogs, critters on four legs, bugs."""

from __future__ import annotations

import numpy as np

from ddpm.builtin.draw import Canvas, art, clip, combine, glance, half, lean, outline, shift, sides, stack
from ddpm.builtin.kinds.base import Kind
from ddpm.builtin.palettes import palettes

# ---------------------------------------------------------------- bats
WINGS = {
    "spread": """
        ..3.....
        .33.....
        3723.3..
        37273.33
        37727277
        6766277.
        6..6.6..""",
    "raised": """
        3.......
        33......
        373.....
        3773....
        37273.33
        .6727277
        ..67.66.
        ...6....""",
    "low": """
        ........
        ........
        .....3..
        ...33233
        ..372727
        .3772727
        .37.67.6
        36...6..
        3.......""",
    "torn": """
        33......
        .33.....
        .333....
        .37333..
        37717733
        37.71...
        3..7....
        ........""",
}

BAT_BODIES = {
    "round": """
        ......MM
        .....MMM
        .....MMM
        .....MMM
        .....MMM
        ......MM""",
    "tail": """
        .....MMM
        .....MMM
        .....MMM
        .....MMM
        ......MM
        ......99
        .......9""",
    "fluffy": """
        ......MM
        ....MMMM
        .....MMM
        ....MMMM
        .....99M
        .....999
        ......M9""",
    "feet": """
        .....MMM
        ....MMMM
        ....MMMM
        .....MMM
        ......MM
        .....9..""",
}

BAT_EARS = {
    "pointed": """
        .....M..
        .....MM.
        .....M7M""",
    "long": """
        ....M...
        ....M7..
        .....7M.""",
    "horns": """
        ....9...
        ....98..
        .....88.""",
    "wide": """
        ....MM..
        ....M7M.
        .....MMM""",
    "none": "",
}

BAT_FACES = {
    "dots": """
        .....wk.
        .....w0.
        ......0w""",
    "angry": """
        .....0..
        .....w0.
        ......0w""",
    "glow": """
        ........
        .....99.
        ......w0""",
    "big": """
        .....ww.
        .....kw.
        .......0""",
    "one": """
        ......ww
        ......wk
        .......w""",
}


def _bat(wings: tuple[str, str], body: str, ears: str, face: str) -> Canvas:
    head = outline(stack(half(BAT_EARS[ears], 1), half(BAT_BODIES[body], 3)), "ramp")
    left, right = (half(WINGS[wing], 3) for wing in wings)
    eyes = half(BAT_FACES[face], 5)
    tilt = wings[0] != wings[1]  # it flies a curve: the body leans into it
    front = stack(head, glance(eyes) if tilt and face in ("dots", "big") else eyes)
    return shift(stack(outline(sides(left, right), "ramp"), lean(front, 5) if tilt else front), 0, 1)


def bats() -> list[Canvas]:
    """Wings x body x ears x face."""
    pairs = [("spread", "spread"), ("raised", "low"), ("low", "low"), ("spread", "raised"), ("torn", "torn")]
    pairs += [("raised", "raised"), ("torn", "raised"), ("low", "spread")]
    return combine(_bat, pairs, [*BAT_BODIES], [*BAT_EARS], [*BAT_FACES], limit=72)


# ---------------------------------------------------------------- skulls
SKULLS = {
    "human": """
        ....MMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        .MMMMMMM
        ..MMMMMM
        ...MMMMM""",
    "round": """
        .....MMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ....MMMM""",
    "beast": """
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        .MMMMMMM
        .MMMMMMM
        ..MMMMMM
        ...MMMMM
        ....MMMM""",
    "wide": """
        ...MMMMM
        .MMMMMMM
        MMMMMMMM
        MMMMMMMM
        MMMMMMMM
        MMMMMMMM
        .MMMMMMM
        .MMMMMMM
        ...MMMMM""",
}

SOCKETS = {
    "round": """
        ...##...
        ..####..
        ..####..
        ...##..#""",
    "angry": """
        ..#.....
        ..###...
        ..####..
        ...###.#""",
    "glow": """
        ...##...
        ..####..
        ..#87#..
        ...##..#""",
    "slit": """
        ........
        ..####..
        ...###..
        .......#""",
    "gem": """
        ...##...
        ..#98#..
        ..#87#..
        ...##..#""",
}

JAWS = {
    "teeth": """
        ...3#3#3
        ...1#2#2""",
    "jaw": """
        ...#####
        ...3#3#3
        ...22222
        ....1111""",
    "fangs": """
        ...#3#3#
        ....2#22
        ....1...""",
    "none": """
        ....3222
        ....1111""",
}

SKULL_TOPS = {
    "bare": "",
    "horns": """
        .9......
        998.....
        98......
        987.....
        .887....
        ..87....""",
    "crown": """
        ........
        ...9..9.
        ...98.98
        ...98888
        ...87777""",
    "flame": """
        ...9....
        ..98..9.
        ..8.9.98
        ..78.988
        ...78887""",
    "crack": """
        ........
        ........
        ........
        ........
        ....#...
        .....#..""",
    "helmet": """
        ........
        .......9
        .....998
        ..888888
        .9877777
        .87#####""",
}


def _skull(form: str, sockets: str, jaw: str, top: str, turn: int) -> Canvas:
    bone = half(SKULLS[form], 4)
    face = shift(stack(art("44\n4.", 5, 5), half(SOCKETS[sockets], 8)), turn)
    head = outline(stack(shift(half(JAWS[jaw], 12), turn), bone, clip(face, bone)))
    if top == "crack":
        return stack(head, art("#.\n.#\n#.", 10, 5))
    above = outline(half(SKULL_TOPS[top])) if top != "bare" else half("")
    return stack(above, head) if top == "horns" else stack(head, above)


def skulls() -> list[Canvas]:
    """Form x sockets x jaw x what is on top."""
    return combine(_skull, [*SKULLS], [*SOCKETS], [*JAWS], [*SKULL_TOPS], [-1, 0], limit=72)


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
    "legs": """
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        .....M..
        ...M.MM.
        ..MM..M.
        ..M...M.""",
    "stalk": """
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        ........
        ......MM
        ......MM
        .....MMM
        ...MMMMM""",
    "stalks": """
        .8......
        .7..8...
        ..0.7...
        ..0.0...
        ...00...""",
    "horns": """
        .9......
        .98.....
        .987....
        ..87....
        ...7....""",
    "tail": """
        ......M.
        .....MM.
        .....MM.
        ....MMM.""",
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


def _eye(ball: str, iris: str, limbs: str, look: int) -> Canvas:
    y = {"none": 2, "wings": 2, "legs": 1, "stalk": 0, "stalks": 3, "horns": 3, "tail": 3}[limbs]
    white = half(EYE_BALLS[ball], y)
    pupil = stack(shift(half(IRISES[iris]), look, y + 3), art("w", 6 + look, y + 5))
    if ball == "ball":
        body = stack(white, art(VEINS, 0, y), pupil)
    else:  # the lids hide part of the iris
        body = np.where(white == ord("w"), stack(white, pupil), white)
    limb_y = 0 if limbs in ("stalks", "horns", "tail") else (3 if limbs == "wings" else 1)
    return stack(outline(half(EYE_LIMBS[limbs], limb_y), "0"), outline(body, "0"))


def eyes() -> list[Canvas]:
    """Ball x iris x limbs x where it looks."""
    return combine(_eye, [*EYE_BALLS], [*IRISES], [*EYE_LIMBS], [0, 1], limit=72)


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
    "feather": """
        ....99..
        ..99889.
        .9988899
        .988788.
        ..8877..
        ..77....""",
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
    return stack(wing, horn, front, art(DRAGON_LOOKS[look], 1, y + 1))


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
    "crown": """
        ......9.
        .....998
        .....888""",
    "warts": """
        ......1.
        .......4
        ......4.""",
    "leaf": """
        ......9.
        .....998
        ......77""",
    "stripe": """
        ......77
        .......7
        .......7""",
}


FROG_FLANKS = {
    "plain": "",
    "crown": """
        ................
        ................
        ................
        ......44........
        .......4........""",
    "warts": """
        ................
        ................
        ................
        .......1........
        .........4......
        ......4.........
        ........1..4....
        .........4......""",
    "leaf": """
        ................
        ................
        ................
        ......77........
        .......777......
        ........7777....
        .........77.....""",
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
    behind = outline(half(FROG_BACKS[back], y - 1), "ramp") if back in ("crown", "leaf") else half("")
    marks = half(FROG_BACKS[back], y) if back in ("warts", "stripe") else half("")
    pair = outline(half(FROG_EYES[eyes], y - 1), "ramp")
    if back != "plain":  # a glance aside
        pair = stack(pair, glance(half(FROG_EYES[eyes], y - 1)))
    return stack(behind, front, pair, marks, half(FROG_MOUTHS[mouth], y + 4))


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
    "horns": """
        .9...9..
        .98..98.
        ..8...8.""",
    "mane": """
        ..7.77..
        .777777.
        ..777777
        .....777
        ......77""",
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
    "flame": """
        ..9..
        .998.
        .987.
        ..7..
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

CRITTER_BACKS = {
    "plain": "",
    "stripes": """
        ......7.7.7.
        ......7.7.7.
        .......7.7..""",
    "spots": """
        .......8..8.
        .....8...8..
        ........8...""",
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


def _critter(body: str, ears: str, tail: str, look: str, back: str) -> Canvas:
    trunk = art(CRITTERS[body])
    head, (tail_x, tail_y), nose_at = CRITTER_JOINTS[body]
    ear = art("") if body == "hedgehog" else art(CRITTER_EARS[ears], head[0], head[1] - 3 + (ears == "mane"))
    behind = stack(art(CRITTER_TAILS[tail], tail_x, tail_y), ear)
    eyes = art(CRITTER_LOOKS[look], head[0], head[1])
    nose = art("0", *nose_at)
    front = outline(stack(trunk, clip(art(CRITTER_BACKS[back], 2, 8), trunk)), "ramp")
    return stack(outline(behind, "ramp"), front, eyes, nose)


def critters() -> list[Canvas]:
    """Body x ears x tail x look x back."""
    parts = [*CRITTERS], [*CRITTER_EARS], [*CRITTER_TAILS], [*CRITTER_LOOKS], [*CRITTER_BACKS]
    return combine(_critter, *parts, limit=96)


# ---------------------------------------------------------------- bugs: spiders, crabs, beetles
SHELLS = {
    "round": """
        ......MM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        ......MM""",
    "crab": """
        ........
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ....MMMM""",
    "beetle": """
        .....MMM
        ....MMMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        .....MMM""",
    "spider": """
        .....MMM
        ....MMMM
        ....MMMM
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ....MMMM
        .....MMM""",
}

LEGS = {
    "spider": """
        .0......
        0.0..0..
        0..0.0..
        .00.00..
        0..0....
        0.0.00..
        .0.0....
        .0.0....
        ..0.....""",
    "claws": """
        .MM.....
        M...M...
        MMMM....
        .MM.....
        ..0.....
        .0.0....
        .0..0...
        ...0....""",
    "feet": """
        ........
        ........
        .00.....
        ...0....
        .00.....
        ........
        .000....
        ........
        ...00...""",
    "wings": """
        .ww.....
        w9ww....
        w99ww...
        .w99w...
        ..www...
        ...00...
        ..0.....
        ...0....""",
}

BUG_EYES = {
    "two": """
        .....ww.
        .....wk.""",
    "many": """
        ....9..9
        .....99.""",
    "stern": """
        ....00..
        .....9..""",
    "wide": """
        ....ww..
        ....kk..""",
}

BUG_MARKS = {
    "plain": """
        ........
        ....44..
        ....4...""",
    "line": """
        .......0
        .......0
        .......0
        .......0""",
    "dots": """
        ........
        .....7..
        ........
        ....7..7""",
    "cross": """
        .......7
        .....777
        .......7
        .......7""",
}


def _bug(shell: str, legs: str, eyes: str, marks: str) -> Canvas:
    trunk = half(SHELLS[shell], 4)
    front = outline(stack(trunk, clip(half(BUG_MARKS[marks], 7), trunk)), "ramp")
    behind = half(LEGS[legs], 4)
    if legs in ("claws", "wings"):
        behind = outline(behind, "0")
    return stack(behind, front, half(BUG_EYES[eyes], 5), half(".......0\n......w.", 8) if eyes == "stern" else half(""))


CRAWLERS = {  # from the side, looking left
    "snail": """
        ................
        ................
        .......MMMM.....
        .....MMMMMMMM...
        .9.9.MMM111MM...
        .7.7MMM1MMM1MM..
        .7.7MM1MM1M1MM..
        .777MM1M11M1MM..
        7w77MMM1MMMMMM..
        7k777MMM1MMMM...
        777777MMMMMM77..
        .7777777777777..
        ..66666666666...""",
    "ladybird": """
        ................
        ................
        ................
        ......MMMMM.....
        ....MMMMMMMMM...
        ...MMMMMMMMMMM..
        ..00MMMMMMMMMM..
        .000MMMMMMMMMMM.
        .w00MMMMMMMMMMM.
        .000MMMMMMMMMM..
        ..00000000000...
        ..0..0...0..0...
        .0..0...0..0....""",
    "caterpillar": """
        ................
        .9..9...........
        ..0.0...........
        ..0.0...........
        .MMMMM..........
        MMMMMMM.........
        MwkMMMM..MMMM...
        MwkMMMM.MMMMMM..
        MMMMMMMMMMMMMMM.
        .MMMMMMMMM.MMMM.
        ..MMMMMMM...MMM.
        ..7.7.77.....77.""",
    "fly": """
        ................
        ........www.....
        .......w9wwww...
        .......w99www...
        ..MMM..w99ww....
        .MMMMMMw99w.....
        MwkMMMMMwwMM....
        MwkMMMMMMMMMM...
        MMMMMMMMMMMMMM..
        .MMM.MMMMMMMMMM.
        ......MMMMMMM...
        ....0..0..0.....
        ...0..0..0......""",
    "scarab": """
        ................
        ................
        0...............
        00.....MMMM.....
        .00..MMMMMMMM...
        ..0.MMMMMMMMMM..
        ..MMMMMMMMMMMM..
        .MMM0MMMMMMMMM..
        MwkM0MMMMMMMMM..
        .MMM0MMMMMMMM...
        ..M000000000....
        .0..0...0..0....
        .0.0...0...00...""",
}

CRAWLER_MARKS = {
    "gloss": """
        ................
        ................
        ................
        ......44........
        .....4..........""",
    "spots": """
        ................
        ................
        ................
        .........77.....
        ......7..77.....
        ......77....7...
        .........7......
        .....7...77.....
        .....77.....7...""",
    "stripes": """
        ................
        ................
        ................
        .......7..7.....
        .......7..7.....
        .......7..7..7..
        .......7..7..7..
        .......7..7..7..
        .......7..7..7..
        .......7..7.....""",
    "dark": """
        ................
        ................
        ................
        ................
        ............1...
        ...........11...
        .........1..11..
        ..........1.1...
        .........11.1...
        .......1.11.....""",
}


def _crawler(body: str, marks: str) -> Canvas:
    trunk = art(CRAWLERS[body], 0, 1)
    shell = np.where((trunk >= ord("1")) & (trunk <= ord("4")), trunk, np.uint8(ord(".")))
    legs = np.where(trunk == ord("0"), trunk, np.uint8(ord(".")))
    body_only = np.where(trunk == ord("0"), np.uint8(ord(".")), trunk)
    return stack(outline(body_only, "ramp"), legs, clip(art(CRAWLER_MARKS[marks], 0, 1), shell))


def bugs() -> list[Canvas]:
    """Shell x legs x eyes x marks."""
    above = combine(_bug, [*SHELLS], [*LEGS], [*BUG_EYES], [*BUG_MARKS], limit=44)
    return above + combine(_crawler, [*CRAWLERS], [*CRAWLER_MARKS])


_BEASTS = "green crimson azure violet lime orange teal pink cyan purple gold scarlet navy forest coal snow"
KINDS = [
    Kind(
        "bat",
        "monster",
        bats,
        palettes(
            "violet coal navy crimson purple iron azure forest bark pink teal scarlet green orange cyan silver",
            "purple crimson azure wine violet coal navy moss copper rose forest maroon teal brick azure iron",
        ),
    ),
    Kind(
        "skull",
        "monster",
        skulls,
        palettes(
            "bone silver snow iron parchment gold steel copper ash cream sepia coal papyrus bronze tin patina",
            "crimson gold azure lime violet orange cyan pink",
        ),
    ),
    Kind(
        "eye",
        "monster",
        eyes,
        palettes(
            "crimson violet green azure pink orange teal purple navy lime gold scarlet cyan rose coal forest",
            "azure gold crimson lime violet lemon cyan green",
        ),
    ),
    Kind("dragon", "monster", dragons, palettes(_BEASTS, "gold lemon bone crimson peach snow tan")),
    Kind(
        "frog",
        "monster",
        frogs,
        palettes(
            "green lime forest azure crimson teal olive violet cyan pink gold mint orange purple navy scarlet",
            "lemon bone snow peach gold mint",
        ),
    ),
    Kind("critter", "monster", critters, palettes(_BEASTS + " wood bark tan", "snow gold bone peach lemon tan silver")),
    Kind("bug", "monster", bugs, palettes(_BEASTS, "gold crimson lime bone cyan lemon orange")),
]
