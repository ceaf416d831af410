"""More things: helmets, scrolls, cards, rings, keys, chests, necklaces."""

from __future__ import annotations

from ddpm.sprites.builtin.draw import Canvas, art, clip, combine, dim, half, outline, recolour, shift, squeeze, stack
from ddpm.sprites.builtin.kinds.base import Kind
from ddpm.sprites.builtin.palettes import palettes

# ---------------------------------------------------------------- helmets
HELMETS = {  # (left half, its top row)
    "great": (
        """
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..######
        ..MMMMM3
        ..MMMM#3
        ..MM#MM3
        ..MMMM#3
        ..MMMMMM
        ...MMMMM""",
        4,
    ),
    "barbute": (
        """
        .....MMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MM####
        ..MMM###
        ..MMMMM#
        ..MMMMM#
        ..MMMMM#
        ...MMMM#
        ....MMM#""",
        4,
    ),
    "cap": (
        """
        .....MMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        .1111111
        .MM.....
        .MM.....
        ..M.....""",
        5,
    ),
    "demon": (
        """
        .M......
        .MM.....
        ..MM.MMM
        ..MMMMMM
        ..MMMMMM
        ..MMMMMM
        ..M##MMM
        ..MM##MM
        ...MM#MM
        ...MMMMM
        ....M##M
        ....MM.M
        .....M..""",
        2,
    ),
    "nasal": (
        """
        .......M
        .....MMM
        ....MMMM
        ...MMMMM
        ...MMMMM
        ..MMMMMM
        ..333333
        ..M###3M
        ..M####M
        ..MM###M
        ..MM....""",
        4,
    ),
    "visor": (
        """
        ......MM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..111111
        ..M#####
        ..3MMMMM
        ...3M#M#
        ...MMMMM
        ....MMMM""",
        4,
    ),
    "hoplite": (
        """
        .....MMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..M333MM
        ..M####3
        ..M####3
        ..MM###M
        ..MMM##.
        ..MMM#..
        ...MM...""",
        4,
    ),
    "sallet": (
        """
        ......MM
        ....MMMM
        ...MMMMM
        ..MMMMMM
        ..MMMMMM
        ..######
        ..MM3333
        ..MMMMMM
        .MMM....
        .MM.....""",
        4,
    ),
}

CRESTS = {
    "none": "",
    "plume": """
        ......99
        .....988
        .....877""",
    "spike": """
        .......3
        .......3
        ......32""",
    "ridge": """
        ........
        ......88
        ......87
        ......87
        ......87""",
    "horns": """
        3.......
        33......
        332.....
        .322....
        ..22....""",
    "band": """
        ........
        ........
        ........
        ........
        ........
        ..888888
        ..777777""",
}


def _helmet(form: str, crest: str) -> Canvas:
    text, top = HELMETS[form]
    steel = half(text, top)
    steel = stack(steel, clip(art("4\n4", 5, top + 2), steel))
    over = half(CRESTS[crest], top - (2 if crest == "horns" else 3))
    if crest == "band":
        over = clip(over, steel)
    if crest == "horns":
        return stack(outline(over), outline(steel))
    return outline(stack(steel, dim(over, "9>8 8>7 7>6 3>2")))


def helmets() -> list[Canvas]:
    """Form x crest."""
    return combine(_helmet, [*HELMETS], [*CRESTS], limit=64)


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
}

INKS = {
    "blank": "",
    "short": """
        bbbbb...
        ........
        bbbbbb..
        ........
        bbbb....""",
    "dense": """
        bbbbbbb.
        ........
        bbbbbbb.
        ........
        bbbbbbb.
        ........
        bbbbbbb.
        ........
        bbbb....""",
    "head": """
        ...bb...
        ...bb...
        ........
        bbbbbbb.
        ........
        bbbbbbb.
        ........
        bbbb....""",
    "lines": """
        bbbb.bb.
        ........
        bb.bbbb.
        ........
        bbb.bb..
        ........
        bb.bb...""",
    "path": """
        b.......
        .b......
        ..b.bb..
        ...b..b.
        ......b.
        .....7.7
        ......7.""",
    "seal": """
        bbb.bbb.
        ........
        bb.bb...
        ........
        ....898.
        ....887.
        ....7.6.""",
}

