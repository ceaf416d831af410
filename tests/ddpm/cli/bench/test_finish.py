"""``bench finish``: the measure of a finished half is right where the answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ddpm import NoiseSchedule
from ddpm.cli.bench import finish
from ddpm.cli.bench.finish import Setting, bench_finish, table, usual_settings
from ddpm.cli.main import main
from ddpm.diffusion.plays.filling import HALVES, half_mask
from tests.ddpm.cli.small_runs import train_small
from tests.ddpm.helpers import simple_sprites


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finish")
    np.savez(folder / "simple.npz", images=simple_sprites(60), labels=np.arange(60) % 2)
    np.save(folder / "more.npy", np.concatenate([simple_sprites(60), 255 - simple_sprites(20)]))
    train_small(folder, {"small": "simple.npz"})
    return folder


def test_known_errors() -> None:
    random = np.random.default_rng(0)
    truth, train = (random.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8) for count in (5, 30))
    train[7] = np.where(half_mask(16, 16, "left")[..., None], truth[2], train[7])
    copies = [finish._copies(truth, train, half, 3) for half in HALVES]
    assert np.array_equal(copies[0][2, 0], train[7]), "the training sprite with the same half is the best one"
    exact = finish._compared(truth, [truth[:, None].repeat(3, 1)] * 4, copies)
    assert exact["one"]["error"] == [0, 0, 0]
    assert exact["mean"]["nearer"] == [1, 1, 1]
    assert exact["seam"] == pytest.approx([1, 1, 1])
    # Uniform bytes differ by 255^2 / 6 in the mean square: (2 / 255)^2 of that.
    assert exact["one"]["copy_error"][0] == pytest.approx(2 / 3, rel=0.05)
    same = finish._compared(truth, copies, copies)
    assert same["mean"]["ratio"] == [1, 1, 1]
    assert same["mean"]["nearer"] == [0.5] * 3
    assert list(same["ratio_by_half"]) == list(HALVES)


def test_the_settings_to_compare_with() -> None:
    settings = usual_settings(NoiseSchedule(1000, "cosine"))
    calls = {name: setting.calls for name, setting in settings.items()}
    assert calls["no resampling"] == 12
    assert calls["no resampling, as many calls"] == calls["usual"]
    assert 0.25 * calls["usual"] < calls["half the calls"] < 0.75 * calls["usual"]
    assert 1.75 * calls["usual"] < calls["twice the calls"] < 2.25 * calls["usual"]


def test_it_is_measured(run: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(run)
    monkeypatch.setattr(finish, "usual_settings", lambda schedule: {"usual": Setting(2, 1, 2)})
    asked = [
        "bench",
        "finish",
        "--checkpoint",
        "checkpoints/small",
        "--data",
        "more.npy",
        "--n",
        "2",
        "--drawings",
        "2",
    ]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["settings"]["usual"]["calls"] == 3
    low, high = found["settings"]["usual"]["one"]["error"][1:]
    assert 0 < low <= found["settings"]["usual"]["one"]["error"][0] <= high
    assert main(asked) == 0
    assert "one drawing: error" in capsys.readouterr().out
    again = bench_finish(Path("checkpoints/small"), "more.npy", 2, 2)
    assert again == found
    assert "usual: 3 network calls" in table(again)
    assert main([*asked[:-1], "0"]) == 1
    assert "--n and --drawings" in capsys.readouterr().err
    assert main(asked[:4]) == 1
    assert "seen all of these sprites" in capsys.readouterr().err
