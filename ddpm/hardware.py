"""What this machine's processor can do."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import torch

Precision = Literal["float32", "bfloat16"]

CPU = torch.device("cpu")

# Their numbers in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 2**30


def best_device(number: int = 0) -> torch.device:
    """Where a training is quickest: an NVIDIA GPU, Apple's, or the CPU.

    Args:
        number: which of several NVIDIA GPUs; processes of one machine take turns.
    """
    if torch.cuda.is_available():
        return torch.device("cuda", number % torch.cuda.device_count())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return CPU


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


def keep_memory() -> None:
    """Let this process keep what it frees, up to 1 GB, for its next need, instead of giving it back to the system.

    A training step needs the same memory as the one before, and pages asked for anew cost it up to a tenth of its time.
    For Linux with glibc; elsewhere it does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for threshold in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            libc.mallopt(threshold, _KEPT_BYTES)


def resolve_precision(asked: str, device: torch.device = CPU) -> Precision:
    """Decide a precision from the processor's flags, never from a timing: two runs on one machine agree.

    Args:
        asked: "auto", "float32" or "bfloat16".
        device: what the training runs on.

    Returns:
        For "auto", "bfloat16" where the processor multiplies it in hardware (AVX512-BF16, AMX, or an NVIDIA GPU since
        2020), else "float32".

    Raises:
        ValueError: for another word.
    """
    if asked == "auto":
        if device.type == "cuda":
            # The first that multiplies it in hardware.
            quick = torch.cuda.get_device_capability(device) >= (8, 0)
        else:
            quick = device.type == "cpu" and bool(cpu_flags() & {"avx512_bf16", "amx_bf16"})
        return "bfloat16" if quick else "float32"
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


@lru_cache
def has_wide_registers() -> bool:
    """Whether the processor multiplies sixteen float32 numbers at once (AVX-512)."""
    return "avx512f" in cpu_flags()


def autocast(precision: Precision, device: torch.device = CPU) -> contextlib.AbstractContextManager[None]:
    """The context in which the network's forward pass runs in ``precision``; weights stay float32."""
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def working_precision(x: torch.Tensor) -> torch.dtype:
    """In which a convolution or a product takes ``x``: its own, unless :func:`autocast` says otherwise."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def describe(device: torch.device = CPU) -> str:
    """The machine in a few words, for a model card."""
    number = "1 core" if cores() == 1 else f"{cores()} cores"
    if device.type == "cuda":
        number = f"{torch.cuda.get_device_name(device)}, {number}"
    elif device.type != "cpu":
        number = f"{device.type}, {number}"
    return f"{number}, {platform.machine()}, {platform.system()}, torch {torch.__version__}"
