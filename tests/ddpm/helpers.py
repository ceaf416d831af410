"""Small sprites, a small recipe, and the command line, for tests that train."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
import torch

from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.pixels.conversion import to_float
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab
from ddpm.sprites import SpriteDataset, load_sprites
from ddpm.training.loop import TrainingState, new_state, train
from ddpm.training.recipes import RECIPES, Recipe

ROOT = Path(__file__).resolve().parents[2]
# Real data, beside the project: not everybody has it.
REAL_DATA = ROOT.parent / "shared" / "data"

# All that makes a recipe hard to resume is on: classes with hidden labels, dropout that begins late, warm-up and decay.
TINY: Recipe = replace(
    RECIPES["fast"],
    name="tiny",
    title="Tiny",
    channels=(8, 8, 8, 8),
    # Four pixels: attention at full size would take longer than all the rest.
    attention=(3,),
    batch_size=8,
    warmup_steps=3,
    dropout=0.1,
    dropout_start=0.2,
    dropout_min_steps=0,
    precision="float32",
)

# Our recipe with a network that learns and draws at once: for tests of all that happens around a run.
SMALL: Recipe = replace(RECIPES["fast"], channels=(8, 8, 8, 8), attention=(3,), batch_size=16)

# The same as TINY with nothing that differs between two processes and one.
PLAIN: Recipe = replace(TINY, name="plain", dropout=0.0)


class Ticks:
    """A clock on which each look takes so many seconds, so that a machine is as busy as a test wants it.

    It takes the place of the module ``time`` in :mod:`ddpm.training.clock`.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0

    def perf_counter(self) -> float:
        self.now += self.seconds
        return self.now


def simple_sprites(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 16, 16, 3): a box in a frame on white, all distinct, no two held out or not by a hair."""
    random = np.random.default_rng(seed)
    seen: dict[bytes, np.ndarray] = {}
    while len(seen) < count:
        image = np.full((16, 16, 3), 255, np.uint8)
        top, left = random.integers(1, 7, 2)
        bottom, right = random.integers(9, 15, 2)
        image[top:bottom, left:right] = random.integers(0, 256, 3)
        image[top + 1 : bottom - 1, left + 1 : right - 1] = random.integers(0, 256, 3)
        seen[image.tobytes()] = image
    return np.stack(list(seen.values()))


@lru_cache(maxsize=1)
def built_in_sprites() -> SpriteDataset:
    """The built-in set, drawn once for all tests: each has a home of its own, and would draw it anew."""
    return load_sprites("builtin")


def real_sprites() -> SpriteDataset:
    """The exact real sprites; a test that needs them is marked slow."""
    path = REAL_DATA / "sprites_exact.npz"
    if not path.is_file():
        pytest.fail(f"this test needs the real sprites: {path} is missing")
    return load_sprites(path)


def recoloured(shapes: np.ndarray, palettes: np.ndarray) -> np.ndarray:
    """Each image in the colours of another: a foreground colour becomes the other's of that rank in lightness."""
    result = shapes.copy()
    for image, other in zip(result, palettes, strict=True):
        inside, theirs = foreground(oklab(image[None]))[0], other[foreground(oklab(other[None]))[0]]
        if inside.any() and len(theirs):
            theirs = theirs[np.argsort(oklab(theirs)[:, 0], kind="stable")]
            _, which = np.unique(image[inside], axis=0, return_inverse=True)
            which = which.ravel()
            ranks = np.empty(len(which))
            ranks[np.lexsort((which, oklab(image[inside])[:, 0]))] = (np.arange(len(which)) + 0.5) / len(which)
            middle = np.bincount(which, ranks) / np.bincount(which)
            image[inside] = theirs[(middle * len(theirs)).astype(int)][which]
    return result


@dataclass
class Rows:
    """The least that training needs of a data set."""

    images: np.ndarray
    labels: np.ndarray | None = None

    def batch(self, rows: np.ndarray) -> torch.Tensor:
        return to_float(self.images[rows])


def tiny_schedule(recipe: Recipe = TINY) -> NoiseSchedule:
    return NoiseSchedule(recipe.num_timesteps, recipe.schedule)


def trained_state(
    steps: int = 2, recipe: Recipe = TINY, num_classes: int | None = None, seed: int = 0
) -> TrainingState:
    """A state after a few steps on simple sprites."""
    images = simple_sprites(12)
    labels = None if num_classes is None else np.arange(12) % num_classes
    state = new_state(recipe, num_classes, seed)
    for _ in train(state, Rows(images, labels), np.arange(12), tiny_schedule(recipe), recipe, steps, seed=seed):
        pass
    return state


def state_bytes(state: TrainingState) -> dict[str, bytes]:
    """Everything that a training has to remember, bit for bit."""
    tensors = {f"raw.{name}": value for name, value in state.model.state_dict().items()}
    tensors |= {f"ema.{name}": value for name, value in state.ema.model.state_dict().items()}
    tensors |= state.optimizer.tensors()
    return {name: value.detach().numpy().tobytes() for name, value in tensors.items()} | {
        "step": str(state.step).encode()
    }


def digests(step_folder: Path) -> dict[str, str]:
    """SHA-256 of the weights and of the optimizer's state of a saved step."""
    names = ("model.safetensors", "state.safetensors")
    return {name: sha256((step_folder / name).read_bytes()).hexdigest() for name in names}


def environment(home: Path) -> dict[str, str]:
    """For a child process: this project, that home."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DDPM_START", "DDPM_LOG")}
    return {**kept, "PYTHONPATH": str(ROOT), "DDPM_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def start(arguments: Sequence[object], folder: Path, module: str = "ddpm", **variables: str) -> subprocess.Popen[str]:
    """Start ``python -m ddpm ARGUMENTS`` in a folder, with its home in there too; its standard input stays open."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=folder,
        env={**environment(folder / "home"), **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], expected: int = 0) -> tuple[str, str]:
    """Wait for a child's end; returns what it printed on standard output and on standard error."""
    try:
        output, errors = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == expected, errors
    assert "Traceback" not in errors
    return output, errors


def command(arguments: Sequence[object], folder: Path, expected: int = 0, module: str = "ddpm") -> tuple[str, str]:
    """Run ``python -m ddpm ARGUMENTS`` to its end."""
    return finish(start(arguments, folder, module), expected)


def wait_until(condition: Callable[[], object], what: str, seconds: float = 600) -> None:
    """Wait for something that happens in another process; the limit only keeps a broken test from hanging."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"waited in vain until {what}"
        sleep(0.02)
