"""Sheets as real packs have them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from ddpm.pixels.sheets import sheet_png
from tests.ddpm.sprites.pack_writing import (
    MAGENTA,
    Pack,
    cut,
    drawn,
    few_colours,
    indexed,
    pack,
    save,
    sheet,
    shown,
)
from tests.ddpm.sprites.pixel_art import extruded, grounds, icons, lay_out, on, walk, with_holes


@pack("tilemap.png (272)", "sheet of 272 pixels: 16 tiles of 16, a gap of 1 after every one")
def gap_after_every_tile(folder: Path) -> Pack:
    return sheet(folder, "tilemap.png", icons(256, seed=9), 16, gap=1, trailing=True)


@pack("roguelikeSheet.png", "sheet of 16x16 with gaps of 1 between, with holes, full-bleed tiles among the drawings")
def roguelike(folder: Path) -> Pack:
    tiles = with_holes(np.concatenate([grounds(40, seed=10), icons(80, seed=10)]))
    return sheet(folder, "roguelikeSheet_transparent.png", tiles, 12, gap=1)


@pack("tilemap_packed.png", "sheet of 16x16 without gaps")
def packed_sheet(folder: Path) -> Pack:
    return sheet(folder, "tilemap_packed.png", icons(132, seed=11), 12)


@pack("extruded.png", "extruded tiles: cells of 18 pixels")
def extruded_sheet(folder: Path) -> Pack:
    path = save(folder / "tiles_extruded.png", lay_out(extruded(grounds(64, seed=12)), 8))
    return Pack(path, cut(path, 16, 16, 2, 1), answer={"tile": "16x16", "margin": 1, "gap": 2})


@pack("dawnlike.png", "indexed sheet with holes")
def indexed_sheet(folder: Path) -> Pack:
    path = folder / "Player0.png"
    indexed(lay_out(with_holes(few_colours(icons(64, seed=13)), 4), 8)).save(path, transparency=0)
    return Pack(path, cut(path, 16, 16), answer={"tile": "16x16"})


@pack("magenta.bmp", "sheet keyed in magenta, as BMP, with blank cells")
def magenta_sheet(folder: Path) -> Pack:
    tiles = on(with_holes(icons(60, seed=14), 6), MAGENTA)
    path = save(folder / "tileset_magenta.bmp", lay_out(tiles, 10), "RGB")
    return Pack(path, cut(path, 16, 16), answer={"tile": "16x16"})


@pack("white paper.png", "sheet on white without alpha, gaps of 2 and a margin of 2")
def paper_sheet(folder: Path) -> Pack:
    path = save(
        folder / "sheet.png",
        lay_out(on(icons(40, seed=15), (255, 255, 255)), 8, gap=2, margin=2, ground=(255, 255, 255, 255)),
        "RGB",
    )
    return Pack(path, cut(path, 16, 16, 2, 2), answer={"tile": "16x16", "margin": 2, "gap": 2})


@pack("24x24.png", "sheet of 24x24, 240x192")
def sheet_24(folder: Path) -> Pack:
    return sheet(folder, "oryx_24.png", icons(80, 24, 24), 10)


@pack("32x32.png", "sheet of 32x32, 256x256")
def sheet_32(folder: Path) -> Pack:
    return sheet(folder, "items_32.png", icons(64, 32, 32), 8)


@pack("48x48.png", "sheet of 48x48, 576x384, as RPG makers want it")
def sheet_48(folder: Path) -> Pack:
    return sheet(folder, "IconSet.png", icons(96, 48, 48), 12)


@pack("64x64.png", "sheet of 64x64, 512x256")
def sheet_64(folder: Path) -> Pack:
    return sheet(folder, "monsters.png", icons(32, 64, 64), 8)


@pack("16x24.png", "sheet of 16x24, 128x192")
def sheet_16x24(folder: Path) -> Pack:
    return sheet(folder, "characters.png", icons(64, 16, 24), 8)


@pack("8x16.png", "sheet of 8x16, 128x128")
def sheet_8x16(folder: Path) -> Pack:
    return sheet(folder, "gameboy.png", icons(128, 8, 16), 16)


@pack("8x8.png", "sheet of 8x8, 128x128")
def sheet_8(folder: Path) -> Pack:
    return sheet(folder, "font8.png", icons(256, 8, 8), 16)


@pack("walk sheet.png", "animation frames of 32x32 that differ by a few pixels, four rows of six")
def animation_sheet(folder: Path) -> Pack:
    tiles = np.concatenate([walk(6, 32, 32, seed=row) for row in range(4)])
    return sheet(folder, "knight_walk.png", tiles, 6)


@pack("ground.png", "full-bleed sheet of 16x16: no background, no gap")
def full_bleed_sheet(folder: Path) -> Pack:
    return sheet(folder, "overworld.png", grounds(96, seed=16), 12)


@pack("sheet of ours, re-saved", "our exported sheet, re-saved by an editor: no note, palette, alpha")
def resaved(folder: Path) -> Pack:
    tiles = few_colours(on(icons(25, seed=17), (255, 255, 255)))[..., :3]
    with Image.open(io.BytesIO(sheet_png(tiles, scale=4, gap=1))) as image:
        editors = image.convert("RGBA").convert("P", palette=Image.Palette.ADAPTIVE)
    path = folder / "samples.png"
    editors.save(path)
    ((page, _),) = shown(path)
    small = page.resize((page.width // 4, page.height // 4), Image.Resampling.NEAREST)
    cells = [(small.crop((x * 17, y * 17, x * 17 + 16, y * 17 + 16)), None) for y in range(5) for x in range(5)]
    return Pack(path, cells, answer={"tile": "16x16", "gap": 1})


@pack("sheet of ours", "our exported sheet of RGBA sprites of 16x24 with a gap, as it is")
def our_sheet(folder: Path) -> Pack:
    tiles = icons(20, 16, 24, seed=18)
    path = folder / "samples.png"
    path.write_bytes(sheet_png(tiles, scale=3, gap=2))
    return Pack(path, drawn(tiles))


@pack("characters/", "folder of strips alone: 128x32, four frames of 32x32 each")
def only_strips(folder: Path) -> Pack:
    cells = []
    for number in range(8):
        strip = save(folder / f"run_{number}.png", lay_out(walk(4, 32, 32, seed=30 + number), 4))
        cells += cut(strip, 32, 32)
    return Pack(folder, cells)


@pack("tilesets/", "sheets in class folders: 16x16, four of 128x128")
def sheets_in_folders(folder: Path) -> Pack:
    cells = []
    for label, seed in (("caves", 1), ("forest", 2)):
        for number in range(2):
            path = save(folder / label / f"sheet_{number}.png", lay_out(icons(64, seed=seed * 10 + number), 8))
            cells += cut(path, 16, 16, label=label)
    return Pack(folder, cells)
