"""The effect of how threads wait, on an idle machine and on one where other programs use every core."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ddpm.base import hardware
from ddpm.base.openmp import CHOICES
from ddpm.cli.bench.timing import in_turn
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.sprites import load_sprites
from ddpm.training.loop import new_state, train
from ddpm.training.recipes import RECIPES

_SIZES = (1, 16, 64)
_ROUNDS = 3
_TURNS = 4
_CHILD = "import json, sys; from ddpm.cli.bench.waiting import measure; print(json.dumps(measure(sys.argv[1])))"
# The first is torch's default, "ours" that of this program.
_POLICIES: dict[str, dict[str, str]] = {
    "torch_alone": {"GOMP_SPINCOUNT": "300000"},
    "ours": {},
    **{f"spins_{count}": {"GOMP_SPINCOUNT": str(count)} for count in (1000, 3000, 10000, 30000, 100000)},
    "passive": {"OMP_WAIT_POLICY": "PASSIVE"},
    "one_thread": {"OMP_NUM_THREADS": "1"},
}


def bench_waiting(source: str) -> dict[str, Any]:
    """Median milliseconds of a forward pass of 1, 16 and 64 sprites, and of a training step, by wait policy.

    Each policy has its own process, since OpenMP reads it once; the processes take turns, one at a time.

    Returns:
        JSON values, for ``quiet`` and for ``busy`` (beside one busy program per core): by policy the medians,
        and ``ratio``: the median, over the rounds, of each policy's time over that of torch alone in the same round.
    """
    load_sprites(source)
    result: dict[str, Any] = {"threads": hardware.cores(), "load_before": None}
    if hasattr(os, "getloadavg"):
        result["load_before"] = os.getloadavg()[0]
    for name, count in (("quiet", 0), ("busy", hardware.given_cores())):
        with _busy_cores(count):
            result[name] = _in_rounds(source)
    return result


def _in_rounds(source: str) -> dict[str, Any]:
    rounds = [{name: _in_a_child(source, policy) for name, policy in _POLICIES.items()} for _ in range(_ROUNDS)]
    first, *others = _POLICIES
    measured = list(rounds[0][first])
    found: dict[str, Any] = {
        name: {what: statistics.median(times[name][what] for times in rounds) for what in measured}
        for name in _POLICIES
    }
    found["ratio"] = {
        name: {what: statistics.median(times[name][what] / times[first][what] for times in rounds) for what in measured}
        for name in others
    }
    return found


def _in_a_child(source: str, policy: dict[str, str]) -> dict[str, float]:
    plain = {name: value for name, value in os.environ.items() if name not in CHOICES}
    command = [sys.executable, "-c", _CHILD, source]
    return json.loads(subprocess.run(command, env={**plain, **policy}, stdout=subprocess.PIPE, check=True).stdout)


@contextlib.contextmanager
def _busy_cores(count: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def measure(source: str) -> dict[str, float]:
    """Milliseconds in this process, with the wait policy of its environment."""
    hardware.set_threads(hardware.cores())
    hardware.keep_memory()
    sprites = load_sprites(source)
    recipe = RECIPES["fast"].fitted(sprites.shape)
    network = UNet(
        recipe.channels, attention=recipe.attention, prediction_type=recipe.prediction_type, image_shape=sprites.shape
    ).eval()
    steps = train(
        new_state(recipe, None, 0, image_shape=sprites.shape),
        sprites,
        sprites.training_rows(),
        NoiseSchedule(recipe.num_timesteps, recipe.schedule),
        recipe,
        10_000,
        precision=hardware.resolve_precision(recipe.precision),
    )
    contenders: dict[str, Callable[[], object]] = {f"forward_{n}": _forward(network, n) for n in _SIZES}
    contenders["step"] = lambda: next(steps)
    return {name: 1000 * seconds for name, seconds in in_turn(contenders, _TURNS, 2).items()}


def _forward(network: UNet, n: int) -> Callable[[], object]:
    x, t = torch.randn(n, *network.image_shape), torch.full((n,), 500)

    @torch.no_grad()
    def forward() -> None:
        network(x, t)

    return forward
