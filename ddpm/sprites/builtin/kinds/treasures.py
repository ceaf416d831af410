"""Things to carry and to find: potions, books, shields, gems, and what else lies in chests."""

from __future__ import annotations

import numpy as np

from ddpm.sprites.builtin.draw import EMPTY, Canvas, art, clip, combine, dim, half, outline, recolour, squeeze, stack
from ddpm.sprites.builtin.kinds.base import Kind
from ddpm.sprites.builtin.palettes import palettes

# ---------------------------------------------------------------- potions
# Main: the liquid. Second: the glass. Third: cork and label. The bottle is drawn full; the level cuts the liquid off.
BOTTLES = {
    "round": """
        ......78
        ......78
        ......78
        .....788
        ....7LLL
        ...7LLLL
        ...7LLLL
        ..7LLLLL
        ..7LLLLL
        ..7LLLLL
        ...7LLLL
        ....7777""",
    "flask": """
        ......78
        ......78
        ......78
        ......7L
        .....7LL
        .....7LL
        ....7LLL
        ...7LLLL
        ...7LLLL
        ..7LLLLL
        ..7LLLLL
        ..777777""",
    "vial": """
        ......78
        .....7LL
        .....7LL
        .....7LL
        .....7LL
        .....7LL
        .....7LL
        .....7LL
        .....7LL
        .....7LL
        .....7LL
        ......77""",
    "square": """
        ......78
        ......78
        ..777788
        ..7LLLLL
        ..7LLLLL
        ..7LLLLL
        ..7LLLLL
        ..7LLLLL
        ..7LLLLL
        ..7LLLLL
        ..7LLLLL
        ..777777""",
    "heart": """
        ......78
        ......78
        ...777.8
        ..7LLL7L
        .7LLLLLL
        .7LLLLLL
        .7LLLLLL
        ..7LLLLL
        ...7LLLL
        ....7LLL
        .....7LL
        ......77""",
    "jug": """
        .....777
        ......78
        .....78L
        ....7LLL
        ...7LLLL
        ...7LLLL
        ...7LLLL
        ...7LLLL
        ...7LLLL
        ...7LLLL
        ....7LLL
        ....7777""",
}

STOPPERS = {
    "cork": """
        ......cc
        .....dcc
        ......cb""",
    "ball": """
        ......dd
        .....ddc
        .....988""",
    "open": """
        ........
        ........
        .....998""",
}

LEVELS = {"full": 0, "most": 5, "half": 8}


GLEAMS = {"round": (5, 8), "flask": (5, 10), "vial": (6, 8), "square": (4, 8), "heart": (4, 7), "jug": (5, 8)}

POTION_MARKS = {
    "none": "",
    "bubbles": """
        ..4.
        4...
        ...4
        .4..""",
}


def _potion(bottle: str, level: str, stopper: str, mark: str, small: bool) -> Canvas:
    glass = dim(half(BOTTLES[bottle].replace("L", "8"), 3), "7>6")
    full = half(BOTTLES[bottle].replace("7", ".").replace("8", ".").replace("L", "M"), 3)
    top = 3 + max(LEVELS[level], int((full != EMPTY).any(1).argmax()) - 3)
    above, surface = full.copy(), full.copy()
    above[top:] = EMPTY
    surface[:top], surface[top + 1 :] = EMPTY, EMPTY
    liquid = stack(full, recolour(above, "1>7 2>8 3>9"), recolour(surface, "1>3 2>4 3>4"))
    gleam = art(".w\nw.\nw.", *GLEAMS[bottle])
    whole = stack(glass, liquid, gleam, art(POTION_MARKS[mark], 6, 10), half(STOPPERS[stopper], 1))
    return outline(squeeze(whole, (4, 11), (6, 12)) if small else whole)


def potions() -> list[Canvas]:
    """Bottle x level x stopper x mark x size."""
    return combine(_potion, [*BOTTLES], [*LEVELS], [*STOPPERS], ["none", "none", "bubbles"], [False, True], limit=72)


