"""Threads and precision."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import torch

from ddpm import hardware


def test_threads_are_brought_into_range() -> None:
    for asked in (-1, 0, 1):
        assert hardware.set_threads(asked) == torch.get_num_threads() == 1
    assert hardware.set_threads(10_000) == torch.get_num_threads() == hardware.cores()


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
from ddpm.hardware import keep_memory
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
