"""Choosing among saved steps: the rule on made-up figures, and the whole way on a tiny run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ddpm.cli.main import main
from ddpm.jobs.job import run_training
from ddpm.jobs.model_card import run_card
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.shipping import ship_run
from ddpm.judging import choosing
from ddpm.judging.choosing import CHOICE, FORMS, VERDICT, bars, best_row, choose_step, read_choice
from ddpm.judging.readers import READERS, Readers, are_of_others, read_readers
from ddpm.judging.verdict import damage, read_verdict
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY


def row(step: int, **changes: Any) -> dict[str, Any]:
    """A row that holds every bar."""
    good: dict[str, Any] = {
        "step": step,
        "frechet_ratio": 1.0,
        "haze": 0.03,
        "orphans": 33.0,
        "merged_colours": 18.0,
        "exact_copies": 0,
        "near_copies": 0.05,
        "near_copies_unseen_high": 0.15,
        "c_t": 0.0,
        "auc": 0.5,
        "copy_ratio": None,
        "real": {"haze": 0.04, "orphans": 33.0, "merged_colours": 18.0},
    }
    return good | changes


def missed(values: dict[str, Any]) -> list[str]:
    return [bar.title for bar in bars(values) if not bar.held]


def test_a_good_row_holds_every_bar() -> None:
    assert not missed(row(1))


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"frechet_ratio": 1.6}, "Fréchet ratio"),
        ({"haze": 0.09}, "haze"),
        ({"orphans": 42.0}, "stray pixels"),
        ({"merged_colours": 28.0}, "merged colours"),
        ({"exact_copies": 1}, "exact copies"),
        ({"near_copies": 0.16}, "near copies at 5%"),
        ({"c_t": -3.5}, "C_T"),
        ({"auc": 0.7}, "membership AUC"),
    ],
)
def test_each_bar_can_be_missed(changes: dict[str, Any], title: str) -> None:
    assert missed(row(1, **changes)) == [title]


def test_clean_data_still_allow_a_little_haze() -> None:
    real = {"haze": 0.0, "orphans": 20.0, "merged_colours": 9.0}
    assert not missed(row(1, real=real, haze=0.02, orphans=20.0, merged_colours=9.0))
    assert missed(row(1, real=real, haze=0.021, orphans=20.0, merged_colours=9.0)) == ["haze"]


def test_where_sprites_are_generated_known_ones_are_held_against_withheld_ones() -> None:
    copies_too = {"exact_copies": 9, "near_copies": 0.5, "copy_ratio": 1.2}
    assert not missed(row(1, **copies_too))
    assert missed(row(1, **{**copies_too, "copy_ratio": 1.6})) == ["near copies of known over withheld"]


def test_what_was_not_measured_is_not_held_against_it() -> None:
    assert not missed(row(1, c_t=None, auc=None, frechet_ratio=None))


def test_a_sharper_copier_loses() -> None:
    rows = [row(1, orphans=36.0), row(2, orphans=34.0), row(3, orphans=33.0, near_copies=0.2)]
    assert best_row(rows)["step"] == 2


def test_the_best_forms_decide_among_those_within_all_limits() -> None:
    rows = [row(1, form_ratio=1.2, exact_copies=1), row(2, form_ratio=1.3, haze=0.09), row(3, form_ratio=1.5)]
    assert best_row([*rows, row(4, form_ratio=1.4, orphans=40.0)])["step"] == 4
    assert best_row(rows)["step"] == 3
    assert best_row(rows[:2])["step"] == 2


def test_without_forms_the_weakest_quality_decides_and_of_equals_the_longer_training() -> None:
    not_measured = [row(1, haze=0.07, form_ratio=1.1), row(2, haze=0.05, form_ratio=None)]
    assert best_row(not_measured)["step"] == 2
    assert best_row([row(1, haze=0.07, orphans=30.0), row(2, haze=0.05, orphans=35.0)])["step"] == 2
    assert best_row([row(1), row(2)])["step"] == 2
    with pytest.raises(ValueError, match="nothing to choose"):
        best_row([])


def test_a_run_is_measured_once_and_shipped_with_its_table(
    tmp_path: Path, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    monkeypatch.setattr(choosing, "_EVALUATIONS", 64)
    folder = tmp_path / "checkpoints" / "mine"
    for steps in (2, 4):
        request = TrainingRequest(
            folder, data=str(tiny_sprites), preset="tiny", steps=steps, threads=1, check_sprites=0, resume=True
        )
        run_training(request, lambda progress: None)
    run = Run(folder)
    said: list[str] = []
    found = choose_step(run, n=4, say=said.append)
    assert [measured["step"] for measured in found["rows"]] == [2, 4]
    assert found["chosen"] == best_row(found["rows"])["step"]
    assert found["samples"] == 4
    assert len(said) == 2
    assert read_choice(folder) == found
    verdict = json.loads((folder / VERDICT).read_text())
    assert verdict["memorization"]["samples"] == 4
    assert choose_step(run, n=4, say=said.append) == found
    assert len(said) == 2, "what is measured is not measured again"

    shipped = ship_run(folder, tmp_path / "out", data="builtin", data_name="Ours")
    assert shipped.latest() == found["chosen"]
    assert shipped.config()["data"]["source"] == "builtin"
    assert shipped.config()["data"]["name"] == "Ours"
    assert json.loads((shipped.folder / VERDICT).read_text()) == {**verdict, "data": "Ours"}
    card = run_card(shipped)
    assert "Why this step" in card
    assert all(f"{measured['step']:,}" in card for measured in found["rows"])

    early_steps_are_not_chosen(folder, tmp_path, found)
    it_can_be_measured_again(folder, found)
    what_readers_said_belongs_to_its_weights(shipped, folder, tmp_path)


def early_steps_are_not_chosen(folder: Path, place: Path, found: dict[str, Any]) -> None:
    """Even where the table says that one of them is better."""
    copy = place / "first" / "mine"
    shutil.copytree(folder, copy)
    rows = [{**one, "exact_copies": 4} if one["step"] == 2 else {**one, "exact_copies": 0} for one in found["rows"]]
    (copy / CHOICE).write_text(json.dumps({**found, "rows": rows, "chosen": 4}))
    shipped = ship_run(copy, place / "with-early", early=[2])
    rows = [{**one, "exact_copies": 0 if one["step"] == 2 else 4} for one in rows]
    (shipped.folder / CHOICE).write_text(json.dumps({**found, "rows": rows, "chosen": 4}))
    said: list[str] = []
    assert best_row(rows)["step"] == 2
    assert choose_step(shipped, str(Run(folder).config()["data"]["source"]), n=4, say=said.append)["chosen"] == 4
    assert said == ["Left out, since they only show how it learnt: 1 early step."]


def it_can_be_measured_again(folder: Path, found: dict[str, Any]) -> None:
    """The choice stays, and so do the rows of other steps, though the chosen one now comes out worse."""
    old = json.loads((folder / CHOICE).read_text())
    chosen = next(one for one in old["rows"] if one["step"] == found["chosen"])
    for name in FORMS:
        del chosen[name]
    chosen["exact_copies"] = 4
    (folder / CHOICE).write_text(json.dumps(old))
    (folder / VERDICT).write_text("{}")
    assert "not measured" in run_card(Run(folder))
    assert main(["choose", "--run", str(folder), "--again", "--n", "4"]) == 0
    again = read_choice(folder)
    assert again is not None
    assert again["chosen"] == found["chosen"]
    assert again["rows"] == found["rows"], "measured in the same way, it is the same"
    assert read_verdict(folder) is not None
    assert "not measured" not in (folder / "README.md").read_text()
    assert main(["choose", "--run", str(folder), "--again", "--ddpm"]) == 1
    (folder / CHOICE).unlink()
    assert main(["choose", "--run", str(folder), "--again"]) == 1


def what_readers_said_belongs_to_its_weights(shipped: Run, source: Path, place: Path) -> None:
    answers = place / "answers.json"
    told = {"one": {"A": 48, "B": 64}, "two": {"A": 16, "B": 32}, "three": {"A": 64}}
    answers.write_text(json.dumps(told))
    asked = ["readers", "--run", str(shipped.folder), "--answers", str(answers), "--sheet", "A", "--real-sheet", "B"]
    assert main(asked) == 0
    readers = read_readers(shipped)
    assert readers == Readers((48, 16), (64, 32), 64), "the third did not read both"
    assert readers is not None
    assert readers.sentence == "Named by two blind readers: 50% of 64; real sprites 75%."
    assert (
        "| named by two blind readers | 50% of 64 | | 75% of unseen ones |"
        in (shipped.folder / "README.md").read_text()
    )
    assert damage(shipped) == []
    for wrong in (["--sheet", "C"], ["--shown", "40"]):
        assert main([*asked, *wrong]) == 1
    assert read_readers(shipped) == readers, "a refused answer changes nothing"

    # The same answers beside other weights, and beside what was shipped anew.
    other = Run(source)
    (source / READERS).write_bytes((shipped.folder / READERS).read_bytes())
    assert read_readers(other) is None
    assert are_of_others(other)
    assert "blind readers" not in run_card(other)
    again = ship_run(source, shipped.folder)
    assert not (again.folder / READERS).exists()
    (again.folder / READERS).write_text('{"weights": "x"}')
    assert damage(again) == [READERS]
    assert read_readers(again) is None


def test_a_perfect_set_allows_no_stray_pixel_and_can_still_be_chosen_from() -> None:
    real = {"haze": 0.0, "orphans": 0.0, "merged_colours": 2.0}
    rows = [row(1, real=real, orphans=3.0), row(2, real=real, orphans=1.0)]
    assert best_row(rows)["step"] == 2


def test_a_choice_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    assert read_choice(tmp_path) is None
    for text in ("{", "[]", '{"rows": []}', '{"rows": [], "samples": 1, "chosen": 1, "all_steps": null}'):
        (tmp_path / CHOICE).write_text(text)
        assert read_choice(tmp_path) is None
