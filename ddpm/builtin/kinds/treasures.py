"""Things to carry and to find: potions, books, shields, gems, and what else lies in chests."""

from __future__ import annotations

import numpy as np

from ddpm.builtin.draw import EMPTY, SIZE, Canvas, art, clip, combine, dim, half, outline, recolour, stack
from ddpm.builtin.kinds.base import Kind
from ddpm.builtin.palettes import palettes

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
    "rag": """
        ....d.dd
        .....dcc
        ......bc""",
    "open": """
        ........
        ........
        .....998""",
}

LEVELS = {"full": 0, "most": 5, "half": 8, "low": 10}


GLEAMS = {"round": (5, 8), "flask": (5, 10), "vial": (6, 8), "square": (4, 8), "heart": (4, 7), "jug": (5, 8)}

POTION_MARKS = {
    "none": "",
    "bubbles": """
        ..4.
        4...
        ...4
        .4..""",
    "label": """
        dddd
        dbdc
        ccdb""",
    "skull": """
        .ww.
        kwkw
        wwww
        .ww.""",
    "star": """
        .w..
        ww4.
        .4..""",
}


def _potion(bottle: str, level: str, stopper: str, mark: str) -> Canvas:
    glass = dim(half(BOTTLES[bottle].replace("L", "8"), 3), "7>6")
    full = half(BOTTLES[bottle].replace("7", ".").replace("8", ".").replace("L", "M"), 3)
    top = 3 + max(LEVELS[level], int((full != EMPTY).any(1).argmax()) - 3)
    above, surface = full.copy(), full.copy()
    above[top:] = EMPTY
    surface[:top], surface[top + 1 :] = EMPTY, EMPTY
    liquid = stack(full, recolour(above, "1>7 2>8 3>9"), recolour(surface, "1>3 2>4 3>4"))
    gleam = art(".w\nw.\nw.", *GLEAMS[bottle])
    return outline(stack(glass, liquid, gleam, art(POTION_MARKS[mark], 6, 10), half(STOPPERS[stopper], 1)))


def potions() -> list[Canvas]:
    """Bottle x level x stopper x mark."""
    return combine(_potion, [*BOTTLES], [*LEVELS], [*STOPPERS], [*POTION_MARKS], limit=72)


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

EMBLEMS = {
    "diamond": """
        ..87..
        .8..7.
        8.87.7
        7.77.6
        .7..6.
        ..66..""",
    "cross": """
        ..87..
        ..87..
        988876
        777666
        ..76..
        ..76..""",
    "skull": """
        .8888.
        888888
        8##8#7
        888877
        .8#7#.
        .7777.""",
    "eye": """
        ......
        .8887.
        8.##.7
        8.#9.6
        .7776.
        ......""",
    "sun": """
        8.87.7
        .8888.
        889987
        778877
        .7776.
        7.76.6""",
    "moon": """
        ..888.
        .88...
        98....
        98..9.
        .87...
        ..777.""",
    "rune": """
        888887
        ....7.
        ..87..
        .87...
        .8....
        887776""",
    "tree": """
        ..98..
        .8887.
        888877
        .8777.
        ..76..
        .7776.""",
    "flame": """
        ..8...
        .88.7.
        .887..
        889877
        789976
        .7766.""",
    "drop": """
        ...8..
        ..88..
        .8887.
        889877
        788876
        .7766.""",
    "key": """
        .887..
        .8.7..
        .887..
        ..7...
        ..77..
        ..776.""",
    "heart": """
        .8..7.
        898877
        888877
        .8777.
        ..76..
        ......""",
}

TRIMS = {
    "plain": "",
    "corners": """
        ................
        ...99........8..
        ...9.........7..
        ................
        ................
        ................
        ................
        ................
        ................
        ...8.........7..
        ...88.......76..""",
    "clasp": """
        ................
        ................
        ................
        ................
        ................
        ...........###..
        ...........98#..
        ...........87#..
        ...........76#..
        ...........###..""",
    "bands": """
        ................
        ................
        ................
        88..............
        77..............
        ................
        ................
        ................
        ................
        88..............
        77..............""",
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
        .........rr.....
        .........#r.....""",
}


def _book(emblem: str, trim: str, body: str) -> Canvas:
    x, y, cover = (0, 0, BOOK) if body == "thick" else (1, 1, BOOK_FLAT)
    trim_x = {"bands": 2 * x, "clasp": 1 - x}.get(trim, 0)
    return stack(art(cover), art(TRIMS[trim], trim_x, y), art(EMBLEMS[emblem], 5, 3 + y))


def books() -> list[Canvas]:
    """Emblem x trim x thickness."""
    return combine(_book, [*EMBLEMS], [*TRIMS], ["thick", "flat"], limit=72)


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
    "winged": """
        ..S....S
        ..SS..SS
        ..S1SSSM
        ..S1MMMM
        ..S1MMMM
        ..SS1MMM
        ...S1MMM
        ..SS1MMM
        ..S1MMMM
        ...S1MMM
        ....SSMM
        ......SM
        .......S""",
}

BOSS = """
    ......
    .9988.
    .9887.
    .8877.
    .7776.
    ......"""

RIVETS = {"heater": (2, 7), "round": (3, 9), "kite": (4, 7), "tower": (2, 10), "winged": (3, 8)}


