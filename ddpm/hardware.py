"""What this machine's processor can do."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path
from typing import Literal, get_args

import torch

Precision = Literal["float32", "bfloat16"]


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """Cores that torch uses in the calling thread."""
    return torch.get_num_threads()


def set_threads(threads: int) -> int:
    """Let torch use ``threads`` cores in the calling thread and in those that start later.

    Args:
        threads: brought into 1..:func:`cores`.

    Returns:
        The number that is in force.
    """
    threads = max(1, min(threads, cores()))
    torch.set_num_threads(threads)
    return threads


def resolve_precision(asked: str) -> Precision:
    """Decide a precision from the processor's flags, never from a timing: two runs on one machine agree.

    Args:
        asked: "auto", "float32" or "bfloat16".

    Returns:
        For "auto", "bfloat16" where the processor multiplies it in hardware (AVX512-BF16 or AMX), else "float32".

    Raises:
        ValueError: for another word.
    """
    if asked == "auto":
        return "bfloat16" if cpu_flags() & {"avx512_bf16", "amx_bf16"} else "float32"
    if asked not in get_args(Precision):
        raise ValueError(f"unknown precision {asked!r}: choose auto, {' or '.join(get_args(Precision))}")
    return asked  # type: ignore[return-value]


def cpu_flags() -> set[str]:
    """The processor's feature flags, where the system tells them (Linux); else none."""
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return set()
    for line in text.splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()


def autocast(precision: Precision) -> contextlib.AbstractContextManager[None]:
    """The context in which the network's forward pass runs in ``precision``; weights stay float32."""
    if precision == "bfloat16":
        return torch.autocast("cpu", torch.bfloat16)
    return contextlib.nullcontext()


def describe() -> str:
    """The machine in a few words, for a model card."""
    number = "1 core" if cores() == 1 else f"{cores()} cores"
    return f"{number}, {platform.machine()}, {platform.system()}, torch {torch.__version__}"
