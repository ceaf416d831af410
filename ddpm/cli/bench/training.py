"""Training steps: ours in both precisions, and those of diffusers' network of the same widths."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ddpm.base import hardware
from ddpm.base.matmul import matmul
from ddpm.cli.bench.timing import in_turn
from ddpm.diffusion.noise import Shape
from ddpm.diffusion.sampling import DEFAULT_SHAPE
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.sprites import load_sprites
from ddpm.training.loop import new_state, train
from ddpm.training.recipes import RECIPES

_ROUNDS = 25
_STEPS = 2
_MATRIX = 2048


def bench_training(source: str) -> dict[str, Any]:
    """Time to the first batch, training steps in both precisions, one of the recipe on 16x16 RGB sprites, and a plain
    step (AdamW, float32, the same batch) of our network and of diffusers' (if it is installed) beside the machine's
    fastest matrix product; all in turn.

    GFLOP/s include the padding of convolutions. Our network skips the products with the padding of its smallest maps,
    a fifth of all: they are counted, but take no time. bfloat16 is measured only where the hardware supports it.

    Args:
        source: sprites to train on; load them once before, so that their index is cached.
    """
    hardware.keep_memory()
    started = time.perf_counter()
    sprites = load_sprites(source)
    rows = sprites.training_rows()
    sprites.batch(rows[:64])
    first_batch = time.perf_counter() - started
    shape = sprites.shape
    recipe = RECIPES["fast"].fitted(shape)
    schedule = NoiseSchedule(recipe.num_timesteps, recipe.schedule)
    usual = hardware.resolve_precision("auto")
    precisions: list[hardware.Precision] = ["float32"] if usual == "float32" else ["float32", "bfloat16"]
    contenders: dict[str, Callable[[], object]] = {}
    for precision in precisions:
        state = new_state(recipe, None, 0, image_shape=shape)
        steps = train(state, sprites, rows, schedule, recipe, 10_000, precision=precision)
        contenders[precision] = partial(next, steps)
    usual_size = RECIPES["fast"]
    small = train(new_state(usual_size, None, 0), _Noise(), rows, schedule, usual_size, 10_000, precision=precision)
    contenders["16x16"] = partial(next, small)
    networks: dict[str, nn.Module] = {"ours": UNet(recipe.channels, image_shape=shape)}
    if (other := _diffusers_network(recipe.channels, shape)) is not None:
        networks["diffusers"] = other
    contenders |= {name: _plain_step(network, recipe.batch_size, shape) for name, network in networks.items()}
    products = _products()
    medians = in_turn(contenders | products, _ROUNDS, _STEPS)
    peak = 2 * _MATRIX**3 / min(medians[name] for name in products) / 1e9
    result: dict[str, Any] = {
        "sprites": len(sprites),
        "threads": hardware.cores(),
        "seconds_to_first_batch": first_batch,
        **{f"milliseconds_a_step_{precision}": 1000 * medians[precision] for precision in precisions},
        "images_per_second_float32": recipe.batch_size / medians["float32"],
        "steps_per_second": 1 / medians[precisions[-1]],
        "steps_per_second_of_16x16": 1 / medians["16x16"],
        "precision_auto": usual,
        "gflops_of_matrix_product": peak,
    }
    if "bfloat16" in medians:
        result["bfloat16_speedup"] = medians["float32"] / medians["bfloat16"]
    for name, network in networks.items():
        # The backward pass costs twice the forward pass.
        gflops = 3 * recipe.batch_size * _forward_gflop(network, shape) / medians[name]
        result |= {
            f"parameters_{name}": sum(weights.numel() for weights in network.parameters()),
            f"images_per_second_{name}": recipe.batch_size / medians[name],
            f"gflops_{name}": gflops,
            f"share_of_peak_{name}": gflops / peak,
        }
    return result


class _Noise:
    """Sprites of 16x16 RGB, to compare the speed of other sizes with."""

    labels: np.ndarray | None = None

    def batch(self, rows: np.ndarray) -> torch.Tensor:
        return torch.rand(len(rows), *DEFAULT_SHAPE) * 2 - 1


def _plain_step(network: nn.Module, batch_size: int, shape: Shape) -> Callable[[], object]:
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)
    x, t = torch.randn(batch_size, *shape), torch.zeros(batch_size, dtype=torch.int64)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        F.mse_loss(_output(network, x, t), x).backward()
        optimizer.step()

    return step


def _output(network: nn.Module, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    output = network(x, t)
    return output if isinstance(output, torch.Tensor) else output.sample


def _forward_gflop(network: nn.Module, shape: Shape) -> float:
    """Per sprite, by the definition of the network, not by how its convolutions are computed."""
    network = copy.deepcopy(network).to("meta")
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        _output(network, torch.zeros(1, *shape), torch.zeros(1, dtype=torch.int64))
    return counter.get_total_flops() / 1e9


def _diffusers_network(channels: tuple[int, ...], shape: Shape) -> nn.Module | None:
    try:
        from diffusers import UNet2DModel
    except ImportError:
        return None
    network = UNet2DModel(
        sample_size=shape[1:],
        in_channels=shape[0],
        out_channels=shape[0],
        block_out_channels=channels,
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D",) * len(channels),
        up_block_types=("UpBlock2D",) * len(channels),
        add_attention=False,
    )
    return cast(nn.Module, network)


def _products() -> dict[str, Callable[[], object]]:
    """The same product by two libraries: on some processors one of them is twice as fast."""
    a, b, c = (torch.randn(_MATRIX, _MATRIX) for _ in range(3))
    return {"product_torch": lambda: torch.mm(a, b, out=c), "product_ours": lambda: matmul(a, b)}
