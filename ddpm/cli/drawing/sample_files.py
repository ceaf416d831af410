"""What ``python -m ddpm sample`` writes: one kind of file by its ending, and what may lie beside it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddpm.base.files import npy_bytes, replace_bytes
from ddpm.base.text import counted
from ddpm.diffusion.animation import gif, sequence_gif
from ddpm.diffusion.chain import Chain
from ddpm.pixels.exporting.aseprite_file import aseprite_file
from ddpm.pixels.exporting.atlas import FORMS, AtlasForm, atlas_json
from ddpm.pixels.exporting.kinds import kinds_together
from ddpm.pixels.exporting.palette_files import SUFFIXES as PALETTES
from ddpm.pixels.exporting.palette_files import colours_used, palette_text
from ddpm.pixels.exporting.sheet_export import SheetLayout, lay_out
from ddpm.pixels.sheets import enlarge, plain_name, png_zip, sprite_names

_SUFFIXES = (".png", ".zip", ".aseprite", ".gif", ".npy")
_SHEET_SCALE, _SHEET_GAP = 4, 1
# What the GIF writer takes at most, if it is not told.
_GIF_SCALE = 3
_BELONGS_TO = {
    "columns": (".png", ".gif"),
    "scale": (".png", ".zip", ".gif"),
    **dict.fromkeys(("gap", "margin", "extrude", "power_of_two", "atlas"), (".png",)),
    "layers": (".aseprite",),
}


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """The options ``--out`` and those that say how it is laid out; :func:`checked_files` reads them."""
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        help="a file ending in .png (one sheet), .zip (single PNGs), .aseprite (a frame each, or a layer), "
        ".gif (how they came out of the noise; a morph: one after the other) or .npy",
    )
    parser.add_argument(
        "--palette-file", type=Path, metavar="FILE", help="write the colours used, too: a file ending in .gpl or .hex"
    )
    parser.add_argument("--layers", action="store_true", help="a layer for each sprite in an .aseprite file, no frame")
    group = parser.add_argument_group("how a sheet is laid out, in pixels of the sprites")
    group.add_argument("--columns", type=int, help="sprites in a row (default: as many as rows)")
    group.add_argument(
        "--scale",
        type=int,
        help=f"enlarge by a whole number (default: {_SHEET_SCALE} on a sheet, 1 in a .zip, what fits in a .gif)",
    )
    group.add_argument("--gap", type=int, metavar="PIXELS", help=f"between sprites (default: {_SHEET_GAP})")
    group.add_argument("--margin", type=int, metavar="PIXELS", help="around the whole (default: 0)")
    group.add_argument("--extrude", type=int, metavar="PIXELS", help="repeat each sprite's edge around it (default: 0)")
    group.add_argument("--power-of-two", action="store_true", help="fill the page up to sides of 64, 128, 256 ...")
    group.add_argument(
        "--atlas",
        nargs="?",
        const="array",
        choices=FORMS,
        help="write a .json beside the sheet: where each sprite is, and the kinds; hash is for PixiJS, numbers for "
        "Phaser's createFromAseprite (default: array, for most others)",
    )


@dataclass(frozen=True)
class Files:
    """What is to be written.

    Attributes:
        suffix: of the file, in lower case.
        layout: of a sheet.
        scale: as asked for; None for the usual one of such a file.
    """

    out: Path
    suffix: str
    layout: SheetLayout
    scale: int | None
    atlas: AtlasForm | None
    layers: bool
    palette: Path | None

    def check_size(self, count: int, height: int, width: int) -> None:
        """Raises ValueError if the picture would be too large, before anything is drawn."""
        if self.suffix == ".png":
            self.layout.page_size(count, height, width)
        elif self.suffix == ".gif" and self.scale is None:
            SheetLayout(self.layout.columns, _GIF_SCALE).page_size(count, height, width)
        elif self.scale is not None:
            SheetLayout(self.layout.columns, self.scale).page_size(1 if self.suffix == ".zip" else count, height, width)

    def write(self, chain: Chain | None, sprites: np.ndarray, kinds: list[str]) -> Iterator[str]:
        """Write the files.

        Args:
            chain: how the sprites were drawn; without it a .gif shows one sprite after the other.
            sprites: uint8 (N, H, W, C), perhaps finished.
            kinds: of each sprite, or none.

        Yields:
            what was done, in words.
        """
        names = sprite_names(len(sprites), plain_name(self.out.stem) or "sprite", kinds)
        images = sprites
        if kinds and (self.atlas or self.suffix == ".aseprite"):
            order = kinds_together(kinds)
            if (np.diff(order) != 1).any():
                yield "Put in the order of their kinds, a tag for each; names keep the numbers as they were drawn."
            images, names, kinds = sprites[order], [names[i] for i in order], [kinds[i] for i in order]
        self.out.parent.mkdir(parents=True, exist_ok=True)
        if self.suffix == ".png":
            sheet = lay_out(images, self.layout)
            data = sheet.to_png()
            if self.atlas:
                path = self.out.with_suffix(".json")
                replace_bytes(path, atlas_json(sheet, names, self.out.name, kinds, self.atlas).encode())
                yield f"Wrote where they are on the sheet to {path}"
        else:
            data = self._other(chain, images, names, kinds)
        replace_bytes(self.out, data)
        yield f"Wrote {counted(len(sprites), 'sprite')} to {self.out}"
        if self.palette is not None:
            colours = colours_used(sprites)
            self.palette.parent.mkdir(parents=True, exist_ok=True)
            text = palette_text(colours, self.palette.suffix.lower(), self.palette.stem)
            replace_bytes(self.palette, text.encode("utf-8", "replace"))
            yield f"Wrote {counted(len(colours), 'colour')} to {self.palette}"

    def _other(self, chain: Chain | None, images: np.ndarray, names: list[str], kinds: list[str]) -> bytes:
        """What is no sheet."""
        if self.suffix == ".zip":
            return png_zip(enlarge(images, self.scale or 1), plain_name(self.out.stem) or "sprite", kinds)
        if self.suffix == ".aseprite":
            return aseprite_file(images, names, kinds, "layer" if self.layers else "frame")
        if self.suffix == ".gif" and chain is None:
            return sequence_gif(images, self.scale)
        if self.suffix == ".gif" and chain is not None:
            return gif(chain, self.scale, columns=self.layout.columns)
        return npy_bytes(images)


def checked_files(options: argparse.Namespace) -> Files:
    """What the options of :func:`add_file_options` ask for.

    Raises:
        ValueError: if they do not fit one another, or cannot be followed.
    """
    suffix = options.out.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(f"--out must end in {_either(_SUFFIXES)}, got {options.out}")
    for name, suffixes in _BELONGS_TO.items():
        value = getattr(options, name)
        # A gap of 0 is asked for, too, though it equals False.
        if value is not None and value is not False and suffix not in suffixes:
            option = "--" + name.replace("_", "-")
            raise ValueError(f"{option} is for files that end in {_either(suffixes)}, not for {suffix}")
    if options.palette_file is not None and options.palette_file.suffix.lower() not in PALETTES:
        raise ValueError(f"--palette-file must end in {_either(PALETTES)}, got {options.palette_file}")
    layout = SheetLayout(
        options.columns,
        _SHEET_SCALE if options.scale is None else options.scale,
        _SHEET_GAP if options.gap is None else options.gap,
        options.margin or 0,
        options.extrude or 0,
        options.power_of_two,
    )
    return Files(options.out, suffix, layout, options.scale, options.atlas, options.layers, options.palette_file)


def _either(suffixes: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(suffixes[:-1]), suffixes[-1])))
