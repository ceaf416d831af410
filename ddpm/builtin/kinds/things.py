"""More things: helmets, scrolls, cards, rings, keys, chests."""

from __future__ import annotations

from ddpm.builtin.draw import Canvas, art, clip, combine, dim, half, outline, recolour, shift, squeeze, stack
from ddpm.builtin.kinds.base import Kind
from ddpm.builtin.kinds.treasures import EMBLEMS
from ddpm.builtin.palettes import palettes

# ---------------------------------------------------------------- helmets
HELMETS = {
    "knight": """
        .....MMM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ....MMMM""",
    "bucket": """
        ........
        ...MMMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ...MMMMM""",
    "open": """
        .....MMM
        ...MMMMM
        ...MMMMM
        ..MMMMMM
        ..MMM777
        ..MM1###
        ..MM1###
        ..MM1###
        ..MMM###
        ...MM1##
        ...MMM..""",
    "nasal": """
        ......MM
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ..777777
        ..M7####
        ..MM###3
        ..MM###2
        ..MMM##2
        ..MMM...""",
    "mask": """
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ...MMMMM
        ...MMMMM
        ....M.MM
        ......MM""",
}

SLITS = {
    "cross": """
        .......8
        .......8
        ...#####
        ....1..#
        ....#..#
        ....#..#""",
    "eyes": """
        ........
        ...#....
        ...###..
        ....##..
        .....1.1
        ......11""",
    "slot": """
        ...33333
        ...#####
        ...#####
        ...11111
        .....#.#
        .....#.#""",
    "grille": """
        ...88888
        ...#3#3#
        ...#2#2#
        ...#2#2#
        ...#1#1#
        ...77777""",
    "glow": """
        ...00...
        ...####.
        ...#98#.
        ....##..
        ......#.
        .....#.#""",
}

CRESTS = {
    "none": "",
    "plume": """
        .....999
        ....9988
        ....9888
        ......77""",
    "horns": """
        .9......
        .98.....
        .988....
        ..887...
        ...77...""",
    "wings": """
        .9......
        .99.....
        99898...
        .88887..
        ..877...""",
    "spike": """
        .......9
        .......8
        ......98
        ......87""",
    "crown": """
        ........
        ...9..99
        ...98.98
        ...98888
        ...77777""",
    "crest": """
        ......99
        .....998
        .....988
        .....987
        ......87
        ......87""",
}


BROWS = {  # what an open helmet has instead of a visor
    "cross": "......98\n......98\n......98",
    "eyes": "",
    "slot": "...8..8.\n........\n........",
    "grille": "........\n........\n...98.98",
    "glow": "......88\n.....8r7\n......77",
}


def _helmet(form: str, slit: str, crest: str, turn: int) -> Canvas:
    steel = stack(half(HELMETS[form], 4), art("44\n4.", 5 + turn, 6))
    if form in ("knight", "bucket", "mask"):  # these may look aside
        steel = stack(steel, clip(shift(half(SLITS[slit], 8), turn), steel))
    else:
        steel = stack(steel, half(BROWS[slit], 6))
    top = half(CRESTS[crest], 1)
    if crest in ("horns", "wings"):
        return stack(outline(shift(top, 0, 2)), outline(steel))
    return outline(stack(steel, dim(top, "9>8 8>7 7>6")))


def helmets() -> list[Canvas]:
    """Form x visor x crest."""
    return combine(_helmet, [*HELMETS], [*SLITS], [*CRESTS], [-1, 0], limit=80)


