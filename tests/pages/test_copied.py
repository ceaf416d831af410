"""Created or copied: the page says what the numbers say, and each control changes what it should."""

from __future__ import annotations

import html
import json
import re
import shutil
import struct
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.memorization import memorization_report
from ddpm.judging.glossary import LABEL_WORDS, TERM_WORDS
from ddpm.judging.headline import headline
from ddpm.judging.quality.form_index import FormIndex
from ddpm.judging.quality.form_network import VERSION
from ddpm.judging.quality.forms import FormBaseline
from ddpm.judging.readers import Readers
from ddpm.judging.recombination.agreement import learnt_from, measure_agreement
from ddpm.judging.report import make_report
from ddpm.runs.album import Batch
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from ddpm.sprites import load_sprites
from pages.parts.copied.closeup import _pictures, memorised_chain
from pages.parts.copied.comparing import Chosen, Ready, Subject, pair
from pages.parts.copied.drawing_quality import believed_words
from pages.parts.copied.matches import nearest_first, packed_matches, packed_pairs, transform_words
from pages.parts.copied.rates import labels_html, percent, rates_html, terms_html
from pages.parts.shared.drawing import draw
from pages.parts.shared.easel import COLOURS, to_image
from pages.parts.shared.orders import EACH, Order
from pages.parts.shared.resolving import resolve
from pages.parts.shared.store import RunData, run_data
from tests.ddpm.helpers import simple_sprites
from tests.pages.conftest import OpenPage

PAGE = "pages/3_Nearest_neighbors.py"


