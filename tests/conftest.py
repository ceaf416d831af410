"""What every test has: a home of its own, and a few sprites."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ddpm  # noqa: F401 - before torch
from tests.ddpm.helpers import simple_sprites


@pytest.fixture(autouse=True)
def ddpm_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``DDPM_HOME`` of this test alone: a training elsewhere on the machine is neither seen nor disturbed."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DDPM_HOME", str(folder))
    for name in ("DDPM_START", "DDPM_LOG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def tiny_sprites(tmp_path: Path) -> Path:
    """A .npy of 40 distinct sprites."""
    path = tmp_path / "tiny.npy"
    np.save(path, simple_sprites(40))
    return path
