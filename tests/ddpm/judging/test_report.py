"""The report as text, JSON and a page to keep."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from ddpm.cli import report as cli_report
from ddpm.cli.inputs import load_to_compare
from ddpm.cli.main import main
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.judging import report
from ddpm.judging.copying.comparison_set import what_was_seen
from ddpm.judging.copying.denoising_gap import DenoisingGap
from ddpm.judging.copying.index.stored_index import load_or_build
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.glossary import LABEL_WORDS, RATE_WORDS, TERM_WORDS
from ddpm.judging.headline import headline
from ddpm.judging.html_report import to_html
from ddpm.judging.report import make_report
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.sprites import load_sprites
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY, simple_sprites


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "data.npz", images=simple_sprites(80), labels=np.arange(80) % 3)
    np.save(tmp_path / "x.npy", np.concatenate([simple_sprites(80)[:5], simple_sprites(20, seed=9)]))
    return tmp_path / "data.npz"


def test_the_sentence_comes_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--samples", "x.npy", "--data", str(data)]) == 0
    output = capsys.readouterr().out
    samples = load_to_compare("x.npy", load_sprites(data).images)
    found = headline(make_report(samples, what_was_seen(load_sprites(data), None)).memorization)
    assert output.replace("\n", " ").startswith(f"{found.answer} {found.numbers} {found.caveat} {found.privacy} ")
    for words in ("exact copy", "palette nowhere", "data-copying test", "Fréchet ratio", "not comparable", "haze"):
        assert words in output
    assert max(len(line) for line in output.splitlines()) < 130


def test_json_is_one_object(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--samples", "x.npy", "--data", str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert next(iter(found)) == "sentence"
    train, heldout = load_sprites(data).split()
    seen = sum(row in train for row in range(5))
    assert found["memorization"]["rates"]["exact copy"]["count"] == seen
    assert found["memorization"]["training_sprites"] == len(train)
    assert found["memorization"]["heldout_sprites"] == len(heldout)
    assert len(found["memorization"]["each"]) == 25
    assert found["quality"]["haze"] is not None
    assert found["exam"] is None


def test_a_page_to_keep(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--samples", "x.npy", "--data", str(data), "--html", "out/page.html"]) == 0
    page = Path("out/page.html").read_text()
    assert capsys.readouterr().out.split("\n")[0] in page
    assert page.count("data:image/png;base64,") > 20
    # Nothing is asked from outside, nothing runs.
    words = re.sub(r'"data:image/png;base64,[^"]*"', "", page)
    assert not re.findall(r"//|<script|@import|<link|url\(", words)
    assert "<svg" in page


def test_foreign_names_are_text(data: Path) -> None:
    sprites = load_sprites(data)
    found = make_report(np.asarray(sprites.images[:6]), what_was_seen(sprites, None), drawn_by="<b onload=x>me</b>")
    assert "<b onload" not in to_html(found)
    assert "&lt;b onload" in to_html(found)


def test_a_checkpoint_tells_the_rest(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samples, data, what it was trained on, the kinds that were asked for, and the gap."""
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    folder = data.parent / "checkpoints" / "cats"
    request = TrainingRequest(folder, data=str(data), preset="tiny", steps=4, threads=1, check_sprites=0)
    run_training(request, lambda progress: None)
    asked = ["--n", "12", "--patches", "6", "--html", "page.html", "--json"]
    assert main(["report", "--checkpoint", str(folder), *asked]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["drawn_by"] == "cats, step 4"
    assert found["memorization"]["samples"] == 12
    assert 0 <= found["memorization"]["gap"]["auc_low"] <= found["memorization"]["gap"]["auc"] <= 1
    assert found["quality"]["class_agreement"]["n"] == 12
    assert (found["patches"]["sprites"], found["patches"]["by_kind"]) == (6, True)
    page = Path("page.html").read_text()
    assert "What explains the model? (6 sprites" in page
    assert f"<p>{found['patches']['sentence']}</p>" in page
    assert main(["report", "--checkpoint", str(folder), "--patches", "-1"]) == 1
    monkeypatch.setattr(cli_report, "_PATCH_SECONDS", 0.0)
    capsys.readouterr()
    assert cli_report._patches(load_checkpoint(folder), what_was_seen(load_sprites(data), None), None, 0) is None
    assert "Left out: how far patches explain the model" in capsys.readouterr().err


def test_what_is_there_is_not_computed_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison_set = what_was_seen(load_sprites(data), None)
    samples = np.asarray(load_sprites("x.npy").images)
    whole = make_report(samples, comparison_set, false_positive_rate=0.05)
    index = load_or_build(comparison_set)
    evidence = index.measure(samples)
    denoising_gap = DenoisingGap((0.0,), (0.1,), (0.2,), 5, 5, 0.9, 0.8, 0.95)
    for name in ("load_or_build", "measure_denoising_gap"):
        monkeypatch.setattr(report, name, None)
    monkeypatch.setattr(TrainingIndex, "measure", None)
    handed = make_report(samples, comparison_set, None, None, 0.05, "", index, evidence, denoising_gap)
    assert handed.to_dict()["memorization"]["gap"]["auc"] == 0.9
    assert "AUC 0.90, 0.80 to 0.95" in handed.headline.privacy
    assert "not measured here" in whole.headline.privacy
    rest = {"memorization": None, "headline": None}
    assert handed.to_dict() | rest == whole.to_dict() | rest
    assert handed.memorization.to_dict() | {"gap": None} == whole.memorization.to_dict()


def test_quality_can_be_left_out(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "Grader", None)
    monkeypatch.setattr(report, "take_exam", None)
    comparison_set = what_was_seen(load_sprites(data), None)
    short = make_report(np.asarray(load_sprites("x.npy").images), comparison_set, with_quality=False)
    assert short.to_dict()["quality"] is None
    assert short.to_dict()["exam"] is None
    assert "Fréchet" not in short.to_text()
    assert "exact copy" in short.to_text()
    page = to_html(short)
    assert "<h2>Quality</h2>" not in page
    assert "near copy" in page


def test_the_page_explains_every_word(data: Path) -> None:
    comparison_set = what_was_seen(load_sprites(data), None)
    page = to_html(make_report(np.asarray(load_sprites("x.npy").images), comparison_set, with_quality=False))
    terms = (words for term, words in TERM_WORDS.items() if term != "named by readers")
    for words in (*RATE_WORDS.values(), *LABEL_WORDS.values(), *terms):
        assert html.escape(words) in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--samples and --data, or a --checkpoint"),
        (["--samples", "x.npy"], "--samples and --data, or a --checkpoint"),
        (["--samples", "x.npy", "--data", "data.npz", "--false-positive-rate", "2"], "between 0 and 1"),
        (["--samples", "no.npy", "--data", "data.npz"], "no.npy"),
        (["--checkpoint", "nowhere"], "nowhere"),
        (["--samples", "x.npy", "--data", "data.npz", "--html", "."], "is a folder"),
    ],
)
def test_mistakes_are_told(data: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *arguments]) == 1
    output = capsys.readouterr()
    assert words in output.err
    assert output.out == ""


@pytest.mark.parametrize(("samples", "known"), [(1, 80), (2, 2), (3, 3), (5, 4)])
def test_very_little(data: Path, samples: int, known: int, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be measured is a dash; nothing falls over."""
    np.save("few.npy", simple_sprites(samples))
    np.save("known.npy", simple_sprites(known))
    if not len(load_sprites("known.npy").split()[0]) > 1:
        pytest.fail("all but one were held out: take other sprites")
    assert main(["report", "--samples", "few.npy", "--data", "known.npy", "--html", "few.html"]) == 0
    assert "KID" in capsys.readouterr().out


def test_order_changes_nothing(data: Path) -> None:
    sprites = load_sprites(data)
    comparison_set = what_was_seen(sprites, None)
    samples = np.asarray(load_sprites("x.npy").images)
    one, other = (make_report(images, comparison_set).quality.to_dict() for images in (samples, samples[::-1]))
    assert one["patch_wasserstein"] == other["patch_wasserstein"]
    assert one["frechet_ratio"] == other["frechet_ratio"]
