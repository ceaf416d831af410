"""A step folder: the weights of one moment of a training, with everything needed to use them or to go on.

    000500/
      model.safetensors   the averaged (EMA) weights: what draws
      config.json         the network, the schedule, the data it learnt from
      state.safetensors   raw weights and optimizer, to go on training; left out of shipped checkpoints
      manifest.json       size and SHA-256 of each of them

A folder is built under another name and renamed into place, so it is whole or absent; it never changes after. Nothing
in it is ever unpickled, and no byte of it is believed before its hash is right.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
import struct
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as tensors_to_bytes

from ddpm.base.files import move, read_bytes, read_json, remove_folder, sync_folder
from ddpm.base.json_values import (
    Check,
    is_count,
    is_name,
    is_object,
    is_share,
    is_text,
    is_whole,
    list_of,
    or_none,
    parse_json,
)
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.training.loop import TrainingState

FORMAT_VERSION = 1
MODEL, CONFIG, STATE, MANIFEST = "model.safetensors", "config.json", "state.safetensors", "manifest.json"
_LARGEST_FILE = 4 << 30
_LARGEST_HEADER = 16 << 20
_CONFIG: dict[str, Check] = {
    "label_names": or_none(list_of(is_name)),
    "class_frequencies": or_none(lambda value: list_of(is_share)(value) and sum(value) > 0),
    "preset": is_text,
    "recipe": is_object,
    "data": is_object,
}
"""What a config may say beside the network and the schedule, and how."""


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message says what is wrong with which file, and what to do."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network, ready to draw.

    Attributes:
        model: in eval mode, float32.
        schedule: the noise levels that it was trained with.
        config: what ``config.json`` holds, ``label_names`` and ``class_frequencies`` of the training data included.
        path: the step folder that it was read from.
    """

    model: UNet
    schedule: NoiseSchedule
    config: dict[str, Any]
    path: Path


