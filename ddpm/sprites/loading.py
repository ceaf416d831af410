"""``load_sprites``, the one door for data: it finds out what a source is and calls the reader for it."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.text import counted, display_name
from ddpm.sprites import cache, kaggle, uploads
from ddpm.sprites.dataset import SpriteDataset
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.assembly import read_pictures
from ddpm.sprites.readers.listing import Listing, list_archive, list_file, list_folder
from ddpm.sprites.readers.numpy_files.array_store import ArrayStore
from ddpm.sprites.readers.numpy_files.arrays import labels_beside, read_npy, read_npz
from ddpm.sprites.readers.numpy_files.npy import MAGIC
from ddpm.sprites.readers.picture_files.archives import Archive, is_numpy_archive
from ddpm.sprites.readers.picture_files.pictures import is_picture
from ddpm.sprites.readers.reader import Reader, SpriteArrays
from ddpm.sprites.readers.reading import READING_OPTIONS, Reading, make_reading, split_source
from ddpm.sprites.readers.tally import in_words

_BUILTIN = re.compile(r"builtin(?::(-?\d{1,15})(?::(\d{1,15}))?)?")


def load_sprites(
    source: str | os.PathLike[str],
    *,
    tile: int | str | tuple[int, int] | None = None,
    margin: int | None = None,
    gap: int | None = None,
    background: str | None = None,
    centre: bool | None = None,
    count: int | None = None,
    seed: int = 0,
) -> SpriteDataset:
    """Load sprites from wherever they are.

    Args:
        source: "builtin" (or "builtin:40000" for that many, "builtin:40000:7" for seed 7 too), "kaggle", or a path:
            a .npy (with its labels in ``<stem>_labels.npy``), an .npz, a picture that holds one sprite or many (PNG,
            GIF, BMP, WebP, ICO, TIFF, TGA, XPM, Aseprite), a folder or .zip of pictures, or a folder that holds
            ``sprites.npy``. The options below may stand at its end: ``art.png?tile=32x32&gap=1``.
        tile: pictures only: size of a sprite on sheets and strips, in pixels of the art, "32x32" or a side; found if
            None.
        margin: pixels around the whole of a sheet.
        gap: pixels between its tiles.
        background: lay what is transparent on this colour, "white", "#rrggbb", or "auto" for one that contrasts with
            the drawings; None keeps it transparent: the sprites then have four channels.
        centre: whether drawings that are smaller than the others are placed in the middle instead of left out.
        count: built-in set only: how many sprites.
        seed: built-in set only: another seed draws other sprites.

    Returns:
        the sprites, mapped from a copy that we own.

    Raises:
        SpriteError: whatever is wrong; nothing else leaves this door.
    """
    try:
        _check_options(count, seed)
        asked = {"tile": tile, "margin": margin, "gap": gap, "background": background, "centre": centre}
        return _load(source, asked, count, seed)
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


def _load(source: str | os.PathLike[str], asked: dict[str, Any], count: int | None, seed: int) -> SpriteDataset:
    if isinstance(source, str) and not os.path.exists(source):
        source, at_end = split_source(source)
        asked = {name: at_end.get(name) if value is None else value for name, value in asked.items()}
    reading = make_reading(asked)
    if isinstance(source, str):
        builtin = _BUILTIN.fullmatch(source)
        if source == "kaggle" or builtin:
            _refuse_reading(reading, f"The source {source}")
        if builtin:
            return _load_builtin(builtin, count, seed)
        if source.startswith("builtin:"):
            raise SpriteError(
                f"{display_name(source)!r} is not understood: write builtin, or builtin:40000 for 40,000."
            )
    if count is not None:
        raise SpriteError("count is for the built-in set only: other sources hold what they hold.")
    if source == "kaggle":
        return SpriteDataset(_fetch_npy(kaggle.require(), None), name="Kaggle Pixel Art", source="kaggle")
    return _load_path(source, reading)


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


def _load_path(source: str | os.PathLike[str], reading: Reading) -> SpriteDataset:
    text = os.fspath(source)
    if not isinstance(text, str) or not text:
        raise SpriteError("A source is builtin, kaggle, or the path of a file or folder.")
    if "\0" in text:
        raise SpriteError(f"{_source_name(source)} is no path: there is a null character in it.")
    path = Path(os.path.abspath(os.path.expanduser(text)))
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise _missing(text) from None
    if stat.S_ISDIR(mode):
        return _load_folder(path, reading)
    if not stat.S_ISREG(mode):
        raise SpriteError(f"{display_name(path)} is neither a file nor a folder. Give a picture, a .npy or a .zip.")
    return _load_file(path, reading)


def _missing(text: str) -> SpriteError:
    start, _, options = text.rpartition("?")
    if start and os.path.exists(start):
        return SpriteError(
            f"{display_name(options)!r} at the end of {display_name(start)} is not understood: write options as in "
            f"?tile=32x32&gap=1; there are {', '.join(READING_OPTIONS)}."
        )
    if "://" in text:
        return SpriteError(f"{text[:80]!r} is an address on the web. Download the file, and give its path.")
    return SpriteError(f"There is no file or folder {_source_name(text)}. Check the path, or use builtin or kaggle.")


def _load_folder(path: Path, reading: Reading) -> SpriteDataset:
    if (path / kaggle.FILE).is_file():
        _refuse_reading(reading, display_name(path))
        stored = _fetch_npy(path / kaggle.FILE, reading.background)
        if pictures := sum(is_picture(name) for name in os.listdir(path)):
            beside = counted(pictures, "picture")
            note = f"{display_name(path)}: {kaggle.FILE} is read, and {beside} beside it left out."
            stored = replace(stored, notes=(note, *stored.notes))
    else:
        listing = list_folder(path, uploads.shown_name if uploads.is_upload(path) else display_name)
        stored = _fetch_pictures(path, listing, reading)
    return SpriteDataset(stored, name=display_name(path), source=reading.name(str(path)))


def _load_file(path: Path, reading: Reading) -> SpriteDataset:
    """Load a file by what it begins with, whatever its name."""
    with open(path, "rb") as file:
        start = file.read(512)
    if not start:
        raise SpriteError(f"{display_name(path)} is empty (0 bytes). Save or download it again.")
    if start.startswith(MAGIC):
        _refuse_reading(reading, display_name(path))
        stored = _fetch_npy(path, reading.background)
    elif _is_npz(path, start):
        _refuse_reading(reading, display_name(path))
        background = reading.background
        stored = _fetch("npz", path, [path], partial(read_npz, path, background), reading)
    elif start.startswith(b"PK"):
        with Archive(path) as archive:
            stored = _fetch_pictures(path, list_archive(path, archive), reading)
    else:
        stored = _fetch_pictures(path, list_file(path), reading)
    return SpriteDataset(stored, name=display_name(path.stem), source=reading.name(str(path)))


def _is_npz(path: Path, start: bytes) -> bool:
    """Whether a file is an .npz by what it holds, or one that lost its start or its end by its name."""
    if start.startswith(b"PK"):
        return is_numpy_archive(path) or path.suffix.lower() == ".npz"
    return path.suffix.lower() == ".npz" and zipfile.is_zipfile(path)


def _fetch_pictures(path: Path, listing: Listing, reading: Reading) -> cache.StoredSprites:
    where = display_name(path)
    stored = _fetch("pictures", path, list(listing.paths), partial(read_pictures, listing, where, reading), reading)
    # What else lies in a folder is not cached: it may change while the sprites do not.
    rows = () if listing.is_file else (*stored.tally, *listing.tally.rows())
    # Where each file is a sprite there is nothing to tell.
    is_plain = all(row.taken and row.files == row.sprites for row in rows)
    notes = () if is_plain else (f"{where}: {in_words(rows)}",)
    return replace(stored, tally=rows, notes=(*notes, *listing.notes, *stored.notes))


def _fetch_npy(path: Path, background: str | None) -> cache.StoredSprites:
    labels = labels_beside(path)
    kaggle_set = path.name == kaggle.FILE
    files = [path] if labels is None else [path, labels]
    return _fetch(
        "npy", path, files, partial(read_npy, path, labels, kaggle_set, background), Reading(background=background)
    )


def _fetch(kind: str, path: Path, files: list[Path], read: Reader, reading: Reading) -> cache.StoredSprites:
    return cache.fetch([kind, *reading.key, str(path), os.path.realpath(path)], files, read)


def _refuse_reading(reading: Reading, name: str) -> None:
    """Refuse options that would change nothing."""
    if reading.grid.asked or reading.centre:
        raise SpriteError(f"tile, margin, gap and centre are for pictures, and {name} is none. Leave them out.")


def _check_options(count: object, seed: object) -> None:
    for name, value in {"count": count, "seed": seed}.items():
        if value is None and name == "count":
            continue
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise SpriteError(f"{name} must be a whole number, not {str(value)[:40]!r}.")
        if name == "seed" and not 0 <= value < 1 << 31:
            raise SpriteError(f"seed cannot be {value}.")


def _source_name(source: object) -> str:
    try:
        text = os.fspath(source)  # type: ignore[call-overload]
        return display_name(text) if isinstance(text, str) and text else "The source"
    except Exception:
        return "The source"