# ---------------------------------------------------------------- scrolls
# Main: the paper. Second: seal and ribbon. Third: ink and rods.
SCROLLS = {
    "open": """
        ................
        ..332222222213..
        .d3322222222111b
        .cdddddddddddddb
        ...4333333332...
        ...4333333332...
        ...4333333332...
        ...4333333332...
        ...4333333332...
        ...4333333332...
        ...4333333332...
        ...4333333332...
        .d3322222222111b
        .cdddddddddddddb
        ..221111111111..""",
    "curled": """
        ................
        ....33333333222.
        ...322222222112.
        ...444333333311.
        ...433333333322.
        ...433333333322.
        ...43333333332..
        ...43333333332..
        ...43333333332..
        ...43333333332..
        ..443333333332..
        ..433333333332..
        .3221111111133..
        .322222222221...
        ..22222222211...""",
    "rolled": """
        ................
        ..........333...
        ........433223..
        .......43321.32.
        ......4333212.2.
        .....433332132..
        ....4333332.21..
        ...433333221....
        ..43333322......
        .433333222......
        .321333221......
        .3.31322........
        .2.2122.........
        ..22121.........
        ....21..........""",
    "map": """
        ................
        .44433222444332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .43333222433332.
        .33322211333221.""",
    "torn": """
        ................
        ....4444443334..
        ...433333333332.
        ...433333333332.
        ...43333333332..
        ...43333333332..
        ...433333333332.
        ..4333333333332.
        ..433333333332..
        ..433333333332..
        ...43333333332..
        ...433333333332.
        ...4333333333332
        ....33.332.332..""",
}

INKS = {
    "lines": """
        bbbb.bb.
        ........
        bb.bbbb.
        ........
        bbb.bb..
        ........
        bb.bb...""",
    "rune": """
        ..bbb...
        .b...b..
        .b.b.b..
        ..b.b...
        .b.b.b..
        b.....b.""",
    "cross": """
        b....b..
        .b..b...
        ..bb....
        ..bb....
        .b..b...
        b....b..""",
    "picture": """
        ....77..
        ...7777.
        ....77..
        ........
        .b...b..
        b.b.b.b.
        ...b...b""",
    "path": """
        b.......
        .b......
        ..b.bb..
        ...b..b.
        ......b.
        .....7.7
        ......7.""",
    "eye": """
        ..bbbb..
        .b....b.
        b..77..b
        .b....b.
        ..bbbb..""",
    "seal": """
        bbb.bbb.
        ........
        bb.bb...
        ........
        ....898.
        ....887.
        ....7.6.""",
    "arrow": """
        ...b....
        ..bbb...
        .b.b.b..
        ...b....
        ...b....
        ...b....""",
}

RIBBONS = {  # a rolled scroll shows no writing, but what ties it: (x, y, drawing)
    "lines": (6, 6, "98..\n.987\n..876\n...76"),
    "rune": (5, 7, ".98.\n9887\n8876\n.76."),
    "cross": (6, 4, "..98.\n...98\n98..7\n.98..\n..87."),
    "picture": (5, 5, "98..9\n.8998\n..887\n.8776\n87..6"),
    "path": (6, 6, ""),
    "eye": (5, 6, "98...\n.98..\n..87.\n...87\n...77\n....6"),
    "seal": (5, 6, "8w8.\n.8r8\n..87"),
    "arrow": (6, 6, "98..\n.987\n..87\n..7.\n.7.7\n6..6"),
}


def _scroll(form: str, ink: str, seal: str) -> Canvas:
    paper = art(SCROLLS[form])
    if form == "rolled":
        x, y, text = RIBBONS[ink]
        wax = art("98\n87", 11, 3) if seal == "wax" else art("")
        return outline(stack(paper, art(text, x, y), wax))
    wax = art("#98#\n9887\n#76#", 9, 10) if seal == "wax" else art("")
    return stack(outline(squeeze(stack(paper, art(INKS[ink], 4, 5)), (2, 13), (4,))), wax)


def scrolls() -> list[Canvas]:
    """Form x what is written (or what ties it) x a seal."""
    return combine(_scroll, [*SCROLLS], [*INKS], ["none", "wax"], limit=80)