def save_checkpoint(
    steps: Path, state: TrainingState, config: dict[str, Any], *, resumable: bool = True, half: bool = False
) -> Path:
    """Write ``steps/NNNNNN`` for ``state.step``.

    Args:
        steps: the run's ``steps`` folder; made if it is missing.
        config: JSON values; ``format_version``, ``step``, ``network`` are added.
        resumable: write ``state.safetensors`` too.
        half: store the averaged weights in half precision.

    Returns:
        The step folder. One that is already there and whole is left as it is.

    Raises:
        OSError: if it cannot be written; nothing is left behind then.
    """
    folder = steps / step_name(state.step)
    if folder.exists():
        try:
            _read_checked(folder, [MODEL, CONFIG, STATE] if resumable else [MODEL, CONFIG])
            return folder
        except CheckpointError:
            remove_folder(folder)
    averages = state.ema.model.state_dict()
    if half:
        averages = {name: value.half() for name, value in averages.items()}
    config = {**config, "format_version": FORMAT_VERSION, "step": state.step, "network": state.model.arguments}
    files = {MODEL: tensors_to_bytes(averages), CONFIG: json.dumps(config, indent=2, allow_nan=False).encode()}
    if resumable:
        files[STATE] = tensors_to_bytes(_state_tensors(state))
    manifest = {name: {"size": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()}
    files[MANIFEST] = json.dumps({"format_version": FORMAT_VERSION, "files": manifest}, indent=2).encode()

    steps.mkdir(parents=True, exist_ok=True)
    temporary = steps / f".{folder.name}.{secrets.token_hex(4)}.tmp"
    try:
        temporary.mkdir()
        for name, data in files.items():
            with open(temporary / name, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        sync_folder(temporary)
        move(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(steps)
    return folder


def load_checkpoint(path: str | Path, weights: Literal["ema", "raw"] = "ema") -> Checkpoint:
    """Read a network back.

    Args:
        path: a step folder, or a run folder: its ``latest`` step then.
        weights: "ema" for the averaged weights, "raw" for the last ones (not in shipped checkpoints).

    Raises:
        CheckpointError: for whatever is wrong with it.
    """
    try:
        return _load(Path(path), weights)
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"The checkpoint {path} cannot be read: {error}") from error


def load_state(folder: Path, state: TrainingState) -> None:
    """Put a training back to where ``folder`` left it.

    Args:
        folder: a step folder that has ``state.safetensors``.
        state: of the same recipe and classes; overwritten only once everything has been checked.

    Raises:
        CheckpointError: if the folder is damaged, cannot be resumed, or is of another network.
    """
    files = _read_checked(folder, [MODEL, CONFIG, STATE])
    config = _parse_config(folder, files[CONFIG])
    averages = _checked_tensors(folder / MODEL, files[MODEL], state.model.state_dict())
    expected = _state_tensors(state, blank=True)
    tensors = _checked_tensors(folder / STATE, files[STATE], expected)
    state.ema.model.load_state_dict(averages)
    state.model.load_state_dict({n.removeprefix("raw."): v for n, v in tensors.items() if n.startswith("raw.")})
    state.optimizer.restore(tensors)
    state.step = int(config["step"])


def step_folder(path: Path) -> Path:
    """The step folder that ``path`` means: itself, or the ``latest`` of a run folder.

    Raises:
        CheckpointError: if it is neither.
    """
    try:
        if (path / MANIFEST).is_file() or (path / MODEL).is_file():
            return path
        if not path.is_dir():
            hint = "" if not path.exists() else " It is a file: give the folder that holds it."
            raise CheckpointError(f"There is no checkpoint folder at {path}.{hint}")
        pointer = path / "latest"
        if not pointer.is_file():
            raise CheckpointError(f"{path} holds no checkpoint yet: its training has not saved a step.")
        name = read_bytes(pointer, 64).decode("ascii", "replace").strip()
    except (OSError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"The checkpoint {path!s:.200} cannot be read: {error}") from error
    if not (name.isascii() and name.isdigit()):
        raise CheckpointError(f"{pointer} does not name a step: it should hold the name of a folder in {path}/steps.")
    return path / "steps" / name


def can_use_raw(path: Path) -> bool:
    """Whether ``load_checkpoint(path, weights="raw")`` has something to read."""
    try:
        return (step_folder(path) / STATE).is_file()
    except CheckpointError:
        return False


def step_name(step: int) -> str:
    """The name of a step's folder and files: six digits, more where they are needed."""
    return f"{step:06d}"


def _load(path: Path, weights: str) -> Checkpoint:
    if weights not in ("ema", "raw"):
        raise CheckpointError(f"unknown weights {weights!r}: choose ema or raw")
    folder = step_folder(path)
    name = MODEL if weights == "ema" else STATE
    if weights == "raw" and not (folder / STATE).is_file():
        raise CheckpointError(f"{folder} has no raw weights (it was made to draw, not to train on): use weights='ema'.")
    files = _read_checked(folder, [CONFIG, name])
    config = _parse_config(folder, files[CONFIG])
    model, schedule = _build(folder, config, folder / name, len(files[name]))
    expected = model.state_dict()
    if weights == "raw":
        expected = {f"raw.{key}": value for key, value in expected.items()}
        tensors = _checked_tensors(folder / name, files[name], expected, others=("exp_avg", "momentum.", "optimizer."))
        tensors = {key.removeprefix("raw."): value for key, value in tensors.items()}
    else:
        tensors = _checked_tensors(folder / name, files[name], expected)
    model.load_state_dict(tensors)
    return Checkpoint(model.eval().requires_grad_(False), schedule, config, folder)


def _read_checked(folder: Path, names: list[str]) -> dict[str, bytes]:
    """The bytes of some files, read once: what is hashed is what is used, whatever happens to the file meanwhile."""
    try:
        manifest = read_json(folder / MANIFEST, limit=1 << 20)
    except FileNotFoundError:
        raise CheckpointError(f"{folder} has no {MANIFEST}: the checkpoint is incomplete. Use another step.") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder / MANIFEST} cannot be read: {error}") from error
    _check_version(folder, manifest)
    entries = manifest.get("files")
    result = {}
    for name in names:
        entry = entries.get(name) if isinstance(entries, dict) else None
        if not isinstance(entry, dict) or not isinstance(entry.get("size"), int):
            raise CheckpointError(f"{folder / MANIFEST} does not list {name}: the checkpoint is incomplete.")
        result[name] = _read_file(folder / name, entry["size"], str(entry.get("sha256")))
    return result


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


def _parse_config(folder: Path, data: bytes) -> dict[str, Any]:
    try:
        config = parse_json(data, CONFIG)
    except ValueError as error:
        raise CheckpointError(f"{folder / CONFIG} cannot be read: {error}") from error
    _check_version(folder, config)
    step = config.get("step")
    if not is_whole(step, 0, 10**15):
        raise CheckpointError(f"{folder / CONFIG} does not say which step it is.")
    if wrong := [name for name, check in _CONFIG.items() if name in config and not check(config[name])]:
        raise CheckpointError(f"{folder / CONFIG} is damaged: {wrong[0]} is not what belongs there. Use another step.")
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


def _build(folder: Path, config: dict[str, Any], path: Path, size: int) -> tuple[UNet, NoiseSchedule]:
    """The network, with weights of its own, and the schedule that a config describes.

    Args:
        path, size: the file that holds its weights, and how many bytes that is.
    """
    network, schedule = config.get("network"), config.get("schedule")
    try:
        if not isinstance(network, dict) or not isinstance(schedule, dict):
            raise ValueError("network or schedule is missing")
        channels = network["channels"]
        if not isinstance(channels, list) or not 1 <= len(channels) <= 5:
            raise ValueError("1 to 5 resolutions are possible")
        classes, dim = network.get("num_classes"), network["time_embedding_dim"]
        if not all(is_whole(width, 1, 10**6) for width in channels) or not is_whole(dim, 1, 10**6):
            raise ValueError("its widths are not whole numbers")
        if classes is not None and not is_whole(classes, 1, 10**6):
            raise ValueError("its number of kinds is not a whole number")
        if not list_of(is_count)(network.get("attention", [])) or len(network.get("attention", [])) > len(channels):
            raise ValueError("there is attention at more resolutions than it has")
        # A rough count before anything is allocated: what it takes must lie in its file, at a byte a weight or more.
        weights = 30 * sum(width * width for width in channels) + 4 * dim * (5 * dim + (classes or 0))
        if weights > size:
            raise CheckpointError(
                f"{path} does not fit the network in {CONFIG}: {size:,} bytes are too few for its weights."
            )
        if not is_whole(schedule.get("num_timesteps"), 1, 100_000):
            raise ValueError("the schedule is too long")
        if classes is not None and len(config.get("class_frequencies") or range(classes)) != classes:
            raise ValueError("it has other frequencies than kinds")
        return UNet(**network), NoiseSchedule(**schedule)
    except CheckpointError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise CheckpointError(f"{folder / CONFIG} describes a network that cannot be built: {error}") from error


def _checked_tensors(
    path: Path, data: bytes, expected: dict[str, torch.Tensor], others: tuple[str, ...] = ()
) -> dict[str, torch.Tensor]:
    """Tensors as float32, if they are those that are expected: no key more or less, no other shape, all finite."""
    _check_header(path, data)
    try:
        tensors = read_tensors(data)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError, MemoryError, OverflowError) as error:
        raise CheckpointError(f"{path} is not a valid safetensors file: {error}") from error
    tensors = {key: value for key, value in tensors.items() if not key.startswith(others or ("\0",))}
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
    # The library accepts a key that occurs twice, and takes the last: two readers could see two models.
    if len(data) < 8:
        raise CheckpointError(f"{path} is not a valid safetensors file: it is {len(data)} bytes long.")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(_LARGEST_HEADER, len(data) - 8):
        raise CheckpointError(f"{path} is not a valid safetensors file: its header is longer than it may be.")
    try:
        parse_json(data[8 : 8 + length], "its header")
    except ValueError as error:
        raise CheckpointError(f"{path} is not a valid safetensors file: {error}") from error


def _state_tensors(state: TrainingState, *, blank: bool = False) -> dict[str, torch.Tensor]:
    weights = {f"raw.{name}": value for name, value in state.model.state_dict().items()}
    tensors = {**weights, **state.optimizer.tensors(blank=blank)}
    return {name: value.to("cpu").contiguous() for name, value in tensors.items()}