RIBBONS = {  # a rolled scroll shows no writing, but what ties it: (x, y, drawing)
    "blank": (6, 6, ""),
    "short": (5, 6, "98...\n.98..\n..87.\n...87\n...77\n....6"),
    "dense": (4, 4, "..98....\n...98...\n98..87..\n.98..87.\n..87..77\n...87...\n....77.."),
    "head": (5, 7, ".22.\n2112\n.11."),
    "lines": (6, 6, "98..\n.987\n..876\n...76"),
    "path": (6, 7, "43..\n.32.\n..21"),
    "seal": (5, 6, "8w8.\n.8r8\n..87"),
}


def _scroll(form: str, ink: str, seal: str, small: bool) -> Canvas:
    paper = art(SCROLLS[form])
    if form == "rolled":
        x, y, text = RIBBONS[ink]
        wax = art("98\n87", 11, 3) if seal == "wax" else art("")
        whole = stack(paper, art(text, x, y), wax)
        return outline(squeeze(whole, (6, 9), (6, 10)) if small else whole)
    wax = art("#98#\n9887\n#76#", 9, 10) if seal == "wax" and form != "map" else art("")
    sheet = squeeze(stack(paper, art(INKS[ink], 4, 5)), (2, 13), (4,))
    return stack(outline(squeeze(sheet, (6, 9), (9, 11)) if small and form != "map" else sheet), wax)


def scrolls() -> list[Canvas]:
    """Form x what is written (or what ties it) x a seal x size."""
    return combine(_scroll, [*SCROLLS], [*INKS], ["none", "none", "wax"], [False, True], limit=60)


# ---------------------------------------------------------------- cards
# Main: the face's frame or the back. Second: the sign. Third: the paper.
CARDS = {
    "face": """
        ....eeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...eeeee
        ...ddddd
        ....dddd""",
    "back": """
        ....eeee
        ...e3333
        ...e2222
        ...e2222
        ...e2222
        ...e2222
        ...e2222
        ...e2222
        ...e2222
        ...e2222
        ...e2222
        ...e1111
        ....dddd""",
    "dark": """
        ....2222
        ...23333
        ...21111
        ...21111
        ...21111
        ...21111
        ...21111
        ...21111
        ...21111
        ...21111
        ...21111
        ...11111
        ....1111""",
}

SIGNS = {
    "heart": """
        .2..2.
        222222
        222222
        .2222.
        ..22..""",
    "diamond": """
        ..22..
        .2222.
        222222
        .2222.
        ..22..""",
    "spade": """
        ..22..
        .2222.
        222222
        222222
        ..22..
        .2222.""",
    "club": """
        ..22..
        ..22..
        222222
        222222
        ..22..
        .2222.""",
    "ring": """
        .2222.
        2....2
        2....2
        2....2
        .2222.""",
    "bolt": """
        ...22.
        ..22..
        .2222.
        ...22.
        ..22..
        .22...""",
    "pips": """
        22..22
        22..22
        ......
        ......
        22..22
        22..22""",
    "grid": """
        2.2.2.
        .2.2.2
        2.2.2.
        .2.2.2
        2.2.2.
        .2.2.2""",
}


def _card(form: str, sign: str, pose: str) -> Canvas:
    symbol = art(SIGNS[sign], 5, 5)
    if form != "face":
        symbol = recolour(symbol, "2>8" if form == "dark" else "2>3")
    elif sign not in ("grid", "pips"):
        symbol = stack(symbol, art("1", 4, 3), art("1", 11, 12))
    drawn = stack(half(CARDS[form], 1), symbol)
    small = squeeze(drawn, (4, 11), (3, 4))
    if pose == "small":
        return outline(small)
    if pose == "pair":
        return stack(outline(shift(squeeze(half(CARDS["back"], 1), (4, 11), (3, 4)), 2, -2)), outline(shift(small, -2)))
    return outline(drawn)


