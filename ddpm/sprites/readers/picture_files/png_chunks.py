"""The chunks of a PNG: those that its pixels need, taken out of everything else that a file may carry."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from ddpm.base.text import megabytes
from ddpm.pixels.sheets import SHEET_KEY
from ddpm.sprites.errors import SpriteError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_MOST_CHUNKS = 500_000
_MOST_TEXT = 16 << 20
_SUSPECT_TEXT = 1 << 20
_SUSPECT_RATIO = 200


@dataclass(frozen=True)
class Chunks:
    """A PNG without its ancillary chunks.

    Attributes:
        picture: a PNG of the header, palette, transparency, pixels and frames alone, as they stand in the file.
        note: the text ``SHEET_KEY`` of our own sheets, if there is one.
        frames: how many pictures its animation has; 1 for all but animations.
        clear: the body of the chunk tRNS, None where there is none.
        still: whether an animation begins with a picture that is no part of it.
    """

    picture: bytes
    note: str | None
    frames: int
    clear: bytes | None
    still: bool = False


def read_chunks(data: bytes, where: str) -> Chunks:
    """Take a PNG apart, and leave out texts, profiles and the like: the pixels don't depend on their size or damage.

    Raises:
        SpriteError: if its compressed texts would unpack to far more than text or a colour profile ever is, or it is
            cut into too many pieces.
    """
    kept: list[tuple[bytes, bytes]] = []
    note, frames, clear = None, 1, None
    packed = unpacked = 0
    at = len(SIGNATURE)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if kind in (b"zTXt", b"iTXt", b"iCCP", b"tEXt"):
            key, text, size = _text(kind, body, _MOST_TEXT - unpacked)
            packed, unpacked = packed + len(body), unpacked + size
            if unpacked >= _MOST_TEXT or unpacked > max(_SUSPECT_TEXT, _SUSPECT_RATIO * packed):
                raise SpriteError(
                    f"{where} is a PNG with compressed text that unpacks from {megabytes(packed)} to "
                    f"{megabytes(unpacked)} or more: not opened. If the picture is right, save it without such texts."
                )
            if key == SHEET_KEY.encode():
                note = text.decode("latin-1")
        elif kind in (b"tRNS", *_ANIMATION) or not _is_ancillary(kind):
            kept.append((kind, data[at:end]))
            if len(kept) > _MOST_CHUNKS:
                raise SpriteError(
                    f"{where} is a PNG in more pieces than any program writes: not opened. Save it again."
                )
            clear = body if kind == b"tRNS" else clear
            frames = int.from_bytes(body[:4], "big") if kind == b"acTL" else frames
        at = end
    kinds = [kind for kind, _ in kept]
    if frames < 2 or b"fcTL" not in kinds or b"IDAT" not in kinds:
        # What only says that it is an animation is the picture that everyone else shows.
        return Chunks(_joined(kept, _ANIMATION), note, 1, clear)
    still = kinds.index(b"IDAT") < kinds.index(b"fcTL")
    return Chunks(_joined(kept), note, frames, clear, still)


def _joined(chunks: list[tuple[bytes, bytes]], without: tuple[bytes, ...] = ()) -> bytes:
    return b"".join([SIGNATURE, *(chunk for kind, chunk in chunks if kind not in without)])


def _text(kind: bytes, body: bytes, most: int) -> tuple[bytes, bytes, int]:
    """Key, text, and how many bytes it unpacked to, at most ``most``."""
    key, _, rest = body.partition(b"\0")
    is_packed = kind in (b"zTXt", b"iCCP") or (kind == b"iTXt" and rest[:1] == b"\1")
    text = rest[2:].split(b"\0", 2)[-1] if kind == b"iTXt" else rest[1:] if is_packed else rest
    if not is_packed:
        return key, text, 0
    try:
        text = zlib.decompressobj().decompress(text, most)
    except zlib.error:
        text = b""
    return key, text, len(text)


def _is_ancillary(kind: bytes) -> bool:
    # The format marks them by a lower-case first letter; a malformed name is left for the decoder to refuse.
    return kind.isalpha() and kind[:1].islower()
