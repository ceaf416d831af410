"""Files of sprites, each made when it is wanted; its name says what drew the sprites and what was done to them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ddpm.base.files import npy_bytes
from ddpm.diffusion.animation import apng, gif, sequence_apng, sequence_gif
from ddpm.pixels.exporting.aseprite_file import Each, aseprite_file
from ddpm.pixels.exporting.atlas import AtlasForm, atlas_json
from ddpm.pixels.exporting.palette_files import colours_used, palette_text
from ddpm.pixels.exporting.sheet_export import SheetLayout, lay_out
from ddpm.pixels.sheets import enlarge, plain_name, png_zip
from ddpm.pixels.transparency import Colour
from pages.parts.sample.saving.goods import Goods

_BYTES = "application/octet-stream"


@dataclass(frozen=True)
class File:
    """A file that can be made.

    Attributes:
        kind: what it is, for people.
        mime: its type for the browser.
    """

    name: str
    kind: str
    mime: str
    make: Callable[[], bytes]


def in_order_of_kinds(goods: Goods) -> Goods:
    """Sprites of one kind together, so that each kind is one tag; they keep their names only in files made here."""
    order = goods.order()
    return replace(goods, images=goods.images[order], kinds=tuple(goods.kinds[i] for i in order) if goods.kinds else ())


def sheet_file(goods: Goods, layout: SheetLayout, suffix: str, atlas: AtlasForm | None = None) -> File:
    """All sprites on one page; with an atlas in a .zip with the JSON that says where they are, in order of kinds."""
    stem = goods.stem + suffix
    if atlas is None:
        return File(f"{stem}.png", "PNG", "image/png", lambda: lay_out(goods.images, layout).to_png())

    def both() -> bytes:
        names, order = goods.names(), goods.order()
        ordered = in_order_of_kinds(goods)
        sheet = lay_out(ordered.images, layout)
        text = atlas_json(sheet, [names[i] for i in order], f"{stem}.png", ordered.kinds, atlas)
        return _zip({f"{stem}.png": sheet.to_png(), f"{stem}.json": text.encode()})

    return File(f"{stem}.zip", "PNG and JSON in a ZIP", "application/zip", both)


def singles_file(goods: Goods, scale: int, suffix: str) -> File:
    """A PNG for each sprite, in a .zip; a single sprite is a PNG alone."""
    stem, images = goods.stem + suffix, goods.images
    if len(images) == 1:
        layout = SheetLayout(scale=scale)
        return File(f"{stem}.png", "PNG", "image/png", lambda: lay_out(images, layout).to_png())
    names = plain_name(goods.stem)
    return File(
        f"{stem}.zip",
        "PNGs in a ZIP",
        "application/zip",
        lambda: png_zip(enlarge(images, scale), names, goods.kinds),
    )


def aseprite(goods: Goods, each: Each, suffix: str) -> File:
    def make() -> bytes:
        names, ordered = goods.names(), in_order_of_kinds(goods)
        return aseprite_file(ordered.images, [names[i] for i in goods.order()], ordered.kinds, each)

    return File(f"{goods.stem}{suffix}.aseprite", "Aseprite", _BYTES, make)


def film_file(goods: Goods, form: Literal["gif", "png"], behind: Colour | None) -> File:
    """How the sprites came out of the noise, as drawn; ``behind`` is for a GIF, as :func:`gif` says."""
    chain = goods.chain
    if chain is None:
        raise ValueError("it is not known how these sprites came out of the noise")
    if form == "gif":
        return File(f"{goods.stem}.gif", "GIF", "image/gif", lambda: gif(chain, behind=behind))
    return File(f"{goods.stem}-animation.png", "animated PNG", "image/apng", lambda: apng(chain))


def sequence_file(goods: Goods, form: Literal["gif", "png"], behind: Colour | None, suffix: str) -> File:
    """The sprites one after the other and back again; ``behind`` is for a GIF, as :func:`gif` says."""
    stem = goods.stem + suffix
    if form == "gif":
        return File(f"{stem}.gif", "GIF", "image/gif", lambda: sequence_gif(goods.images, behind=behind))
    return File(f"{stem}-animation.png", "animated PNG", "image/apng", lambda: sequence_apng(goods.images))


def array_file(goods: Goods, suffix: str) -> File:
    return File(f"{goods.stem}{suffix}.npy", "NumPy array", _BYTES, lambda: npy_bytes(goods.images))


def palette_file(goods: Goods, ending: str, suffix: str) -> File:
    """The colours used, most frequent first; ``ending`` as for :func:`palette_text`."""
    stem = goods.stem + suffix

    def make() -> bytes:
        return palette_text(colours_used(goods.images), ending, stem).encode("utf-8", "replace")

    return File(f"{stem}{ending}", f"Palette, {ending}", "text/plain", make)


def _zip(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # Without a date: equal sprites give equal files.
            archive.writestr(ZipInfo(name), data)
    return file.getvalue()
