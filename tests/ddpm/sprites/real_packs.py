"""Sources in the shapes and with the names of real packs of pixel art, each with what Pillow shows of its files."""

from __future__ import annotations

# Each module notes its packs while it is imported.
from tests.ddpm.sprites import file_packs, folder_packs, sheet_packs
from tests.ddpm.sprites.pack_writing import PACKS, Pack, aseprite

__all__ = ["PACKS", "Pack", "aseprite", "file_packs", "folder_packs", "sheet_packs"]
