"""More creatures: bats, skulls, eyes, dragons, frogs."""

from __future__ import annotations

import numpy as np

from ddpm.builtin.draw import Canvas, art, combine, half, outline, shift, stack
from ddpm.builtin.kinds.base import Kind
from ddpm.builtin.palettes import palettes

# ---------------------------------------------------------------- bats
WINGS = {
    "spread": """
        .3......
        333.....
        32233...
        6727233.
        6772772.
        7.677772
        ...6.77.
        .....6..""",
    "raised": """
        .3......
        .33.....
        .323....
        33723...
        377273..
        67677233
        6.6777.7
        ..6.77..
        .....6..""",
    "low": """
        ........
        ........
        ....33..
        ..33223.
        .3377272
        33767277
        37.6777.
        6..6.77.
        6....6..""",
    "torn": """
        ........
        3.......
        333.....
        372333..
        67727723
        6.67.727
        ...6..67
        ......6.""",
    "feather": """
        99......
        .9999...
        99888988
        .9988877
        ..999877
        ...99887
        .....98.""",
    "tiny": """
        ........
        ........
        ..3.....
        .3323...
        .3772723
        .6767.77
        ..6..6..""",
}

BAT_BODIES = {
    "round": """
        ......MM
        .....MMM
        ....MMMM
        ....MMMM
        ....MMMM
        .....MMM
        ......MM""",
    "small": """
        ......MM
        .....MMM
        .....MMM
        .....MMM
        .....MMM
        ......MM""",
    "long": """
        .....MMM
        .....MMM
        ....MMMM
        ....MMMM
        .....MMM
        .....M77
        ......77
        ......M7
        .......M""",
    "feet": """
        .....MMM
        ....MMMM
        ....MMMM
        ....MMMM
        .....MMM
        ......MM
        .....99.""",
}

BAT_EARS = {
    "pointed": """
        ....M...
        ....MM..
        ....M7M.""",
    "long": """
        ...M....
        ...M7...
        ....7M..""",
    "horns": """
        ....9...
        ....98..
        .....88.""",
    "wide": """
        ...MM...
        ...M7M..
        ....MMM.""",
    "none": "",
}

BAT_FACES = {
    "dots": """
        .....wk.
        ........
        ......0w""",
    "angry": """
        .....k..
        .....rw.
        .....w00""",
    "glow": """
        ........
        .....99.
        ......ww""",
    "big": """
        .....ww.
        .....kk.
        .......r""",
    "one": """
        ......ww
        ......wk
        ......0w""",
}


def _bat(wings: str, body: str, ears: str, face: str) -> Canvas:
    head = stack(half(BAT_EARS[ears]), half(BAT_BODIES[body], 2))
    front = stack(outline(head, "ramp"), half(BAT_FACES[face], 5))
    return shift(stack(outline(half(WINGS[wings], 2), "ramp"), front), 0, 2)


def bats() -> list[Canvas]:
    """Wings x body x ears x face."""
    return combine(_bat, [*WINGS], [*BAT_BODIES], [*BAT_EARS], [*BAT_FACES], limit=64)


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
        ....2.3.
        ....2...""",
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


def _skull(form: str, sockets: str, jaw: str, top: str) -> Canvas:
    bone = half(SKULLS[form], 4)
    head = outline(stack(half(JAWS[jaw], 12), bone, art("44\n4.", 5, 5), half(SOCKETS[sockets], 8)))
    if top == "crack":
        return stack(head, art("#.\n.#\n#.", 10, 5))
    above = outline(half(SKULL_TOPS[top])) if top != "bare" else half("")
    return stack(above, head) if top == "horns" else stack(head, above)


def skulls() -> list[Canvas]:
    """Form x sockets x jaw x what is on top."""
    return combine(_skull, [*SKULLS], [*SOCKETS], [*JAWS], [*SKULL_TOPS], limit=64)


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

DRAGON_HEAD = {"standing": 3, "drake": 4, "serpent": 2, "hatchling": 4}

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
    wing = outline(art(DRAGON_WINGS[wings], 8, y + (0 if wings in ("bat", "spread") else 2)), "ramp") if wings != "none" else art("")
    return stack(wing, horn, front, art(DRAGON_LOOKS[look], 1, y + 1))


def dragons() -> list[Canvas]:
    """Body x wings x horns x look."""
    return combine(_dragon, [*DRAGONS], [*DRAGON_WINGS], [*DRAGON_HORNS], [*DRAGON_LOOKS], limit=80)


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


def _frog(body: str, eyes: str, mouth: str, back: str) -> Canvas:
    y = {"squat": 3, "fat": 2, "tall": 2, "tadpole": 3}[body]
    front = outline(half(FROGS[body], 1), "ramp")
    behind = outline(half(FROG_BACKS[back], y - 1), "ramp") if back in ("crown", "leaf") else half("")
    marks = half(FROG_BACKS[back], y) if back in ("warts", "stripe") else half("")
    return stack(behind, front, outline(half(FROG_EYES[eyes], y - 1), "ramp"), marks, half(FROG_MOUTHS[mouth], y + 4))


def frogs() -> list[Canvas]:
    """Body x eyes x mouth x back."""
    return combine(_frog, [*FROGS], [*FROG_EYES], [*FROG_MOUTHS], [*FROG_BACKS], limit=72)


_BEASTS = "green crimson azure violet lime orange teal pink cyan purple gold scarlet navy forest coal snow"
KINDS = [
    Kind("bat", "monster", bats, palettes("violet coal navy crimson purple iron azure forest bark pink teal scarlet green orange cyan silver", "pink crimson gold lime bone cyan lemon")),
    Kind("skull", "monster", skulls, palettes("bone silver snow iron tan gold steel copper lilac mint azure crimson lime purple orange coal", "crimson gold azure lime violet orange cyan pink")),
    Kind("eye", "monster", eyes, palettes("crimson violet green azure pink orange teal purple navy lime gold scarlet cyan rose coal forest", "azure gold crimson lime violet lemon cyan green")),
    Kind("dragon", "monster", dragons, palettes(_BEASTS, "gold lemon bone crimson peach snow tan")),
    Kind("frog", "monster", frogs, palettes("green lime forest azure crimson teal olive violet cyan pink gold mint orange purple navy scarlet", "lemon bone snow peach gold mint")),
]
