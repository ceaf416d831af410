"""Sources in the shapes and with the names of real packs of pixel art, each with what Pillow shows of its files."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from ddpm.pixels.sheets import sheet_png
from tests.ddpm.sprite_files import raw_png
from tests.ddpm.sprites.pixel_art import extruded, ghosts, grounds, icons, lay_out, on, soft, walk, with_holes

MAGENTA = (255, 0, 255)
Cell = tuple[Image.Image, str | None]


@dataclass
class Pack:
    """A source as its maker ships it.

    Attributes:
        path: what is loaded.
        cells: what must come of it: each sprite as Pillow shows it, RGBA, and its class.
        left_out: words on what must be left out, which the notes hold.
        answer: the options that answer the question that it may raise.
        options: what it is loaded with in any case.
    """

    path: Path
    cells: Sequence[Cell]
    left_out: tuple[str, ...] = ()
    answer: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)


PACKS: dict[str, tuple[str, Callable[[Path], Pack]]] = {}
"""By name: what it is, and a function that writes it into an empty folder."""


def pack(name: str, what: str) -> Callable[[Callable[[Path], Pack]], Callable[[Path], Pack]]:
    def note(write: Callable[[Path], Pack]) -> Callable[[Path], Pack]:
        PACKS[name] = what, write
        return write

    return note


# Writing and reading back


def save(path: Path, pixels: np.ndarray, mode: str = "RGBA", **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path, **options)  # type: ignore[arg-type]
    return path


def shown(file: Path | bytes, label: str | None = None) -> list[Cell]:
    """All frames of a file as Pillow shows them."""
    with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
        return [(frame.convert("RGBA"), label) for frame in ImageSequence.Iterator(image)]


def cut(
    file: Path | bytes, width: int, height: int, gap: int = 0, margin: int = 0, label: str | None = None
) -> list[Cell]:
    """The cells of a sheet in which more than one colour is to be seen, as Pillow crops them."""
    ((sheet, _),) = shown(file)
    found = []
    for top in range(margin, sheet.height - height + 1, height + gap):
        for left in range(margin, sheet.width - width + 1, width + gap):
            cell = sheet.crop((left, top, left + width, top + height))
            colours = cell.getcolors(width * height)
            clear = all(colour[3] == 0 for _, colour in colours)  # type: ignore[index]
            if len(colours) > 1 and not clear:
                found.append((cell, label))
    return found


def drawn(images: np.ndarray, labels: Sequence[str | None] | None = None) -> list[Cell]:
    """What is no file that Pillow reads."""
    named = labels or [None] * len(images)
    return [(Image.fromarray(image), label) for image, label in zip(images, named, strict=True)]


def files(folder: Path, images: np.ndarray, names: Sequence[str], mode: str = "RGBA", **options: object) -> list[Cell]:
    """One file for each drawing."""
    return [
        cell
        for image, name in zip(images, names, strict=True)
        for cell in shown(save(folder / name, image, mode, **options))
    ]


def classes(folder: Path, names: Sequence[str], images: np.ndarray) -> list[Cell]:
    """Drawings dealt out to folders, ``icon-0.png`` and so on in each."""
    cells = []
    for number, image in enumerate(images):
        label = names[number % len(names)]
        cells += shown(save(folder / label / f"icon-{number // len(names)}.png", image), label)
    return cells


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def png(pixels: np.ndarray, mode: str = "RGBA", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG", **options)  # type: ignore[arg-type]
    return file.getvalue()


def indexed(pixels: np.ndarray) -> Image.Image:
    """A palette picture with one transparent entry, as editors write them."""
    clear = pixels[..., 3] == 0
    colours, places = np.unique(pixels[~clear][:, :3], axis=0, return_inverse=True)
    colours = colours[:255]
    numbers = np.zeros(clear.shape, np.uint8)
    numbers[~clear] = np.minimum(places.reshape(-1), len(colours) - 1) + 1
    image = Image.fromarray(numbers, "P")
    image.putpalette([255, 0, 255, *colours.reshape(-1).tolist()])
    image.info["transparency"] = 0
    return image


def few_colours(images: np.ndarray) -> np.ndarray:
    """The same in at most 216 colours."""
    return np.where(np.arange(4) < 3, images // 51 * 51, images).astype(np.uint8)


def numbered(stem: str, count: int, suffix: str = "png") -> list[str]:
    return [f"{stem}_{number:02d}.{suffix}" for number in range(count)]


def aseprite(frames: np.ndarray, tags: Sequence[tuple[int, int, str]] = ()) -> bytes:
    """An Aseprite file of one layer, true colours, by the public description of the format."""

    def part(kind: int, body: bytes) -> bytes:
        return struct.pack("<IH", len(body) + 6, kind) + body

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value.encode())) + value.encode()

    body = b""
    for number, frame in enumerate(frames):
        height, width = frame.shape[:2]
        parts = []
        if number == 0:
            parts.append(part(0x2004, struct.pack("<HHHHHHB3x", 1, 0, 0, 0, 0, 0, 255) + text("Layer 1")))
            if tags:
                spans = (struct.pack("<HHBH6x3xx", first, last, 0, 0) + text(name) for first, last, name in tags)
                parts.append(part(0x2018, struct.pack("<H8x", len(tags)) + b"".join(spans)))
        cel = struct.pack("<HhhBHh5xHH", 0, 0, 0, 255, 2, 0, width, height)
        parts.append(part(0x2005, cel + zlib.compress(np.ascontiguousarray(frame).tobytes())))
        data = b"".join(parts)
        body += struct.pack("<IHHH2xI", len(data) + 16, 0xF1FA, len(parts), 100, len(parts)) + data
    height, width = frames.shape[1:3]
    head = struct.pack("<HHHHHIHIIB3xHBB", 0xA5E0, len(frames), width, height, 32, 1, 100, 0, 0, 0, 0, 1, 1)
    return (struct.pack("<I", 128 + len(body)) + head).ljust(128, b"\0") + body


def xpm(image: np.ndarray) -> bytes:
    letters = "".join(map(chr, range(35, 91))) + "abcdefghijklmnopqrstuvwxyz{}|~"
    colours = sorted({tuple(colour) for colour in image.reshape(-1, 4).tolist()})
    names = {colour: letters[at // 60] + letters[at % 60] for at, colour in enumerate(colours)}
    table = [
        f'"{name} c {"None" if colour[3] == 0 else "#" + bytes(colour[:3]).hex()}",' for colour, name in names.items()
    ]
    rows = [f'"{"".join(names[tuple(pixel)] for pixel in row.tolist())}",' for row in image]
    head = f'"{image.shape[1]} {image.shape[0]} {len(colours)} 2 ",'
    return "\n".join(["/* XPM */", "static char * icon_xpm[] = {", head, *table, *rows, "};", ""]).encode()


# Folders of icons, and of textures


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


@pack("textures/block", "texture pack: 16x16, strips of 16x320 and 16x32, 32x32 among them, three deep, .mcmeta")
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


# Sheets


def sheet(folder: Path, name: str, tiles: np.ndarray, columns: int, **layout: object) -> Pack:
    """A sheet, with its grid as the answer to a question."""
    height, width = tiles.shape[1:3]
    path = save(folder / name, lay_out(tiles, columns, **layout))  # type: ignore[arg-type]
    margin, gap = (int(layout.get(key, 0)) for key in ("margin", "gap"))  # type: ignore[call-overload]
    answer = {"tile": f"{width}x{height}"} | {key: value for key, value in (("margin", margin), ("gap", gap)) if value}
    return Pack(path, cut(path, width, height, gap, margin), answer=answer)


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


# Kinds of files


@pack("fire.gif", "GIF animation of 16x16")
def gif(folder: Path) -> Pack:
    frames = [indexed(few_colours(frame[None])[0]) for frame in walk(6, seed=20)]
    path = folder / "fire.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], transparency=0, disposal=2, duration=100, loop=0)
    return Pack(path, shown(path))


@pack("gifs/", "folder of GIF animations of 32x32, frames that differ by a few pixels")
def gifs(folder: Path) -> Pack:
    cells = []
    for number in range(4):
        frames = [indexed(few_colours(frame[None])[0]) for frame in walk(5, 32, 32, seed=70 + number)]
        path = folder / f"slime_{number}.gif"
        frames[0].save(path, save_all=True, append_images=frames[1:], transparency=0, disposal=2, duration=80, loop=0)
        cells += shown(path)
    return Pack(folder, cells)


@pack("spark.png (APNG)", "APNG animation of 24x24")
def apng(folder: Path) -> Pack:
    frames = [Image.fromarray(frame) for frame in walk(5, 24, 24, seed=21)]
    path = folder / "spark.png"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, blend=0)
    return Pack(path, shown(path))


@pack("bmp/", "folder of BMP files, 24 bits")
def bmps(folder: Path) -> Pack:
    return Pack(folder, files(folder, on(icons(8, seed=22), (0, 128, 128)), numbered("tile", 8, "bmp"), "RGB"))


@pack("xpm/", "folder of XPM files, with None")
def xpms(folder: Path) -> Pack:
    cells = []
    for number, image in enumerate(few_colours(icons(8, seed=23))):
        path = folder / f"stock_{number}.xpm"
        path.write_bytes(xpm(image))
        cells += shown(path)
    return Pack(folder, cells)


@pack("ico/", "folder of icons (ICO) of 32x32")
def icos(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(6, 32, 32, seed=24), numbered("app", 6, "ico"), sizes=[(32, 32)]))


@pack("tiff/", "folder of TIFF files with alpha")
def tiffs(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(6, seed=25), numbered("scan", 6, "tiff")))


@pack("tga/", "folder of TGA files with alpha")
def tgas(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(6, seed=26), numbered("quake", 6, "tga")))


@pack("webp/", "folder of lossless WebP files")
def webps(folder: Path) -> Pack:
    images = icons(6, seed=27)
    return Pack(folder, files(folder, images, numbered("web", 6, "webp"), lossless=True, exact=True))


@pack("pack.zip", ".zip with class folders")
def zip_with_classes(folder: Path) -> Pack:
    cells = classes(folder / "in", ("food", "magic", "tools"), icons(18, seed=28))
    return Pack(_zip_of(folder / "in", folder / "pack.zip"), cells)


@pack("v1.2.zip", ".zip with one root folder, __MACOSX, a read-me, and class folders below")
def zip_with_root(folder: Path) -> Pack:
    cells = classes(folder / "in" / "Tiny Town 1.2", ("roofs", "walls"), icons(12, seed=29))
    (folder / "in" / "Tiny Town 1.2" / "License.txt").write_text("CC0")
    (folder / "in" / "__MACOSX" / "Tiny Town 1.2" / "roofs").mkdir(parents=True)
    (folder / "in" / "__MACOSX" / "Tiny Town 1.2" / "roofs" / "._icon-0.png").write_bytes(b"\0\5\x16\7" + bytes(80))
    return Pack(_zip_of(folder / "in", folder / "v1.2.zip"), cells, ("hidden file", "1 file that is no picture"))


@pack("flat.zip", ".zip with a zip in it and pictures beside")
def zip_in_zip(folder: Path) -> Pack:
    images = icons(6, seed=31)
    inner = zipped(folder / "inner.zip", {"x.png": png(images[0])}).read_bytes()
    members = {f"gem_{number}.png": png(image) for number, image in enumerate(images)}
    cells = [cell for data in members.values() for cell in shown(data)]
    return Pack(zipped(folder / "flat.zip", {**members, "old.zip": inner}), cells, ("1 file that is no picture",))


def _zip_of(folder: Path, path: Path) -> Path:
    return zipped(
        path, {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    )


@pack("knight.aseprite", "Aseprite file with the tags idle and run")
def aseprite_file(folder: Path) -> Pack:
    frames = np.concatenate([walk(4, 24, 24, seed=32), walk(6, 24, 24, seed=33)])
    path = folder / "knight.aseprite"
    path.write_bytes(aseprite(frames, [(0, 3, "idle"), (4, 9, "run")]))
    return Pack(path, drawn(frames, ["idle"] * 4 + ["run"] * 6))


@pack("aseprite/", "folder of still Aseprite files")
def aseprite_folder(folder: Path) -> Pack:
    images = icons(6, 32, 32, seed=34)
    for number, image in enumerate(images):
        (folder / f"item_{number}.ase").write_bytes(aseprite(image[None]))
    return Pack(folder, drawn(images))


@pack("rgba.npy", "array (N, 4, H, W) of RGBA")
def array_of_rgba(folder: Path) -> Pack:
    images = icons(12, 16, 24, seed=35)
    np.save(folder / "rgba.npy", images.transpose(0, 3, 1, 2))
    return Pack(folder / "rgba.npy", drawn(images))


# Kinds of pixels


@pack("shadows.png", "soft alpha: shadows and glows, a sheet of 24x24")
def soft_alpha(folder: Path) -> Pack:
    return sheet(folder, "potions_glow.png", soft(icons(48, 24, 24, seed=36)), 8)


@pack("ghosts/", "white drawings on nothing")
def white_on_nothing(folder: Path) -> Pack:
    return Pack(folder, files(folder, ghosts(12), numbered("ghost", 12)))


@pack("palette/", "palette files with tRNS, 4 and 8 bits")
def palettes(folder: Path) -> Pack:
    cells = []
    for number, image in enumerate(few_colours(icons(10, seed=37))):
        path = folder / f"p_{number}.png"
        indexed(image).save(path, transparency=0)
        cells += shown(path)
    return Pack(folder, cells)


@pack("16 bits/", "files of 16 bits a channel")
def sixteen_bits(folder: Path) -> Pack:
    cells = []
    for number, image in enumerate(icons(6, seed=38)):
        deep = image.astype(">u2") * 257
        rows = b"".join(b"\0" + row.tobytes() for row in deep)
        path = folder / f"deep_{number}.png"
        path.write_bytes(raw_png(16, 16, 16, 6, rows))
        cells += shown(path)
    return Pack(folder, cells)


@pack("1 bit/", "black and white files of 1 bit")
def one_bit(folder: Path) -> Pack:
    return Pack(folder, files(folder, on(icons(10, seed=39), (255, 255, 255)), numbered("ink", 10), "1"))


@pack("grey+alpha/", "grey files with alpha")
def grey_alpha(folder: Path) -> Pack:
    return Pack(folder, files(folder, icons(10, seed=40), numbered("stone", 10), "LA"))


def write_all(folder: Path) -> Iterator[tuple[str, str, Pack]]:
    """Write all of them, each into a folder of its own: (name, what it is, the pack)."""
    for number, (name, (what, write)) in enumerate(PACKS.items()):
        own = folder / str(number)
        own.mkdir(parents=True)
        yield name, what, write(own)
