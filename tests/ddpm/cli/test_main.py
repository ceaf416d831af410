"""The command line."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ddpm import load_checkpoint, load_sprites
from ddpm.cli.bench import neighbors
from ddpm.cli.main import main
from ddpm.diffusion.sampling import default_steps
from ddpm.pixels.cleaning import clean_pixels
from ddpm.pixels.palette.known import KNOWN, find_palette
from ddpm.pixels.palette.mapping import map_to_palette
from ddpm.runs.baseline import baseline_curve
from ddpm.runs.run import Run
from ddpm.training.heldout import heldout_loss
from ddpm.training.recipes import RECIPES
from tests.ddpm.cli.small_runs import train_small
from tests.ddpm.helpers import TINY, command, digests, environment, finish, simple_sprites, start, wait_until

TINY_MODULE = "tests.ddpm.killable_cli"
COMMANDS = ["train", "sample", "nearest", "report", "data", "ship", "bench"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``tiny.npy`` and the run ``cats``, which made 3 steps of a small network."""
    folder = tmp_path_factory.mktemp("trained")
    np.save(folder / "tiny.npy", simple_sprites(40))
    train_small(folder, {"cats": "tiny.npy"})
    return folder


@pytest.fixture
def here(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(trained)
    return trained


def options(data: Path, *more: object) -> list[object]:
    small = ["--preset", "tiny", "--threads", 1, "--holdout", 0, "--check-sprites", 16]
    return ["train", "--run", "cats", "--data", data, *small, *more]


def steps_made(run: Run) -> int:
    return int(run.status().get("step") or 0)


# Real processes


def test_the_real_thing(tmp_path: Path, tiny_sprites: Path) -> None:
    """The default network through ``python -m ddpm``, from sprites to samples."""
    training = ["train", "--run", "cats", "--data", tiny_sprites, "--steps", 8, "--holdout", 0, "--check-sprites", 32]
    training += ["--threads", 1]
    output, errors = command(training, tmp_path)
    assert output == ""
    assert "Finished at step 8 of 8: checkpoints/cats" in errors
    run = Run(tmp_path / "checkpoints" / "cats")
    assert run.state() == "finished"
    assert load_checkpoint(run.folder).model.channels == (32, 64, 128, 256)
    assert "heldout" not in run.metrics()[-1]
    assert run.metrics()[-1]["check"]["samples"] == 32
    expected = digests(run.step_path(8))

    output, errors = command(training, tmp_path, expected=1)
    assert errors == "error: There is already a run called 'cats': choose another name, or resume it.\n"
    _, errors = command([*training, "--resume"], tmp_path)
    assert "Nothing to do: the run is at step 8 of 8." in errors
    assert digests(run.step_path(8)) == expected

    output, _ = command(
        ["sample", "--checkpoint", "checkpoints/cats", "--n", 3, "--steps", 2, "--out", "x.npy"], tmp_path
    )
    assert output == ""
    assert np.load(tmp_path / "x.npy").shape == (3, 16, 16, 3)


POOR = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, POOR])
def test_a_name_that_the_output_cannot_write(variables: dict[str, str], tmp_path: Path, trained: Path) -> None:
    """Redirected output on Windows has no Japanese; names of 240 bytes are near the most there is."""
    shutil.copytree(trained / "checkpoints", tmp_path / "checkpoints")
    name = "猫" * 78 + ".npy"
    sampling = ["sample", "--checkpoint", "checkpoints/cats", "--n", 2, "--steps", 2, "--out", name]
    _, errors = finish(start(sampling, tmp_path, HOME="", **variables))
    assert "Wrote 2 sprites to \\" in errors
    assert np.load(tmp_path / name).shape == (2, 16, 16, 3)
    shutil.copy(trained / "tiny.npy", tmp_path / "犬.npy")
    output, _ = finish(start(["data", "犬.npy"], tmp_path, HOME="", **variables))
    assert output.splitlines()[0].split()[0] == "name"
    assert "\\" in output.splitlines()[0]


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no modes there")
def test_a_folder_that_cannot_be_written(tmp_path: Path, trained: Path) -> None:
    """An install that is read-only: what is there can be used, and what cannot be done is told with the place."""
    place = tmp_path / "install"
    shutil.copytree(trained / "checkpoints", place / "checkpoints")
    for path in (place, *place.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ddpm", *map(str, arguments)],
            cwd=place, env=environment(tmp_path / "home"), capture_output=True, text=True, preexec_fn=_without_rights,
        )  # fmt: skip

    try:
        drawn = run("sample", "--checkpoint", "checkpoints/cats", "--n", 1, "--steps", 2, "--out", tmp_path / "x.npy")
        assert (drawn.returncode, drawn.stdout) == (0, "")
        assert np.load(tmp_path / "x.npy").shape == (1, 16, 16, 3)
        begun = run("train", "--run", "dogs", "--data", trained / "tiny.npy", "--steps", 1)
        assert begun.returncode == 1
        assert begun.stderr == (
            f"error: Permission denied: {place / 'checkpoints' / 'dogs'}. Check the path and its permissions.\n"
        )
    finally:
        for path in (place, *place.rglob("*")):
            path.chmod(0o755)


