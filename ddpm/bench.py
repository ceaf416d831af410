"""Speed on this machine, as ratios within one run: absolute times of a busy machine say little."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ddpm import hardware
from ddpm.neighbors import nearest
from ddpm.recipes import RECIPES
from ddpm.schedule import NoiseSchedule
from ddpm.sprites import load_sprites
from ddpm.training import new_state, train

_ROUNDS = 5


def bench_training(source: str) -> dict[str, Any]:
    """Time to the first batch, and training steps in both precisions, in turn.

    Args:
        source: sprites to train on; load them once before, if its index is to be cached.
    """
    started = time.perf_counter()
    sprites = load_sprites(source)
    rows = sprites.training_rows()
    sprites.batch(rows[:64])
    first_batch = time.perf_counter() - started
    recipe = RECIPES["fast"]
    schedule = NoiseSchedule(recipe.num_timesteps, recipe.schedule)
    precisions: list[hardware.Precision] = ["float32", "bfloat16"]
    running = {
        precision: train(new_state(recipe, None, 0), sprites, rows, schedule, recipe, 10_000, precision=precision)
        for precision in precisions
    }
    times: dict[str, list[float]] = {precision: [] for precision in precisions}
    for turn in range(_ROUNDS + 1):
        for precision, steps in running.items():
            began = time.perf_counter()
            for _ in range(10):
                next(steps)
            if turn:
                times[precision].append((time.perf_counter() - began) / 10)
    medians = {precision: statistics.median(values) for precision, values in times.items()}
    return {
        "sprites": len(sprites),
        "threads": hardware.cores(),
        "seconds_to_first_batch": first_batch,
        "milliseconds_a_step_float32": 1000 * medians["float32"],
        "milliseconds_a_step_bfloat16": 1000 * medians["bfloat16"],
        "images_per_second_float32": recipe.batch_size / medians["float32"],
        "bfloat16_speedup": medians["float32"] / medians["bfloat16"],
        "precision_auto": hardware.resolve_precision("auto"),
    }


def bench_neighbors(source: str) -> dict[str, Any]:
    """64 queries against 89,400 sprites, ours and scikit-learn's brute force (if it is installed), in turn."""
    sprites = load_sprites(source)
    references = np.resize(sprites.images[: min(len(sprites), 89_400)], (89_400, 16, 16, 3))
    queries = np.random.default_rng(0).integers(0, 256, (64, 16, 16, 3), dtype=np.uint8)
    contenders: dict[str, Callable[[], object]] = {"ours": lambda: nearest(queries, references, 8)}
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError:
        pass
    else:
        flat = references.reshape(len(references), -1).astype(np.float32)
        asked = queries.reshape(len(queries), -1).astype(np.float32)
        index = NearestNeighbors(n_neighbors=8, algorithm="brute").fit(flat)
        contenders["scikit_learn"] = lambda: index.kneighbors(asked)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(_ROUNDS + 1):
        for name, search in contenders.items():
            began = time.perf_counter()
            search()
            if turn:
                times[name].append(time.perf_counter() - began)
    result: dict[str, Any] = {"queries": len(queries), "references": len(references)}
    result |= {f"seconds_{name}": statistics.median(values) for name, values in times.items()}
    if "scikit_learn" in times:
        result["ratio"] = result["seconds_ours"] / result["seconds_scikit_learn"]
    return result


BENCHES: dict[str, Callable[[str], dict[str, Any]]] = {"training": bench_training, "neighbors": bench_neighbors}
