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
