"""A step folder: the weights after one training step, with everything needed to use them or to resume.

    000500/
      model.safetensors   the averaged (EMA) weights, for drawing
      config.json         the network, the schedule, the data it learnt from
      state.safetensors   raw weights and optimizer, for resuming; not in shipped checkpoints
      guide.safetensors   the averaged weights of an earlier step, for autoguidance; only in some shipped checkpoints
      manifest.json       size and SHA-256 of each of them

A folder is complete or absent, and never changes. Nothing in it is ever unpickled, or used before its hash is checked.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save as tensors_to_bytes

from ddpm.base.files import read_bytes, sync_folder
from ddpm.base.folders import build_aside, discard, put_in_place
from ddpm.base.json_values import is_count, is_whole, list_of
from ddpm.diffusion.guidance.guide import Guide
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.runs.errors import CheckpointError
from ddpm.runs.names import is_step_name, step_name
from ddpm.runs.run import Run
from ddpm.runs.step_files import (
    CONFIG,
    FORMAT_VERSION,
    GUIDE,
    MANIFEST,
    MODEL,
    STATE,
    checked_tensors,
    drawing_files,
    parse_config,
    read_checked,
)
from ddpm.training.loop import TrainingState


@dataclass(frozen=True)
class SavedGuide:
    """An earlier step of a run as a guide; see :class:`ddpm.diffusion.guidance.guide.Guide`.

    Attributes:
        max_log_snr: None if it always acts.
    """

    step: int
    model: UNet
    scale: float
    max_log_snr: float | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A trained network, ready to draw.

    Attributes:
        model: in eval mode, float32; its ``guide`` is set if the step has one.
        config: the content of ``config.json``, with ``label_names`` and ``class_frequencies`` of the training data.
        path: the step folder that it was read from.
    """

    model: UNet
    schedule: NoiseSchedule
    config: dict[str, Any]
    path: Path

    def digest(self) -> str:
        """SHA-256 of the weights in memory, and of what else decides what they draw: those of a guide, and how it acts.

        For what is kept on disk about a model.
        """
        found, guide = sha256(), self.model.guide
        for network in (self.model, None if guide is None else guide.model):
            if isinstance(network, UNet):
                for value in network.state_dict().values():
                    found.update(value.numpy().tobytes())
        if guide is not None:
            found.update(f"{guide.scale} {guide.max_log_snr}".encode())
        return found.hexdigest()


