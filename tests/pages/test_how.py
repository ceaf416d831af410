"""The page "How it works": its scenes are worked out by the model at hand, and say the truth about it."""

from __future__ import annotations

import json
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ddpm.diffusion.sampling import sample
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import what_was_seen
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.run import Run
from ddpm.sprites import load_sprites
from pages.parts.how import long_way
from pages.parts.how.copying import why_not_copy
from pages.parts.how.formula import line_of
from pages.parts.how.learning import remark, spread
from pages.parts.how.long_way import LongWay
from pages.parts.how.noise_in import noise_in
from pages.parts.how.pieces import pieces
from pages.parts.how.pixels import as_sprites
from pages.parts.how.question import question
from pages.parts.how.story import CHAPTERS
from pages.parts.how.strictness import kinds
from pages.parts.how.subject import Subject
from pages.parts.how.way_back import way_back
from pages.parts.shared.scene import Chart, Panel, Row, Scene, Second, pack
from tests.pages.conftest import OpenPage

PAGE = "pages/4_How_it_works.py"


@pytest.fixture
def subject(trained: Path) -> Subject:
    """An unseen sprite of the set from which the small run learnt."""
    run = Run(trained / "checkpoints" / "small")
    seen = what_was_seen(load_sprites(str(trained / "simple.npz")), run.trained_on())
    row = int(seen.unseen[0])
    image = np.asarray(seen.sprites.images[row])
    labels = seen.sprites.labels
    assert labels is not None
    loaded = load_checkpoint(run.folder)
    label = int(labels[row]) if loaded.model.num_classes else None
    return Subject(run, loaded, image, label, "", 0, ("small", 0), seen, unseen=True)


