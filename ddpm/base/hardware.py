"""What this machine computes with: device, cores and threads, precision, memory."""

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

# Their numbers in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 2**30

# By these a user limits the threads of all programs.
_LIMITS = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS")
_OWN_CGROUPS, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_setting = threading.Lock()


def best_device(number: int = 0) -> torch.device:
    """The device on which a training is fastest: an NVIDIA GPU, Apple's, or the CPU.

    Args:
        number: of the process on this machine; several NVIDIA GPUs are given out in turn.
    """
    if torch.cuda.is_available():
        return torch.device("cuda", number % torch.cuda.device_count())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return CPU


def cores() -> int:
    """Number of cores that this process may use: :func:`given_cores`, or fewer if the user limits it.

    The limit is OMP_NUM_THREADS, OMP_THREAD_LIMIT or MKL_NUM_THREADS, set before the program starts.
    """
    # torchrun sets it to 1 where the user set nothing.
    by_launcher = "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("OMP_NUM_THREADS") == "1"
    limits = [_limit(name) for name in _LIMITS if not (by_launcher and name == "OMP_NUM_THREADS")]
    return min([given_cores(), *(limit for limit in limits if limit)])


def given_cores() -> int:
    """Number of cores that the system gives this process: those that it may run on, limited by its CPU quota.

    A quota of one core and a half counts as two: both are then busy for three quarters of the time.
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = _quota()
    return max(1, min(count, math.ceil(quota))) if math.isfinite(quota) else count


def _limit(name: str) -> int | None:
    """The number in an environment variable; None if there is none, or it makes no sense."""
    # A list has a number for each level of nesting; ours is the first.
    text = os.environ.get(name, "").partition(",")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) else None


def _quota() -> float:
    """Cores that the control groups (both versions) of this process let it use; infinite without a limit."""
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
        # A limit holds for all groups below. In a container its own group is often the top, whatever the path says.
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
        # "max" is no number, and no limit.
        return math.inf


def set_threads(threads: int) -> int:
    """Let torch use ``threads`` cores in the calling thread and in those that start later.

    For a process that does one thing, such as a training. Where several threads compute, as in a server, those that
    need another number come from :func:`thread_pool`.

    Args:
        threads: clipped to 1..:func:`cores`.

    Returns:
        The number that is in force.
    """
    threads = max(1, min(threads, cores()))
    with _setting:
        torch.set_num_threads(threads)
    return threads


def thread_pool(workers: int, threads: int, name: str) -> ThreadPoolExecutor:
    """A pool in each of whose threads torch uses ``threads`` cores; all other threads keep the number they have.

    Args:
        workers: number of threads in the pool.
        threads: clipped to 1..:func:`cores`.
        name: prefix of the threads' names.
    """
    threads = max(1, min(threads, cores()))
    all_there = threading.Barrier(workers + 1)

    def begin() -> None:
        # Asked first: at its first use of torch a thread takes the number for new threads, whatever was set before.
        torch.get_num_threads()
        torch.set_num_threads(threads)
        all_there.wait()

    with _setting:
        usual = _in_a_new_thread(torch.get_num_threads)
        pool = ThreadPoolExecutor(workers, name, begin)
        for _ in range(workers):
            pool.submit(lambda: None)
        all_there.wait()
        # The number that a thread sets becomes that of all new threads, so the usual one is set again.
        _in_a_new_thread(lambda: torch.set_num_threads(usual))
    return pool


def _in_a_new_thread(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as fresh:
        return fresh.submit(work).result()


def keep_memory() -> None:
    """Let this process keep the memory that it frees, up to 1 GB, instead of returning it to the system.

    A training step needs the same memory as the one before, and getting it from the system again costs up to a tenth
    of its time. For Linux with glibc; elsewhere it does nothing.
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
            # The first generation that multiplies it in hardware.
            is_fast = torch.cuda.get_device_capability(device) >= (8, 0)
        else:
            is_fast = device.type == "cpu" and bool(cpu_flags() & {"avx512_bf16", "amx_bf16"})
        return "bfloat16" if is_fast else "float32"
    if asked not in get_args(Precision):
        raise ValueError(f"unknown precision {asked!r}: choose auto, {' or '.join(get_args(Precision))}")
    return asked  # type: ignore[return-value]


def cpu_flags() -> set[str]:
    """The processor's feature flags where the system lists them (Linux); elsewhere none."""
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
    """The context in which the network's forward pass runs in ``precision``; weights stay float32."""
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def working_precision(x: torch.Tensor) -> torch.dtype:
    """The type in which a convolution or a matrix product takes ``x``: its own, or that of :func:`autocast`."""
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


# torch does not know the quota: more threads than that would wait for one another.
if torch.get_num_threads() > cores():
    set_threads(cores())
