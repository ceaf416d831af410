"""Files that a visitor hands over in the browser: kept in the home, named by their content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from ddpm.files import replace_bytes
from ddpm.home import home
from ddpm.sprites import SpriteError

_SUFFIXES = (".npy", ".npz", ".png")


def keep_upload(files: Sequence[tuple[str, bytes]]) -> Path:
    """Store uploaded files and say what to give to ``load_sprites``.

    One .npy, .npz or PNG sheet; an .npy with its ``..._labels.npy``; or several PNGs, one a sprite.

    Args:
        files: (name, content); the names are the visitor's and are not trusted.

    Returns:
        The file, or the folder of several PNGs.

    Raises:
        SpriteError: if the files do not go together, or cannot be stored.
    """
    if not files:
        raise SpriteError("There is no file.")
    named = [(_safe(name), content) for name, content in files]
    wrong = [name for name, _ in named if Path(name).suffix not in _SUFFIXES]
    if wrong:
        raise SpriteError(f"{wrong[0]} is not a .npy, .npz or .png file.")
    digest = blake2b(digest_size=10)
    for name, content in sorted(named):
        digest.update(name.encode() + b"\0" + len(content).to_bytes(8, "big") + content)
    try:
        folder = home() / "uploads" / digest.hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in named:
            if not (folder / name).is_file() or (folder / name).stat().st_size != len(content):
                replace_bytes(folder / name, content)
    except OSError as error:
        raise SpriteError(f"The upload could not be stored: {error}") from error
    data = [name for name, _ in named if not name.endswith("_labels.npy")]
    if len(data) == 1:
        return folder / data[0]
    if data and all(name.endswith(".png") for name in data):
        return folder
    raise SpriteError("Give one .npy (with its _labels.npy), one .npz, one PNG sheet, or several PNGs, one a sprite.")


def _safe(name: str) -> str:
    # Browsers may send a path; whatever follows is a plain name of plain letters.
    base = re.split(r"[\\/]", name)[-1]
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", base)
    path = Path(f"file{plain}" if plain.startswith(".") or not plain else plain)
    return path.stem[:60] + path.suffix.lower()[:8]