def _without_rights() -> None:
    """Even the superuser is held to the modes of files from here on (Linux)."""
    if os.geteuid() == 0:
        drop_right, right_to_write_anywhere = 24, 1
        ctypes.CDLL(None).prctl(drop_right, right_to_write_anywhere, 0, 0, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_saves_and_ends_cleanly(number: signal.Signals, tmp_path: Path, tiny_sprites: Path) -> None:
    process = start(options(tiny_sprites, "--steps", 100_000), tmp_path, TINY_MODULE)
    run = Run(tmp_path / "checkpoints" / "cats")
    wait_until(lambda: run.metrics(), "training began")
    process.send_signal(number)
    output, errors = finish(process)
    assert output == ""
    assert "Stopping at the end of this step" in errors
    assert "Stopped at step" in errors
    assert run.state() == "stopped"
    assert run.status()["reason"] == f"stopped by {number.name}"
    assert run.latest() == steps_made(run) > 0
    load_checkpoint(run.folder, "raw")


def test_the_end_of_standard_input_stops_if_it_is_asked_to(tmp_path: Path, tiny_sprites: Path) -> None:
    process = start(options(tiny_sprites, "--steps", 100_000, "--stop-on-eof"), tmp_path, TINY_MODULE)
    run = Run(tmp_path / "checkpoints" / "cats")
    wait_until(lambda: run.metrics(), "training began")
    assert process.stdin is not None
    # What is typed is not the end.
    process.stdin.write("hello\n")
    process.stdin.flush()
    before = steps_made(run)
    wait_until(lambda: steps_made(run) > before, "training went on")
    finish(process)
    assert run.state() == "stopped"
    assert run.status()["reason"] == "the program that started it has ended"
    assert run.latest() == steps_made(run)


def test_without_being_asked_to_it_goes_on(tmp_path: Path, tiny_sprites: Path) -> None:
    process = start(options(tiny_sprites, "--steps", 12), tmp_path, TINY_MODULE)
    _, errors = finish(process)
    assert "Finished at step 12 of 12" in errors


def test_requests_from_another_process(tmp_path: Path, tiny_sprites: Path) -> None:
    process = start(options(tiny_sprites, "--steps", 100_000), tmp_path, TINY_MODULE)
    run = Run(tmp_path / "checkpoints" / "cats")
    wait_until(lambda: run.state() == "running", "training began")
    run.request(pause=True)
    wait_until(lambda: run.state() == "paused", "it paused")
    assert run.latest() == steps_made(run)
    paused_at = steps_made(run)
    run.request(pause=False)
    wait_until(lambda: steps_made(run) > paused_at, "it went on")
    run.request(threads=2)
    wait_until(lambda: run.status().get("threads") in (2, 1), "threads changed")
    # A second training in this home, while the first is alive.
    _, errors = command(["train", "--run", "dogs", "--data", tiny_sprites, "--steps", 2], tmp_path, expected=1)
    assert errors == "error: A training is already under way (the run 'cats'). Stop it first, or wait for its end.\n"
    assert not (tmp_path / "checkpoints" / "dogs").exists()
    run.request(stop=True)
    _, errors = finish(process)
    assert "Stopped at step" in errors
    assert run.state() == "stopped"
    assert run.status()["reason"] == "stopped by the user"


def test_a_run_folder_deleted_while_training(tmp_path: Path, tiny_sprites: Path) -> None:
    process = start(options(tiny_sprites, "--steps", 100_000), tmp_path, TINY_MODULE)
    run = Run(tmp_path / "checkpoints" / "cats")
    wait_until(lambda: run.metrics(), "training began")
    run.folder.rename(tmp_path / "moved away")
    _, errors = finish(process, expected=1)
    assert "was removed while it was training" in errors
    assert not run.folder.exists()


def test_broken_data_end_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.npy").write_bytes(b"garbage")
    output, errors = command(options(Path("bad.npy"), "--steps", 2), tmp_path, expected=1, module=TINY_MODULE)
    assert output == ""
    assert errors.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "checkpoints" / "cats").exists()


