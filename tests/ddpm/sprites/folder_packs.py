"""Folders in the shapes and with the names of real packs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.ddpm.sprites.pack_writing import (
    Pack,
    classes,
    cut,
    drawn,
    files,
    numbered,
    pack,
    png,
    save,
    shown,
)
from tests.ddpm.sprites.pixel_art import grounds, icons, lay_out


@pack("elementary-xfce/16", "icon theme: 8 class folders, links to other icons, one of 22x22")
def icon_theme(folder: Path) -> Pack:
    names = ("actions", "apps", "categories", "devices", "emblems", "mimetypes", "places", "status")
    cells = classes(folder, names, icons(60, seed=1))
    for number in range(6):  # as themes give one icon several names
        link = folder / "actions" / f"gtk-icon-{number}.png"
        link.symlink_to(f"icon-{number}.png")
        cells += shown(link, "actions")
    save(folder / "status" / "battery-full.png", icons(1, 22, 22)[0])
    (folder / "index.theme").write_text("[Icon Theme]\nName=elementary\n")
    (folder / "places" / "gone.png").symlink_to("nowhere.png")
    return Pack(folder, cells, ("1 of 22 x 22 pixels", "link"))


@pack("textures/block", "texture pack: 16x16, strips of 16x320 and 16x512, 32x32 among them, three deep, .mcmeta")
def texture_pack(folder: Path) -> Pack:
    root = folder / "assets" / "minecraft" / "textures"
    cells = [(image, "block") for image, _ in files(root / "block", grounds(24, seed=2), numbered("stone", 24))]
    cells += [(image, "item") for image, _ in files(root / "item", icons(20, seed=2), numbered("sword", 20))]
    for number, frames in enumerate((20, 20, 32)):
        strip = save(root / "block" / f"water_{number}_flow.png", lay_out(walk_of_grounds(frames, number), 1))
        strip.with_name(strip.name + ".mcmeta").write_text('{"animation": {"frametime": 2}}')
        cells += cut(strip, 16, 16, label="block")
    for number in range(3):
        save(root / "item" / f"large_{number}.png", icons(1, 32, 32, seed=number)[0])
    return Pack(folder, cells, ("3 of 32 x 32 pixels", "3 files that are no pictures"))


def walk_of_grounds(count: int, seed: int) -> np.ndarray:
    """Frames of water: one texture that moves on by a pixel each."""
    (first,) = grounds(1, seed=100 + seed)
    return np.stack([np.roll(first, number, axis=0) for number in range(count)])


@pack("textures/fire", "texture pack with a strip of two frames, 16x32, that could be one tall drawing")
def short_strip(folder: Path) -> Pack:
    cells = files(folder, grounds(30, seed=3), numbered("ore", 30))
    save(folder / "fire.png", lay_out(icons(2, seed=3), 1))
    return Pack(folder, cells, ("1 of 16 x 32 pixels (fire.png)",))


@pack("textures/fire --tile 16x16", "the same, after the tile was given")
def short_strip_with_tile(folder: Path) -> Pack:
    cells = files(folder, grounds(30, seed=3), numbered("ore", 30))
    strip = save(folder / "fire.png", lay_out(icons(2, seed=3), 1))
    return Pack(folder, [*cells, *cut(strip, 16, 16)], ("31 of 31 files",), options={"tile": "16x16"})


@pack("trees/", "tall drawings of 16x64 and 32x32 among 16x16: as many drawings as files, none cut into pieces")
def tall_drawings(folder: Path) -> Pack:
    cells = files(folder, icons(20, seed=41), numbered("bush", 20))
    files(folder, icons(4, 16, 64, seed=41), numbered("tree", 4))
    files(folder, icons(4, 32, 32, seed=41), numbered("rock", 4))
    return Pack(folder, cells, ("4 of 16 x 64 pixels", "4 of 32 x 32 pixels"))


@pack("sheets64/", "folder of 64x64 sheets, each of 16 icons of 16x16, which could be sprites of 64x64")
def small_sheets(folder: Path) -> Pack:
    cells = []
    for number in range(5):
        path = save(folder / f"icons_{number}.png", lay_out(icons(16, seed=80 + number), 4))
        cells += cut(path, 16, 16)
    return Pack(folder, cells, answer={"tile": "16x16"})


@pack("ui-folders", "mixed folder, three deep, with texts, JSON, a font and a .psd beside the pictures")
def mixed_folder(folder: Path) -> Pack:
    cells = classes(folder / "png" / "16", ("arrows", "hearts", "potions"), icons(24, seed=4))
    (folder / "README.txt").write_text("CC0\n")
    (folder / "license.html").write_text("<html></html>")
    (folder / "png" / "16" / "arrows" / "atlas.json").write_text(json.dumps({"frames": {}}))
    (folder / "png" / "source.psd").write_bytes(b"8BPS" + bytes(100))
    (folder / "png" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    return Pack(folder, cells, ("4 files that are no pictures",))


@pack("weapons", "a damaged file, an empty one and a web page among good ones")
def damaged_among_good(folder: Path) -> Pack:
    cells = files(folder, icons(12, seed=5), numbered("weapon", 12))
    whole = png(icons(1, seed=50)[0])
    (folder / "cut_short.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "not_found.png").write_bytes(b"<!DOCTYPE html><html>404</html>")
    return Pack(folder, cells, ("12 of 15 files",))


@pack("モンスター", "names in Japanese, a class folder for each kind")
def japanese(folder: Path) -> Pack:
    cells = []
    for label, seed in (("スライム", 1), ("ドラゴン", 2)):
        for cell, _ in files(folder / label, icons(5, seed=seed), [f"{label}{n}.png" for n in range(5)]):
            cells.append((cell, label))
    return Pack(folder, cells)


@pack("names", "names that differ only in case, in + and space, in ? & = % and in an accent")
def odd_names(folder: Path) -> Pack:
    names = (
        "a b.png",
        "a+b.png",
        "A b.png",
        "a%20b.png",
        "what?tile=8x8.png",
        "a&b=c.png",
        "é.png",
        "e\u0301.png",
        "x.PNG",
    )
    return Pack(folder, files(folder, icons(len(names), seed=6), names))


@pack("dungeon/idle", "equal names in several folders")
def equal_names(folder: Path) -> Pack:
    cells = []
    for number, label in enumerate(("goblin", "orc", "skeleton")):
        for cell, _ in files(folder / label, icons(4, seed=60 + number), numbered("idle", 4)):
            cells.append((cell, label))
    return Pack(folder, cells)


@pack("8x8 glyphs", "folder of 8x8 files")
def tiny_files(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(16, 8, 8), numbered("glyph", 16)))


@pack("portraits", "folder of 48x48 files")
def portraits(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(10, 48, 48), numbered("face", 10)))


@pack("bosses", "folder of 64x64 files")
def bosses(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(8, 64, 64), numbered("boss", 8)))


@pack("heroes", "folder of 16x24 files")
def heroes(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(12, 16, 24), numbered("hero", 12)))


@pack("terrain", "full-bleed tiles of 32x32: no background at all")
def full_bleed(folder: Path) -> Pack:
    return Pack(folder, files(folder, grounds(20, 32, 32), numbered("terrain", 20)))


@pack("icons@3x", "files that are enlarged three times")
def enlarged(folder: Path) -> Pack:
    small = icons(15, seed=8)
    files(folder, small.repeat(3, axis=1).repeat(3, axis=2), numbered("icon", 15))
    return Pack(folder, drawn(small), ("drawn 3 x 3 times",))
