"""Exact nearest neighbours and the whole report: time and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ddpm.cli.bench.timing import in_turn
from ddpm.judging.copying.memorization import memorization_report
from ddpm.judging.quality.measures import quality_report
from ddpm.pixels.neighbors import nearest
from ddpm.sprites import SpriteDataset, load_sprites

_ROUNDS = 5
_REFERENCES, _SAMPLES = 89_400, 1000


def bench_neighbors(source: str) -> dict[str, Any]:
    """64 queries among 89,400 sprites, by our search and scikit-learn's (if installed); a report on 1,000 samples."""
    sprites = load_sprites(source)
    references = np.resize(sprites.images[:_REFERENCES], (_REFERENCES, *sprites.images.shape[1:]))
    queries = np.random.default_rng(0).integers(0, 256, (64, *references.shape[1:]), dtype=np.uint8)
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
    times = in_turn(contenders, _ROUNDS)
    result: dict[str, Any] = {"queries": len(queries), "references": len(references)}
    result |= {f"seconds_{name}": seconds for name, seconds in times.items()}
    if "scikit_learn" in times:
        result["ratio"] = result["seconds_ours"] / result["seconds_scikit_learn"]
    return result | _bench_report(sprites, references)


def _bench_report(sprites: SpriteDataset, references: np.ndarray) -> dict[str, Any]:
    random = np.random.default_rng(1)
    samples = references[random.integers(0, len(references), _SAMPLES)]
    # Half of them noisy copies, half of them joined from two sprites.
    half = _SAMPLES // 2
    samples[:half] = np.clip(samples[:half] + random.normal(0, 8, samples[:half].shape), 0, 255).astype(np.uint8)
    samples[half:, :, 8:] = samples[random.permutation(half), :, 8:]
    began = time.perf_counter()
    nearest(samples, references, 1)
    result: dict[str, Any] = {"samples": len(samples), "seconds_1000_neighbors": time.perf_counter() - began}
    rows = np.arange(len(references))
    heldout = np.isin(rows % len(sprites), sprites.split()[1])
    with _MemoryWatch() as memory:
        began = time.perf_counter()
        memorization_report(samples, references[~heldout], references[heldout])
        quality_report(samples, references)
        result["seconds_1000_report"] = time.perf_counter() - began
    result["megabytes_1000_report"] = memory.grown()
    return result


class _MemoryWatch:
    """The peak growth of this process's memory, without mapped files; Linux only."""

    def __enter__(self) -> _MemoryWatch:
        self._stop = threading.Event()
        self._before = self._peak = _anonymous_memory()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def grown(self) -> float | None:
        """Megabytes; None if the system does not report it."""
        return None if self._before is None or self._peak is None else (self._peak - self._before) / 1000

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            now = _anonymous_memory()
            if now is not None and self._peak is not None:
                self._peak = max(self._peak, now)


def _anonymous_memory() -> int | None:
    """Kilobytes; None if the system does not report it."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
    except (OSError, StopIteration):
        return None