# ---------------------------------------------------------------- cards
# Main: the face's frame or the back. Second: the sign. Third: the paper.
CARDS = {
    "face": """
        ...eeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..eeeeee
        ..dddddd
        ...ddddd""",
    "framed": """
        ...33333
        ..333333
        ..31dddd
        ..31eeee
        ..31eeee
        ..31eeee
        ..31eeee
        ..31eeee
        ..31eeee
        ..31eeee
        ..31eeee
        ..311111
        ..222222
        ...22222""",
    "back": """
        ...eeeee
        ..ee3333
        ..e33333
        ..e32222
        ..e32822
        ..e32222
        ..e32222
        ..e32222
        ..e22222
        ..e22722
        ..e22222
        ..e21111
        ..ed1111
        ...ddddd""",
    "dark": """
        ...88888
        ..888888
        ..871111
        ..812222
        ..812222
        ..812222
        ..812222
        ..812222
        ..812222
        ..812222
        ..812222
        ..711111
        ..777777
        ...66666""",
}

SIGNS = {
    **{name: EMBLEMS[name] for name in EMBLEMS if name not in ("rune", "key", "eye", "skull")},
    "spade": """
        ..87..
        .8887.
        888877
        888876
        ..76..
        .7776.""",
    "club": """
        ..88..
        .8887.
        .8877.
        887777
        88.776
        ..76..""",
    "sword": """
        ....98
        ...98.
        9.98..
        .87...
        7.67..
        7...6.""",
    "crown": """
        8.87.7
        8.87.7
        888777
        888777
        777666
        ......""",
}


def _card(form: str, sign: str, corners: str) -> Canvas:
    face = half(CARDS[form], 1)
    symbol = art(SIGNS[sign].replace("#", "6" if form in ("face", "framed") else "1"), 5, 5)
    if form in ("face", "framed"):  # on paper the signs are of the main colour
        symbol = recolour(symbol, "8>2 9>3 7>1 6>1")
    light, dark = ("2", "1") if form in ("face", "framed") else ("8", "7")
    marks = {
        "none": art(""),
        "corners": stack(art(f"{light}\n{dark}", 4, 2), art(f"{light}\n{dark}", 11, 12)),
        "lines": stack(art(light * 4, 6, 3), art(dark * 4, 6, 12)),
    }
    drawn = stack(dim(face, "3>2 2>1 7>6 e>d", 11), marks[corners], symbol)
    return outline(squeeze(drawn, (3, 12), (3,)))


def cards() -> list[Canvas]:
    """Form x sign x corners."""
    return combine(_card, [*CARDS], [*SIGNS], ["none", "corners", "lines"], limit=72)


# ---------------------------------------------------------------- rings
RINGS = {
    "thin": """
        .....443
        ...443..
        ..44....
        ..4.....
        ..4.....
        ..3.....
        ..3.....
        ..32....
        ...322..
        .....221""",
    "upright": """
        ......44
        ....443.
        ....43..
        ...43...
        ...43...
        ...43...
        ...33...
        ....32..
        ....322.
        ......21""",
    "twisted": """
        .....431
        ...4314.
        ...31...
        ..14....
        ..43....
        ..31....
        ..14....
        ...31...
        ...3143.
        .....231""",
    "small": """
        ........
        ......44
        .....443
        ....443.
        ....43..
        ....43..
        ....33..
        ....332.
        .....322
        ......21""",
    "chunky": """
        ......33
        .....333
        ....3332
        ....32..
        ....32..
        ....32..
        ....32..
        ....2222
        .....211""",
}

STONES = {
    "none": "",
    "round": """
        ......99
        .....998
        .....988
        .....177""",
    "diamond": """
        .......9
        ......98
        .....988
        .....187""",
    "square": """
        .....988
        .....988
        ....1877
        .....111""",
    "big": """
        .....999
        ....9988
        ....9888
        ....1877
        .....111""",
    "skull": """
        .....ddd
        .....d#d
        .....d#d
        ......d#""",
    "crown": """
        .....3.3
        .....383
        .....387
        .....322""",
    "three": """
        ........
        ....9.98
        ...98988
        ...11877""",
    "claw": """
        ......99
        ....3988
        ....3887
        .....377""",
}