# ---------------------------------------------------------------- books
# Main: the cover. Second: emblem and corners. The pages are bone (third).
BOOK = """
    ..###########...
    .#33333333333#..
    .#32222222222#..
    #3#2222222222#..
    #2#2222222222#..
    #2#2222222222#..
    #2#2222222222#..
    #2#2222222222#..
    #2#2222222222#..
    #2#2222222222#..
    #2#1111111111#..
    #1#ddddddddd#...
    #1#cdcdcdcdd#...
    #1#bcbcbcbcb#...
    .#1111111111##..
    ..###########..."""

BOOK_FLAT = """
    ................
    ...##########...
    ..#3333333331#..
    ..#1#22222222#..
    ..#1#22222222#..
    ..#1#22222222#..
    ..#1#22222222#..
    ..#1#22222222#..
    ..#1#22222222#..
    ..#1#22222222#..
    ..#1#22222222#..
    ..#1#22222221#..
    ..#1#########...
    ..#0dcdcdcdcd#..
    ..#0111111111#..
    ...##########..."""

OPEN_BOOKS = {
    "flat": """
        ................
        ................
        ................
        ..####....####..
        .#dddd#..#dddd#.
        .#dddcd##dddcc#.
        ##ddddcdddddcc##
        #2ddddcbdddddc2#
        #2ddddcbdddddc2#
        #2ddddcbdddddc2#
        #2ddddcbdddddc2#
        #2ddddcbdddddc2#
        #2ccccbabccccc2#
        #11111b##b11111#
        .######..######.""",
    "held": """
        ................
        ................
        ................
        ...####..####...
        ..#dddd##dddc#..
        .##dddcdddddc##.
        .#2dddcbddddc1#.
        .#2dddcbddddc1#.
        .#2dddcbddddc1#.
        .#2dddcbddddc1#.
        .#2cccbabcccc1#.
        .#22221b#2111##.
        ..####.###.###..""",
}

WRITING = {  # what stands on the open pages
    "blank": "",
    "lines": """
        ........
        .bb..bb.
        ........
        .bb..bb.
        ........
        .bb..b..""",
    "left": """
        ........
        .bb.....
        ........
        .bb.....
        ........
        .bb.....""",
    "mark": """
        ......r.
        ......r.
        .bb...r.
        ......r.
        .bb.....""",
    "picture": """
        ........
        .bb.888.
        ....8.8.
        .bb.888.
        ........
        .bb..bb.""",
}

GLYPHS = {  # one line, one tone: engraved, not stuck on
    "none": "",
    "title": """
        ......
        .8888.
        ......
        ..88..""",
    "frame": """
        888888
        8....8
        8....8
        8....8
        8....8
        8....8
        888888""",
    "diamond": """
        ..88..
        .8..8.
        8.88.8
        8.88.8
        .8..8.
        ..88..""",
    "cross": """
        ..88..
        ..88..
        888888
        ..88..
        ..88..
        ..88..
        ..88..""",
    "glass": """
        888888
        8....8
        .8..8.
        ..88..
        .8..8.
        8.88.8
        888888""",
    "eye": """
        ......
        .8888.
        8.88.8
        8.88.8
        .8888.""",
    "sun": """
        8.88.8
        ......
        8.88.8
        8.88.8
        ......
        8.88.8""",
    "horns": """
        8....8
        8....8
        .8888.
        ..88..
        .8..8.
        .8..8.
        ..88..""",
    "bars": """
        8.88.8
        8.88.8
        8.88.8
        8.88.8
        ..88..
        8.88.8
        8.88.8""",
    "hook": """
        .8888.
        8....8
        .....8
        ..888.
        ..8...
        ......
        ..8...""",
}

TRIMS = {
    "plain": "",
    "corners": """
        ................
        ...98.......98..
        ...8.........8..
        ................
        ................
        ................
        ................
        ................
        ................
        ...8.........7..
        ...88.......87..""",
    "ribbon": """
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        .........rr.....
        .........rr.....
        .........#r.....""",
}


