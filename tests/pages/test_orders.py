"""Orders: drawn alike, drawn against something, written into an album or a link and read again."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ddpm.jobs.travel.exporting import export_run
from ddpm.jobs.travel.importing import import_run
from ddpm.pixels.cleaning import clean_pixels
from ddpm.pixels.exporting.finishing import Finish
from ddpm.runs.album import Batch, keep_batch, load_batch
from ddpm.runs.checkpoint import SavedGuide, load_checkpoint, save_checkpoint
from ddpm.runs.errors import CheckpointError
from pages.parts.sample.cleaned import with_finished_end
from pages.parts.sample.more_like_this import more_like
from pages.parts.sample.results import star, starred
from pages.parts.sample.sharing import read_link, to_parameters
from pages.parts.shared import drawing
from pages.parts.shared.batches import batch_titles, difference, file_stem
from pages.parts.shared.orders import ANY, EACH, Order, Variation, from_info
from pages.parts.shared.resolving import resolve, rivals
from pages.parts.shared.store import all_runs, shipped_run, weights_mark


def order_for(run: Path, **values: Any) -> Order:
    return Order(str(run), **{"n": 6, "steps": 3, "seed": 5, **values})


def draw(order: Order, watch: Callable[..., None] = lambda *_: None) -> Batch:
    return drawing.draw(resolve(order), watch)


def sprites(order: Order) -> np.ndarray:
    return draw(order).chain.sprites


def apart(a: np.ndarray, b: np.ndarray) -> int:
    """The largest difference: torch's rounding may differ with the size of a batch."""
    return int(np.abs(a.astype(int) - b).max())


def labels(run: Path, order: Order) -> list[int]:
    found = resolve(order).own.labels
    assert found is not None
    return found.tolist()


# Kinds


def test_one_of_each_kind(small: Path) -> None:
    assert labels(small, order_for(small, label=EACH, n=3)) == [0, 1, 2]
    assert labels(small, order_for(small, label=1)) == [1] * 6
    assert set(labels(small, order_for(small, label=ANY, n=60))) == {0, 1, 2}
    assert draw(order_for(small, label=EACH, n=3)).info["kind"] == "one of each"
    with pytest.raises(CheckpointError, match="knows 3 kinds"):
        draw(order_for(small, label=3))


@pytest.mark.parametrize("label", [ANY, EACH, 2])
def test_sprites_that_are_like_one_are_of_its_kind(small: Path, label: int) -> None:
    source = order_for(small, label=label)
    assert labels(small, replace(source, like=(4,), n=3)) == [labels(small, source)[4]] * 3


# More like this


@pytest.mark.parametrize("sampler", ["fast", "ddim", "ddpm"])
def test_the_first_of_those_that_are_like_a_sprite_is_that_sprite(small: Path, sampler: Any) -> None:
    source = order_for(small, sampler=sampler)
    alike = replace(source, like=(4,), strength=0.3, n=4)
    first, further = sprites(alike), sprites(replace(alike, like=(4, 2)))
    assert apart(first[0], sprites(source)[4]) <= 1
    assert apart(further[0], first[2]) <= 1
    assert apart(sprites(replace(alike, like=(4, 0)))[0], first[0]) <= 1
    assert len({image.tobytes() for image in first}) == 4
    assert apart(first, sprites(replace(alike, n=9))[:4]) <= 1


def test_strength_says_how_far_they_are(small: Path) -> None:
    base = order_for(small, like=(1,), n=9)

    def mean_distance(strength: float) -> float:
        found = sprites(replace(base, strength=strength)).astype(float)
        return float(np.abs(found[1:] - found[0]).mean())

    assert mean_distance(0.0) == pytest.approx(0, abs=0.1)
    assert mean_distance(0.1) < mean_distance(0.5) < mean_distance(1.0)


def test_more_like_is_asked_of_a_batch(small: Path) -> None:
    batch = draw(order_for(small))
    found = more_like(batch, 3)
    assert found is not None
    assert (found.like, found.seed, found.steps, found.against) == ((3,), 5, 3, None)
    again = more_like(draw(found), 2)
    assert again is not None
    assert (again.like, again.n, again.strength) == ((3, 2), found.n, found.strength)
    assert more_like(Batch("", batch.chain, {"name": "?"}), 0) is None