def cards() -> list[Canvas]:
    """Form x sign x how it lies."""
    return combine(_card, [*CARDS], [*SIGNS], ["straight", "small", "straight", "pair"], limit=60)


# ---------------------------------------------------------------- rings
RINGS = {
    "plain": """
        .....443
        ....443.
        ...44...
        ...43...
        ...43...
        ...33...
        ...32...
        ...322..
        ....2222
        .....211""",
    "thick": """
        ....4443
        ...44333
        ..4433..
        ..443...
        ..433...
        ..433...
        ..332...
        ..3322..
        ...22222
        ....2211""",
    "wide": """
        ....4443
        ..4443..
        ..44....
        .44.....
        .43.....
        .43.....
        .33.....
        ..33....
        ..3322..
        ....2221""",
    "square": """
        ....4444
        ...44333
        ...43...
        ...43...
        ...43...
        ...33...
        ...32...
        ...32...
        ...32222
        ....2221""",
    "small": """
        ........
        ........
        .....443
        ....44..
        ....43..
        ....43..
        ....33..
        ....32..
        .....222
        ......21""",
}

STONES = {
    "none": "",
    "bead": """
        ........
        ........
        .......9
        .......8""",
    "round": """
        ........
        ......99
        .....998
        .....887""",
    "diamond": """
        .......9
        ......98
        .....988
        ......87""",
    "square": """
        ........
        .....999
        .....988
        .....177""",
    "set": """
        ........
        ......99
        ....3988
        ....3387""",
}


def _ring(band: str, stone: str, size: int) -> Canvas:
    hoop = half(RINGS[band], 5)
    hoop = dim(hoop, "3>2 4>3")
    gem = dim(half(STONES[stone], 2), "8>7 9>8")
    if size:
        hoop, gem = squeeze(hoop, (5, 10), (9, 12)), shift(gem, 0, 2)
    return outline(stack(hoop, gem))


def rings() -> list[Canvas]:
    """Band x stone x size."""
    return combine(_ring, [*RINGS], [*STONES], [0, 1], limit=64)


# ---------------------------------------------------------------- keys
BOWS = {  # around column 7
    "round": """
        ......433.......
        .....4...3......
        .....4...2......
        .....3...2......
        ......322.......""",
    "wide": """
        .....44333......
        ....4.....3.....
        ....4.....2.....
        ....3.....2.....
        .....32222......""",
    "diamond": """
        .......4........
        ......4.3.......
        .....4...3......
        ......3.2.......
        .......2........""",
    "square": """
        .....44433......
        .....4...3......
        .....4...2......
        .....4...2......
        .....33222......""",
    "solid": """
        ......443.......
        .....44332......
        .....43#22......
        .....33222......
        ......322.......""",
    "tee": """
        ................
        .....44332......
        .....4.3.2......
        .....3.2.1......
        ......322.......""",
    "heart": """
        .....43.43......
        ....4..3..2.....
        .....3...2......
        ......3.2.......
        .......2........""",
}

BITS = {
    "two": """
        .......4........
        .......3........
        .......3........
        .......322......
        .......3........
        .......322......
        .......3........""",
    "one": """
        .......4........
        .......3........
        .......3........
        .......3........
        .......3222.....
        .......3.21.....
        .......2........""",
    "end": """
        .......4........
        .......3........
        .......3........
        .......3........
        .......322......
        .......3........
        .......3222.....""",
    "block": """
        .......4........
        .......3........
        .......3........
        .......3222.....
        .......3222.....
        .......3221.....
        .......2........""",
    "ring": """
        .......4........
        ......433.......
        .......3........
        .......3........
        .......322......
        .......3.1......
        .......322......""",
}


def _key(bow: str, bit: str, short: bool) -> Canvas:
    neck = "" if short else "\n".join([".......4"] * 2)
    return outline(stack(art(neck, 0, 6), art(BITS[bit], 0, 6 if short else 8), art(BOWS[bow], 0, 1)))


def keys() -> list[Canvas]:
    """Bow x bit x length."""
    return combine(_key, [*BOWS], [*BITS], [False, True], limit=60)


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


