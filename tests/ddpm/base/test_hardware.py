"""Threads and precision."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from ddpm.base import hardware
from ddpm.training.distributed import Team


def test_threads_are_brought_into_range() -> None:
    for asked in (-1, 0, 1):
        assert hardware.set_threads(asked) == torch.get_num_threads() == 1
    assert hardware.set_threads(10_000) == torch.get_num_threads() == hardware.cores()


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Control groups of our own, on a machine of sixteen cores where the user asks for nothing."""
    monkeypatch.setattr(hardware, "_OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(hardware, "_CGROUPS", tmp_path / "fs")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    for name in (*hardware._LIMITS, "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, 16),
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        # Rounded up; never none.
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "5000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "9900000 100000\n"}, 16),
        # What holds for a group holds for those in it.
        ("0::/a/b/c\n", {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "max 100000\n"}, 3),
        ("0::/a/b\n", {"a/cpu.max": "700000 100000\n", "a/b/cpu.max": "400000 100000\n"}, 4),
        # The host's name for a group that is the container's top.
        ("0::/docker/123\n", {"cpu.max": "200000 100000\n"}, 2),
        ("2:cpu,io:/a\n", {"cpu,io/a/cpu.cfs_quota_us": "250000", "cpu,io/a/cpu.cfs_period_us": "50000"}, 5),
        ("1:cpu:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 16),
        ("3:cpuset:/\n", {"cpuset/cpu.cfs_quota_us": "100000", "cpuset/cpu.cfs_period_us": "100000"}, 16),
        ("nonsense\n::\n0::/\n", {"cpu.max": "nonsense\n"}, 16),
        ("0::/\n", {"cpu.max": "100000 0\n"}, 16),
    ],
)  # fmt: skip
def test_a_quota_of_the_system_counts(groups: Path, own: str, files: dict[str, str], expected: int) -> None:
    put(groups / "own", own)
    for name, text in files.items():
        put(groups / "fs" / name, text)
    assert hardware.cores() == expected
    assert hardware.describe().startswith("1 core," if expected == 1 else f"{expected} cores,")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 16),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": " 4,2 "}, 4),
        ({"MKL_NUM_THREADS": "5", "OMP_THREAD_LIMIT": "2"}, 2),
        ({"OMP_NUM_THREADS": "64"}, 16),
        ({"OMP_NUM_THREADS": ""}, 16),
        ({"OMP_NUM_THREADS": "0"}, 16),
        ({"OMP_NUM_THREADS": "-1"}, 16),
        ({"OMP_NUM_THREADS": "many"}, 16),
        ({"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "none"}, 16),
        ({"OMP_NUM_THREADS": "2", "TORCHELASTIC_RUN_ID": "none"}, 2),
    ],
)
@pytest.mark.usefixtures("groups")
def test_what_the_user_asks_for_is_the_most(
    variables: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hardware.cores() == expected
    assert hardware.given_cores() == 16


def test_a_team_shares_the_machine_and_not_the_limit(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Team(0, 2, 2).threads == 8
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert Team(0, 2, 2).threads == 6
    assert Team(0, 4, 4).threads == 4
    assert Team(0, 40, 40).threads == 1


def test_torch_itself_keeps_to_a_quota(tmp_path: Path) -> None:
    put(tmp_path / "own", "0::/\n")
    put(tmp_path / "fs" / "cpu.max", "100000 100000\n")
    script = f"""
import pathlib
text, file = pathlib.Path.read_text, pathlib.Path.is_file
def moved(path):
    path = str(path)
    return pathlib.Path(path.replace("/proc/self/cgroup", {str(tmp_path / "own")!r})
                            .replace("/sys/fs/cgroup", {str(tmp_path / "fs")!r}))
pathlib.Path.read_text = lambda self, *a, **b: text(moved(self), *a, **b)
pathlib.Path.is_file = lambda self: file(moved(self))
import ddpm.base.hardware, torch
print(torch.get_num_threads())
"""
    plain = {name: value for name, value in os.environ.items() if name not in hardware._LIMITS}
    done = subprocess.run([sys.executable, "-c", script], env=plain, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_a_pool_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 4)
    torch.set_num_threads(2)
    with hardware.thread_pool(3, 1, "small") as small, hardware.thread_pool(1, 3, "large") as large:
        there = threading.Barrier(3)

        def asked(_: int) -> int:
            there.wait()
            return torch.get_num_threads()

        assert list(small.map(asked, range(3))) == [1, 1, 1]
        assert large.submit(torch.get_num_threads).result() == 3
    # Neither this thread nor one to come has heard of it.
    assert torch.get_num_threads() == hardware._in_a_new_thread(torch.get_num_threads) == 2
    with hardware.thread_pool(1, 100, "all") as every:
        assert every.submit(torch.get_num_threads).result() == 4


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"avx512_bf16"}, "bfloat16"), ({"amx_bf16", "avx"}, "bfloat16"), ({"avx512f"}, "float32"), (set(), "float32")],
)
def test_auto_follows_the_flags(flags: set[str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cpu_flags", lambda: flags)
    assert hardware.resolve_precision("auto") == expected
    assert hardware.resolve_precision("float32") == "float32"
    assert hardware.resolve_precision("bfloat16") == "bfloat16"


def test_unknown_precision() -> None:
    with pytest.raises(ValueError, match="auto, float32 or bfloat16"):
        hardware.resolve_precision("float16")


def test_autocast() -> None:
    a = torch.ones(2, 2)
    with hardware.autocast("bfloat16"):
        assert (a @ a).dtype == torch.bfloat16
    with hardware.autocast("float32"):
        assert (a @ a).dtype == torch.float32


def test_a_gpu_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert hardware.best_device(3) == hardware.CPU
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert hardware.best_device() == torch.device("mps")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert [hardware.best_device(number) for number in range(3)] == [torch.device("cuda", i) for i in (0, 1, 0)]


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), "float32"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")])
def test_auto_precision_on_a_gpu(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], expected: str) -> None:
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device: capability)
    monkeypatch.setattr(hardware, "cpu_flags", lambda: {"amx_bf16"})
    assert hardware.resolve_precision("auto", torch.device("cuda", 0)) == expected
    assert hardware.resolve_precision("auto", torch.device("mps")) == "float32"
    assert hardware.resolve_precision("auto") == "bfloat16"


_FRESH_PAGES = """
import resource, torch
from ddpm.base.hardware import keep_memory
if {kept}:
    keep_memory()
for turn in range(25):
    if turn == 5:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.zeros(1 << 24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is asked of glibc's memory")
def test_memory_is_kept() -> None:
    def fresh_pages(kept: bool) -> int:
        script = _FRESH_PAGES.format(kept=kept)
        return int(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)

    # Now and then a small thing comes to lie in what was kept, and the next large one needs another place.
    assert 2 * fresh_pages(kept=True) < fresh_pages(kept=False)