class Kinds(torch.nn.Module):
    """A network whose answer is one value: more for later kinds, nothing if it is not told the kind."""

    prediction_type = "v"
    binary_alpha = distilled = False
    image_shape = (3, 16, 16)

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes

    def forward(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        value = torch.zeros(len(x_t)) if labels is None else 0.2 * (labels + 1)
        return value[:, None, None, None].expand_as(x_t)


def panel(scene: Scene, row: int, title: str) -> Panel:
    return next(one for one in scene.rows[row].panels if title in one.title)


def header(packed: bytes) -> Any:
    (length,) = struct.unpack("<I", packed[:4])
    return json.loads(packed[4 : 4 + length])


def test_the_page_shows_every_scene_of_a_run(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert [one.value.split(" · ")[1] for one in app.header] == [chapter.title for chapter in CHAPTERS]
    before = [element.proto for element in app.get("bidi_component")]
    next(button for button in app.button if button.label == "Another sprite").click().run()
    assert not app.exception
    assert before != [element.proto for element in app.get("bidi_component")]


def test_every_formula_has_its_line() -> None:
    for chapter in CHAPTERS:
        line = chapter.line()
        assert line.text
        assert (Path(__file__).resolve().parents[2] / line.place.split(",")[0]).is_file()
    with pytest.raises(ValueError, match="has 0 lines"):
        line_of(NoiseSchedule.add_noise, "no such line")


def test_noise_begins_with_the_sprite_and_ends_without_it(subject: Subject) -> None:
    scene = noise_in(subject)
    for row in range(2):
        together = panel(scene, row, "x_t").images
        assert np.abs(together[0].astype(int) - subject.image).mean() < 16
        shares = [int(note.rstrip("%")) for note in panel(scene, row, "Its part").notes]
        assert shares[0] >= 99
        assert shares[-1] <= 1
        assert shares == sorted(shares, reverse=True)


def test_the_answer_adds_up_to_the_question(subject: Subject, small: Path) -> None:
    shutil.rmtree(small / "steps" / "000010")
    scene = question(replace(subject, run=Run(small)))
    t = subject.timesteps
    assert len(scene.stops) == len(t)
    assert panel(scene, 0, "beneath").images.shape == (1, *subject.image.shape)
    (chart,) = scene.charts
    assert scene.second is None
    assert scene.remark.startswith("Only one step of this training is here")
    of_x0, of_eps = (chart.curves[name] for name in ("of x0", "of the noise eps"))
    # What the two errors have to do with each other at one x_t.
    scale = torch.sqrt(1 - subject.schedule.alphas_cumprod[t]) / subject.schedule.alphas_cumprod[t].sqrt()
    np.testing.assert_allclose(of_x0, of_eps * scale.numpy(), rtol=2e-2, atol=1e-4)


def test_earlier_steps_of_the_training_are_asked_the_same(subject: Subject, small: Path) -> None:
    scene = question(subject)
    assert scene.second is not None
    assert scene.second.stops == ["after 10 training steps", "after 12 training steps"]
    assert scene.remark.startswith("The second slider asks all 2 saved steps of this training, the last included.")
    count, (chart,) = len(scene.stops), scene.charts
    believed = panel(scene, 1, "believes: x0")
    assert len(believed.images) == len(believed.notes) == 2 * count
    for place, folder in enumerate(("000010", "000012")):
        loaded = load_checkpoint(subject.run.folder / "steps" / folder)
        alone = question(replace(subject, loaded=loaded, run=Run(small / "none")))
        # Fewer positions are asked of several steps, but both ends of the slider are the same.
        for here, there in ((0, 0), (-1, -1)):
            np.testing.assert_array_equal(
                believed.images[place * count : (place + 1) * count][here],
                panel(alone, 1, "believes: x0").images[there],
            )
            np.testing.assert_allclose(
                chart.curves["of x0"][place][here], alone.charts[0].curves["of x0"][there], rtol=1e-4
            )
    assert header(pack(scene))["second"]["stops"] == list(scene.second.stops)
    (small / "steps" / "000010" / "model.safetensors").write_bytes(b"")
    scene = question(replace(subject, run=Run(small)))
    assert scene.second is None
    assert scene.remark.endswith("1 step cannot be read and is passed over.")


def test_saved_steps_are_spread_evenly_in_their_logarithm() -> None:
    assert spread([10, 20], 8) == [10, 20]
    assert spread(list(range(500, 25_001, 500)), 8) == [500, 1_000, 1_500, 2_500, 4_500, 8_000, 14_500, 25_000]
    assert spread([0, 1, 2, 3], 2) == [0, 3]


def test_where_early_steps_are_missing_it_is_said_what_keeps_them() -> None:
    late, early = [9_000, 9_500, 10_000], [500, 10_000]
    assert "--keep-every 500" in remark(late, 3, [], shipped=False)
    assert "--keep-every" not in remark(early, 2, [], shipped=False)
    assert "2 of the 9 saved steps of this training, evenly in the logarithm" in remark(early, 9, [], shipped=False)
    assert "Teach a model of your own" in remark([10_000], 1, [], shipped=True)


def test_all_steps_are_worked_out_as_long_as_somebody_asks(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = NoiseSchedule(60, subject.schedule.kind)
    subject = replace(subject, loaded=replace(subject.loaded, schedule=schedule))
    monkeypatch.setattr(long_way, "_PATIENCE", -1.0)
    way = LongWay(subject, 50)
    for _ in range(3):
        way.ask()
        finish(way)
    assert 0 <= way.done < 10, "nobody waited for more"
    monkeypatch.setattr(long_way, "_PATIENCE", 60.0)
    way.ask()
    finish(way)
    assert way.is_over
    moments = list(sample(subject.model, schedule, 1, "ddim", 60, subject.seed, subject.labels(1), noise=subject.eps))
    shown = way.panel()
    assert shown.title == "60 steps"
    assert shown.notes[0] == "1 done"
    assert shown.notes[-1] == "60 done"
    np.testing.assert_array_equal(shown.images, np.concatenate([as_sprites(moments[at].x_t) for at in way._at]))


def test_a_network_that_breaks_ends_the_long_way_in_words(subject: Subject) -> None:
    class Broken(torch.nn.Module):
        prediction_type, num_classes, image_shape = "v", None, (3, 16, 16)

        def forward(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
            return x_t * float("nan")

    way = LongWay(replace(subject, loaded=replace(subject.loaded, model=Broken()), label=None), 50)
    way.ask()
    finish(way)
    assert way.is_over
    assert "NaN" in way.error


def finish(way: LongWay) -> None:
    """Wait until its thread is gone."""
    if (thread := way._thread) is not None:
        thread.join(300)
        assert not thread.is_alive()


def test_all_steps_are_offered_and_come_into_the_scene(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[LongWay] = []
    monkeypatch.setattr(LongWay, "ask", lambda way: asked.append(way))
    app = open_page(PAGE)
    assert any("second" in one.value and "once" in one.value for one in app.caption)
    next(button for button in app.button if button.label == "The same noise in all 1,000 steps").click().run()
    assert not app.exception
    assert asked
    assert not [button for button in app.button if button.label.startswith("The same noise")]
    (way,) = set(asked)
    picture = np.zeros((1, 16, 16, 3), np.uint8)
    way._pictures, way.done, way.seconds = dict.fromkeys(way._at, picture), way.total, 14.2
    app.run()
    assert not app.exception
    scenes = [one.proto for one in app.get("bidi_component")]
    assert any(b'"1,000 steps"' in one.SerializeToString() for one in scenes)
    assert any(b"The 1,000 steps took 14 seconds here" in one.SerializeToString() for one in scenes)


def test_the_way_back_ends_at_sprites_and_each_step_begins_where_the_last_ended(subject: Subject) -> None:
    scene = way_back(subject)
    before, after = (panel(scene, 0, title).images for title in ("Before", "After"))
    np.testing.assert_array_equal(before[1:], after[:-1])
    assert panel(scene, 0, "Fresh").notes[-1] == "size 0.00"
    assert [one.notes[-1].split()[0] for one in scene.rows[1].panels] == [
        one.title.split()[0] for one in scene.rows[1].panels
    ]


def test_the_copier_ends_at_a_training_sprite_and_what_is_not_here_is_said(subject: Subject) -> None:
    scene = why_not_copy(subject)
    copier, nearest_one = panel(scene, 1, "copier"), panel(scene, 2, "copier")
    np.testing.assert_array_equal(copier.images, nearest_one.images)
    assert nearest_one.notes == ["the same, pixel for pixel"]
    # Without noise there is nothing to believe but what is seen; the copier believes in the sprites that it knows.
    believed = {one.title: one.images for one in scene.rows[0].panels}
    assert subject.seen is not None
    known = np.asarray(subject.seen.sprites.images[subject.seen.seen])
    assert (known == believed["The perfect copier"][0]).all(axis=(1, 2, 3)).any()
    assert not (known == believed["The truth: x0"][0]).all(axis=(1, 2, 3)).any()
    with pytest.raises(ValueError, match="put them back"):
        why_not_copy(replace(subject, seen=None))


def test_each_pixel_names_the_training_sprites_that_made_it(subject: Subject) -> None:
    scene = pieces(subject)
    pack(scene)
    assert scene.second is not None
    assert (len(scene.stops), len(scene.second.stops)) == (16, 16)
    believed, *sources = scene.rows[0].panels
    assert believed.picks
    shares = np.array([[int(note.split("%")[0]) for note in one.notes] for one in sources])
    assert (np.diff(shares, axis=0) <= 0).all(), "the heaviest first"
    assert (shares.sum(axis=0) <= 101).all()
    assert subject.seen is not None
    known = np.asarray(subject.seen.sprites.images[subject.seen.seen])
    for row, column in ((0, 0), (7, 9), (15, 15)):
        at = row * 16 + column
        for one in sources:
            assert (known[:, row, column] == one.images[at, row, column]).all(axis=1).any()
            # Far from the pixel nothing is shown as it is, unless it is white.
            assert (one.images[at, 15 - row, 15 - column] >= 180).all() or (row, column) == (7, 9)
    with pytest.raises(ValueError, match="put them back"):
        pieces(replace(subject, seen=None))
    with pytest.raises(ValueError, match="too many pixels"):
        pieces(replace(subject, image=np.zeros((48, 48, 3), np.uint8)))


def test_the_pieces_come_on_request(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    scenes = len(app.get("bidi_component"))
    app.toggle(key="how-pieces").set_value(True).run()
    assert not app.exception
    assert len(app.get("bidi_component")) == scenes + 1


def test_strictness_goes_beyond_what_the_kind_says(subject: Subject) -> None:
    # After so few steps the kinds hardly matter to the small run: here the network answers with the kind's number.
    model = Kinds(subject.loaded.model.num_classes or 0)
    subject = replace(subject, loaded=replace(subject.loaded, model=model))
    scene = kinds(subject)
    told, untold, difference = (panel(scene, 0, title) for title in ("Told", "Not told", "difference"))
    assert subject.label is not None
    # x0 = sqrt(alpha_bar) x_t - sqrt(1 - alpha_bar) v: here the answers differ by that share of the value alone.
    share = (1 - subject.schedule.alphas_cumprod[subject.timesteps]).sqrt() * 0.2 * (subject.label + 1)
    assert difference.notes == [f"size {value:.2f}" for value in share.tolist()]
    assert (told.images != untold.images).any()
    one, eight = (panel(scene, 1, title).images for title in ("Strictness 1", "Strictness 8"))
    assert (one != eight).any()
    with pytest.raises(ValueError, match="knows kinds"):
        kinds(replace(subject, label=None))


def test_what_does_not_fit_the_slider_is_refused() -> None:
    images = np.zeros((3, 4, 4, 3), np.uint8)
    fits = Scene("t", ["a", "b", "c"], [Row("row", [Panel("one", images), Panel("all", images[:1])])])
    assert header(pack(fits))["rows"][0]["panels"][1]["count"] == 1
    with pytest.raises(ValueError, match="does not fit"):
        pack(Scene("t", ["a", "b"], [Row("row", [Panel("one", images)])]))
    two = Scene("t", ["a", "b", "c"], fits.rows, second=Second("step", ["1", "2"]))
    assert header(pack(replace(two, rows=[Row("row", [Panel("six", images.repeat(2, 0))])])))["rows"]
    with pytest.raises(ValueError, match="does not fit"):
        pack(replace(fits, rows=[Row("row", [Panel("six", images.repeat(2, 0))])]))
    with pytest.raises(ValueError, match="does not fit"):
        pack(replace(two, charts=[Chart("curve", {"one": np.zeros((3, 2))}, ("", ""), second=True)]))
    bad = Chart("curve", {"one": np.array([0, np.nan, 1])}, ("", ""))
    with pytest.raises(ValueError, match="not finite"):
        pack(Scene("t", ["a", "b", "c"], fits.rows, [bad]))