def test_a_reader_that_has_seen_enough(trained: Path) -> None:
    """``python -m ddpm nearest ... | head -1``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ddpm", "nearest", "--samples", "tiny.npy", "--data", "tiny.npy", "--k", "40"],
        cwd=trained, env=environment(trained / "home"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(60) == 1


# Training options, in this process


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, here: Path) -> Iterator[None]:
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--run", "cats"], "already a run called 'cats'"),
        (
            ["--run", "cats", "--resume", "--seed", "4", "--preset", "fast"],
            "--preset fast (the run has tiny); --seed 4",
        ),
        (["--run", "new", "--steps", "0"], "--steps must be above 0"),
        (["--run", "new", "--holdout", "0.3"], "0.1 or 0"),
        (["--run", "new", "--most", "1"], "--most must be at least 2"),
        (["--run", "cats", "--resume", "--most", "5"], "--most 5 (the run has no such limit)"),
        (["--run", "new", "--data", "none.npy"], "none.npy"),
        (["--run", "../new"], "cannot be the name"),
        (["--run", "new/er"], "cannot be the name"),
        (["--run", "con"], "cannot be the name"),
        (["--run", ""], "cannot be the name"),
    ],
)
def test_what_train_refuses(more: list[str], words: str, capsys: pytest.CaptureFixture[str], here: Path) -> None:
    before = sorted((here / "checkpoints").iterdir())
    assert main(["train", "--data", "tiny.npy", *([] if "--steps" in more else ["--steps", "1"]), *more]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.splitlines()[-1].startswith("error: ")
    assert words in errors
    assert sorted((here / "checkpoints").iterdir()) == before


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        [],
        ["train"],
        ["train", "--run", "x", "--steps", "2", "--epochs", "1"],
        ["train", "--run", "x", "--steps", "two"],
        ["train", "--run", "x", "--preset", "quick"],
        ["train", "--run", "x", "--resu"],
        ["sample", "--checkpoint", "x", "--out", "x.png", "--sampler", "euler"],
        ["nothing"],
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert "usage:" in errors


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_the_defaults(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "(default: None)" not in text
    assert "(default: False)" not in text
    expected = {
        "train": ["(default: fast", "(default: 0.1)", "(default: 0)", "(default: all)", "--stop-on-eof", "--resume"],
        "sample": ["(default: 64)", "(default: fast)", "(default: 0)", "(default: ema)", "(default: 1.0)"],
        "nearest": ["(default: 5)", "--json"],
        "data": ["--json"],
        "report": ["(default: 512)", "(default: 0.01)", "--html", "--json"],
        "ship": ["--note"],
        "bench": ["(default: builtin)", "(default: 8.0)", "--json"],
    }
    for words in expected[name]:
        assert words in text


# sample


def drawn(*more: str) -> int:
    return main(["sample", "--checkpoint", "checkpoints/cats", "--steps", "3", "--n", "5", *more])


@pytest.mark.usefixtures("here")
def test_a_sheet_holds_the_pixels_of_the_npy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fault 66."""
    assert drawn("--out", str(tmp_path / "new" / "x.npy")) == 0
    assert drawn("--out", str(tmp_path / "x.png")) == 0
    images = np.load(tmp_path / "new" / "x.npy")
    assert images.dtype == np.uint8
    assert images.shape == (5, 16, 16, 3)
    assert np.array_equal(load_sprites(tmp_path / "x.png").images, images)
    output, errors = capsys.readouterr()
    assert output == ""
    assert f"Wrote 5 sprites to {tmp_path / 'x.png'}" in errors
    # The same seed gives the same sprites, more of them too; another seed gives others.
    assert drawn("--n", "2", "--out", str(tmp_path / "two.npy")) == 0
    assert np.abs(np.load(tmp_path / "two.npy").astype(int) - images[:2]).max() <= 1
    assert drawn("--seed", "1", "--out", str(tmp_path / "other.npy")) == 0
    assert not np.array_equal(np.load(tmp_path / "other.npy"), images)
    assert drawn("--weights", "raw", "--out", str(tmp_path / "raw.npy")) == 0
    assert not np.array_equal(np.load(tmp_path / "raw.npy"), images)


