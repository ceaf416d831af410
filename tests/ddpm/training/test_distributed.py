"""Several processes that share a training."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, load_checkpoint, load_sprites
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.run import Run
from ddpm.training.distributed import ALONE, Team, TeamError
from ddpm.training.loop import new_state, train
from ddpm.training.recipes import RECIPES
from ddpm.training.rendezvous import join_team
from tests.ddpm.helpers import PLAIN, environment, finish, start

STEPS = 30


def torchrun(folder: Path, *options: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Two processes of the command line with the preset ``plain``, in ``folder``."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "--"]
    arguments = ["tests.ddpm.killable_cli", "train", "--run", "cats", "--data", "tiny.npy", "--preset", "plain"]
    return subprocess.run(
        [
            *command,
            *arguments,
            "--threads",
            "1",
            "--check-sprites",
            "0",
            "--wait-for-others",
            "600",
            *map(str, options),
        ],
        cwd=folder,
        env={**environment(folder / "home"), **variables},
        capture_output=True,
        text=True,
        timeout=900,
    )


LAUNCHED = {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without what a launcher sets."""
    for name in (*LAUNCHED, "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"WORLD_SIZE": ""},
        {"WORLD_SIZE": "", "RANK": ""},
        {"WORLD_SIZE": "1"},
        {"WORLD_SIZE": "1", "RANK": "0"},
        {"MASTER_ADDR": "somewhere", "MASTER_PORT": "29500"},
    ],
)
def test_without_a_launcher_a_process_is_alone(launcher: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        launcher.setenv(name, value)
    with join_team() as ours:
        assert (ours.rank, ours.size, ours.local_size) == (0, 1, 1)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"RANK": None, "MASTER_ADDR": None, "MASTER_PORT": None},
            "WORLD_SIZE=2 says .* there is no RANK, no MASTER_ADDR, no MASTER_PORT",
        ),
        ({"MASTER_PORT": ""}, "there is no MASTER_PORT. Several processes share"),
        ({"WORLD_SIZE": None}, "RANK=0 .* no WORLD_SIZE"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE must be a whole number from 1 to .*, not 'two'"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE must be .* not '0'"),
        ({"WORLD_SIZE": "-2"}, "WORLD_SIZE must be .* not '-2'"),
        ({"RANK": "2"}, "RANK must be a whole number from 0 to 1, not '2'"),
        ({"RANK": "²"}, "RANK must be"),
        ({"LOCAL_RANK": "x"}, "LOCAL_RANK must be"),
        ({"LOCAL_WORLD_SIZE": "3"}, "LOCAL_WORLD_SIZE must be a whole number from 1 to 2, not '3'"),
        ({"MASTER_PORT": "70000"}, "MASTER_PORT must be a whole number from 1 to 65535"),
    ],
)  # fmt: skip
def test_what_a_launcher_left_out_is_named(
    launcher: pytest.MonkeyPatch, variables: dict[str, str | None], words: str
) -> None:
    for name, value in {**LAUNCHED, **variables}.items():
        if value is not None:
            launcher.setenv(name, value)
    with pytest.raises(TeamError, match=words), join_team():
        pass


@pytest.mark.parametrize(("rank", "missing"), [(0, 1), (1, 0)])
def test_those_who_do_not_come_are_named(
    launcher: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rank: int, missing: int
) -> None:
    port = free_port()
    for name, value in {**LAUNCHED, "RANK": str(rank), "MASTER_PORT": port}.items():
        launcher.setenv(name, value)
    words = f"Process {missing} of 2 did not come to 127.0.0.1:{port} within 0.3 seconds"
    with pytest.raises(TeamError, match=words), join_team(0.3):
        pass
    assert (
        capsys.readouterr().err
        == f"Waiting for process {missing} of 2 at 127.0.0.1:{port}, for up to 0.3 seconds ...\n"
    )
    assert not torch.distributed.is_initialized()


def test_a_place_that_is_not_this_machines_is_told(launcher: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for name, value in {**LAUNCHED, "MASTER_PORT": str(taken.getsockname()[1])}.items():
            launcher.setenv(name, value)
        with pytest.raises(TeamError, match=r"cannot listen at .* Set MASTER_ADDR"), join_team(0.3):
            pass


def test_ctrl_c_ends_the_wait(tmp_path: Path, tiny_sprites: Path) -> None:
    arguments = ["train", "--run", "cats", "--data", tiny_sprites, "--wait-for-others", 10_000]
    waiting = start(arguments, tmp_path, **{**LAUNCHED, "MASTER_PORT": free_port()})
    assert waiting.stderr is not None
    assert waiting.stderr.readline().startswith("Waiting for process 1 of 2 at 127.0.0.1:")
    waiting.send_signal(signal.SIGINT)
    assert finish(waiting, 130)[1] == "Stopped.\n"
    assert not (tmp_path / "checkpoints").exists()


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
    assert torch.equal(ALONE.gather(values, 5), values)
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