def save_checkpoint(
    steps: Path,
    state: TrainingState,
    config: dict[str, Any],
    *,
    resumable: bool = True,
    half: bool = False,
    guide: SavedGuide | None = None,
) -> Path:
    """Write ``steps/NNNNNN`` for ``state.step``.

    Args:
        steps: the run's ``steps`` folder; made if it is missing.
        config: JSON values; ``format_version``, ``step``, ``network`` are added.
        resumable: write ``state.safetensors`` too.
        half: store the averaged weights in half precision.
        guide: the earlier step that leads it in sampling.

    Returns:
        The step folder. An existing one that is complete is not changed.

    Raises:
        OSError: if it cannot be written; no part of it then remains.
    """
    folder = steps / step_name(state.step)
    if folder.exists():
        try:
            read_checked(folder, [MODEL, CONFIG, STATE] if resumable else [MODEL, CONFIG])
            return folder
        except CheckpointError:
            discard(folder)
    config = {**config, "format_version": FORMAT_VERSION, "step": state.step, "network": state.model.arguments}
    if guide is not None:
        config["guide"] = {"step": guide.step, "scale": guide.scale, "max_log_snr": guide.max_log_snr}
    files = {
        MODEL: _weights_bytes(state.ema.model, half),
        CONFIG: json.dumps(config, indent=2, allow_nan=False).encode(),
    }
    if resumable:
        files[STATE] = tensors_to_bytes(_state_tensors(state))
    if guide is not None:
        files[GUIDE] = _weights_bytes(guide.model, half)
    manifest = {name: {"size": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()}
    files[MANIFEST] = json.dumps({"format_version": FORMAT_VERSION, "files": manifest}, indent=2).encode()

    with build_aside(steps) as building:
        for name, data in files.items():
            with open(building / name, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        sync_folder(building)
        put_in_place(building, folder)
    return folder


def load_checkpoint(path: str | Path, weights: Literal["ema", "raw"] = "ema") -> Checkpoint:
    """Read a trained network.

    Args:
        path: a step folder, or a run folder, which means its ``latest`` step.
        weights: "ema" for the averaged weights, "raw" for the last ones (not in shipped checkpoints).

    Raises:
        CheckpointError: if it cannot be used, for any reason.
    """
    try:
        return _load(Path(path), weights)
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"The checkpoint {path} cannot be read: {error}") from error


def load_state(folder: Path, state: TrainingState) -> None:
    """Restore a training from a step folder.

    Args:
        folder: a step folder that has ``state.safetensors``.
        state: of the same recipe and classes; overwritten only after everything has been checked.

    Raises:
        CheckpointError: if the folder is damaged, cannot be resumed, or is of another network.
    """
    files = read_checked(folder, [MODEL, CONFIG, STATE])
    config = parse_config(folder, files[CONFIG])
    averages = checked_tensors(folder / MODEL, files[MODEL], state.model.state_dict())
    expected = _state_tensors(state, blank=True)
    tensors = checked_tensors(folder / STATE, files[STATE], expected)
    state.ema.model.load_state_dict(averages)
    state.model.load_state_dict({n.removeprefix("raw."): v for n, v in tensors.items() if n.startswith("raw.")})
    state.optimizer.restore(tensors)
    state.step = int(config["step"])


def step_folder(path: Path) -> Path:
    """The step folder that ``path`` means: itself, or the ``latest`` of a run; raises CheckpointError if neither."""
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
    if not is_step_name(name):
        raise CheckpointError(f"{pointer} does not name a step: it should hold the name of a folder in {path}/steps.")
    return path / "steps" / name


def guide_of(path: Path) -> dict[str, Any] | None:
    """``step``, ``scale`` and ``max_log_snr`` of the guide of a step or run; None if it has none, or cannot be read."""
    try:
        folder = step_folder(path)
        return parse_config(folder, read_checked(folder, [CONFIG])[CONFIG]).get("guide")
    except CheckpointError:
        return None


def can_use_raw(path: Path) -> bool:
    """Whether there are raw weights for :func:`load_checkpoint`."""
    try:
        return (step_folder(path) / STATE).is_file()
    except CheckpointError:
        return False


def why_not_resumable(run: Run) -> str:
    """Why a run cannot be trained further, and what to do; empty if it can, as far as its files are there."""
    saved = run.steps()
    if not saved or any((run.step_path(step) / STATE).is_file() for step in saved):
        return ""
    return (
        f"{run.name} holds weights to draw with, and not the state of its training ({STATE}), which neither exported "
        "nor shipped runs have: it cannot be trained further here. Resume it where it was trained, or begin a new run."
    )


def _load(path: Path, weights: str) -> Checkpoint:
    if weights not in ("ema", "raw"):
        raise CheckpointError(f"unknown weights {weights!r}: choose ema or raw")
    folder = step_folder(path)
    name = MODEL if weights == "ema" else STATE
    if weights == "raw" and not (folder / STATE).is_file():
        raise CheckpointError(f"{folder} has no raw weights (it was made to draw, not to train on): use weights='ema'.")
    files = read_checked(folder, [CONFIG, name])
    config = parse_config(folder, files[CONFIG])
    model, schedule = _build(folder, config, folder / name, len(files[name]))
    prefix, ignored = ("", ()) if weights == "ema" else ("raw.", ("exp_avg", "momentum.", "optimizer."))
    expected = {f"{prefix}{key}": value for key, value in model.state_dict().items()}
    tensors = checked_tensors(folder / name, files[name], expected, ignored)
    model.load_state_dict({key.removeprefix(prefix): value for key, value in tensors.items()})
    if weights == "ema":
        model.guide = _guide(folder, config)
    return Checkpoint(model.eval().requires_grad_(False), schedule, config, folder)


def _guide(folder: Path, config: dict[str, Any]) -> Guide | None:
    if "guide" not in config:
        if GUIDE in drawing_files(folder):
            raise CheckpointError(
                f"{folder / CONFIG} is damaged: it does not say how {GUIDE}, which is there, acts. Use another step."
            )
        return None
    data = read_checked(folder, [GUIDE])[GUIDE]
    model, _ = _build(folder, config, folder / GUIDE, len(data))
    model.load_state_dict(checked_tensors(folder / GUIDE, data, model.state_dict()))
    highest = config["guide"]["max_log_snr"]
    return Guide(
        model.eval().requires_grad_(False),
        float(config["guide"]["scale"]),
        math.inf if highest is None else float(highest),
    )


def _build(folder: Path, config: dict[str, Any], path: Path, size: int) -> tuple[UNet, NoiseSchedule]:
    """The network, not yet with its trained weights, and the schedule that a config describes.

    Args:
        path, size: the file with its weights, and the number of bytes in it.
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
        # A rough count, at one byte per weight: memory is not allocated for more than the file can hold.
        weights = 30 * sum(width * width for width in channels) + 4 * dim * (5 * dim + (classes or 0))
        if weights > size:
            raise CheckpointError(
                f"{path} does not fit the network in {CONFIG}: {size:,} bytes are too few for its weights."
            )
        shape = network.get("image_shape", [3, 16, 16])
        if not (isinstance(shape, list) and len(shape) == 3 and all(is_whole(side, 1, 64) for side in shape)):
            raise ValueError("its image_shape is not that of sprites")
        for name in ("binary_alpha", "seamless", "distilled"):
            if not isinstance(network.get(name, False), bool):
                raise ValueError(f"its {name} is neither true nor false")
        if not is_whole(schedule.get("num_timesteps"), 1, 100_000):
            raise ValueError("the schedule is too long")
        if classes is not None and len(config.get("class_frequencies") or range(classes)) != classes:
            raise ValueError("it has other frequencies than kinds")
        return UNet(**network), NoiseSchedule(**schedule)
    except CheckpointError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise CheckpointError(f"{folder / CONFIG} describes a network that cannot be built: {error}") from error


def _weights_bytes(model: UNet, half: bool) -> bytes:
    return tensors_to_bytes({name: value.half() if half else value for name, value in model.state_dict().items()})


def _state_tensors(state: TrainingState, *, blank: bool = False) -> dict[str, torch.Tensor]:
    weights = {f"raw.{name}": value for name, value in state.model.state_dict().items()}
    tensors = {**weights, **state.optimizer.tensors(blank=blank)}
    return {name: value.to("cpu").contiguous() for name, value in tensors.items()}