@pytest.mark.usefixtures("here")
def test_sprites_are_cleaned_if_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn("--out", str(tmp_path / "x.npy")) == 0
    assert "changed" not in capsys.readouterr().err
    assert drawn("--clean", "--out", str(tmp_path / "clean.npy")) == 0
    assert drawn("--clean", "--out", str(tmp_path / "clean.png")) == 0
    expected = clean_pixels(np.load(tmp_path / "x.npy"))
    assert expected.changed.any()
    assert np.array_equal(np.load(tmp_path / "clean.npy"), expected.images)
    assert np.array_equal(load_sprites(tmp_path / "clean.png").images, expected.images)
    output, errors = capsys.readouterr()
    assert output == ""
    assert expected.in_words() in errors


@pytest.mark.usefixtures("here")
def test_sprites_are_held_to_a_palette_if_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn("--out", str(tmp_path / "x.npy")) == 0
    assert "colours used" not in capsys.readouterr().err
    (tmp_path / "mine.gpl").write_text("GIMP Palette\nName: Mine\n0 0 0\n255 255 255\n200 40 40\n")
    for asked, title in (("pico-8", "PICO-8"), (str(tmp_path / "mine.gpl"), "Mine")):
        assert drawn("--palette", asked, "--out", str(tmp_path / "held.npy")) == 0
        assert drawn("--palette", asked, "--out", str(tmp_path / "held.png")) == 0
        expected = map_to_palette(np.load(tmp_path / "x.npy"), find_palette(asked).colours)
        assert np.array_equal(np.load(tmp_path / "held.npy"), expected.images)
        assert np.array_equal(load_sprites(tmp_path / "held.png").images, expected.images)
        output, errors = capsys.readouterr()
        assert output == ""
        assert f"{title}: {expected.in_words()}." in errors


def test_help_names_the_known_palettes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sample", "--help"])
    words = capsys.readouterr().out.replace("-\n", "-").split()
    assert all(any(name in word for word in words) for name in KNOWN)


