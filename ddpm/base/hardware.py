"""The machine: device, cores and threads, precision, memory."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import platform
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar, get_args

import torch

T = TypeVar("T")
Precision = Literal["float32", "bfloat16"]

CPU = torch.device("cpu")

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 2**30

# Variables with which users limit the threads of all programs.
_LIMITS = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS")
_OWN_CGROUPS, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_setting = threading.Lock()


def best_device(number: int = 0) -> torch.device:
    """The fastest device for a training: an NVIDIA GPU (by the process's number, in turn), an Apple GPU, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", number % torch.cuda.device_count())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return CPU


def cores() -> int:
    """Number of cores that this process may use: :func:`given_cores`, or fewer if the user limits it.

    The limit is OMP_NUM_THREADS, OMP_THREAD_LIMIT or MKL_NUM_THREADS, set before the program starts.
    """
    # torchrun sets OMP_NUM_THREADS to 1 if the user set nothing.
    by_launcher = "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("OMP_NUM_THREADS") == "1"
    limits = [_limit(name) for name in _LIMITS if not (by_launcher and name == "OMP_NUM_THREADS")]
    return min([given_cores(), *(limit for limit in limits if limit)])


def given_cores() -> int:
    """Number of cores that the system gives this process: those it may run on, or its CPU quota, rounded up."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = _quota()
    return max(1, min(count, math.ceil(quota))) if math.isfinite(quota) else count


def _limit(name: str) -> int | None:
    """The number in an environment variable; None if there is no valid one."""
    # A list has one number per level of nested parallelism; only the first applies here.
    text = os.environ.get(name, "").partition(",")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) else None


def _quota() -> float:
    """Cores that the control groups (version 1 or 2) of this process allow; infinite without a limit."""
    smallest = math.inf
    try:
        lines = _OWN_CGROUPS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return smallest
    for line in lines:
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = _CGROUPS / controllers
        # A limit also applies to all groups below. In a container the process's own group is often the top one,
        # whatever the path says.
        own = top / path.lstrip("/")
        for folder in {top, own, *(above for above in own.parents if top in above.parents)}:
            smallest = min(smallest, _quota_of(folder))
    return smallest


def _quota_of(group: Path) -> float:
    try:
        if (group / "cpu.max").is_file():
            quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota = (group / "cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (group / "cpu.cfs_period_us").read_text(encoding="ascii")
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):
        # "max" means no limit.
        return math.inf


def set_threads(threads: int) -> int:
    """Let torch use ``threads`` cores, clipped to 1..:func:`cores`, in this thread and in later ones; returns them.

    In a process with several computing threads, such as a server, use :func:`thread_pool` for another number.
    """
    threads = max(1, min(threads, cores()))
    with _setting:
        torch.set_num_threads(threads)
    return threads


def thread_pool(workers: int, threads: int, name: str) -> ThreadPoolExecutor:
    """A pool in each of whose threads torch uses ``threads`` cores; other threads are not affected.

    Args:
        workers: number of threads in the pool.
        threads: clipped to 1..:func:`cores`.
        name: prefix of the threads' names.
    """
    threads = max(1, min(threads, cores()))
    all_there = threading.Barrier(workers + 1)

    def begin() -> None:
        # At its first use of torch a thread takes the default for new threads, so that use must come first.
        torch.get_num_threads()
        torch.set_num_threads(threads)
        all_there.wait()

    with _setting:
        usual = _in_a_new_thread(torch.get_num_threads)
        pool = ThreadPoolExecutor(workers, name, begin)
        for _ in range(workers):
            pool.submit(lambda: None)
        all_there.wait()
        # The number that a thread sets becomes the default for new threads, so the usual one is restored.
        _in_a_new_thread(lambda: torch.set_num_threads(usual))
    return pool


def _in_a_new_thread(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as fresh:
        return fresh.submit(work).result()


def keep_memory() -> None:
    """Let this process keep up to 1 GB of memory that it frees, instead of returning it to the system.

    Each training step needs the same memory, and asking the system for it again costs up to a tenth of the time.
    Does nothing except on Linux with glibc.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for threshold in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            libc.mallopt(threshold, _KEPT_BYTES)


def resolve_precision(asked: str, device: torch.device = CPU) -> Precision:
    """The precision for a training on ``device``; not from a timing, so that two runs on one machine agree.

    Args:
        asked: "float32", "bfloat16", or "auto": "bfloat16" if the hardware multiplies it (AVX512-BF16, AMX, or an
            NVIDIA GPU since 2020), else "float32".

    Raises:
        ValueError: for another word.
    """
    if asked == "auto":
        if device.type == "cuda":
            # The first generation that multiplies bfloat16 in hardware.
            is_fast = torch.cuda.get_device_capability(device) >= (8, 0)
        else:
            is_fast = device.type == "cpu" and bool(cpu_flags() & {"avx512_bf16", "amx_bf16"})
        return "bfloat16" if is_fast else "float32"
    if asked not in get_args(Precision):
        raise ValueError(f"unknown precision {asked!r}: choose auto, {' or '.join(get_args(Precision))}")
    return asked  # type: ignore[return-value]


def cpu_flags() -> set[str]:
    """The processor's feature flags, if the system lists them (Linux); else none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
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
    """A context in which the network's forward pass runs in ``precision``; weights stay float32."""
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def working_precision(x: torch.Tensor) -> torch.dtype:
    """The dtype in which convolutions and matrix products use ``x``: its own, or that of :func:`autocast`."""
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


# torch does not know the CPU quota; more threads than it allows would wait for one another.
if torch.get_num_threads() > cores():
    set_threads(cores())
