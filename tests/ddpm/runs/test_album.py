"""The album keeps the last batches, and nothing that is asked of it can break a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.diffusion.chain import Chain
from ddpm.runs.album import batch_names, keep_batch, load_batch


def chain(seed: int) -> Chain:
    random = np.random.default_rng(seed)
    x_t, x0 = random.integers(0, 256, (2, 3, 4, 16, 16, 3), dtype=np.uint8)
    return Chain(np.array([9, 4, -1]), x_t, x0, np.array([0.9, 0.5, 0.0]))


def seeds() -> list[int]:
    """Of all batches in the album, newest first."""
    loaded = [load_batch(name) for name in batch_names()]
    return [batch.info["seed"] for batch in loaded if batch is not None]


def test_a_batch_comes_back_as_it_was() -> None:
    kept = keep_batch(chain(0), {"seed": 0, "name": "small"})
    found = load_batch(kept.id)
    assert found is not None
    assert found.info == {"seed": 0, "name": "small"}
    for name in ("t", "x_t", "x0", "noise_level"):
        assert np.array_equal(getattr(found.chain, name), getattr(kept.chain, name))


def test_two_chains_that_were_compared_come_back() -> None:
    kept = keep_batch(chain(0), {}, chain(1))
    found = load_batch(kept.id)
    assert found is not None
    assert found.other is not None
    assert np.array_equal(found.chain.x_t, chain(0).x_t)
    assert np.array_equal(found.other.x0, chain(1).x0)


def test_an_old_album_still_opens(ddpm_home: Path) -> None:
    """Before batches could be compared they were compressed, and there was no second chain."""
    folder = ddpm_home / "batches" / "0123456789ab"
    folder.mkdir(parents=True)
    old = chain(3)
    np.savez_compressed(folder / "chain.npz", t=old.t, x_t=old.x_t, x0=old.x0, noise_level=old.noise_level)
    (folder / "batch.json").write_text('{"seed": 3}')
    assert batch_names() == [folder.name]
    found = load_batch(folder.name)
    assert found is not None
    assert (found.info, found.other) == ({"seed": 3}, None)
    assert np.array_equal(found.chain.x0, old.x0)


def test_only_the_newest_are_kept() -> None:
    for seed in range(15):
        keep_batch(chain(seed), {"seed": seed})
    assert seeds() == list(range(14, 2, -1))


@pytest.mark.parametrize("name", ["", "../../etc", "abc", "zz" * 8, "0123456789abcdef"])
def test_a_name_that_is_not_there_gives_nothing(name: str) -> None:
    assert load_batch(name) is None


def test_a_damaged_batch_is_left_out(ddpm_home: Path) -> None:
    kept = keep_batch(chain(1), {"seed": 1})
    (ddpm_home / "batches" / kept.id / "chain.npz").write_bytes(b"PK\x03\x04 and no more")
    assert load_batch(kept.id) is None


def test_without_a_home_the_batch_is_returned_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "file"))
    batch = keep_batch(chain(2), {"seed": 2})
    assert batch.id == ""
    assert np.array_equal(batch.chain.x_t, chain(2).x_t)
    assert batch_names() == []
