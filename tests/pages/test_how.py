"""The page "How it works": its scenes are worked out by the model at hand, and say the truth about it."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import what_was_seen
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.run import Run
from ddpm.sprites import load_sprites
from pages.parts.how.copying import why_not_copy
from pages.parts.how.formula import line_of
from pages.parts.how.noise_in import noise_in
from pages.parts.how.question import question
from pages.parts.how.scene import Chart, Panel, Row, Scene, pack
from pages.parts.how.story import CHAPTERS
from pages.parts.how.strictness import kinds
from pages.parts.how.subject import Subject
from pages.parts.how.way_back import way_back
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


def test_the_answer_adds_up_to_the_question(subject: Subject) -> None:
    scene = question(subject)
    t = subject.timesteps
    assert len(scene.stops) == len(t)
    assert panel(scene, 0, "beneath").images.shape == (1, *subject.image.shape)
    (chart,) = scene.charts
    of_x0, of_eps = (chart.curves[name] for name in ("of x0", "of the noise eps"))
    # What the two errors have to do with each other at one x_t.
    scale = torch.sqrt(1 - subject.schedule.alphas_cumprod[t]) / subject.schedule.alphas_cumprod[t].sqrt()
    np.testing.assert_allclose(of_x0, of_eps * scale.numpy(), rtol=2e-2, atol=1e-4)


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
    bad = Chart("curve", {"one": np.array([0, np.nan, 1])}, ("", ""))
    with pytest.raises(ValueError, match="not finite"):
        pack(Scene("t", ["a", "b", "c"], fits.rows, [bad]))