def _book(glyph: str, trim: str, body: str) -> Canvas:
    y, cover = (0, BOOK) if body == "thick" else (1, BOOK_FLAT)
    sign = art(GLYPHS[glyph], 5, 2 + y)
    return stack(art(cover), art(TRIMS[trim], 0, y), recolour(sign, "8>3") if trim == "plain" else sign)


def _open_book(body: str, writing: str) -> Canvas:
    return stack(art(OPEN_BOOKS[body]), art(WRITING[writing], 2, 5), art(WRITING[writing], 8, 5))


def books() -> list[Canvas]:
    """Glyph x trim x thickness, and some that are open."""
    closed = combine(_book, [*GLYPHS], [*TRIMS], ["thick", "flat"], limit=44)
    return closed + combine(_open_book, [*OPEN_BOOKS], [*WRITING])


# ---------------------------------------------------------------- shields
# Main: the field. Second: the rim and the emblem.
SHIELDS = {
    "heater": """
        ..SSSSSS
        ..S11111
        ..S1MMMM
        ..S1MMMM
        ..S1MMMM
        ..S1MMMM
        ..S1MMMM
        ...S1MMM
        ...S1MMM
        ....S1MM
        .....SMM
        ......1M
        ......SS""",
    "round": """
        ......SS
        ....SS11
        ...SS1MM
        ...S1MMM
        ..SS1MMM
        ..S1MMMM
        ..S1MMMM
        ..S1MMMM
        ..SS1MMM
        ...S1MMM
        ...SS1MM
        ....SS11
        ......SS""",
    "kite": """
        ......SS
        .....SSM
        ...SSSMM
        ..SS1MMM
        ..S1MMMM
        ..S1MMMM
        ...S1MMM
        ...S1MMM
        ....S1MM
        ....S1MM
        .....SMM
        ......1M
        ......SS""",
    "tower": """
        ...SSSSS
        ...S1111
        ...S1MMM
        ...S1MMM
        ...S1MMM
        ...S1MMM
        ...S1MMM
        ...S1MMM
        ...S1MMM
        ...S1MMM
        ...S1MMM
        ...SSSSS
        ........""",
    "buckler": """
        ........
        .....SSS
        ...SS1MM
        ..SS1MMM
        ..S1MMMM
        ..S1MMMM
        ..S1MMMM
        ..S1MMMM
        ..SS1MMM
        ...SS1MM
        .....SSS""",
}

FIELDS = {  # painted over the whole field, 16 columns
    "plain": "",
    "boss": "\n" * 6 + "......998\n......987\n......876".replace("......", "......."),
    "cross": "\n" * 2 + ".......88\n" * 3 + "8" * 16 + "\n" + "7" * 16 + "\n" + ".......88\n" * 8,
    "bend": "\n".join("." * k + "888" for k in range(14)),
    "pale": ".......88\n" * 15,
    "pales": "....88....88\n" * 15,
    "chief": "8" * 16 + "\n" + ("8" * 16 + "\n") * 3 + "7" * 16,
    "quarters": ("." * 8 + "8" * 8 + "\n") * 7 + ("7" * 8 + "\n") * 9,
    "fess": "\n" * 5 + "8" * 16 + "\n" + "8" * 16 + "\n" + "7" * 16,
    "half": ("." * 8 + "7" * 8 + "\n") * 15,
}


def _shield(form: str, field: str) -> Canvas:
    body = half(SHIELDS[form], 1)
    rows = FIELDS[field].split("\n")
    paint = art("\n".join(row or "." for row in rows))
    inner = np.where((body >= ord("2")) & (body <= ord("3")), body, np.uint8(EMPTY))
    return outline(stack(body, clip(paint, inner)))


def shields() -> list[Canvas]:
    """Form x what is painted on the field."""
    return combine(_shield, [*SHIELDS], [*FIELDS], limit=60)