@pytest.fixture
def copied(open_page: OpenPage, trained: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page, with the small run alone: nothing is drawn yet, so it draws a first batch."""
    monkeypatch.setattr("pages.parts.shared.store.ROOT", trained)
    return open_page(PAGE)


def blocks(app: AppTest, mark: str) -> str:
    """The HTML of a part of the page."""
    return "".join(block.proto.body for block in app.get("html") if mark in block.proto.body)


def question(app: AppTest, images: np.ndarray, folder: Path) -> None:
    """Hand a file of sprites over."""
    app.segmented_control(key="question").set_value("My own file").run()
    np.save(folder / "mine.npy", images)
    app.file_uploader[0].set_value([("mine.npy", (folder / "mine.npy").read_bytes(), "")]).run()
    assert not app.exception


def test_the_verdict_comes_with_cards_and_a_slider(copied: AppTest) -> None:
    assert not copied.exception
    verdict = blocks(copied, 'class="verdict')
    assert "0 of 64" in verdict
    cards = blocks(copied, 'class="cards"')
    assert cards.count("data-rate=") == 7
    assert all(word in cards for word in ("interval", "unseen", "by chance", "excess", "How to read this"))
    slider = next(slider for slider in copied.select_slider if slider.label.startswith("By chance"))
    rates = [float(option.rstrip("%")) / 100 for option in slider.options]
    assert rates == sorted(rates)
    assert rates[-1] == 0.1
    training = Run(Path("checkpoints/small")).config()["data"]["training_distinct"]
    assert rates[0] == pytest.approx(1 / (training + 1), abs=0.002)


def test_the_pairs_are_there_before_anything_is_measured(
    open_page: OpenPage, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("measuring did not work")

    monkeypatch.setattr("pages.parts.shared.store.ROOT", trained)
    monkeypatch.setattr("pages.parts.copied.report_view.measure", broken)
    monkeypatch.setattr("pages.parts.copied.report_view.measured", lambda pairs: None)
    app = open_page(PAGE)
    assert not app.exception
    assert [warning.value for warning in app.warning] == ["measuring did not work"]
    assert blocks(app, 'class="cards"') == ""
    galleries = [one for one in app.main if "gallery" in str(getattr(one, "proto", ""))[:2000]]
    assert len(galleries) == 1


def test_pairs_are_what_the_evidence_says(subject: Subject) -> None:
    ready = Ready(subject.comparison, "key of these pairs")
    pairs = pair(subject.chosen, ready)
    assert pairs is not None
    np.testing.assert_array_equal(pairs.squared, subject.evidence.squared_distance)
    apart = subject.chosen.images.astype(int) - pairs.train[pairs.rows]
    np.testing.assert_array_equal((apart**2).sum(axis=(1, 2, 3)), pairs.squared)
    header = unpacked(packed_pairs(pairs))
    assert not header["measured"]
    assert [one["index"] for one in header["samples"]] == nearest_first(subject.evidence).tolist()
    assert [one["index"] for one in header["samples"] if one["asked"]] == [3]


def test_training_sprites_are_called_copies_and_heldout_ones_are_not(
    copied: AppTest, trained: Path, tmp_path: Path
) -> None:
    sprites = load_sprites(str(trained / "simple.npz"))
    train, heldout = sprites.split()
    question(copied, np.asarray(sprites.images[train]), tmp_path)
    assert "Copied: training sprites come back pixel by pixel." in blocks(copied, 'class="verdict')
    assert f"{len(train)} of {len(train)} are near copies" in blocks(copied, 'class="verdict')
    question(copied, np.asarray(sprites.images[heldout]), tmp_path)
    assert 'class="verdict alarm"' not in blocks(copied, 'class="verdict')


def test_sprites_of_another_size_are_refused_in_plain_words(copied: AppTest, tmp_path: Path) -> None:
    question(copied, np.random.default_rng(0).integers(0, 256, (4, 24, 32, 3), dtype=np.uint8), tmp_path)
    (said,) = [warning.value for warning in copied.warning]
    assert "These sprites are 32 x 24 pixels, and those to compare with 16 x 16" in said
    assert "Choose what was learnt" in said
    assert blocks(copied, 'class="verdict') == ""


def test_sprites_with_alpha_are_laid_on_white_where_the_data_have_none(
    copied: AppTest, trained: Path, tmp_path: Path
) -> None:
    images = np.asarray(load_sprites(str(trained / "simple.npz")).images[:8])
    alpha = np.where((images == 255).all(axis=-1, keepdims=True), 0, 255).astype(np.uint8)
    question(copied, np.concatenate([images & alpha, alpha], axis=-1), tmp_path)
    assert any("here they lie on white" in caption.value for caption in copied.caption)
    assert blocks(copied, 'class="verdict') != ""


def test_the_slider_changes_the_cards(copied: AppTest, trained: Path, tmp_path: Path) -> None:
    images = load_sprites(str(trained / "simple.npz")).images
    noisy = np.clip(np.asarray(images).astype(int) + 4, 0, 255).astype(np.uint8)
    question(copied, noisy, tmp_path)
    slider = next(slider for slider in copied.select_slider if slider.label.startswith("By chance"))
    before = blocks(copied, 'class="cards"')
    slider.set_value(0.1).run()
    assert not copied.exception
    assert blocks(copied, 'class="cards"') != before


def test_a_known_answer_is_marked_as_a_test_and_leads_back(copied: AppTest) -> None:
    copied.pills(key="known").set_value("copies").run()
    assert not copied.exception
    verdict = blocks(copied, 'class="verdict')
    assert "A test, not your samples" in verdict
    assert "The page says so." in verdict
    assert "Copied" in verdict
    next(button for button in copied.button if button.label == "Back to my samples").click().run()
    assert "A test" not in blocks(copied, 'class="verdict')


def test_the_claim_and_the_onset_are_told(copied: AppTest) -> None:
    assert blocks(copied, 'class="claim"').count("<tr>") == 4
    # On a slow machine it looks more than once.
    looks = sum("check" in record for record in Run(Path("checkpoints/small")).metrics())
    words = "looked at itself only once" if looks == 1 else "had not begun by step"
    assert any(words in text.value for text in copied.markdown)


@pytest.fixture
def reported(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose small run, that came with the app, brings its report along."""
    monkeypatch.setattr("pages.parts.shared.store.ROOT", trained)
    run = Run(trained / "checkpoints" / "small")
    sprites = load_sprites(str(trained / "simple.npz"))
    reference = what_was_seen(sprites, run.trained_on())
    report = make_report(sprites.images[reference.seen[:7]], reference, drawn_by="a *copier*", with_quality=False)
    stored = report.to_dict()
    stored["quality"] = {"haze": 0.125, "real": {"haze": 0.0625}, "frechet_ratio": 1.5}
    stored["exam"] = {"sentence": "It *passed*."}
    (run.folder / "verdict.json").write_text(json.dumps(stored))
    yield run.folder
    (run.folder / "verdict.json").unlink()


def test_a_report_is_told_at_once(reported: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_early(*_: object) -> None:
        raise AssertionError("a report needs no training sprites")

    app = open_page(PAGE)
    with monkeypatch.context() as patch:
        patch.setattr("pages.parts.shared.store.load_sprites", too_early)
        app.segmented_control(key="question").set_value("A report").run()
        assert not app.exception
    assert "7 of 7 are near copies" in blocks(app, 'class="verdict alarm"')
    assert blocks(app, 'class="cards"').count("data-rate=") == 7
    assert blocks(app, 'class="claim"').count("<tr>") == 4
    assert "12%" in blocks(app, "quality")
    assert any("It \\*passed\\*" in text.value for text in app.markdown)
    assert any("a \\*copier\\*" in caption.value for caption in app.caption)
    assert "36 sprites by small" in blocks(app, "<img")

    next(button for button in app.button if button.label.startswith("Draw 64 now")).click().run()
    assert not app.exception
    assert app.segmented_control(key="question").value == "Fresh batch"
    assert "of 64 " in blocks(app, 'class="verdict')
    assert app.pills(key="known"), "each sample can be looked at"


def test_without_the_data_the_report_is_shown_and_how_to_get_them(
    trained: Path, reported: Path, open_page: OpenPage
) -> None:
    data = trained / "simple.npz"
    hidden = data.rename(trained / "hidden.npz")
    try:
        app = open_page(PAGE)
        app.segmented_control(key="question").set_value("Last drawn").run()
        assert not app.exception
        assert "7 of 7 are near copies" in blocks(app, 'class="verdict')
        assert any("simple" in info.value and "no single sample" in info.value for info in app.info)
        assert not [button for button in app.button if button.label.startswith("Draw 64 now")]
        (reported / "verdict.json").write_text('{"memorization": [1], "sentence": 5}')
        app = open_page(PAGE)
        assert not app.exception
        assert any("cannot be questioned now" in warning.value for warning in app.warning)
    finally:
        hidden.rename(data)


def test_the_kaggle_set_is_said_to_be_fetched_in_one_line(
    reported: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    before = (reported / "run.json").read_bytes()
    config = json.loads(before)
    config["data"]["source"] = "kaggle"
    (reported / "run.json").write_text(json.dumps(config))
    try:
        app = open_page(PAGE)
        assert not app.exception
        assert any("python -m ddpm data kaggle --download" in info.value for info in app.info)
        assert any("of the Kaggle set" in caption.value for caption in app.caption)
        next(button for button in app.button if button.label.startswith("Fetch it")).click().run()
        assert not app.exception
        assert app.session_state["sprites"] == "Kaggle Pixel Art"
    finally:
        (reported / "run.json").write_bytes(before)


def test_a_larger_set_that_holds_what_a_run_learnt_from_will_do(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DDPM_HOME", str(tmp_path))
    images = load_sprites(str(trained / "simple.npz")).images
    shutil.copytree(trained / "checkpoints" / "small", tmp_path / "small", ignore=shutil.ignore_patterns("steps"))
    run = Run(tmp_path / "small")
    learnt = run.trained_on()
    assert learnt is not None
    config = run.config()

    def found(images: np.ndarray, name: str) -> RunData:
        np.save(tmp_path / f"{name}.npy", images)
        config["data"]["source"] = str(tmp_path / f"{name}.npy")
        (run.folder / "run.json").write_text(json.dumps(config))
        return run_data(run)

    larger = found(np.concatenate([simple_sprites(30), images[::-1]]), "larger")
    assert larger.sprites is not None
    assert larger.note == ""
    reference = what_was_seen(larger.sprites, learnt)
    assert set(larger.sprites.split_hashes()[reference.seen]) == set(learnt)
    assert len(reference.unseen) > 6, "what else is in it, the model never saw"

    lost = np.flatnonzero(np.isin(load_sprites(str(trained / "simple.npz")).split_hashes(), learnt))
    nearly = found(np.delete(images, lost[:2], axis=0), "nearly")
    assert nearly.sprites is not None
    assert f"{len(learnt) - 2} of the {len(learnt)} sprites" in nearly.note
    half = found(np.delete(images, lost[: len(lost) // 2], axis=0), "half")
    assert half.sprites is None
    assert "too few" in str(half.problem)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("subject")
    np.save(folder / "simple.npy", simple_sprites(60))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(folder))
        sprites = load_sprites(folder / "simple.npy")
        train, heldout = sprites.split()
    images = np.concatenate(
        [sprites.images[heldout][:5], sprites.images[train][:2], np.full((1, 16, 16, 3), 255, np.uint8)]
    )
    index = TrainingIndex(sprites.images[train], sprites.images[heldout])
    chosen = Chosen(images, Run(folder), "samples", first=3)
    return Subject(
        chosen, ComparisonSet(sprites, train, heldout), "key", index, index.measure(images), index.limits.faults(images)
    )


def unpacked(parcel: bytes) -> dict[str, Any]:
    """The JSON values of what is sent to the browser."""
    (length,) = struct.unpack("<I", parcel[:4])
    return dict(json.loads(parcel[4 : 4 + length]))


def test_a_parcel_holds_every_sample_the_nearest_first(subject: Subject) -> None:
    report = memorization_report(subject.chosen.images, subject.train, subject.index.heldout)
    header = unpacked(packed_matches(subject, report))
    assert header["measured"]
    samples = header["samples"]
    assert sorted(one["index"] for one in samples) == list(range(8))
    assert [one["index"] for one in samples] == nearest_first(subject.evidence).tolist()
    assert [one["index"] for one in samples if one["asked"]] == [3]
    assert {one["index"] for one in samples if one["pixels"][1] == "the same"} == {5, 6}
    assert [one["label"] for one in samples] == [report.labels[one["index"]] for one in samples]
    white = next(one for one in samples if one["index"] == 7)
    assert (white["palette"][0], white["x"], white["y"]) == (-1, None, None)
    places = [one[name][0] for one in samples for name in ("pixels", "shape", "palette")]
    assert max(places) == header["sprites"] - 1
    assert min(place for place in places if place >= 0) >= 8, "matches stand behind the samples"


def test_poor_drawings_are_told_why(subject: Subject) -> None:
    random = np.random.default_rng(0)
    noisy = subject.train[:8].astype(int) + random.integers(-60, 61, subject.train[:8].shape)
    noisy = np.clip(noisy, 0, 255).astype(np.uint8)
    faults = subject.index.limits.faults(np.concatenate([noisy, subject.train[:4]]))
    assert all("too many colours" in of_one for of_one in faults[:8])
    assert faults[8:] == [()] * 4
    report = memorization_report(noisy, subject.train, subject.index.heldout)
    assert "Why: " in rates_html(report, faults[:8])
    assert "too many colours 8" in rates_html(report, faults[:8])
    assert "Why: " not in rates_html(report)


def test_every_term_of_the_figures_is_explained_on_click(subject: Subject) -> None:
    report = memorization_report(subject.chosen.images, subject.train, subject.index.heldout)
    page = rates_html(report) + labels_html(report) + terms_html("believable", "palette")
    terms = re.findall(r"<summary>(?:<span>)?([^<]+)", page)
    assert {"interval", "by chance", "unseen", "excess", "believable", "palette"} <= set(terms)
    known = {**TERM_WORDS, **LABEL_WORDS, "unseen real sprites": TERM_WORDS["unseen"]}
    assert all(html.escape(known[term]) in page for term in terms)
    assert "floor" not in re.sub(r"<[^>]*>", " ", page), "one word for what unseen sprites show"


def test_of_near_copies_both_are_told_what_chance_gives_and_what_unseen_sprites_gave(subject: Subject) -> None:
    report = memorization_report(subject.chosen.images, subject.train, subject.index.heldout)
    cards = rates_html(report).split("data-rate=")
    assert sum("by chance" in card for card in cards) == 1
    near = next(card for card in cards if card.startswith('"near copy"'))
    assert f"<span>by chance</span>{percent(report.effective_rate)}" in near
    assert f"<span>unseen</span>{percent(report.heldout_rates['near copy'].rate)}" in near


def test_a_closer_look_says_whether_it_is_believable_and_what_is_nearest_by_form(subject: Subject) -> None:
    report = memorization_report(subject.chosen.images, subject.train, subject.index.heldout)
    waiting = _pictures(subject, report, 5, None, None, 0.25)
    assert "looking through" in waiting
    assert "25%" in waiting
    found = FormBaseline.of(subject.sprites.images).believe(subject.chosen.images, subject.index.heldout)
    seen = _pictures(subject, report, 5, replace(found, share=found.unseen), FormIndex(subject.train))
    assert "1.00 alike" in seen, "it is a copy"
    assert "elievable as a drawing of something" in seen
    assert f"{percent(found.unseen.rate)} reach it" in seen
    assert "cannot be told" in believed_words(replace(found, share=None, why_not="It is blind."), 5)


def test_a_stored_report_shows_both_distances_and_what_readers_named(
    reported: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.copied.verdict_view.read_readers", lambda run: Readers((48, 48), (60, 60), 64))
    app = open_page(PAGE)
    app.segmented_control(key="question").set_value("A report").run()
    assert any("could not see forms" in caption.value for caption in app.caption), "an earlier version wrote it"
    stored = json.loads((reported / "verdict.json").read_text())
    forms = {"version": VERSION, "frechet_ratio": 1.94, "frechet_ratio_sd": 0.24, "believable": 0.49}
    stored["quality"]["forms"] = {**forms, "believable_error": 0.016, "believable_unseen": 0.9, "blind": False}
    (reported / "verdict.json").write_text(json.dumps(stored))
    app.run()
    assert not app.exception
    table = blocks(app, 'class="claim quality"')
    for words in ("1.94 ± 0.24", "49% ± 1.6%", "90%", "75%", "94%", "two blind readers", "1.50"):
        assert words in table
    assert not any("could not see forms" in caption.value for caption in app.caption)


def test_the_verdict_is_careful_with_few_samples_and_no_floor(subject: Subject) -> None:
    images, train = subject.chosen.images, subject.train
    few = headline(memorization_report(images[:5], train, images[:0]))
    assert "5 samples" in few.caveat
    assert "No real sprites were held out" in few.caveat
    assert few.mood == "calm"
    one = headline(memorization_report(np.concatenate([images[:5], train[:1]]), train, images[:5]))
    assert one.mood == "careful"
    assert "One sample is copied" in one.answer
    assert "rests on only 5 unseen sprites" in one.caveat
    cards = rates_html(memorization_report(images[:5], train, images[:0]))
    assert "not known" in cards


def test_moved_copies_are_called_copies(subject: Subject) -> None:
    train, heldout = subject.train, subject.index.heldout
    moved = np.roll(train[:20], 1, axis=1)
    report = memorization_report(moved, train, heldout)
    moved_copies = sum(label in ("exact copy", "near copy", "moved copy") for label in report.labels)
    assert moved_copies > 10
    assert headline(report).mood == "alarm"


@pytest.mark.parametrize(
    ("flip", "shift", "words"),
    [
        (False, (0, 0), ""),
        (True, (0, 0), "mirrored"),
        (False, (1, 0), "1 px down"),
        (True, (-1, -1), "mirrored, 1 px up, 1 px left"),
        (False, (0, 1), "1 px right"),
    ],
)
def test_transforms_in_words(flip: bool, shift: tuple[int, int], words: str) -> None:
    assert transform_words(flip, np.array(shift)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0%"),
        (1 / 16250, "0.006%"),
        (0.0002, "0.02%"),
        (0.01, "1%"),
        (0.015, "1.5%"),
        (0.425, "42%"),
        (0.9963, "99.6%"),
        (0.9999, "99.99%"),
        (1, "100%"),
    ],
)
def test_shares_have_the_digits_they_need(value: float, words: str) -> None:
    assert percent(value) == words


def test_a_drawing_becomes_pixels() -> None:
    drawn = "0" * 17 + "7" + "0" * 238
    image = to_image(drawn)
    assert image is not None
    assert image[1, 1].tolist() == [int(COLOURS[7][i : i + 2], 16) for i in (1, 3, 5)]
    assert (image.reshape(-1, 3) == 255).all(axis=1).sum() == 255
    for nothing in (None, "0" * 256, "7" * 255, "g" * 256, 5):
        assert to_image(nothing) is None


BATCHES: dict[str, dict[str, Any]] = {
    "plain": {},
    "one kind": {"label": 1},
    "one of each kind": {"label": EACH},
    "no kinds": {"label": None},
    "like one": {"like": (3,), "strength": 0.3},
    "like one of those": {"like": (3, 2), "label": EACH},
    "by another sampler": {"sampler": "ddpm", "steps": 8, "like": (1,)},
    "compared": {"against": "ddim"},
}


def seen_by(run: Path) -> ComparisonSet:
    sprites = run_data(Run(run)).sprites
    assert sprites is not None
    return what_was_seen(sprites, Run(run).trained_on())


@pytest.mark.parametrize("name", BATCHES)
def test_the_memoriser_draws_from_the_very_noise_of_the_sprite(small: Path, name: str) -> None:
    resolved = resolve(Order(str(small), **{"n": 5, "steps": 6, "seed": 4, **BATCHES[name]}))
    batch, seen = draw(resolved), seen_by(small)
    kinds = np.asarray(seen.sprites.labels)[seen.seen]
    for i in (0, 1, 4):
        chain = memorised_chain(batch, i, seen)
        assert np.array_equal(chain.t, batch.chain.t)
        assert np.array_equal(chain.x_t[0, 0], batch.chain.x_t[0, i])
        # It ends at a sprite of the kind that the model was asked for.
        rows = seen.seen if resolved.own.labels is None else seen.seen[kinds == int(resolved.own.labels[i])]
        apart = np.abs(np.asarray(seen.sprites.images[rows]).astype(int) - chain.sprites[0])
        assert apart.max(axis=(1, 2, 3)).min() <= 2


def test_the_memoriser_has_the_noise_of_the_sprite_on_the_way_too(small: Path) -> None:
    batch = draw(resolve(Order(str(small), n=5, steps=6, seed=4, like=(3,), against="memoriser")))
    assert batch.other is not None
    chain = memorised_chain(batch, 4, seen_by(small))
    assert np.abs(chain.x_t[:, 0].astype(int) - batch.other.x_t[:, 4]).max() <= 1


def test_of_a_batch_that_does_not_say_how_it_was_drawn_nothing_is_memorised(small: Path) -> None:
    batch = draw(resolve(Order(str(small), n=2, steps=2)))
    with pytest.raises(CheckpointError, match="does not say"):
        memorised_chain(Batch("", batch.chain, {**batch.info, "n": 10**9}), 0, seen_by(small))


def test_what_patches_explain_is_measured_when_it_is_asked_for(
    copied: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: OrderedDict[Any, Any] = OrderedDict()
    monkeypatch.setattr("pages.parts.copied.patches._known", lambda: known)
    for module in ("ddpm.judging.recombination.agreement", "pages.parts.copied.patches"):
        monkeypatch.setattr(f"{module}.SPRITES", 6)
    assert any("some seconds" in caption.value for caption in copied.caption)
    next(button for button in copied.button if button.label == "Measure it").click().run()
    assert not copied.exception
    table = blocks(copied, "Patches of training sprites")
    run = Run(Path("checkpoints/small"))
    data = run_data(run).sprites
    assert data is not None
    loaded = load_checkpoint(run.folder)
    images, labels, asked = learnt_from(loaded, what_was_seen(data, run.trained_on()), 6)
    found = measure_agreement(loaded.model, loaded.schedule, images, labels, asked, 6)
    for explained in (found.local, found.memoriser, found.unrelated):
        assert f"<td>{percent(explained.median)}</td>" in table
        assert f"<td>{percent(explained.low)} to {percent(explained.high)}</td>" in table
    assert "of 64)" in table, "copies stand beside it"
    assert any(found.sentence.split(" explains")[0] in text.value for text in copied.markdown)
    # It is of the model: measured once, for all of its samples.
    monkeypatch.setattr("pages.parts.copied.patches.measure_agreement", None)
    copied.segmented_control(key="question").set_value("Fresh batch").run()
    next(button for button in copied.button if button.label == "Draw 64").click().run()
    assert not copied.exception
    assert blocks(copied, "Patches of training sprites")
    question(copied, simple_sprites(6), tmp_path)
    assert not blocks(copied, "Patches of training sprites")
    assert any("These sprites come from elsewhere" in caption.value for caption in copied.caption)


def test_where_patches_take_too_long_the_command_line_is_named(
    copied: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.copied.patches._known", OrderedDict)
    monkeypatch.setattr("pages.parts.copied.patches.seconds_per_sprite", lambda *_: 45.0)
    copied.run()
    assert not copied.exception
    assert not [button for button in copied.button if button.label == "Measure it"]
    assert any("about 45 seconds a sprite" in caption.value for caption in copied.caption)
