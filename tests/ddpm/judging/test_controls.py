"""Controls that everybody can ask for: what they are made of, and that the report gives the known answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.judging.controls import CONTROLS, has_room, make_control
from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.memorization import MemorizationReport, judge
from ddpm.pixels.neighbors import nearest
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import real_sprites

N = 40


@pytest.fixture(scope="module", params=["builtin", pytest.param("real", marks=pytest.mark.slow)])
def comparison_set(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ComparisonSet:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(tmp_path_factory.mktemp("home")))
        return what_was_seen(load_sprites("builtin:2000") if request.param == "builtin" else real_sprites(), None)


@pytest.fixture(scope="module")
def index(comparison_set: ComparisonSet) -> TrainingIndex:
    return TrainingIndex(
        comparison_set.sprites.images[comparison_set.seen], comparison_set.sprites.images[comparison_set.unseen]
    )


def judged(samples: np.ndarray, index: TrainingIndex) -> MemorizationReport:
    return judge(index.measure(samples), index)


@pytest.mark.parametrize("name", CONTROLS)
def test_each_gets_its_answer_and_no_other_gets_it_wrongly(
    name: str, comparison_set: ComparisonSet, index: TrainingIndex
) -> None:
    samples = make_control(name, comparison_set, N)
    assert samples.shape == (N, 16, 16, 3)
    assert samples.dtype == np.uint8
    assert CONTROLS[name].is_right(judged(samples, index))


def test_an_answer_can_be_wrong(comparison_set: ComparisonSet, index: TrainingIndex) -> None:
    """Of copies, only what is true of copies may be called right; and of noise likewise."""
    copies, noise = (judged(make_control(name, comparison_set, N), index) for name in ("copies", "noise"))
    right = {name for name, control in CONTROLS.items() if control.is_right(copies)}
    assert right == {"copies", "memoriser", "moved copies"}
    assert {name for name, control in CONTROLS.items() if control.is_right(noise)} == {"noise", "unseen"}


def test_what_they_are_made_of(comparison_set: ComparisonSet) -> None:
    train, unseen = (comparison_set.sprites.images[rows] for rows in (comparison_set.seen, comparison_set.unseen))
    copies, other = make_control("copies", comparison_set, N), make_control("unseen", comparison_set, N)
    assert nearest(copies, train, 1)[1].max() == 0
    assert nearest(other, unseen, 1)[1].max() == 0
    assert nearest(other, train, 1)[1].min() > 0
    near = nearest(make_control("near copies", comparison_set, N), train, 1)[1]
    assert near.min() > 0
    assert near.max() < 768 * 36
    assert has_room(train).any()
    assert nearest(make_control("moved copies", comparison_set, N), train, 1)[1].min() > 0


def test_a_seed_gives_the_same_again_and_another_gives_others(comparison_set: ComparisonSet) -> None:
    for name in CONTROLS:
        assert np.array_equal(
            make_control(name, comparison_set, 5, seed=3), make_control(name, comparison_set, 5, seed=3)
        )
        assert not np.array_equal(
            make_control(name, comparison_set, 5, seed=3), make_control(name, comparison_set, 5, seed=4)
        )


def grey_squares(tmp_path: Path, count: int) -> ComparisonSet:
    images = np.full((count, 16, 16, 3), 255, np.uint8)
    for number, image in enumerate(images):
        image[:, 4:12] = number
    np.save(tmp_path / "grey.npy", images)
    return what_was_seen(load_sprites(tmp_path / "grey.npy"), None)


def test_what_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Nothing to recolour, and nothing that a shift would not cut."""
    comparison_set = grey_squares(tmp_path, 60)
    for name in ("recolours", "moved copies"):
        with pytest.raises(ValueError, match=r"grey holds no sprites to make them from"):
            make_control(name, comparison_set, 5)
    assert len(make_control("copies", comparison_set, 1000)) == len(comparison_set.seen)
    with pytest.raises(ValueError, match="at least 1"):
        make_control("copies", comparison_set, 0)
    with pytest.raises(KeyError):
        make_control("nonsense", comparison_set, 5)
    nothing = what_was_seen(comparison_set.sprites, np.array([1], np.uint64))
    with pytest.raises(ValueError, match="learnt from none"):
        make_control("copies", nothing, 5)