BANDS = {
    "plain": "",
    "dots": """
        ........
        ..w.....
        ........
        ........
        ..8.....
        ........
        ...88...
        .....8..""",
    "runes": """
        ........
        ...0....
        ..0.....
        ........
        .00.....
        ........
        ..00....
        .....0.0""",
}


def _ring(band: str, stone: str, pattern: str) -> Canvas:
    hoop = half(RINGS[band], 5)
    hoop = stack(dim(hoop, "3>2 4>3"), clip(half(BANDS[pattern], 7), hoop))
    gem = dim(half(STONES[stone], 2), "8>7 9>8")
    return stack(outline(hoop), outline(gem) if stone != "none" else gem)


def rings() -> list[Canvas]:
    """Band x stone x pattern."""
    return combine(_ring, [*RINGS], [*STONES], [*BANDS], limit=72)


# ---------------------------------------------------------------- keys
BOWS = {
    "round": """
        ......43........
        .....4.32.......
        ....4...2.......
        ....3...1.......
        .....3.21.......
        ......21........""",
    "clover": """
        ......43........
        ......32........
        ....43..32......
        ....32..21......
        ......43........
        ......31........""",
    "square": """
        ....443332......
        ....4....2......
        ....4.98.1......
        ....3.87.1......
        ....3....1......
        ....322111......""",
    "heart": """
        ....43..32......
        ...4..43..1.....
        ...3......1.....
        ....3....1......
        .....3..1.......
        ......31........""",
    "skull": """
        .....4433.......
        ....443332......
        ....4##3##......
        ....3##2##......
        .....3221.......
        .....3.21.......""",
    "gem": """
        .....4433.......
        ....4.98.2......
        ....49887.......
        ....38877.......
        ....3.76.1......
        .....3211.......""",
    "crown": """
        ....4.43.2......
        ....4.43.2......
        ....443332......
        ....388721......
        ....322211......
        ......21........""",
    "wing": """
        ..44..43..33....
        ...43.32.32.....
        ...334322321....
        ....33.12.1.....
        ......43........
        ......21........""",
}

BITS = {
    "two": """
        ......43........
        ......42........
        ......42........
        ......42........
        ......42221.....
        ......42........
        ......42221.....
        ......31........""",
    "block": """
        ......43........
        ......42........
        ......32........
        ......42........
        ......423221....
        ......423.21....
        ......422221....
        ......31........""",
    "comb": """
        ......43........
        .....9887.......
        ......42........
        ......42221.....
        ......42........
        ......42221.....
        ......42........
        ......42221.....""",
    "both": """
        ......43........
        ......42........
        ......42........
        ......42........
        ...44342221.....
        ......42........
        ....43422.......
        ......31........""",
    "hook": """
        ......43........
        ......42........
        .....9887.......
        ......42........
        ......4222......
        ......42.21.....
        ......42........
        ......31........""",
    "teeth": """
        ......43........
        ......42........
        ......42........
        ......4221......
        ......422221....
        ......4221......
        ......422221....
        ......31........""",
}


def _key(bow: str, bit: str) -> Canvas:
    return outline(shift(stack(art(BITS[bit], 0, 7), art(BOWS[bow], 0, 1)), 1, 0))


def keys() -> list[Canvas]:
    """Bow x bit."""
    return combine(_key, [*BOWS], [*BITS], limit=64)


