"""Eight kinds of sprites, each in several forms: what is drawn on a canvas, from random choices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.art.canvas import Canvas, arc, colour_ramp, grow, lit, shrink


def potion(c: Canvas) -> None:
    """A round, cone, gourd, tube, drop or jar bottle with a liquid and bubbles; cork or stopper, label or cord."""
    glass, juice, form = c.new("glass"), c.new("vivid"), c.pick("round cone gourd tube drop jar")
    top, low, wide, p = c.u(8.5, 11.5), c.u(28, 29), c.u(7.5, 11.5), c.u(2, 4)
    neck, t = c.u(3.5, 4.6) if form == "tube" else c.u(2, 3.2), np.clip((c.rows - top) / (low - top), 0, 1)
    body = {
        "round": wide * (1 - np.abs(2 * t - 1) ** p) ** (1 / p),
        "tube": neck * p**0.2 * arc(t**3) * (t > 0),
        "cone": (neck + (wide - neck) * t ** (p / 2.4)) * (1 - t**14) ** 0.5,
        "drop": wide * np.sin(np.pi * t ** (p / 1.7)) ** 0.75,
        "gourd": np.maximum(0.62 * wide * arc((t - 0.2) / 0.25), wide * arc((t - 0.63) / 0.37)),
        "jar": wide * 0.85 * np.clip(t * p * 2, 0, 1) ** 0.5 * (1 - t**12) ** 0.5,
    }[form]
    body = np.where(t < 0.5, np.maximum(body, neck), body) * (c.rows > top - 3) * (c.rows < low)
    mask, light = c.lathe(body)
    inner = shrink(c.paint(glass, mask, 0.25 + 0.5 * light))
    wet = inner & (c.y > top + (low - top) * c.u(0.1, 0.55) + c.u(-0.15, 0.15) * (c.x - 16))
    c.paint(juice, wet, light * 0.9 + (c.y - 20) / 64, edge=False, dither=c.pick([0, 0.6]))
    c.flat(juice, wet & ~np.roll(wet, 1, 0) & np.roll(inner, 1, 0), 5)
    for size in c.pick([[1], [2, 1, 1], [1, 2, 1, 2, 1]]):
        c.shift(c.box(16 + c.u(-0.6, 0.6) * wide, c.u(top + 5, low - 3), size, size) & wet, 1)
    c.paint(glass, c.box(14.8 - neck, top - 3.5, 2 * neck + 2.4, 1.6), 0.85 - 0.5 * (c.x - 13) / 8)
    if c.u(0, 1) < 0.7:
        c.paint(c.new("wood leather"), c.box(16.4 - neck, top - 6, 2 * neck - 0.8, 2.2), 0.9 - 0.11 * (c.x - 16 + neck))
    else:
        c.paint(c.new("gold vivid"), *c.ball(16, top - 5.6, c.u(2, 2.8)))
    extra, high = c.pick("label cord none"), 0.66 * top + 0.34 * low
    if extra == "label" and form != "tube":
        tag = c.paint(c.new("bone"), c.box(16 - wide / 2, high + 2, wide, 8) & inner, 0.75 - 0.04 * (c.x - 16))
        c.flat(juice, c.emblem(16, high + 6, 3, c.pick("cross heart star diamond moon")) & shrink(tag), 2)
    elif extra == "cord":
        c.paint(c.new("gold leather"), c.box(15.4 - neck, top - 0.6, 2 * neck + 1.2), light)
    streak = np.abs((c.x - 16) / np.maximum(body, 1)[:, None] + 0.62) < 0.11
    c.flat(glass, shrink(inner) & streak & (c.y > top + 3) & (c.y < low - 5) & (np.abs(c.y - high - 3) > 0.7), 5)


def sword(c: Canvas) -> None:
    """A straight, leaf, rapier, sabre, flame or cleaver blade; bar, horned, disc or winged guard; two poses."""
    form, steep = c.pick("straight straight leaf rapier sabre flame cleaver"), c.u(0, 1) < 0.25
    steep &= form != "flame"
    (t, s), end = (c.axis(16, 27.5, 0), c.u(23, 25.5)) if steep else (c.axis(4.5, 27.5, 45), c.u(27.5, 32))
    blade, hilt, wrap = c.new("steel steel vivid iron"), c.new("gold bronze vivid"), c.new("leather wood vivid")
    g, half = c.u(5, 7.5), {"rapier": 1.1, "cleaver": 3.4, "flame": 2.3}.get(form, c.u(1.7, 3.3))
    q = np.clip((t - g) / (end - g), 0, 1)
    bend = {"sabre": c.pick([-1, 1]) * c.u(4, 8) * (q - q**2), "flame": 1.2 * np.sin(q * np.pi * c.pick([4, 5, 6]))}
    v, wide = s - bend.get(form, 0), half * np.minimum(1, (end - t) / c.u(2.5, 6.5))
    wide = wide * (0.62 + 0.5 * np.sin(np.pi * q ** c.u(1.2, 2))) if form == "leaf" else wide
    mask = (t > g) & (t < end) & (v < wide) & (v > (-wide if form != "cleaver" else -1.2))
    gleam = np.abs((q * 2.2 + v * 0.04 + c.u(0, 1)) % 1 - 0.5) < 0.1
    c.paint(blade, mask, 0.585 + np.sign(v + 0.01) * np.where(np.abs(v) > half * 0.6, 0.285, 0.135) + 0.2 * gleam)
    if half > 2 and form != "cleaver" and c.u(0, 1) < 0.6:
        c.shift(mask & (np.abs(v) < 0.8) & (q < c.u(0.55, 0.8)), -2)  # the groove
    c.paint(wrap, (np.abs(s) < 1.5) & (t > 1) & (t < g), 0.6 + 0.14 * s - 0.3 * ((t * c.u(0.4, 0.6)) % 1 < 0.45))
    kind, reach = c.pick("bar horns disc wings"), c.u(3.4, 6) + half * 0.4
    d = t - g - {"horns": c.pick([-1, 1, 1]) * c.u(0.05, 0.1) * s**2, "wings": 0.25 * np.abs(s)}.get(kind, 0)
    thick = {"bar": 1.2, "horns": 1.7 - 0.12 * np.abs(s), "wings": 2.5 - 0.35 * np.abs(s), "disc": 2.2 * arc(s / reach)}
    c.paint(hilt, (np.abs(d) < thick[kind]) & (np.abs(s) < reach), 0.6 + 0.05 * s + 0.16 * d)
    c.paint(hilt, np.hypot(t + 0.2, s) < c.u(1.5, 2.2), lit((0.5 * t - s) / 2.2, (-t - 0.5 * s) / 2.2, 0.7))
    if c.u(0, 1) < 0.5:
        jewel = c.new("vivid")
        c.flat(jewel, np.maximum(np.abs(t - g), np.abs(s)) < 1.5, 3)
        c.flat(jewel, np.maximum(np.abs(t - g - 0.6), np.abs(s - 0.6)) < 0.7, 5)


def shield(c: Canvas) -> None:
    """A heater, kite, round, tower or crested shield; rim with rivets, divided field, emblem or boss."""
    form, top, low, wide = c.pick("heater kite round tower crest"), c.u(3.2, 5), c.u(27, 28.8), c.u(9.5, 12.3)
    t = np.clip((c.rows - top) / (low - top), 0, 1)
    late = np.clip((t - 0.3) / 0.7, 0, 1)
    width = {
        "heater": wide * (1 - late ** c.u(1.6, 2.4)),
        "round": (low - top) / 2 * arc(2 * t - 1),
        "kite": 0.88 * wide * np.where(t < 0.3, arc(t / 0.3 - 1), 1 - late**1.5),
        "tower": 0.85 * wide * (1 - np.abs(2 * t - 1) ** 7) ** 0.5,
        "crest": wide * (1 - 0.12 * np.sin(np.pi * np.clip(2 * t, 0, 1))) * (1 - t**4) ** 0.7,
    }[form]
    mask, light = c.lathe(width)
    if form in ("heater", "crest"):
        k = np.abs(c.x - 16) / wide
        mask &= c.y > top + c.pick([1.6 * k**2, 6 * k * (1 - k), 1.8 * (1 - k)])
    rim, field, other = c.new("steel gold bronze iron wood"), c.new("vivid vivid wood steel"), c.new("vivid bone steel")
    light = 0.78 * light + 0.16 + 0.012 * (16 - c.y)
    inner = shrink(c.paint(rim, mask, light + 0.06), max(2, round(c.u(1.7, 3.2) / c.unit)))
    c.paint(field, inner, light, dither=c.pick([0, 0, 0.7]))
    x, y = c.x - 16, c.y - (0.55 * top + 0.45 * low)
    parts = {
        "pale": x > 0,
        "quarter": (x > 0) ^ (y > 0),
        "chevron": np.abs(y - np.abs(x) * 0.7) < 2.3,
        "plain": x > 99,
        "cross": np.minimum(np.abs(x), np.abs(y)) < 1.9,
        "bars": (np.abs(x) + 1.5) % 6 < 3,
        "planks": x > 99,
        "bend": np.abs(x - y) < 3,
        "rays": np.sin(np.arctan2(y, x) * 8) > 0,
    }
    pattern, sign = c.pick(list(parts)), c.pick("cross star sun diamond moon heart boss none")
    c.ramp[inner & parts[pattern]] = other
    if pattern == "planks":
        c.shift(inner & ((x + 22) % 4.5 < c.unit), -2)
    if sign == "boss":
        c.paint(rim, *c.ball(16, 0.5 * top + 0.5 * low, c.u(2.8, 4.2)))
    elif sign != "none" and pattern not in ("cross", "chevron"):
        spot = c.emblem(16, 0.57 * top + 0.43 * low, c.u(4, 5.6), sign) & shrink(inner)
        c.paint(other if pattern in ("plain", "planks") else rim, spot, light + 0.1)
    if c.u(0, 1) < 0.65:
        turn = (np.arctan2(c.y - 16, np.abs(x)) / (2 * np.pi) * c.pick([8, 12, 16]) + 0.5) % 1
        c.shift(shrink(mask) & ~shrink(mask, 2) & (turn < 0.16), 2)


def face(c: Canvas, y: float, wide: float) -> None:
    """One to three eyes with pupils around height y, and a mouth."""
    white, dark, tongue, x = c.new("bone"), c.new("iron"), c.new("pink"), c.x - 16
    r, look, many, tall = c.u(1.7, 2.9), c.pick([-0.7, 0, 0, 0.7]), c.pick([1, 2, 2, 2, 2, 3]), c.pick([1, 1.25])
    gap = max(c.u(0.32, 0.5) * wide, r + 0.7)
    for ex in {1: [0.0], 2: [-gap, gap], 3: [-r * 2 - 0.6, 0, r * 2 + 0.6]}[many]:
        size = r + 0.9 * (many == 1) + 0.4 * (many == 3 and ex == 0)
        c.paint(white, c.ball(16 + ex, y - 1.5, size, size * tall)[0], 0.95 - 0.12 * (c.y > y - 1))
        c.flat(dark, c.ball(16 + ex + look, y - 1.2, size * 0.62, size * 0.72)[0], 0)
        c.flat(white, c.box(15 + ex + look, y - 2.6), 5)
    my, half, form = y + r + 1.6, c.u(2.4, 4.4), c.pick("smile open fangs flat wave")
    curve = {"smile": my + 1.4 - (x / half) ** 2 * 1.6, "wave": my + 0.8 * np.sin(x * 1.6)}.get(form, my)
    gape = (np.abs(c.y - curve) < 0.55 + 0.25 * c.unit) & (np.abs(x) < half)
    gape = c.ball(16, my + 0.4, half * 0.7, 2)[0] if form == "open" else gape
    c.flat(dark, gape, 0)
    c.flat(tongue, gape & (c.y > my + 1) & (form == "open"), 3)
    c.flat(white, c.box(16 - half * 0.8, my + 0.8, 1, 1.6, mirror=True) & (form == "fangs"), 5)


def slime(c: Canvas) -> None:
    """A dome, drop, ghost, cube or ball with a face; spots or belly, feet, horns, ears, spikes, sprout or crown."""
    form, topping = c.pick("dome drop ghost cube ball"), c.pick("horns ears sprout crown spikes none")
    top, low, wide, x = c.u(8, 12.5), c.u(26, 27.5), c.u(8.5, 11.8), c.x - 16
    skin, other, t = c.new("vivid"), c.new("vivid bone gold"), np.clip((c.rows - top) / (low - top), 0, 1)
    drop = np.where(t < 0.68, np.sin(np.pi / 2 * (t / 0.68) ** 1.3), 0.3 + 0.7 * arc((t - 0.68) / 0.33)) * (t < 1)
    cube, ball = 0.9 * (1 - np.abs(2 * t - 1) ** 9) ** 0.5, arc(2 * t - 1)
    width = {
        "dome": (1 - (1 - t) ** 2.4) ** 0.5 * (1 - 0.25 * t**12),
        "drop": drop,
        "cube": cube,
        "ball": ball,
        "ghost": 0.85 * arc(1 - np.clip(t / 0.45, 0, 1)) * (t < 1),
    }[form]
    mask, light = c.lathe(wide * width)
    if form == "ghost":
        mask &= c.y < low - 2.2 * (np.cos(x * c.pick([0.9, 1.2, 1.5])) > 0.1)  # the hem
    tip, ear = c.u(1, 5), (c.u(2.2, 3.4), c.u(2.5, 5))
    for k in (-1, 1):
        ex = 16 + k * wide * 0.5
        if topping == "horns":
            c.paint(other, *c.stroke([(ex, top + 4), (ex + k * 3, top + 1), (ex + k * tip, top - 4)], 2, 0.6))
        elif topping == "ears":
            c.flat(other, shrink(c.paint(skin, *c.ball(ex + k, top + 1.5, *ear))) & (c.y < top + 1), 3)
        if form in ("ball", "cube", "dome"):
            c.paint(skin if topping == "ears" else other, *c.ball(ex, low, 3, 1.9))
    if topping == "spikes":
        saw = np.abs(((x / 4.5) + 0.5) % 1 - 0.5) * 5
        c.paint(other, (c.y > top - 3 + saw + 0.05 * x**2) & (c.y < top + 6) & (np.abs(x) < wide * 0.7), 0.6 - 0.03 * x)
    mask = c.paint(skin, mask, light + 0.1 * (20 - c.y) / 12, dither=c.pick([0, 0.5]))
    if c.u(0, 1) < 0.4:
        c.ramp[c.ball(16, low - 1, wide * 0.6, 7)[0] & shrink(mask)] = other
    for _ in range(c.pick([0, 4, 6])):
        c.shift(c.ball(16 + c.u(-0.8, 0.8) * wide, c.u(top + 2, low - 2), c.u(0.8, 1.8))[0] & shrink(mask, 2), -1)
    if topping == "sprout":
        leaf = c.new("leaf pink")
        for k in (-1, 1):
            c.paint(leaf, *c.stroke([(16, top + 0.5), (16 + k, top - 2.5), (16 + k * 4.5, top - 3.2)], 0.8, 1.7))
    elif topping == "crown":
        points = (c.y > top - 1 - 3 * (np.abs(np.abs(x) % 3.6 - 1.8) > 1)) & (c.y < top + 2.2)
        c.paint(c.new("gold"), points & (np.abs(x) < 5.2), 0.75 - 0.05 * x)
    face(c, 0.48 * top + 0.52 * low if form != "drop" else 0.36 * top + 0.64 * low, wide)


def mushroom(c: Canvas) -> None:
    """One or two mushrooms: dome, cone, bell or flat cap seen from above or below; spots, rings or rays; grass."""
    cap, stem, form = c.new("vivid vivid wood fire"), c.new("bone bone snow"), c.pick("dome cone bell flat")
    low, style, below, lean = c.u(26.5, 28), c.pick("spots spots rings rays"), c.pick([0, 1]), c.pick([-1, 0, 0, 1])
    for cx, z in ([(16 + lean * 8.3, c.u(0.42, 0.52))] if lean else []) + [(16 - lean * 2.6, 1 - 0.16 * abs(lean))]:
        brim, wide, tall, thick = low - z * c.u(9, 12), z * c.u(9, 12.5), z * c.u(9, 13.5), z * c.u(2.4, 4.4)
        tall, wide, sag = tall * (0.6 if form == "flat" else 1), wide * (0.8 if form == "bell" else 1), z * c.u(1.5, 3)
        q, s = np.clip((c.rows - brim) / (low - brim), 0, 1), (brim - c.rows) / tall
        swell = thick * (1 + c.u(0.1, 0.7) * q**2 - 0.25 * np.sin(3.1 * q))
        c.paint(stem, *c.lathe(np.where((c.rows > brim - 1) & (c.rows < low), swell, 0), cx))
        c.shift((c.y > brim) & (c.y < brim + (3.4 if below else sag + 2)) & (np.abs(c.x - cx) < thick * 1.3), -1)
        if c.u(0, 1) < 0.4 and z > 0.6:
            c.paint(stem, *c.ball(cx, brim + 4.5, thick * 1.5, 1.3))
        if below:
            gills = c.paint(stem, c.ball(cx, brim, wide * 0.93, sag)[0], 0.5 - 0.02 * (c.x - cx))
            c.shift(gills & (np.abs(c.x - cx) / (1.8 * c.unit) % 1 < 0.5), -1)
        up = {"cone": (1 - np.clip(s, 0, 1)) ** 0.8 * 0.9 + 0.1 * arc(s), "bell": (1 - np.clip(s, 0, 1) ** 2.2) ** 0.8}
        rows = np.where(s < 0, 0 if below else arc(s * tall / sag), up.get(form, arc(s))) * (s < 1)
        mask, light = c.lathe(wide * rows, cx)
        inner = shrink(c.paint(cap, mask, light + 0.012 * (brim - tall / 2 - c.y), dither=c.pick([0, 0.5])))
        k = (c.x - cx) / np.maximum(wide * rows, 0.1)[:, None]
        for _ in range(int(9 * z) if style == "spots" else 0):
            a, b, r = c.u(-0.9, 0.9), c.u(-0.1, 0.85), c.u(1, 2.6) * z + 0.3
            spot = c.ball(cx + a * wide * np.sqrt(1 - b * b), brim - b * tall, r * (1 - 0.5 * a * a), r * 0.85)[0]
            c.paint(stem, spot & inner, 0.5 * light + 0.5, edge=False)
        ring, ray = (c.y - brim + 2 * k**2 + 40) % (tall / 2.2) < tall / 6, np.abs(k * 3.5) % 1 > 0.66
        c.ramp[inner & {"rings": ring, "rays": ray, "spots": k > 9}[style]] = stem
    if c.u(0, 1) < 0.6:
        grass, r = c.new("leaf"), np.abs(c.x - 16)
        tuft = 1.6 * (np.sin(c.x * c.u(1.8, 2.6)) > 0.3) + 0.9 * (np.sin(c.x * c.u(0.9, 1.4)) > 0) - 0.06 * r
        c.paint(grass, (c.y > low - tuft) & (c.y < low + 1.5) & (r < c.u(8, 12)), 0.62 - 0.14 * (c.y - low))


def gem(c: Canvas) -> None:
    """A brilliant seen from the side, a round, step or kite cut seen from above (some in a setting), or crystals."""
    form, r, base, chroma = c.pick("round step kite brilliant crystals"), c.u(8.5, 12.5), c.u(0, 360), c.u(0.12, 0.19)
    c.colours = [colour_ramp(h % 360, chroma, 0.04) for h in (base, base + c.pick([-45, -30, 30, 45]))]
    x, y = c.x - 16, c.y - 16
    if form == "crystals":
        rock, turns = c.new("iron wood steel"), sorted(c.u(-58, 58) for _ in range(c.pick([3, 4, 5])))
        for turn in [*turns[:: c.pick([-1, 1])], c.u(-12, 12)]:
            (t, s), half = c.axis(16 + turn * 0.07, 27, turn), c.u(2, 3.6)
            end, ridge = c.u(14, 19) * (1 - abs(turn) / 120) + 5 * (abs(turn) < 13), half * c.u(-0.3, 0.4)
            tip = end - half * c.u(1.2, 2.4)
            light = np.where(s > ridge, 0.72, np.where(s > ridge - half * 0.75, 0.46, 0.25)) + 0.17 * (t > tip)
            mask = (np.abs(s) < half * np.minimum(1, (end - t) / (end - tip))) & (t > 0)
            c.paint(c.pick([0, 0, 1]), mask, light + 0.2 * (np.abs(t - 0.5 * tip - s) < 0.8))
        for cx in (16 - c.u(4, 7), 16 + c.u(4, 7), 16):
            c.paint(rock, *c.ball(cx, 27, c.u(3, 5), c.u(1.6, 2.8)))
        return
    if form == "brilliant":
        crown, tip, wide, n = c.u(9.5, 12), c.u(26, 28.5), c.u(10.5, 13), c.pick([3, 4, 5])
        up = crown - c.y
        reach = np.where(up > 0, wide - up * c.u(0.8, 1.2), wide * (tip - c.y) / (tip - crown))
        k = x / np.maximum(reach, 0.1)
        cell = np.floor(k * n + (up > 0) * 0.5 + n)
        light = 0.76 - 0.3 * k - 0.28 * (cell % 2) + 0.16 * (up > 0)
        mask = c.paint(0, (np.abs(x) < reach) & (up < c.u(4, 5.5)), light)
        c.ramp[mask & (cell % 3 == 1) & (up < 0)] = 1
        c.shift(mask & (np.abs(up) < c.unit * 0.6), 1)
    else:
        count, squash, table = c.pick([6, 8, 10]), c.u(0.75, 1), c.u(0.45, 0.62)
        angle, reach = {
            "round": ((np.arange(count) + 0.5) * 2 * np.pi / count, np.full(count, r)),
            "step": (np.arange(8) * np.pi / 4, r * np.array([squash, 1.12, 1, 1.12] * 2)),
            "kite": (np.deg2rad([35, 145, 215, 325, 270]), r * np.array([0.8, 0.8, 0.95, 0.95, 0.9])),
        }[form]
        gauge = (x[..., None] * np.cos(angle) + y[..., None] * np.sin(angle)) / reach
        which, far = np.argmax(gauge, axis=2), np.max(gauge, axis=2)
        upper = far < 0.5 + table / 2
        side = lit(np.cos(angle)[which], np.sin(angle)[which], np.where(upper, 1.3, 0.75))
        light = np.where(far < table, 0.69 - 0.25 * side + 0.25 * (np.abs(x + y + 4) < 2), side + 0.1 * upper)
        if c.u(0, 1) < 0.5:
            c.paint(c.new("gold steel bronze"), far < 1, lit(x / r, y / r, 0.6) + 0.1)
            far = far * 1.22
        mask = c.paint(0, far < 1, light)
        c.ramp[mask & (far < table) & (x + y > c.u(-2, 3))] = 1
    c.shift(grow(c.box(c.u(9, 13), c.u(8, 11))) & mask, 3)


def tree(c: Canvas) -> None:
    """A leafy, blossoming or fruiting tree, or a layered pine, some with snow."""
    low, x, wood, fruit = c.u(27.5, 28.8), c.x - 16, c.new("wood leather"), c.new("fire pink vivid snow")
    thick, q, white = c.u(1.4, 2.6), np.clip((c.rows - 14) / (low - 14), 0, 1), c.new("snow")
    c.paint(wood, *c.lathe(np.where((q > 0) & (q < 1), thick * (1 + 1.1 * q**5), 0)))
    c.shift((np.abs(x) < thick) & ((c.y * 0.7 + np.abs(x)) % 2.6 < 0.8), -1)  # bark
    if c.u(0, 1) < 0.6:
        leaf, cy, rx, ry = c.new("leaf leaf leaf fire pink vivid"), c.u(11, 13), c.u(6, 8.5), c.u(4, 6.5)
        around = c.u(0, 1) + np.arange(n := c.pick([5, 6, 7, 8])) * 6.283 / n
        balls = [(16 + rx * np.cos(a), cy + ry * np.sin(a), c.u(3.4, 5)) for a in around] + [(16, cy, c.u(4.5, 6))]
        for edge in (True, False):
            for bx, by, br in sorted(balls, key=lambda p: -p[0] - 2 * p[1]):
                mask, light = c.ball(bx, by, br, br * 0.88)
                clump = 0.16 * (np.sin(c.x * 2.2 + 0.5 * bx) * np.sin(c.y * 2.4) > 0.35)
                c.paint(leaf, mask, 0.62 * light + 0.2 * lit(x / 12, (c.y - cy) / 10, 0.4) + clump, edge=edge)
        for _ in range(c.pick([0, 0, 5, 7])):
            px, py = 16 + c.u(-1, 1) * rx, cy + c.u(-1, 1.1) * ry
            c.flat(fruit, c.box(px, py, 2, 2), 3)
            c.flat(fruit, c.box(px, py), 5)
        return
    leaf, layers, top, wide, snow = c.new("leaf"), c.pick([3, 4, 5]), c.u(3, 4.5), c.u(8.5, 12), c.pick([0, 0, 1])
    step = (c.u(22.5, 24.5) - top) / layers
    for k in range(layers, 0, -1):
        y1, w, y0 = top + step * k, wide * (0.35 + 0.65 * k / layers), max(top, top + step * (k - 1.9))
        slope = np.clip((c.y - y0) / (y1 - y0), 0, 2)
        saw = 2.6 * np.abs((np.abs(x) / 2.6) % 1 - 0.5) - 0.06 * x**2 / w - 0.6
        light = 0.5 - 0.3 * x / w - 0.25 * (slope - 0.5) + 0.14 * ((c.y + np.abs(x)) % 3 < 1)
        mask = c.paint(leaf, (np.abs(x) < w * slope**0.85) & (c.y < y1 - saw), light)
        c.flat(white, mask & (slope < snow * (0.62 + 0.1 * np.sin(x * 2))) & (x < w * 0.45), 4 + snow)


def ship(c: Canvas) -> None:
    """A spaceship seen from above: random mirrored hull, wings, canopy, guns, markings and engine flames."""
    hull, paint, glass = c.new("steel snow vivid iron bone"), c.new("vivid"), c.new("glass vivid")
    flame = c.new("fire fire vivid")
    nose, tail, r = c.u(2.8, 4.5), c.u(23.5, 26), np.abs(c.x - 16)
    y = (c.y - nose) / (tail - nose)
    knots = [c.u(0.2, 1.4), c.u(1.8, 3.6), c.u(2.2, 5), c.u(2.6, 6), c.u(2.2, 5.6), c.u(2, 4.6)]
    f = y[:, 0] * 5
    f = f + c.pick([0, -1]) * np.sin(2 * np.pi * f) / 6.3  # straight or rounded between the knots
    width = np.interp(f, range(6), knots, 0, 0)
    for ex in c.pick([[0.0], [2.4], [0.0, 3.6], [3.2]]):
        down, out = c.y - tail, np.abs(r - ex)
        c.paint(flame, (down > 0) & (out < 1.6 - 0.35 * down) & (down < c.u(2.2, 4.5)), 0.95 - 0.16 * down - 0.1 * out)
        c.paint(hull, (np.abs(down) < 1) & (out < 1.2), 0.3)
    for _ in range(c.pick([1, 2, 2])):
        span, front, sweep, chord = c.u(8, 13), c.u(nose + 4, tail - 8), c.u(-0.3, 1.2), c.u(4, 9)
        lead = front + sweep * r
        wing = (r < span) & (c.y > lead) & (c.y < lead + chord * (1 - c.u(0.2, 0.8) * r / span)) & (c.y < tail + 2)
        wing = c.paint(hull, wing, np.where(c.y < lead + 1.3, 0.85, 0.5) - 0.012 * (c.x - 16))
        c.ramp[wing & c.pick([r > span - 2.5, np.abs(r - span * 0.6) < 1.3, c.y < lead + 1.6, r < 0])] = paint
        c.shift(wing & (np.abs(r - span * 0.45) < c.unit * 0.6), -1)
        if c.u(0, 1) < 0.5:
            gun = c.box(16 - span + c.u(0.5, 3), front + sweep * span - 3, 1, 6, mirror=True)
            c.paint(hull, gun & (c.y < tail + 1), 0.7)
    mask, light = c.lathe(width)
    mask = c.paint(hull, mask, light)
    marks = [y < 0.15, r < 1.1, np.abs(y - 0.75 + r * 0.05) < 0.07, r > width[:, None] - 1.6, r < 0]
    c.ramp[mask & c.pick(marks)] = paint
    c.shift(shrink(mask) & (np.minimum(np.abs(y - 0.62), np.abs(y - 0.88)) < c.unit / 40), -2)  # seams
    cy, ry = nose + (tail - nose) * c.u(0.36, 0.52), c.u(2.2, 4.2)
    c.flat(glass, c.box(15, cy - ry * 0.6) & c.paint(glass, *c.ball(16, cy, c.u(1.4, 2.1), ry)), 5)


DRAW: tuple[Callable[[Canvas], None], ...] = (potion, sword, shield, slime, mushroom, gem, tree, ship)
