"""What this machine's processor can do."""

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

# How a user tells all programs that compute how many threads they may have.
_LIMITS = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS")
_OWN_CGROUPS, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_setting = threading.Lock()


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
    """Number of cores that this process may use: :func:`given_cores`, or fewer where the user says so.

    The user says so in OMP_NUM_THREADS, OMP_THREAD_LIMIT or MKL_NUM_THREADS, set before the program starts.
    """
    # torchrun sets it to 1 where the user set nothing.
    by_launcher = "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("OMP_NUM_THREADS") == "1"
    limits = [_limit(name) for name in _LIMITS if not (by_launcher and name == "OMP_NUM_THREADS")]
    return min([given_cores(), *(limit for limit in limits if limit)])


def given_cores() -> int:
    """Number of cores that the system gives this process: those it may run on, and what its CPU quota comes to.

    A quota of one core and a half counts as two: both are then busy for three quarters of the time.
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = _quota()
    return max(1, min(count, math.ceil(quota))) if math.isfinite(quota) else count


def _limit(name: str) -> int | None:
    """The number in a variable of the environment; None where there is none that makes sense."""
    # A list has a number for each level of nesting, the first one for ours.
    text = os.environ.get(name, "").partition(",")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) else None


def _quota() -> float:
    """Cores that the control groups (both versions) of this process let it keep busy; infinite without a limit."""
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
        # A limit holds for all groups below. In a container the top is often its own group, whatever the path says.
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

    For a process that has one thing to do, such as a training. Where several threads compute, as in a server, each
    that wants another number gets it from :func:`thread_pool`.

    Args:
        threads: brought into 1..:func:`cores`.

    Returns:
        The number that is in force.
    """
    threads = max(1, min(threads, cores()))
    with _setting:
        torch.set_num_threads(threads)
    return threads


def thread_pool(workers: int, threads: int, name: str) -> ThreadPoolExecutor:
    """Threads of their own, in each of which torch uses ``threads`` cores; all other threads keep what they have.

    Args:
        workers: how many.
        threads: brought into 1..:func:`cores`.
        name: what they are called.
    """
    threads = max(1, min(threads, cores()))
    all_there = threading.Barrier(workers + 1)

    def begin() -> None:
        # Asked first: a thread that has not used torch yet would take the number for new ones when it does.
        torch.get_num_threads()
        torch.set_num_threads(threads)
        all_there.wait()

    with _setting:
        usual = _in_a_new_thread(torch.get_num_threads)
        pool = ThreadPoolExecutor(workers, name, begin)
        for _ in range(workers):
            pool.submit(lambda: None)
        all_there.wait()
        # What a thread sets becomes the rule for threads to come: these must not inherit it.
        _in_a_new_thread(lambda: torch.set_num_threads(usual))
    return pool


def _in_a_new_thread(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as fresh:
        return fresh.submit(work).result()


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


# torch knows nothing of a quota: more threads than that would wait for one another.
if torch.get_num_threads() > cores():
    set_threads(cores())