# ---------------------------------------------------------------- chests
CHEST_LIDS = {
    "flat": """
        ........
        ........
        ..333333
        ..322222
        ..222222
        ..111111""",
    "round": """
        .....333
        ...33333
        ..332222
        ..322222
        ..222222
        ..111111""",
    "open": """
        ..333333
        ..311111
        ..310000
        ..210000
        ..200000
        ..100000""",
    "treasure": """
        ..333333
        ..311111
        ..3100dd
        ..210ded
        ..20dddd
        ..1dcdcd""",
    "peaked": """
        ......33
        .....322
        ...33222
        ..322222
        ..222222
        ..111111""",
}

CHEST_BOXES = {
    "planks": """
        ..333333
        ..222222
        ..111111
        ..322222
        ..222222
        ..111111""",
    "banded": """
        ..373333
        ..272222
        ..272222
        ..272222
        ..272222
        ..161111""",
    "corners": """
        ..883333
        ..822222
        ..222222
        ..222222
        ..722222
        ..771111""",
    "carved": """
        ..333333
        ..212112
        ..221221
        ..212112
        ..221221
        ..111111""",
    "rimmed": """
        ..998888
        ..822222
        ..822222
        ..822222
        ..722222
        ..777777""",
}

LOCKS = {
    "plate": """
        .......98
        .......9#
        .......8#
        .......77""",
    "gem": """
        ........w
        .......rr
        .......rr
        .........""",
    "skull": """
        ......999
        ......9#9
        ......999
        .......8#""",
    "bar": """
        .....9888
        .....877#
        .........
        .........""",
    "keyhole": """
        .........
        ........#
        ........#
        .........""",
}


def _chest(lid: str, box: str, lock: str) -> Canvas:
    top, bottom = half(CHEST_LIDS[lid], 2), half(CHEST_BOXES[box], 9)
    is_open = lid in ("open", "treasure")
    if box in ("banded", "rimmed") and not is_open:
        top = stack(top, clip(half("\n".join(["...7...."] * 6), 2), top))
    drawn = dim(stack(top, bottom), "2>1 3>2 8>7 9>8", 11)
    whole = stack(drawn, art("############", 2, 8), half(LOCKS[lock], 9 if is_open else 7))
    return outline(squeeze(whole, (5, 10), (5, 12)))


def chests() -> list[Canvas]:
    """Lid x box x lock."""
    return combine(_chest, [*CHEST_LIDS], [*CHEST_BOXES], [*LOCKS], limit=72)


_METALS = "steel silver gold iron copper bone coal bronze tin oldgold crimson azure brass rosegold forest snow violet"
KINDS = [
    Kind("helmet", "item", helmets, palettes(_METALS, "crimson gold azure copper bone violet lime silver")),
    Kind(
        "scroll",
        "item",
        scrolls,
        palettes(
            "parchment bone crust papyrus sepia ash cream tan sage snow honey peach bronze copper brass",
            "crimson azure violet green gold scarlet navy purple",
            "wood bark coal crimson navy forest",
        ),
    ),
    Kind(
        "card",
        "item",
        cards,
        palettes(
            "crimson azure coal green violet navy orange teal pink purple bark scarlet forest gold iron cyan",
            "gold silver lemon cyan bone crimson",
            "bone snow tan lilac peach",
        ),
    ),
    Kind(
        "ring",
        "item",
        rings,
        palettes(
            "gold silver copper iron steel brass rosegold electrum oldgold bronze tin bone gold silver wood coal amber",
            "crimson azure green violet gold cyan pink lime",
            "bone snow",
        ),
    ),
    Kind(
        "key",
        "item",
        keys,
        palettes(
            "gold silver copper iron steel bone brass bronze oldgold rosegold wood coal tin electrum patina amber",
            "crimson azure green violet gold cyan pink lime",
        ),
    ),
    Kind(
        "chest",
        "item",
        chests,
        palettes(
            "wood bark teak mahogany ebony tan brick honey crust iron copper steel bronze sepia maroon oldgold ash",
            "gold silver steel iron copper bone",
            "gold lemon silver cyan",
        ),
    ),
]
