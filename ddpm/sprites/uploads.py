"""Files uploaded in the browser: stored in the home folder, named by their content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from ddpm.base.files import replace_bytes
from ddpm.base.home import home
from ddpm.base.text import display_name, listed
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files.pictures import SUFFIXES, is_picture

_ALONE = (".npy", ".npz", ".zip")
_NUMBER = re.compile(r"\d{4,}-")
# What some file system or other refuses in a name; all else stays, so that messages can show the visitor's own names.
_REFUSED = re.compile(r"""[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]+""")
_LABELS = "_labels"
_LONGEST = 100  # bytes of a name without its ending: file systems take 255, some fewer, and we add to it
_TOGETHER = "Give pictures, or one sheet, or one .zip, or one .npz, or one .npy (with its x_labels.npy if any)."


def keep_upload(files: Sequence[tuple[str, bytes]]) -> Path:
    """Store uploaded files and return what to give to ``load_sprites``.

    One .npy, .npz, .zip or picture; an .npy with its ``..._labels.npy``; or several pictures, which stay in the order
    in which they are given.

    Args:
        files: (name, content); the names are the visitor's and are not trusted. They may be equal.

    Returns:
        the file, or the folder of several pictures, which holds as many as were given.

    Raises:
        SpriteError: if the files do not go together, or cannot be stored.
    """
    if not files:
        raise SpriteError("There is no file.")
    bases = [re.split(r"[\\/]", name)[-1] for name, _ in files]
    wrong = [base for base in bases if not is_picture(base) and _suffix(base) not in _ALONE]
    if wrong:
        raise SpriteError(f"{display_name(wrong[0])} is of no kind that is read here. {_what_to_give(wrong[0])}")
    names = _stored_names(bases)
    several = len(files) > 1 and is_picture(bases[0])
    digest = blake2b(b"2", digest_size=10)
    for base, (_, content) in zip(bases, files, strict=True):
        digest.update(_hashed(base.encode("utf-8", "surrogatepass")) + _hashed(content))
    try:
        folder = home() / "uploads" / digest.hexdigest()
        if several:
            # What the set is called.
            folder /= f"{len(files)} pictures"
        folder.mkdir(parents=True, exist_ok=True)
        for name, (_, content) in zip(names, files, strict=True):
            if not (folder / name).is_file() or (folder / name).stat().st_size != len(content):
                replace_bytes(folder / name, content)
    except (OSError, UnicodeError) as error:
        raise SpriteError(f"The upload could not be stored: {error}") from error
    return folder if several else folder / min(names, key=len)  # an array, before its labels


def is_upload(folder: Path) -> bool:
    """Whether a folder is one that :func:`keep_upload` made for several pictures."""
    try:
        return folder.parent.parent == home() / "uploads"
    except OSError:  # without a home there are no uploads
        return False


def shown_name(name: str) -> str:
    """The name of a picture in such a folder as the visitor knows it, for messages: without our number."""
    return display_name(_NUMBER.sub("", name, count=1))


def _stored_names(bases: list[str]) -> list[str]:
    """A different name for each file, whatever the visitor called them: the readable part is shortened and may repeat.

    Raises:
        SpriteError: if the files do not go together.
    """
    suffixes = [_suffix(base) for base in bases]
    if len(bases) == 1:
        if _stem(bases[0]).endswith(_LABELS):
            raise SpriteError(
                f"{display_name(bases[0])} holds labels, by its name, and their sprites are missing. {_TOGETHER}"
            )
        return [_plain(_stem(bases[0])) + suffixes[0]]
    if all(map(is_picture, bases)):
        width = max(4, len(str(len(bases))))
        named = enumerate(zip(bases, suffixes, strict=True), 1)
        return [f"{number:0{width}}-{_plain(_stem(base))}{suffix}" for number, (base, suffix) in named]
    if suffixes == [".npy", ".npy"]:
        array, labels = sorted((_stem(base) for base in bases), key=len)
        if labels == array + _LABELS:
            plain = _plain(array)
            return [f"{plain}{_LABELS if _stem(base) == labels else ''}.npy" for base in bases]
    raise SpriteError(f"{listed(bases)} do not go together. {_TOGETHER}")


def _plain(stem: str) -> str:
    """A stem that any file system accepts, as the visitor wrote it wherever that is possible."""
    plain = _REFUSED.sub("_", stem)
    plain = f"file{plain}" if plain.startswith(".") or not plain.strip() else plain
    return plain.encode()[:_LONGEST].decode("utf-8", "ignore")


def _what_to_give(base: str) -> str:
    if _suffix(base) in (".jpg", ".jpeg"):
        return "JPEG blurs pixel art: look for the original, as PNG."
    if _suffix(base) in (".rar", ".7z", ".gz", ".tar", ".tgz"):
        return "Unpack it, and give its pictures, or a .zip of them."
    kinds = ", ".join(kind.removeprefix(".") for kind in (*SUFFIXES, *_ALONE))
    return f"Save it as PNG; these are read: {kinds}."


def _stem(base: str) -> str:
    return base[: len(base) - len(_suffix(base))]


def _suffix(base: str) -> str:
    dot = base.rfind(".")
    return base[dot:].lower() if dot >= 0 else ""


def _hashed(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()