# ---------------------------------------------------------------- gems
CUTS = {
    "brilliant": """
        ................
        ................
        ....44443333....
        ...4343232322...
        ..434432322321..
        .44332222221121.
        .12333222221110.
        ..123332222110..
        ...1233222110...
        ....12322110....
        .....123110.....
        ......1310......
        .......10.......""",
    "octahedron": """
        .......43.......
        ......4432......
        .....443322.....
        ....44433222....
        ...4443332221...
        ..444433332221..
        .44444333322221.
        .32222111111110.
        ..322221111110..
        ...3222111110...
        ....32211110....
        .....321110.....
        ......3110......
        .......10.......""",
    "emerald": """
        ................
        ...4444443332...
        ..433333332221..
        ..434444332211..
        ..434333322211..
        ..434333322211..
        ..434333222211..
        ..433332222211..
        ..433322222111..
        ..433222221111..
        ..432222221111..
        ..322111111110..
        ...2111111100...""",
    "shard": """
        .........43.....
        ........4432....
        .......44332....
        ......443322....
        .....4443322....
        .....4433221....
        ....44433221....
        ....44332211....
        ...443332211....
        ...443322211....
        ...433322110....
        ....33221110....
        .....322110.....
        ......2110......""",
    "cluster": """
        .......4........
        ......443.......
        ......4432......
        ......44321.....
        ..4...44321.....
        .443..44321.43..
        .4432.44321.432.
        ..432.443214321.
        ..443244324321..
        ...43244324321..
        ...4432432321...
        ....432432211...
        .....3232211....
        .....2211110....""",
    "round": """
        .....444433.....
        ...4443333322...
        ..443444332221..
        ..434433322221..
        .44444333222211.
        .43443333222211.
        .43433332222111.
        .33333322221111.
        .32332222211110.
        .32222222111110.
        ..222211111110..
        ..221111111100..
        ...1111111000...
        .....110000.....""",
    "tear": """
        .......4........
        ......443.......
        ......4432......
        .....443332.....
        .....443322.....
        ....44333222....
        ...4443332221...
        ...4433322221...
        ..44333322221...
        ..43333222211...
        ..33332222111...
        ..32222221110...
        ...222111110....
        ....1111100.....""",
    "heart": """
        ................
        ..4443...3332...
        .443332.333221..
        44433333322221..
        44333333222221..
        43333332222211..
        33333322222111..
        .333322222111...
        ..33222221110...
        ...322221110....
        ....3221110.....
        .....32110......
        ......110.......
        .......0........""",
    "oval": """
        ................
        ................
        ................
        .....444333.....
        ...4443333322...
        ..444433332221..
        ..443333322221..
        ..333333222211..
        ..333332222111..
        ...3322222111...
        .....221111.....""",
    "pebble": """
        ................
        ................
        ................
        ................
        ......4433......
        ....44333322....
        ....43332222....
        ....33222221....
        .....222111.....""",
    "ingot": """
        ................
        ................
        ................
        ................
        .....444444433..
        ....4333333321..
        ...43333333211..
        ..43333333211...
        .444444432111...
        .33333332211....
        .3222222111.....
        .2222222110.....""",
    "baguette": """
        ................
        .....44433......
        .....43332......
        ....4433322.....
        ....4333322.....
        ....4333222.....
        ....4333222.....
        ....4332222.....
        ....4322221.....
        ....3322211.....
        .....22211......
        .....21111......""",
    "rough": """
        ................
        ................
        .......443......
        .....444332.....
        ...44433322.....
        ..4433332221....
        ..43333222211...
        .443332222111...
        .333222231111...
        .33222233211....
        ..222213321.....
        ...1111221......""",
}

SETTINGS = {
    "none": "",
    "glint": """
        ................
        ...........w....
        ..........www...
        ...........w....""",
    "gleam": """
        ................
        ................
        ................
        ................
        ......4.........
        .....4..4.......
        ....4..4........
        ......4.........""",
}


def _gem(cut: str, setting: str, small: bool) -> Canvas:
    stone, extra = art(CUTS[cut], 0, 1), art(SETTINGS[setting], 0, 1)
    if setting == "gleam":
        extra = clip(extra, stone)
    whole = stack(stone, extra)
    return outline(squeeze(squeeze(whole, (4, 11), (4, 10)), (5, 10), (9, 12)) if small else whole)


