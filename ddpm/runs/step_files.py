"""The files of a step folder; nothing in them is used before its hash is checked."""

from __future__ import annotations

import stat
import struct
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors

from ddpm.base.files import read_json
from ddpm.base.json_values import (
    Check,
    has_fields,
    is_count,
    is_name,
    is_number,
    is_object,
    is_share,
    is_text,
    list_of,
    or_none,
    parse_json,
)
from ddpm.diffusion.guidance.guide import LARGEST_SCALE
from ddpm.runs.errors import CheckpointError

FORMAT_VERSION = 1
MODEL, CONFIG, STATE, MANIFEST = "model.safetensors", "config.json", "state.safetensors", "manifest.json"
GUIDE = "guide.safetensors"
"""The weights of an earlier step, for autoguidance; few steps have it, and then their config says how it acts."""
_LARGEST_FILE = 4 << 30
_LARGEST_HEADER = 16 << 20
_GUIDE: dict[str, Check] = {
    "step": is_count,
    "scale": lambda value: is_number(value, 1, LARGEST_SCALE) and value > 1,
    "max_log_snr": or_none(is_number),
}


def is_guide(value: Any) -> bool:
    """Whether a value says which step is a guide, and how it acts; ``max_log_snr`` is None if always."""
    return has_fields(value, _GUIDE)


_CONFIG: dict[str, Check] = {
    "label_names": or_none(list_of(is_name)),
    "class_frequencies": or_none(lambda value: list_of(is_share)(value) and sum(value) > 0),
    "preset": is_text,
    "recipe": is_object,
    "data": is_object,
    "guide": is_guide,
}
"""Optional fields of a config."""


def drawing_files(folder: Path) -> list[str]:
    """The names of the files of a step folder that drawing needs; CheckpointError if its manifest cannot be read."""
    return [MODEL, CONFIG, *([GUIDE] if GUIDE in _entries(folder) else [])]


def drawing_digest(folder: Path) -> str:
    """Hex digits that change with what a step folder draws: the SHA-256 of its weights, or of these and its guide.

    Raises CheckpointError if what it needs of the folder cannot be read.
    """
    entries = _entries(folder)
    digests = [str(entries[name].get("sha256")) for name in (MODEL, GUIDE) if name in entries]
    if GUIDE not in entries:
        return "".join(digests)
    told = parse_config(folder, read_checked(folder, [CONFIG])[CONFIG]).get("guide")
    return sha256(f"{digests} {told}".encode()).hexdigest()


def read_checked(folder: Path, names: list[str]) -> dict[str, bytes]:
    """The bytes of some files, read once, so that a later change to a file cannot bypass the check of its hash."""
    entries = _entries(folder)
    result = {}
    for name in names:
        if name not in entries:
            raise CheckpointError(f"{folder / MANIFEST} does not list {name}: the checkpoint is incomplete.")
        result[name] = _read_file(folder / name, entries[name]["size"], str(entries[name].get("sha256")))
    return result


def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    """What the manifest lists, by name of a file, as far as it is understood."""
    try:
        manifest = read_json(folder / MANIFEST, limit=1 << 20)
    except FileNotFoundError:
        raise CheckpointError(f"{folder} has no {MANIFEST}: the checkpoint is incomplete. Use another step.") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder / MANIFEST} cannot be read: {error}") from error
    _check_version(folder, manifest)
    files = manifest.get("files")
    listed = files.items() if isinstance(files, dict) else ()
    return {name: entry for name, entry in listed if isinstance(entry, dict) and isinstance(entry.get("size"), int)}


def _read_file(path: Path, size: int, digest: str) -> bytes:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise CheckpointError(f"{path} is not a file.")
        if info.st_size != size or size > _LARGEST_FILE:
            raise CheckpointError(
                f"{path} is damaged: {info.st_size:,} bytes where its manifest says {size:,}. Use another step."
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing: the checkpoint is incomplete. Use another step.") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if sha256(data).hexdigest() != digest:
        raise CheckpointError(f"{path} is damaged: its SHA-256 is not the one in its manifest. Use another step.")
    return data


def parse_config(folder: Path, data: bytes) -> dict[str, Any]:
    try:
        config = parse_json(data, CONFIG)
    except ValueError as error:
        raise CheckpointError(f"{folder / CONFIG} cannot be read: {error}") from error
    _check_version(folder, config)
    if not is_count(config.get("step")):
        raise CheckpointError(f"{folder / CONFIG} does not say which step it is.")
    if wrong := [name for name, check in _CONFIG.items() if name in config and not check(config[name])]:
        raise CheckpointError(f"{folder / CONFIG} is damaged: {wrong[0]} is not what belongs there. Use another step.")
    if "guide" in config and config["guide"]["step"] >= config["step"]:
        raise CheckpointError(
            f"{folder / CONFIG} is damaged: its guide is of step {config['guide']['step']:,}, which is not before its "
            f"own, {config['step']:,}. Use another step."
        )
    return config


def _check_version(folder: Path, value: dict[str, Any]) -> None:
    version = value.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise CheckpointError(f"{folder} does not say which format version it has: it was not made by this program.")
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{folder} was made by a newer version of this program (format {version}; this one reads up to "
            f"{FORMAT_VERSION}): update the program."
        )


def checked_tensors(
    path: Path, data: bytes, expected: dict[str, torch.Tensor], ignored: tuple[str, ...] = ()
) -> dict[str, torch.Tensor]:
    """Tensors as float32, if they have the expected keys and shapes, and all numbers are finite.

    Keys that begin with one of ``ignored`` are left out.
    """
    _check_header(path, data)
    try:
        tensors = read_tensors(data)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError, MemoryError, OverflowError) as error:
        raise CheckpointError(f"{path} is not a valid safetensors file: {error}") from error
    tensors = {key: value for key, value in tensors.items() if not key.startswith(ignored)}
    missing, extra = expected.keys() - tensors.keys(), tensors.keys() - expected.keys()
    if missing or extra:
        wrong = f"{min(missing)!r} is missing" if missing else f"{min(extra)!r} is not part of it"
        raise CheckpointError(f"{path} does not fit the network in {CONFIG}: {wrong}.")
    for key, value in tensors.items():
        if value.shape != expected[key].shape:
            raise CheckpointError(
                f"{path} does not fit the network in {CONFIG}: {key!r} has shape {tuple(value.shape)}, "
                f"expected {tuple(expected[key].shape)}."
            )
        if not value.is_floating_point():
            raise CheckpointError(f"{path}: {key!r} is {value.dtype}, expected floating-point numbers.")
        tensors[key] = value.to(torch.float32)
        if not torch.isfinite(tensors[key]).all():
            raise CheckpointError(f"{path}: {key!r} holds NaN or Inf. Use an earlier step.")
    return tensors


def _check_header(path: Path, data: bytes) -> None:
    # The library accepts repeated keys, so two programs could read two different models from the same file.
    if len(data) < 8:
        raise CheckpointError(f"{path} is not a valid safetensors file: it is {len(data)} bytes long.")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(_LARGEST_HEADER, len(data) - 8):
        raise CheckpointError(f"{path} is not a valid safetensors file: its header is longer than it may be.")
    try:
        parse_json(data[8 : 8 + length], "its header")
    except ValueError as error:
        raise CheckpointError(f"{path} is not a valid safetensors file: {error}") from error
