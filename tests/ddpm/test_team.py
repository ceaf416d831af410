"""Several processes that share a training."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, load_checkpoint, load_sprites
from ddpm.engine import run_training
from ddpm.plan import TrainingRequest
from ddpm.recipes import RECIPES
from ddpm.run import Run
from ddpm.team import ALONE, Team
from ddpm.training import new_state, train
from tests.ddpm.helpers import PLAIN, environment

STEPS = 30


def torchrun(folder: Path, *options: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Two processes of the command line with the preset ``plain``, in ``folder``."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "--"]
    arguments = ["tests.ddpm.tiny", "train", "--run", "cats", "--data", "tiny.npy", "--preset", "plain"]
    return subprocess.run(
        [*command, *arguments, "--threads", "1", "--check-sprites", "0", *map(str, options)],
        cwd=folder,
        env={**environment(folder / "home"), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_shares_cover_a_batch_once_and_evenly() -> None:
    for count, size in [(64, 2), (7, 3), (2, 3)]:
        shares = [range(count)[Team(rank, size).share(count)] for rank in range(size)]
        assert [row for share in shares for row in share] == list(range(count))
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_one_process_is_a_team_that_costs_nothing() -> None:
    model = torch.nn.Linear(2, 2)
    assert ALONE.leads
    assert ALONE.network(model) is model
    assert ALONE.share(5) == slice(0, 5)
    values = torch.rand(5)
    assert torch.equal(ALONE.gathered(values, 5), values)
    ALONE.tell({"do": "end"})


def test_two_processes_learn_what_one_does_with_twice_the_batch(tmp_path: Path, tiny_sprites: Path) -> None:
    done = torchrun(tmp_path, "--steps", STEPS)
    assert done.returncode == 0, done.stderr
    run = Run(tmp_path / "checkpoints" / "cats")
    assert run.config()["processes"] == 2
    assert run.config()["recipe"]["batch_size"] == 2 * PLAIN.batch_size
    together = {record["step"]: record["loss"] for record in run.metrics()}
    assert list(together) == list(range(1, STEPS + 1))

    sprites = load_sprites(tiny_sprites)
    recipe = replace(PLAIN, batch_size=2 * PLAIN.batch_size)
    state = new_state(recipe, None, 0)
    schedule = NoiseSchedule(recipe.num_timesteps, recipe.schedule)
    alone = list(train(state, sprites, sprites.training_rows(0.1), schedule, recipe, STEPS))
    np.testing.assert_allclose(list(together.values()), [step.loss for step in alone], rtol=1e-3)
    weights, expected = load_checkpoint(run.folder).model.state_dict(), state.ema.model.state_dict()
    apart = sum(float((weights[name] - value).square().sum()) for name, value in expected.items())
    assert apart < 1e-3 * sum(float(value.square().sum()) for value in expected.values())


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_the_training_clearly_and_it_can_go_on(
    tmp_path: Path, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    done = torchrun(tmp_path, "--steps", STEPS, TINY_KILL_AT="17", TINY_KILL_RANK=str(rank))
    assert done.returncode != 0
    assert "Another process of this training has ended" in done.stderr
    assert "--resume" in done.stderr
    run = Run(tmp_path / "checkpoints" / "cats")
    assert run.state() in ("failed", "interrupted")
    saved = run.latest()
    assert saved is not None
    # A leader that lives saves what it has; one that was killed loses the steps since it last did.
    assert 15 <= saved <= 18 if rank == 1 else saved < 17

    monkeypatch.setitem(RECIPES, "plain", PLAIN)
    told: list[str | None] = []
    request = TrainingRequest(run.folder, resume=True, check_sprites=0)
    last = run_training(request, lambda progress: told.append(progress.message))
    assert (last.state, last.step) == ("finished", STEPS)
    assert any(text and "2 x cpu" in text for text in told)
    assert run.config()["recipe"]["batch_size"] == 2 * PLAIN.batch_size


def test_all_processes_stop_when_they_are_told_to(tmp_path: Path, tiny_sprites: Path) -> None:
    done = torchrun(tmp_path, "--steps", 1_000_000, TINY_STOP_AT="12")
    assert "Stopped at step" in done.stderr
    assert Run(tmp_path / "checkpoints" / "cats").state() == "stopped"


def test_a_wrong_option_ends_all_processes(tmp_path: Path, tiny_sprites: Path) -> None:
    done = torchrun(tmp_path, "--steps", STEPS, "--holdout", "0.3")
    assert done.returncode != 0
    assert "error: holdout is 0.1 or 0, not 0.3" in done.stderr
    assert signal.Signals.SIGKILL.name not in done.stderr