def gems() -> list[Canvas]:
    """Cut x setting x size."""
    return combine(_gem, [*CUTS], [*SETTINGS], [False, True], limit=64)


# ---------------------------------------------------------------- orbs
ORB = """
    ................
    .....233322.....
    ...2233443322...
    ...2344433322...
    ..234444333221..
    ..234443333221..
    ..223333322211..
    ..222333222211..
    ..222222222111..
    ...2222221111...
    ...1122211111...
    .....111110....."""

INSIDES = {
    "clear": "",
    "shine": """
        ................
        ................
        .....44.........
        ....444.........
        ....44..........
        ................
        ................
        ................
        ..........33....
        .........33.....""",
    "dull": """
        ................
        ................
        ......33........
        .....3333.......
        ....333333......
        ....33332.......
        .....3322.......""",
    "window": """
        ................
        ................
        ....ww..........
        ...wwww.........
        ...ww...........
        ................""",
    "swirl": """
        ................
        ................
        .......8888.....
        .....88....7....
        ....8...99..7...
        ....8..9..8.7...
        ....8..8....7...
        ....7...77.7....
        .....7..........
        ......7777......""",
    "crack": """
        .......0........
        ......0.........
        .......0........
        ........0.......
        ......00........
        .....0..00......
        ....0.....0.....
        ..........0.....
        ...........0....""",
}

STANDS = {
    "none": "",
    "ring": """
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ...dccccccbb....
        .....dccbbb.....""",
    "foot": """
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ...dd.dcc.bb....
        ..ddccccccbbb...""",
    "claws": """
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        .d............b.
        .d............b.
        .dc..........cb.
        ..d..........b..
        ..dc........cb..
        ...ddc....cbb...
        ....ddccccbb....""",
    "cap": """
        ......dcc.......
        ....ddcccbb.....
        ................""",
}


def _orb(inside: str, stand: str, size: int) -> Canvas:
    foot = "none" if size == 2 else stand  # the smallest have none
    whole = stack(art(ORB, 0, 1), art(INSIDES[inside], 0, 1), art(STANDS[foot], 0, 1))
    for _ in range(size):
        whole = squeeze(whole, (5, 10), (6, 9))
    return outline(whole)


def orbs() -> list[Canvas]:
    """Inside x stand x size."""
    return combine(_orb, [*INSIDES], [*STANDS], [0, 1, 2], limit=90)


# ---------------------------------------------------------------- coins
COIN_FORMS = {
    "round": """
        .....444
        ...44333
        ..443222
        ..432222
        .4432222
        .4332222
        .4332222
        .4332222
        ..332222
        ..333222
        ...33333
        .....222""",
    "small": """
        .....444
        ...44333
        ...43222
        ..443222
        ..432222
        ..432222
        ..332222
        ...32222
        ...33333
        .....222""",
    "octagon": """
        ....4444
        ...43333
        ..432222
        ..422222
        ..422222
        ..422222
        ..322222
        ..322222
        ..332222
        ...33333
        ....2222""",
}

STAMPS = {
    "plain": "",
    "crown": """
        4.14.1
        413141
        433331
        333331
        .1111.""",
    "star": """
        ..41..
        .4431.
        444331
        .3331.
        .31.1.""",
    "face": """
        .4331.
        431331
        43331.
        .3331.
        ..331.""",
    "bar": """
        ..431.
        ..431.
        ..431.
        ..431.
        ..431.""",
    "cross": """
        ..41..
        ..41..
        444331
        ..31..
        ..31..""",
}


# A coin that lies flat, and how they are heaped: (x, y of the lowest one, how many), the farthest first.
FLAT_COIN = """
    ..MMMM..
    .433332.
    43222221
    42222221
    13222211
    .111111.
    ..1111.."""

LOW_COIN = """
    ..4433..
    .4322221
    43222211
    13211110
    .101010."""