@pytest.mark.usefixtures("here")
def test_a_gif_has_frames(tmp_path: Path) -> None:
    assert drawn("--out", str(tmp_path / "x.GIF")) == 0
    animation = Image.open(tmp_path / "x.GIF")
    assert animation.n_frames == 4  # type: ignore[attr-defined]
    assert animation.info["duration"] > 0


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("sampler", ["fast", "ddpm", "ddim", "dpm++"])
def test_samplers(sampler: str, tmp_path: Path) -> None:
    assert drawn("--sampler", sampler, "--eta", "0.5", "--out", str(tmp_path / "x.npy")) == 0


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--out", "x.jpg"], ".png, .zip, .aseprite, .gif or .npy"),
        (["--out", "x"], ".png, .zip, .aseprite, .gif or .npy"),
        (["--clean", "--out", "x.gif"], "let --out be another"),
        (["--palette", "pico-8", "--out", "x.gif"], "no .gif"),
        (["--palette", "pico", "--out", "x.png"], "there are pico-8,"),
        (["--palette", "tiny.npy", "--out", "x.png"], "tiny.npy is no palette"),
        (["--n", "0", "--out", "x.png"], "--n must"),
        (["--steps", "0", "--out", "x.png"], "steps must"),
        (["--steps", "1001", "--out", "x.png"], "steps must"),
        (["--eta", "2", "--out", "x.png"], "eta"),
        (["--guidance-scale", "nan", "--out", "x.png"], "guidance_scale"),
        (["--label", "cat", "--out", "x.png"], "without kinds"),
        (["--checkpoint", "none", "--out", "x.png"], "no checkpoint"),
        (["--checkpoint", "tiny.npy", "--out", "x.png"], "It is a file"),
        (["--out", "tiny.npy/x.png"], "tiny.npy"),
    ],
)
def test_what_sample_refuses(more: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn(*more) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert words in errors.splitlines()[-1]
    assert not Path("x.png").exists()


@pytest.mark.usefixtures("tiny")
def test_kinds(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "x.npz", images=simple_sprites(20), labels=np.arange(20) % 2)
    arguments = ["--preset", "tiny", "--steps", "2", "--threads", "1", "--holdout", "0"]
    assert main(["train", "--run", "kinds", "--data", str(tmp_path / "x.npz"), *arguments]) == 0
    names = load_checkpoint("checkpoints/kinds").config["label_names"]
    for label in ("any", "none", "0", "1", names[1]):
        out = str(tmp_path / f"{label}.npy")
        assert drawn("--checkpoint", "checkpoints/kinds", "--guidance-scale", "2", "--label", label, "--out", out) == 0
    assert drawn("--checkpoint", "checkpoints/kinds", "--label", "2", "--out", str(tmp_path / "2.npy")) == 1
    assert "there is no kind '2'" in capsys.readouterr().err
    shutil.rmtree(here / "checkpoints" / "kinds")


@pytest.mark.usefixtures("here")
def test_a_checkpoint_that_says_nothing_of_its_data(tmp_path: Path) -> None:
    """As one saved from Python may be."""
    from ddpm.runs.checkpoint import save_checkpoint
    from tests.ddpm.helpers import trained_state

    schedule = {"num_timesteps": 1000, "kind": "cosine"}
    folder = save_checkpoint(tmp_path, trained_state(1, num_classes=2), {"schedule": schedule})
    assert drawn("--checkpoint", str(folder), "--out", str(tmp_path / "x.npy")) == 0


# nearest, data, bench


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """What a command with --json prints: one JSON object, and nothing else."""
    assert main([*map(str, arguments), "--json"]) == 0
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    value = json.loads(output)
    assert isinstance(value, dict)
    return value


def test_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    references = simple_sprites(30)
    np.save(tmp_path / "data.npy", references[[0, 1, 1, 2, 1, *range(3, 30)]])
    samples = references[[1, 2, 9]].copy()
    samples[1, 0, 0, 0] ^= 1
    np.save(tmp_path / "x.npy", samples)
    result = said(capsys, "nearest", "--samples", tmp_path / "x.npy", "--data", tmp_path / "data.npy", "--k", 3)
    assert (result["samples"], result["distinct"], result["exact_copies"]) == (3, 30, 2)
    nearest = result["nearest"]
    assert [len(matches) for matches in nearest] == [3, 3, 3]
    found = [{key: matches[0][key] for key in ("row", "squared_distance", "count")} for matches in nearest]
    assert found == [
        {"row": 1, "squared_distance": 0, "count": 3},
        {"row": 3, "squared_distance": 1, "count": 1},
        {"row": 11, "squared_distance": 0, "count": 1},
    ]
    train, heldout = load_sprites(tmp_path / "data.npy").split()
    for matches in nearest:
        distances = [match["squared_distance"] for match in matches]
        assert distances == sorted(distances)
        assert len({match["row"] for match in matches}) == 3
        for match in matches:
            assert match["part"] == ("training" if match["row"] in train else "held out")
    assert len(heldout)
    assert main(["nearest", "--samples", str(tmp_path / "x.npy"), "--data", str(tmp_path / "data.npy")]) == 0
    assert "2 of 3 samples are exact copies of one of 30 distinct sprites." in capsys.readouterr().out


def test_nearest_by_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    references = simple_sprites(30)
    np.save(tmp_path / "data.npy", references)
    np.save(tmp_path / "x.npy", references[[4, 7]])
    asked = ("nearest", "--by", "form", "--samples", tmp_path / "x.npy", "--data", tmp_path / "data.npy")
    result = said(capsys, *asked, "--k", 2)
    assert "exact_copies" not in result
    assert [matches[0]["row"] for matches in result["nearest"]] == [4, 7]
    for matches in result["nearest"]:
        assert matches[0]["cosine"] == pytest.approx(1, abs=1e-5)
        assert matches[1]["cosine"] < matches[0]["cosine"]
    assert main([str(part) for part in asked]) == 0
    assert "row 4 (" in capsys.readouterr().out


@pytest.mark.parametrize("k", ["0", "-1", "41"])
def test_nearest_k(k: str, tiny_sprites: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nearest", "--samples", str(tiny_sprites), "--data", str(tiny_sprites), "--k", k]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert "1..40" in errors


def test_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = simple_sprites(40)
    images[1] = images[0, :, ::-1]
    assert not np.array_equal(images[0], images[1])
    np.savez(tmp_path / "x.npz", images=np.concatenate([images, images[:1], images[:1]]), labels=np.arange(42) % 3)
    card = said(capsys, "data", tmp_path / "x.npz")
    assert (card["rows"], card["distinct"], card["most_repeats"], card["mirror_pairs"]) == (42, 40, 3, 1)
    assert card["training"] + card["held_out"] == 40
    assert card["exam"] == 0
    assert sorted(card["classes"].values()) == [14, 14, 14]
    assert main(["data", str(tmp_path / "x.npz")]) == 0
    output = capsys.readouterr().out
    assert "distinct  40" in output
    (tmp_path / "bad.npy").write_bytes(b"")
    assert main(["data", str(tmp_path / "bad.npy"), "--json"]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("error: ")
    assert main(["data", str(tmp_path / "x.npz"), "--download"]) == 1


def test_a_linked_out_stays_a_link(here: Path, tmp_path: Path) -> None:
    (tmp_path / "link.npy").symlink_to(tmp_path / "there.npy")
    assert drawn("--out", str(tmp_path / "link.npy")) == 0
    assert (tmp_path / "link.npy").is_symlink()
    assert np.load(tmp_path / "there.npy").shape == (5, 16, 16, 3)


def test_bench(tiny_sprites: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert neighbors._REFERENCES == 89_400
    for name, value in (("_ROUNDS", 1), ("_REFERENCES", 5000), ("_SAMPLES", 100)):
        monkeypatch.setattr(neighbors, name, value)
    for name, value in (("_ROUNDS", 1), ("_STEPS", 1), ("_MATRIX", 64)):
        monkeypatch.setattr(f"ddpm.cli.bench.training.{name}", value)
    result = said(capsys, "bench", "neighbors", "--data", tiny_sprites)
    assert (result["references"], result["samples"]) == (5000, 100)
    assert result["ratio"] > 0
    assert min(result["seconds_1000_report"], result["seconds_1000_neighbors"]) > 0
    monkeypatch.setitem(RECIPES, "fast", TINY)
    result = said(capsys, "bench", "training", "--data", tiny_sprites)
    assert result["sprites"] == 40
    assert result["precision_auto"] in ("float32", "bfloat16")
    assert result["images_per_second_float32"] > 0
    for name in ("ours", "diffusers"):
        assert result[f"share_of_peak_{name}"] > 0
        assert result[f"parameters_{name}"] > 1000


def test_bench_forms(
    tiny_sprites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("FAST_STEPS", 2), ("ORIGINAL_STEPS", 1), ("_SAMPLES", 12)):
        monkeypatch.setattr(f"ddpm.cli.bench.forms.{name}", value)
    for recipe in ("fast", "original"):
        monkeypatch.setitem(RECIPES, recipe, TINY)
    result = said(capsys, "bench", "forms", "--data", tiny_sprites)
    rows = {name: row for name, row in result.items() if isinstance(row, dict) and name != "seen"}
    assert [*rows][1:] == ["long training", "fast, 2 steps", "original, 1 steps", "halves joined", "blurred"]
    assert all(row["samples"] <= 12 for row in rows.values())
    assert rows["blurred"]["form_ratio"] > 1
    assert result["in_order"] is None
    assert result["seen"]["unseen"] > 0
    # The trainings are there already.
    assert main(["bench", "forms", "--data", str(tiny_sprites)]) == 0
    text = capsys.readouterr().out
    assert "In order, the best first: not known" in text
    assert text.count(" a side: not to be compared") == len(rows)


def test_the_training_bench_times_each_contender_under_its_own_name(
    tiny_sprites: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed: list[str] = []

    def in_turn(contenders: dict[str, object], *_: object) -> dict[str, float]:
        timed.extend(contenders)
        return {name: float(number) for number, name in enumerate(contenders, 1)}

    monkeypatch.setattr("ddpm.cli.bench.training.in_turn", in_turn)
    monkeypatch.setattr("ddpm.cli.bench.training._MATRIX", 64)
    monkeypatch.setitem(RECIPES, "fast", TINY)
    result = said(capsys, "bench", "training", "--data", tiny_sprites)
    precisions = 1 if result["precision_auto"] == "float32" else 2
    # The recipe in each precision and on 16x16, two networks, two matrix products.
    assert len(timed) == precisions + 1 + 2 + 2
    assert result["images_per_second_ours"] == TINY.batch_size / (timed.index("ours") + 1)
    assert timed.index("ours") == precisions + 1


def test_bench_learning(
    tiny_sprites: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ddpm.base.hardware.cores", lambda: 1)
    for name in ("fast", "original"):
        monkeypatch.setitem(RECIPES, name, replace(TINY, name=name))
    monkeypatch.setattr("ddpm.cli.bench.learning._SAMPLES", 24)
    monkeypatch.setattr(
        "ddpm.cli.bench.learning.heldout_loss",
        lambda *what, **how: heldout_loss(*what, **{**how, "evaluations": how["evaluations"] // 32}),
    )
    asked = ["bench", "learning", "--data", tiny_sprites, "--minutes", "0.01"]
    result = said(capsys, *asked)
    for name in ("fast", "original"):
        assert result[name]["steps"] > 0
        assert result[name]["heldout"] > 0
        assert result[name]["fast"]["near_copies"]["n"] == 24
    expected = result["original"]["fast"]["frechet_ratio"] / result["fast"]["fast"]["frechet_ratio"]
    assert result["ratio"] == {"fast": expected}
    # What is there is not trained again.
    assert said(capsys, *asked) == result
    other = said(capsys, *asked, "--fast-minutes", "0.02")
    assert (other["original"]["minutes"], other["fast"]["minutes"]) == (0.01, 0.02)
    assert other["original"] == result["original"]


def test_bench_reference(
    tiny_sprites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ddpm.base.hardware.cores", lambda: 1)
    monkeypatch.setattr("ddpm.runs.baseline._FILE", tmp_path / "baseline.json")
    monkeypatch.setitem(RECIPES, "original", replace(TINY, name="original"))
    curve = said(capsys, "bench", "reference", "--data", tiny_sprites, "--minutes", "0.05")
    found = baseline_curve(load_sprites(tiny_sprites).fingerprint)
    assert found is not None
    assert list(found.heldout) == curve["heldout"]


def test_bench_patches(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ddpm.cli.bench.patches._STEPS", 2)
    asked = ["bench", "patches", "--checkpoint", str(here / "checkpoints" / "cats"), "--n", "6", "--reach", "2"]
    result = said(capsys, *asked, "--anywhere")
    found = result["agreement"]
    assert (found["sprites"], found["training"], found["by_kind"]) == (6, 40, False)
    assert result["window"] == "measured"
    for name in ("local", "anywhere", "memoriser", "unrelated"):
        assert 0 <= found[name]["low"] <= found[name]["median"] <= found[name]["high"] <= 1
    assert result["cpu_seconds_a_sprite"].keys() == {"network", "local", "anywhere", "memoriser"}
    for name in ("reach_local", "reach_anywhere"):
        assert result[name]["windows"] == list(range(1, 32, 2))
        assert len(result[name]["best"]) == len(result[name]["t"]) == 2
    assert main([*asked[:-1], "0"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Laying patches of training sprites side by side explains ")
    assert "CPU s a sprite" in text
    assert "log-SNR" not in text
    assert "Window: calibrated." in text
    assert main([*asked[:-3], "0"]) == 1
    assert "--n must be at least 1" in capsys.readouterr().err


def test_bench_sampling(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_TIMED", 2), ("_CALLS", 2), ("_ROUNDS", 1), ("_SAMPLES", 24)):
        monkeypatch.setattr(f"ddpm.cli.bench.sampling.{name}", value)
    # What is drawn to be measured is drawn in 50 steps at most, not in 1,000; the speed-up is told for all of them.
    monkeypatch.setattr("ddpm.diffusion.sampling.default_steps", lambda *of: min(default_steps(*of), 50))
    asked = ["bench", "sampling", "--checkpoint", here / "checkpoints" / "cats"]
    result = said(capsys, *asked)
    assert result["speedup"] > 1
    assert result["overhead"].keys() == {"fast", "dpm++", "ddim", "ddpm"}
    assert result["fast"]["near_copies"]["n"] == 24
    assert result["difference"].keys() == {"frechet_ratio", "kid", "haze"}
    # Samples are kept: what is measured again is the same.
    monkeypatch.setattr("ddpm.runs.samples.draw_samples", None)
    again = said(capsys, *asked)
    assert again["fast"] == result["fast"]
