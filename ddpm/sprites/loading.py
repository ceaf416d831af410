"""``load_sprites``, the one door for data: it finds out what a source is and calls the reader for it."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ddpm.base.text import counted, display_name
from ddpm.sprites import cache, kaggle
from ddpm.sprites.dataset import SpriteDataset
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.array_store import ArrayStore
from ddpm.sprites.readers.arrays import labels_beside, read_npy, read_npz
from ddpm.sprites.readers.folders import list_folder, read_folder
from ddpm.sprites.readers.npy import MAGIC
from ddpm.sprites.readers.pngs import SIGNATURE, guess_format
from ddpm.sprites.readers.reader import Reader, SpriteArrays
from ddpm.sprites.readers.sheet_layout import Grid
from ddpm.sprites.readers.sheet_splitter import read_sheet

_BUILTIN = re.compile(r"builtin(?::(-?\d{1,15})(?::(\d{1,15}))?)?")


def load_sprites(
    source: str | os.PathLike[str],
    *,
    tile: int | None = None,
    margin: int = 0,
    gap: int = 0,
    count: int | None = None,
    seed: int = 0,
) -> SpriteDataset:
    """Load sprites from wherever they are.

    Args:
        source: "builtin" (or "builtin:40000" for that many, "builtin:40000:7" for seed 7 too), "kaggle", or a path:
            a .npy (with its labels in ``<stem>_labels.npy``), an .npz, a sheet as PNG, a folder of PNGs, or a folder
            that holds ``sprites.npy``.
        tile: sheets only: side of a tile in pixels of the art; found if None.
        margin: sheets only: pixels around the whole.
        gap: sheets only: pixels between tiles.
        count: built-in set only: how many sprites.
        seed: built-in set only: another seed draws other sprites.

    Returns:
        the sprites, mapped from a copy that we own.

    Raises:
        SpriteError: whatever is wrong; nothing else leaves this door.
    """
    try:
        _check_options(tile, margin, gap, count, seed)
        if isinstance(source, str):
            builtin = _BUILTIN.fullmatch(source)
            if builtin:
                return _load_builtin(builtin, count, seed)
            if source.startswith("builtin:"):
                raise SpriteError(
                    f"{display_name(source)!r} is not understood: write builtin, or builtin:40000 for 40,000."
                )
        if count is not None:
            raise SpriteError("count is for the built-in set only: other sources hold what they hold.")
        if source == "kaggle":
            path = kaggle.require()
            return SpriteDataset(_fetch_npy(path), name="Kaggle Pixel Art", source="kaggle")
        return _load_path(source, Grid(None if tile is None else int(tile), int(margin), int(gap)))
    except SpriteError:
        raise
    except MemoryError as error:
        raise SpriteError(
            f"There is not enough memory to load {_source_name(source)}. Close other programs."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise SpriteError(
            f"{_source_name(source)} cannot be read ({reason}). Check the path and its permissions."
        ) from error
    except Exception as error:
        reason = str(error).split("\n")[0][:200] or type(error).__name__
        raise SpriteError(f"{_source_name(source)} cannot be used ({reason}). Check it, or save it again.") from error


def _load_builtin(match: re.Match[str], count: int | None, seed: int) -> SpriteDataset:
    from ddpm.sprites.builtin import CAPACITY, DEFAULT_COUNT, VERSION, generate

    asked, asked_seed = (None if text is None else int(text) for text in match.groups())
    if count is not None and asked is not None and count != asked:
        raise SpriteError(f"The source asks for {asked:,} sprites and count for {count:,}. Give one of them.")
    if asked_seed is not None:
        if seed not in (0, asked_seed):
            raise SpriteError(f"The source asks for the seed {asked_seed} and seed for {seed}. Give one of them.")
        seed = asked_seed
    if asked is None:
        asked = DEFAULT_COUNT if count is None else count
    if not 1 <= asked <= CAPACITY:
        raise SpriteError(
            f"The built-in generator draws from 1 to {CAPACITY:,} sprites, not {asked:,}. Ask for a number in between."
        )

    def read(store: ArrayStore) -> SpriteArrays:
        made = generate(asked, seed)
        images = store.put("images", made.images.shape, np.dtype(np.uint8), [made.images])
        factors = {
            "shape_ids": made.shape_ids.astype(np.int64),
            "palette_ids": made.palette_ids.astype(np.int64),
            "exam": made.exam.astype(np.int64),
        }
        return SpriteArrays(images, made.labels.astype(np.int64), tuple(made.label_names), factors)

    stored = cache.fetch_made("builtin", f"{VERSION}-{asked}-{seed}", read)
    source = "builtin" if (asked, seed) == (DEFAULT_COUNT, 0) else f"builtin:{asked}"
    if seed:
        source += f":{seed}"
    return SpriteDataset(stored, name="Built-in sprites", source=source, capacity=CAPACITY)


def _load_path(source: str | os.PathLike[str], grid: Grid) -> SpriteDataset:
    text = os.fspath(source)
    if not isinstance(text, str) or not text:
        raise SpriteError("A source is builtin, kaggle, or the path of a file or folder.")
    if "\0" in text:
        raise SpriteError(f"{_source_name(source)} is no path: there is a null character in it.")
    path = Path(os.path.abspath(os.path.expanduser(text)))
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise SpriteError(
            f"There is no file or folder {_source_name(source)}. Check the path, or use builtin or kaggle."
        ) from None
    if stat.S_ISDIR(mode):
        _refuse_grid(grid, path)
        if (path / kaggle.FILE).is_file():
            stored, notes = _fetch_npy(path / kaggle.FILE), tuple[str, ...]()
            if pngs := sum(name.lower().endswith(".png") for name in os.listdir(path)):
                notes = (
                    f"{display_name(path)}: {kaggle.FILE} is read, and {counted(pngs, 'PNG')} beside it left out.",
                )
        else:
            listing = list_folder(path)
            stored = _fetch("folder", path, list(listing.files), partial(read_folder, listing))
            notes = listing.notes
        # Notes on the folder are not cached: it may change while the sprites do not.
        stored = replace(stored, notes=(*notes, *stored.notes))
        return SpriteDataset(stored, name=display_name(path), source=str(path))
    if not stat.S_ISREG(mode):
        raise SpriteError(f"{display_name(path)} is neither a file nor a folder. Give a .npy, .npz or PNG file.")
    return _load_file(path, grid)


def _load_file(path: Path, grid: Grid) -> SpriteDataset:
    """Load a file by what it begins with, whatever its name."""
    with open(path, "rb") as file:
        start = file.read(512)
    name, source = display_name(path.stem), str(path)
    if start.startswith(SIGNATURE):
        stored = _fetch(["sheet", grid.tile, grid.margin, grid.gap], path, [path], partial(read_sheet, path, grid))
        options = {"margin": grid.margin, "gap": grid.gap} if grid.asked else {}
        if grid.tile is not None:
            options["tile"] = grid.tile
        return SpriteDataset(stored, name=name, source=source, options=options)
    _refuse_grid(grid, path)
    if start.startswith(MAGIC):
        return SpriteDataset(_fetch_npy(path), name=name, source=source)
    if start.startswith(b"PK"):
        return SpriteDataset(_fetch("npz", path, [path], partial(read_npz, path)), name=name, source=source)
    if not start:
        raise SpriteError(f"{display_name(path)} is empty (0 bytes). Save or download it again.")
    wanted = {".png": "PNG image", ".npz": ".npz archive", ".npy": "NumPy file"}.get(path.suffix.lower())
    complaint = (
        f"{display_name(path)} is no {wanted}" if wanted else f"{display_name(path)} is nothing that holds sprites"
    )
    raise SpriteError(
        f"{complaint}: it seems to be {guess_format(start)}. Give a .npy, an .npz, a PNG or a folder of PNGs."
    )


def _fetch_npy(path: Path) -> cache.StoredSprites:
    labels = labels_beside(path)
    kaggle_set = path.name == kaggle.FILE
    files = [path] if labels is None else [path, labels]
    return _fetch("npy", path, files, partial(read_npy, path, labels, kaggle_set))


def _fetch(kind: object, path: Path, files: list[Path], read: Reader) -> cache.StoredSprites:
    return cache.fetch([kind, str(path), os.path.realpath(path)], files, read)


def _refuse_grid(grid: Grid, path: Path) -> None:
    if grid.asked:
        raise SpriteError(f"tile, margin and gap are for PNG sheets, and {display_name(path)} is none. Leave them out.")


def _check_options(tile: object, margin: object, gap: object, count: object, seed: object) -> None:
    named = {"tile": tile, "margin": margin, "gap": gap, "count": count, "seed": seed}
    for name, value in named.items():
        if value is None and name in ("tile", "count"):
            continue
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise SpriteError(f"{name} must be a whole number, not {str(value)[:40]!r}.")
        if name != "count" and not (1 if name == "tile" else 0) <= value < 1 << 31:
            raise SpriteError(f"{name} cannot be {value}.")


def _source_name(source: object) -> str:
    try:
        text = os.fspath(source)  # type: ignore[call-overload]
        return display_name(text) if isinstance(text, str) and text else "The source"
    except Exception:
        return "The source"