def _chest(lid: str, box: str, lock: str, small: bool) -> Canvas:
    top, bottom = half(CHEST_LIDS[lid], 2), half(CHEST_BOXES[box], 9)
    is_open = lid in ("open", "treasure")
    if box in ("banded", "rimmed") and not is_open:
        top = stack(top, clip(half("\n".join(["...7...."] * 6), 2), top))
    drawn = dim(stack(top, bottom), "2>1 3>2 8>7 9>8", 11)
    whole = stack(drawn, art("############", 2, 8), half(LOCKS[lock], 9 if is_open else 7))
    whole = squeeze(whole, (5, 10), (12,)) if small else whole
    return outline(squeeze(whole, (5, 10), (5,)))


def chests() -> list[Canvas]:
    """Lid x box x lock x size."""
    return combine(_chest, [*CHEST_LIDS], [*CHEST_BOXES], [*LOCKS], [False, True], limit=60)


# ---------------------------------------------------------------- necklaces
CHAINS = {
    "round": """
        .....333
        ...33...
        ..3.....
        .3......
        .3......
        .3......
        ..3.....
        ..3.....
        ...3....
        ....33..
        ......33""",
    "vee": """
        ....3333
        ..33....
        .3......
        .3......
        .3......
        ..3.....
        ..3.....
        ...3....
        ....3...
        .....3..
        ......3.""",
    "tall": """
        ......33
        ....33..
        ...3....
        ...3....
        ...3....
        ...3....
        ...3....
        ...3....
        ....3...
        ....3...
        .....33.""",
    "wide": """
        ........
        ........
        ....3333
        ..33....
        .3......
        .3......
        .3......
        ..3.....
        ...3....
        ....33..
        ......33""",
}

PENDANTS = {
    "none": "",
    "bead": """
        ................
        .......98.......
        .......87.......""",
    "stone": """
        ......988.......
        ......9887......
        ......8877......
        .......77.......""",
    "drop": """
        .......9........
        ......988.......
        ......887.......
        ......776.......""",
    "tooth": """
        ......www.......
        ......wwd.......
        .......w........
        .......d........""",
    "cross": """
        .......8........
        .....98887......
        .......8........
        .......7........""",
    "disc": """
        ......444.......
        .....44332......
        .....43321......
        ......221.......""",
    "shard": """
        ......98........
        ......987.......
        .......87.......
        .......7........""",
}


def _necklace(chain: str, pendant: str, links: bool) -> Canvas:
    cord = half(CHAINS[chain], 1)
    if links:
        cord = stack(cord, clip(art("\n".join(["2.2.2.2.2.2.2.2.", ".4.4.4.4.4.4.4.4"] * 7)), cord))
    return outline(stack(cord, art(PENDANTS[pendant], 0, 11)))


def necklaces() -> list[Canvas]:
    """Chain x pendant x cord or links."""
    return combine(_necklace, [*CHAINS], [*PENDANTS], [False, True])


METALS = "grey white yellow graphite rust brown blue red silver iron copper bone gold tin slate cherry"
KINDS = [
    Kind("helmet", "item", helmets, palettes(METALS, "graphite red yellow grey brown blue white rust")),
    Kind(
        "scroll",
        "item",
        scrolls,
        palettes(
            "sand bone cream parchment papyrus sepia white grey brown sage yellow rust peach ash tan",
            "red blue leaf grape brown graphite yellow",
            "brown graphite rust red royal",
        ),
    ),
    Kind(
        "card",
        "item",
        cards,
        palettes(
            "red blue graphite leaf grape royal rust lagoon magenta brown cherry pine yellow grey ink mustard",
            "yellow white grey sand",
            "white cream bone",
        ),
    ),
    Kind("ring", "item", rings, palettes(METALS, "red blue leaf grape white sky magenta yellow")),
    Kind("key", "item", keys, palettes(METALS)),
    Kind(
        "chest",
        "item",
        chests,
        palettes(
            "brown sand rust red blue leaf graphite grey royal yellow mustard bark grape pine cherry bone",
            "yellow grey white graphite yellow",
        ),
    ),
    Kind("necklace", "item", necklaces, palettes(METALS, "red blue leaf grape white sky magenta yellow", "bone sand")),
]