# Comparing


def test_what_it_can_be_compared_with(small: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "checkpoints" / "other")
    found = rivals(order_for(small), all_runs())
    assert {"ddpm", "ddim", "raw", "memoriser", "run:other"} <= found.keys()
    assert "run:small" not in found
    assert "ddim" not in rivals(order_for(small, sampler="ddim"), all_runs())
    assert "raw" not in rivals(order_for(small, weights="raw"), all_runs())


def give_guide(run: Path) -> None:
    """Let another network lead the run's one step."""
    loaded = load_checkpoint(run)
    earlier = copy.deepcopy(loaded.model)
    with torch.no_grad():
        for weight in earlier.parameters():
            weight.mul_(0.9)
    state = SimpleNamespace(step=loaded.config["step"], model=loaded.model, ema=SimpleNamespace(model=loaded.model))
    shutil.rmtree(loaded.path)
    guide = SavedGuide(1, earlier, 2.0)
    save_checkpoint(run / "steps", state, loaded.config, resumable=False, guide=guide)  # type: ignore[arg-type]


def test_a_guide_changes_what_is_drawn_and_the_mark_of_the_model(small: Path) -> None:
    before, mark = sprites(order_for(small)), weights_mark(small)
    assert "alone" not in rivals(order_for(small), all_runs())
    give_guide(small)
    assert weights_mark(small) != mark
    batch = draw(order_for(small, against="alone"))
    assert batch.other is not None
    assert apart(batch.other.sprites, before) <= 1
    assert apart(batch.chain.sprites, before) > 1
    assert "led away from what it drew earlier" in difference(batch)


@pytest.mark.parametrize("against", ["ddim", "raw", "alone", "memoriser", "run:other"])
def test_two_chains_from_the_same_noise(small: Path, tmp_path: Path, against: str) -> None:
    if against == "alone":
        give_guide(small)
    shutil.copytree(small, tmp_path / "checkpoints" / "other")
    calls: list[tuple[int, int, bool]] = []

    def watch(done: int, steps: int, chain: object, other: object = None) -> None:
        calls.append((done, steps, other is not None))

    order = order_for(small, against=against)
    batch = draw(order, watch)
    assert batch.other is not None
    assert np.array_equal(batch.chain.x_t[0], batch.other.x_t[0]), "the same noise"
    assert apart(batch.chain.sprites, sprites(replace(order, against=None))) <= 1
    total = len(batch.chain.t) + len(batch.other.t) - 2 if against != "ddim" else 3 + 50
    assert {steps for _, steps, _ in calls} == {total}
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)
    assert calls[-1][0] == total
    assert calls[-1][2]
    left, right = batch_titles(batch)
    assert left
    assert right
    assert left != right
    assert difference(batch).startswith("From the same noise,")
    kept = keep_batch(batch.chain, batch.info, batch.other)
    found = load_batch(kept.id)
    assert found is not None
    assert batch_titles(found) == (left, right)
    if against == "run:other":
        assert apart(batch.chain.sprites, batch.other.sprites) <= 1
        assert "6 of 6 sprites come out nearly the same" in difference(batch)


def test_the_memoriser_repeats_what_was_learnt_from(small: Path, trained: Path) -> None:
    batch = draw(order_for(small, against="memoriser", steps=20))
    assert batch.other is not None
    learnt = np.load(trained / "simple.npz")["images"].astype(int)
    for image in batch.other.sprites:
        assert np.abs(learnt - image).max(axis=(1, 2, 3)).min() <= 2


def test_a_model_to_compare_with_that_is_not_here(small: Path) -> None:
    with pytest.raises(CheckpointError, match="is not here"):
        draw(order_for(small, against="run:gone"))


# Albums and links


