"""Threads and precision."""

from __future__ import annotations

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