def _shield(form: str, emblem: str, finish: str) -> Canvas:
    body = half(SHIELDS[form], 1)
    if finish == "rivets":
        rows = ["........"] * SIZE
        for y in RIVETS[form]:
            x = int((body[y] != EMPTY).argmax())
            rows[y] = "." * x + "9" + "." * (7 - x)
            rows[y + 1] = "." * x + "6" + "." * (7 - x)
        body = stack(body, clip(half("\n".join(rows)), body))
    elif finish == "split":
        body = dim(body, "3>1 2>1 1>0")
    elif finish == "stripe":
        stripes = clip(art("\n".join(["8......6"] * 11), 4, 3), body)
        body = np.where((body >= ord("1")) & (body <= ord("3")), stack(body, stripes), body)
    symbol = art(BOSS if emblem == "boss" else EMBLEMS[emblem].replace("#", "1"), 5, 4)
    return outline(stack(body, symbol))


def shields() -> list[Canvas]:
    """Form x emblem x finish."""
    emblems = ["boss", "cross", "skull", "sun", "diamond", "tree", "flame", "heart", "moon"]
    return combine(_shield, [*SHIELDS], emblems, ["plain", "rivets", "split", "stripe"], limit=72)


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
}

SETTINGS = {
    "none": "",
    "glint": """
        ................
        ...........w....
        ..........www...
        ...........w....""",
    "claw": """
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ................
        ...9........7...
        ...98......76...
        ....98....76....
        .....988776.....
        ......8766......""",
    "band": """
        ................
        ................
        ................
        ................
        ................
        ................
        .98888888777766.
        ................""",
    "gleam": """
        ................
        ................
        ................
        ................
        ......4.........
        .....4..4.......
        ....4..4........
        ......4.........""",
    "chip": """
        ................
        ................
        ................
        ................
        ................
        .....1..........
        ....31..........
        .....31.........
        ......31........""",
}


def _gem(cut: str, setting: str) -> Canvas:
    stone, extra = art(CUTS[cut], 0, 1), art(SETTINGS[setting], 0, 1)
    if setting in ("band", "chip", "gleam"):
        extra = clip(extra, stone)
    return outline(stack(stone, extra))


def gems() -> list[Canvas]:
    """Cut x setting."""
    return combine(_gem, [*CUTS], [*SETTINGS], limit=64)


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
    "eye": """
        ................
        ................
        ................
        .....888888.....
        ....89####87....
        ...8.9##w#8.7...
        ....78####77....
        .....777776.....""",
    "star": """
        ................
        ................
        .......98.......
        .......98.......
        ....99998887....
        .....998877.....
        .....98877......
        ....98..877.....
        ....8....77.....""",
    "bolt": """
        ................
        ........99......
        .......98.......
        ......98........
        .....98888......
        .......987......
        ......88........
        .....87.........
        ....87..........""",
    "galaxy": """
        ................
        ......9.........
        ..........8.....
        ....8...........
        .......98...7...
        ......9988......
        .......87....8..
        ....9...........
        .........8......
        ......7.........
        ...........7....""",
    "bands": """
        ................
        ................
        ................
        ................
        ..8888..88888...
        .7777788877777..
        ................
        ................
        ..888877788877..
        ...77766777766..""",
    "flame": """
        ................
        .......8........
        .......98.......
        .....8.998......
        .....89998......
        ....8999987.....
        ....89999887....
        ....78999877....
        .....788877.....""",
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


def _orb(inside: str, stand: str) -> Canvas:
    return outline(stack(art(ORB, 0, 1), art(INSIDES[inside], 0, 2), art("ww\nw.", 4, 3), art(STANDS[stand], 0, 1)))


def orbs() -> list[Canvas]:
    """Inside x stand."""
    return combine(_orb, [*INSIDES], [*STANDS], limit=60)


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
    "scalloped": """
        ...4.444
        ..443333
        .4433222
        ..432222
        .4432222
        .4332222
        ..332222
        .3332222
        .3333222
        ..333333
        ...3.222""",
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
    "eye": """
        ..443.
        .4..31
        4.11.1
        .3..1.
        ..331.""",
    "cross": """
        ..41..
        ..41..
        444331
        ..31..
        ..31..""",
    "sword": """
        ..41..
        ..41..
        ..41..
        .4331.
        ..31..""",
    "leaf": """
        ...441
        ..4331
        .4331.
        .331..
        .1....""",
    "skull": """
        .4433.
        413131
        433331
        .3131.
        ......""",
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
    faces = combine(_coin, [*COIN_FORMS], [*STAMPS], limit=28)
    return faces + combine(_tilted, [*TILTED], [*SMALL_STAMPS]) + combine(_heap, [*HEAPS], [LOW_COIN, FLAT_COIN])


_GEMS = "azure crimson green violet pink cyan gold orange teal purple lime navy silver rose mint snow coal lemon"
KINDS = [
    Kind(
        "potion",
        "item",
        potions,
        palettes(
            "crimson azure green violet orange pink cyan lime gold purple teal navy lemon mint lava bone",
            "snow silver cyan steel lilac",
            "wood tan copper gold bark",
        ),
    ),
    Kind(
        "book",
        "item",
        books,
        palettes(
            "bark wood crimson azure green coal iron violet navy teal mahogany rose tan purple silver forest",
            "gold silver crimson lime cyan lemon bone",
            "tan bone crust",
        ),
    ),
    Kind(
        "shield",
        "item",
        shields,
        palettes(
            "azure crimson green violet wood iron coal teal navy steel mahogany bark purple silver forest teak",
            "gold silver steel copper iron bone",
        ),
    ),
    Kind("gem", "item", gems, palettes(_GEMS, "gold silver copper")),
    Kind(
        "orb",
        "item",
        orbs,
        palettes(_GEMS, "lemon snow cyan pink gold coal lime", "gold iron wood silver copper coal bone"),
    ),
    Kind(
        "coin",
        "item",
        coins,
        palettes("gold silver copper brass iron electrum bronze steel rosegold oldgold tin amber honey patina"),
    ),
]