def test_an_order_survives_the_album(small: Path) -> None:
    order = order_for(small, like=(2, 1), strength=0.3, guidance_scale=2.0, label=1)
    batch = draw(order)
    found = from_info(json.loads(json.dumps(batch.info)))
    assert found == replace(order, step=batch.info["step"], n=6)
    assert file_stem(batch.info).startswith("small-12-fast3-seed5-")
    assert "/" not in file_stem({**batch.info, "kind": "../../a b"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": "x"},
        {"n": 10**9},
        {"like": [1.5]},
        {"like": 3},
        {"against": "run:../x"},
        {"variations": [5]},
        {"variations": "like"},
    ],
)
def test_a_damaged_album_gives_no_order(small: Path, wrong: dict[str, Any]) -> None:
    assert from_info({"run": str(small), **wrong}) is None


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"label": EACH, "n": 3, "guidance_scale": 2.5},
        {"label": 2, "weights": "raw", "sampler": "ddim"},
        {"like": (3, 1), "strength": 0.15, "against": "ddim"},
        {"variations": (Variation("colours", 3, 6, 0.12),)},
        {"like": (3,), "n": 2, "variations": (Variation("shape", 3, 9, 0.88), Variation("like", 1, 16, 0.5, 7))},
    ],
)
def test_a_link_leads_to_the_same_sprites(small: Path, values: dict[str, Any]) -> None:
    batch = draw(order_for(small, **values))
    parameters = to_parameters(batch.info)
    assert parameters is not None
    assert str(small.parent) not in json.dumps(parameters)
    link = read_link(parameters, all_runs())
    assert link.problem is None
    assert link.order is not None
    assert np.array_equal(sprites(link.order), batch.chain.sprites)


def parameters_of(run: Path, **values: str) -> dict[str, str]:
    found = to_parameters(draw(order_for(run)).info)
    assert found is not None
    return {**found, **values}


def test_a_link_to_a_model_that_has_gone(small: Path) -> None:
    parameters = parameters_of(small)
    shutil.rmtree(small)
    link = read_link(parameters, all_runs())
    assert link.order is None
    assert "no longer here" in (link.problem or "")


def test_a_link_that_compares_with_a_guide_that_is_not_there(small: Path) -> None:
    link = read_link(parameters_of(small, against="alone"), all_runs())
    assert link.order is not None
    assert link.order.against is None
    assert "has no guide here" in (link.problem or "")
    # A batch that is drawn again after its model was shipped anew.
    with pytest.raises(CheckpointError, match="has no guide here"):
        resolve(order_for(small, against="alone"))


def test_a_link_to_a_step_that_has_gone(small: Path) -> None:
    link = read_link(parameters_of(small, step="7"), all_runs())
    assert link.order is not None
    assert link.order.step == 12
    assert "not its step 7 that this link asks for: this is drawn by its step 12" in (link.problem or "")
    assert len(sprites(link.order)) == 6


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"weights": "raw"}, "drawn with its averaged ones"),
        ({"against": "raw"}, "drawn without them beside it"),
        ({"against": "memoriser"}, "without the perfect memoriser"),
        ({"against": "run:other"}, "**other** beside it is not here: it is drawn alone. Ask whoever sent"),
    ],
)
def test_a_link_on_another_installation(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], words: str
) -> None:
    """The run has travelled there as a file: all that can be drawn is, and the rest is told."""
    shutil.copytree(small, small.with_name("other"))
    config = json.loads((small.with_name("other") / "run.json").read_text())
    (small.with_name("other") / "run.json").write_text(json.dumps({**config, "id": "1" * 16}))
    plain_batch, batch = draw(order_for(small)), draw(order_for(small, **values))
    links = [to_parameters(one.info) for one in (plain_batch, batch)]
    (tmp_path / "run.zip").write_bytes(export_run(small).data)
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    assert links[0] is not None
    assert links[1] is not None
    gone = read_link(links[0], all_runs())
    assert gone.order is None
    assert "Ask whoever sent the link for its file" in (gone.problem or "")
    with open(tmp_path / "run.zip", "rb") as file:
        import_run(file, "run.zip", tmp_path / "there" / "checkpoints", "as I call it")
    same = read_link(links[0], all_runs())
    assert same.problem is None
    assert same.order is not None
    assert same.order.run == str(tmp_path / "there" / "checkpoints" / "as I call it")
    assert np.array_equal(sprites(same.order), plain_batch.chain.sprites)
    other = read_link(links[1], all_runs())
    assert words in (other.problem or "")
    assert other.order is not None
    assert other.order.against is None
    assert np.array_equal(sprites(other.order), plain_batch.chain.sprites)


