"""Files of every usual kind, archives, and pixels of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.ddpm.sprite_files import raw_png
from tests.ddpm.sprites.pack_writing import (
    Pack,
    aseprite,
    classes,
    drawn,
    few_colours,
    files,
    indexed,
    numbered,
    pack,
    png,
    sheet,
    shown,
    xpm,
    zipped,
)
from tests.ddpm.sprites.pixel_art import ghosts, icons, on, soft, walk


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
