"""The chunks of a PNG: what its pixels need, apart from what else a file carries along."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from ddpm.sprites.errors import SpriteError, megabytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SHEET_KEY = b"ddpm:sheet"
_MOST_TEXT = 16 << 20
_SUSPECT_TEXT = 1 << 20
_SUSPECT_RATIO = 200


@dataclass(frozen=True)
class Chunks:
    """A PNG without its ancillary chunks.

    Attributes:
        picture: a PNG of the header, palette, transparency and pixels alone, as they stand in the file.
        note: the text that our own sheets carry, if there is one.
        frames: how many pictures it says that it holds; 1 for all but animations.
        clear: the body of the chunk tRNS, None where there is none.
    """

    picture: bytes
    note: str | None
    frames: int
    clear: bytes | None


def read_chunks(data: bytes, where: str) -> Chunks:
    """Take a PNG apart. Texts, profiles and the like are left out: neither their size nor their damage is the pixels'.

    Raises:
        SpriteError: if its compressed texts would unpack to far more than text or a colour profile ever is.
    """
    kept = [SIGNATURE]
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
            if key == SHEET_KEY:
                note = text.decode("latin-1")
        elif kind == b"acTL" and len(body) >= 4:
            frames = max(1, int.from_bytes(body[:4], "big"))
        elif kind == b"tRNS" or not _is_ancillary(kind):
            kept.append(data[at:end])
            clear = body if kind == b"tRNS" else clear
        at = end
    return Chunks(b"".join(kept), note, frames, clear)


def _text(kind: bytes, body: bytes, most: int) -> tuple[bytes, bytes, int]:
    """Key, text and how many bytes were unpacked for it: at most ``most``."""
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
    # A lower-case first letter, as the format has it; what is no name of a chunk is left for the decoder to refuse.
    return kind.isalpha() and kind[:1].islower()