def test_a_link_names_the_weights_of_the_model_beside_it(small: Path) -> None:
    shutil.copytree(small, small.with_name("other"))
    link = to_parameters(draw(order_for(small, against="run:other")).info)
    assert link is not None
    assert link["against_mark"] == link["mark"] == weights_mark(small)
    found = read_link({**link, "against_mark": "00000000"}, all_runs())
    assert found.order is not None
    assert found.order.against == "run:other"
    assert "beside it has other weights" in (found.problem or "")
    both = read_link({**link, "mark": "00000000", "against": "run:gone", "against_id": "0"}, all_runs())
    assert (both.problem or "").count("Ask whoever sent the link") == 1
    assert "shipped" not in link


def test_a_link_to_a_shipped_model_of_another_version(small: Path) -> None:
    run = shipped_run()
    assert run is not None
    link = to_parameters(draw(Order(str(run.folder), n=2, steps=2)).info)
    assert link is not None
    assert read_link(link, all_runs()).problem is None
    found = read_link({**link, "mark": "00000000"}, all_runs())
    assert found.order is not None
    assert "get that version" in (found.problem or "")


def test_another_model_of_the_same_name_is_noticed(small: Path) -> None:
    mark = weights_mark(small)
    assert len(mark) == 8
    assert read_link(parameters_of(small, mark=mark), all_runs()).problem is None
    link = read_link(parameters_of(small, mark="00000000"), all_runs())
    assert link.order is not None
    assert "another model" in (link.problem or "")
    assert mark in (link.problem or "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": "-1"},
        {"seed": "9" * 400},
        {"n": "1000000"},
        {"n": "٣"},
        {"steps": "0"},
        {"kind": "<b>"},
        {"sampler": "magic"},
        {"guidance": "nan"},
        {"guidance": "1e9"},
        {"weights": "../x"},
        {"like": "1.x"},
        {"near": "2"},
        {"variants": "colours"},
        {"variants": "colours-6of6-0.5-0"},
        {"variants": "colours-0of6-1.5-0"},
        {"variants": "magic-0of6-0.5-0"},
        {"variants": "_".join(["like-0of6-0.5-0"] * 7)},
        {"variants": "like-0of6-0.5-0", "against": "ddim"},
        {"against": "run:../../etc"},
    ],
)
def test_a_link_that_makes_no_sense_is_told(small: Path, wrong: dict[str, str]) -> None:
    link = read_link(parameters_of(small, **wrong), all_runs())
    assert link.order is None
    assert "cannot be read" in (link.problem or "")


@pytest.mark.parametrize("name", ["../small", "{folder}", "", "sm\x00all"])
def test_a_link_never_names_a_folder(small: Path, name: str) -> None:
    link = read_link(parameters_of(small, model=name.format(folder=small)), all_runs())
    assert link.order is None
    assert "no longer here" in (link.problem or "")


# Favourites


def test_stars_are_found_again_in_the_same_batch(small: Path) -> None:
    batch = draw(order_for(small))
    star(batch, 2, True)
    star(batch, 4, True)
    star(batch, 4, False)
    assert starred(draw(order_for(small))) == {2}
    assert starred(draw(order_for(small, seed=6))) == set()


# Clean pixels


def test_only_the_end_of_a_chain_is_cleaned(small: Path) -> None:
    chain = draw(order_for(small)).chain
    shown = with_finished_end(chain, Finish(True))
    assert np.array_equal(shown.sprites, clean_pixels(chain.sprites).images)
    assert np.array_equal(shown.x0[-1], shown.sprites)
    assert np.array_equal(shown.x_t[:-1], chain.x_t[:-1])
    assert np.array_equal(shown.t, chain.t)
