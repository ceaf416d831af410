"""The colours of sprites, and the text files in which editors keep palettes."""

from __future__ import annotations

import numpy as np

_COLUMNS = 16
SUFFIXES = (".gpl", ".hex")


def colours_used(images: np.ndarray) -> np.ndarray:
    """The colours of sprites, the most frequent first, equally frequent ones by red, green and blue.

    Args:
        images: uint8 (N, H, W, C); pixels of alpha 0 have no colour, faint ones count like opaque ones.

    Returns:
        uint8 (K, 3).
    """
    pixels = images.reshape(-1, images.shape[-1])
    if pixels.shape[-1] == 4:
        pixels = pixels[pixels[:, 3] > 0]
    numbers = pixels[:, 0].astype(np.uint32) << 16 | pixels[:, 1].astype(np.uint32) << 8 | pixels[:, 2]
    found, counts = np.unique(numbers, return_counts=True)
    found = found[np.argsort(-counts, kind="stable")]
    return np.stack([found >> 16, found >> 8 & 255, found & 255], axis=-1).astype(np.uint8)


def gpl_text(colours: np.ndarray, name: str) -> str:
    """A palette as GIMP keeps it, which Aseprite, Krita and Inkscape read, too.

    Args:
        colours: uint8 (K, 3).
        name: shown in the list of palettes; what is no plain character becomes a space.
    """
    plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    lines = ["GIMP Palette", f"Name: {plain or 'Palette'}", f"Columns: {_COLUMNS}", "#"]
    lines += [f"{r:3d} {g:3d} {b:3d}\t{r:02x}{g:02x}{b:02x}" for r, g, b in colours.tolist()]
    return "\n".join(lines) + "\n"


def hex_text(colours: np.ndarray) -> str:
    """A palette as Lospec offers it: a line ``rrggbb`` for each of uint8 (K, 3)."""
    return "".join(f"{r:02x}{g:02x}{b:02x}\n" for r, g, b in colours.tolist())


def palette_text(colours: np.ndarray, suffix: str, name: str) -> str:
    """A palette as the file's ending, ".gpl" or ".hex", says.

    Raises:
        ValueError: for another ending.
    """
    if suffix not in SUFFIXES:
        raise ValueError(f"a palette's file must end in {' or '.join(SUFFIXES)}, got {suffix[:40]!r}")
    return hex_text(colours) if suffix == ".hex" else gpl_text(colours, name)
