"""Speed and learning on this machine, as ratios within one run: absolute times say little on a busy machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ddpm.cli.bench.learning import bench_baseline, bench_learning
from ddpm.cli.bench.neighbors import bench_neighbors
from ddpm.cli.bench.sampling import bench_sampling
from ddpm.cli.bench.training import bench_training
from ddpm.cli.bench.waiting import bench_waiting

BENCHES: dict[str, Callable[[str], dict[str, Any]]] = {
    "training": bench_training,
    "neighbors": bench_neighbors,
    "waiting": bench_waiting,
}

__all__ = [
    "BENCHES",
    "bench_baseline",
    "bench_learning",
    "bench_neighbors",
    "bench_sampling",
    "bench_training",
    "bench_waiting",
]
