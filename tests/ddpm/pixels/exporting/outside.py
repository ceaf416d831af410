"""What programs that nobody here wrote make of our files; run by hand, as it needs them installed.

    python -m tests.ddpm.pixels.exporting.outside [FOLDER]

Writes sheets, animations and palettes to the folder, has ImageMagick, apngdis, optipng, pngcrush, zopflipng and
Aseprite (1.0.9 or later, with a display) read or re-save them, and compares every pixel. A program that is missing is
named, and makes the command fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ddpm import load_sprites
from ddpm.diffusion.animation import apng
from ddpm.diffusion.chain import Chain
from ddpm.pixels.exporting.aseprite_file import aseprite_file
from ddpm.pixels.exporting.sheet_export import SheetLayout, lay_out
from ddpm.pixels.sheets import enlarge, sheet
from tests.ddpm.pixels.exporting.files import CASES, drawings, rgba

LAYOUT = SheetLayout(7, 3, 1, 2, 1, True)


def run(*words: str | Path) -> bytes:
    """What a program prints."""
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, timeout=120).stdout


def picture(path: Path) -> np.ndarray:
    """uint8 (H, W, 4)."""
    with Image.open(path) as image:
        return rgba(np.asarray(image.convert("RGBA")))


def by_imagemagick(folder: Path, images: np.ndarray) -> bool:
    page = lay_out(images, LAYOUT).picture
    read = np.frombuffer(run("convert", folder / "sheet.png", "-depth", "8", "rgba:-"), np.uint8)
    return np.array_equal(rgba(read.reshape(*page.shape[:2], 4)), rgba(page))


def by_apngdis(folder: Path, images: np.ndarray) -> bool:
    moments = np.stack([255 - images, images])
    (folder / "x.apng").write_bytes(apng(Chain(np.array([9, -1]), moments, moments, np.array([1.0, 0.0])), scale=2))
    run("apngdis", folder / "x.apng", "frame")
    last = enlarge(rgba(sheet(images, gap=1)), 2)
    return np.array_equal(picture(folder / "frame2.png")[:, : last.shape[1]], last)


def by_aseprite(folder: Path, images: np.ndarray) -> bool:
    (folder / "x.aseprite").write_bytes(aseprite_file(images))
    run("aseprite", "--batch", folder / "x.aseprite", "--save-as", folder / "frame001.png")
    found = sorted(folder.glob("frame0*.png"))
    return len(found) == len(images) and np.array_equal([picture(path) for path in found], rgba(images))


def saved_again(*words: str) -> Callable[[Path, np.ndarray], bool]:
    """By a program whose last two arguments are the file read and the file written."""

    def is_equal(folder: Path, images: np.ndarray) -> bool:
        again = folder / "again.png"
        again.unlink(missing_ok=True)
        run(
            *words, *(["-out", again, folder / "sheet.png"] if words[0] == "optipng" else [folder / "sheet.png", again])
        )
        return np.array_equal(load_sprites(again).images, images)

    return is_equal


CHECKS: Sequence[tuple[str, Callable[[Path, np.ndarray], bool]]] = (
    ("convert", by_imagemagick),
    ("apngdis", by_apngdis),
    ("aseprite", by_aseprite),
    ("convert", saved_again("convert", "-strip")),
    ("optipng", saved_again("optipng", "-quiet", "-strip", "all")),
    ("pngcrush", saved_again("pngcrush", "-q", "-rem", "alla", "-reduce")),
    ("zopflipng", saved_again("zopflipng", "-y", "--iterations=1")),
)


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).absolute()
    os.environ["DDPM_HOME"] = str(root / "home")
    failed = False
    for number, case in enumerate(CASES):
        folder, images = root / str(number), drawings(64, *case)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sheet.png").write_bytes(lay_out(images, LAYOUT).to_png())
        for program, check in CHECKS:
            answer = "NOT INSTALLED" if shutil.which(program) is None else None
            answer = answer or ("equal" if check(folder, images) else "DIFFERENT")
            failed |= answer != "equal"
            print(f"{program:10} {check.__qualname__.split('.')[0]:15} {case}: {answer}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