HEAPS = {
    "tower": [(4, 11, 5)],
    "three": [(4, 10, 3)],
    "two piles": [(8, 9, 3), (1, 11, 2)],
    "steps": [(8, 9, 4), (3, 11, 2)],
    "scatter": [(7, 3, 1), (1, 6, 1), (8, 9, 1)],
    "pair": [(7, 6, 1), (1, 9, 1)],
    "heap": [(4, 6, 2), (8, 9, 2), (0, 9, 2), (4, 11, 1)],
    "wall": [(0, 9, 4), (8, 9, 3)],
    "low": [(8, 9, 2), (0, 10, 1)],
    "big heap": [(4, 5, 2), (0, 9, 3), (8, 9, 3), (4, 11, 2)],
    "fallen": [(8, 8, 3), (0, 10, 1)],
    "trail": [(8, 2, 1), (4, 6, 1), (0, 10, 1)],
}

TILTED = {  # seen from the side: the rim shows
    "left": """
        .....4443...
        ...44333321.
        ..4433222210
        .44322222110
        .43222222110
        432222222100
        432222221110
        432222221100
        33222222110.
        .3222221100.
        .332222110..
        ..33222100..
        ...111100...""",
    "slim": """
        ...443..
        ..433211
        .4332211
        .4322210
        .4322210
        43222210
        43222210
        43222110
        .3222110
        .3322110
        .3322100
        ..332100
        ...1100.""",
    "edge": """
        ..43..
        .4321.
        .4321.
        43221.
        432210
        432210
        432210
        432210
        432210
        43221.
        .3221.
        .3211.
        ..11..""",
}

SMALL_STAMPS = {
    "plain": "",
    "bar": "41\n31\n31\n31",
    "dot": "43\n31",
    "cross": ".4.\n431\n.1.\n.1.",
    "hole": "##\n##\n##",
}


def _coin(form: str, stamp: str) -> Canvas:
    disc = dim(half(COIN_FORMS[form], 2), "3>1 4>3")
    return outline(stack(disc, art(STAMPS[stamp], 5, 5)))


def _heap(heap: str, coin: str) -> Canvas:
    canvas = art("")
    for x, y, number in HEAPS[heap]:
        for i in range(number):
            canvas = stack(canvas, outline(art(coin, x, y - 2 * i)))
    return canvas


def _tilted(form: str, stamp: str) -> Canvas:
    x, y = {"left": 2, "slim": 4, "edge": 5}[form], 2
    return outline(stack(art(TILTED[form], x, y), art(SMALL_STAMPS[stamp], x + (2 if form == "edge" else 3), y + 5)))


def coins() -> list[Canvas]:
    """Face-on with a stamp, tilted, lying in heaps."""
    faces = combine(_coin, [*COIN_FORMS], [*STAMPS], limit=24)
    return faces + combine(_tilted, [*TILTED], [*SMALL_STAMPS]) + combine(_heap, [*HEAPS], [LOW_COIN, FLAT_COIN])


_GEMS = "blue red leaf grape magenta lagoon yellow rust royal white graphite grey sky emerald blood mustard sand"
KINDS = [
    Kind(
        "potion",
        "item",
        potions,
        palettes(
            "red blue leaf grape rust magenta lagoon yellow royal white mustard emerald sky blood graphite brown",
            "glass",
            "brown sand rust",
        ),
    ),
    Kind(
        "book",
        "item",
        books,
        palettes(
            "brown red blue leaf graphite grey royal grape rust lagoon pine cherry bark mustard ink magenta",
            "yellow grey red white leaf yellow sand blue",
            "sand cream bone",
        ),
    ),
    Kind(
        "shield",
        "item",
        shields,
        palettes(
            "brown red blue leaf graphite royal grey grape rust lagoon pine cherry bark mustard white ink",
            "yellow grey white graphite brown rust grey",
        ),
    ),
    Kind("gem", "item", gems, palettes(_GEMS)),
    Kind("orb", "item", orbs, palettes(_GEMS, "white", "yellow grey brown graphite rust bone")),
    Kind(
        "coin",
        "item",
        coins,
        palettes("yellow gold grey silver rust copper white bone tin oldgold sand steel brass bronze"),
    ),
]
