"""Known answers that everybody can ask for: what they are made of, and that the report gives the right one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.judging.controls import KNOWN_ANSWERS, has_room, make_known
from ddpm.judging.copying.comparison import ComparisonSet, what_was_seen
from ddpm.judging.copying.evidence import Yardstick
from ddpm.judging.copying.memorization import MemorizationReport, judge
from ddpm.judging.copying.neighbors import nearest
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import real_sprites

N = 40


@pytest.fixture(scope="module", params=["builtin", pytest.param("real", marks=pytest.mark.slow)])
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ComparisonSet:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(tmp_path_factory.mktemp("home")))
        return what_was_seen(load_sprites("builtin:2000") if request.param == "builtin" else real_sprites(), None)


@pytest.fixture(scope="module")
def yardstick(reference: ComparisonSet) -> Yardstick:
    return Yardstick(reference.sprites.images[reference.seen], reference.sprites.images[reference.unseen])


def judged(samples: np.ndarray, yardstick: Yardstick) -> MemorizationReport:
    return judge(yardstick.measure(samples), yardstick)


@pytest.mark.parametrize("name", KNOWN_ANSWERS)
def test_each_gets_its_answer_and_no_other_gets_it_wrongly(
    name: str, reference: ComparisonSet, yardstick: Yardstick
) -> None:
    samples = make_known(name, reference, N)
    assert samples.shape == (N, 16, 16, 3)
    assert samples.dtype == np.uint8
    assert KNOWN_ANSWERS[name].is_right(judged(samples, yardstick))


def test_an_answer_can_be_wrong(reference: ComparisonSet, yardstick: Yardstick) -> None:
    """Of copies, only what is true of copies may be called right; and of noise likewise."""
    copies, noise = (judged(make_known(name, reference, N), yardstick) for name in ("copies", "noise"))
    right = {name for name, known in KNOWN_ANSWERS.items() if known.is_right(copies)}
    assert right == {"copies", "moved copies"}
    assert {name for name, known in KNOWN_ANSWERS.items() if known.is_right(noise)} == {"noise", "unseen"}


def test_what_they_are_made_of(reference: ComparisonSet) -> None:
    train, unseen = (reference.sprites.images[rows] for rows in (reference.seen, reference.unseen))
    copies, other = make_known("copies", reference, N), make_known("unseen", reference, N)
    assert nearest(copies, train, 1)[1].max() == 0
    assert nearest(other, unseen, 1)[1].max() == 0
    assert nearest(other, train, 1)[1].min() > 0
    near = nearest(make_known("near copies", reference, N), train, 1)[1]
    assert near.min() > 0
    assert near.max() < 768 * 36
    assert has_room(train).any()
    assert nearest(make_known("moved copies", reference, N), train, 1)[1].min() > 0


def test_a_seed_gives_the_same_again_and_another_gives_others(reference: ComparisonSet) -> None:
    for name in KNOWN_ANSWERS:
        assert np.array_equal(make_known(name, reference, 5, seed=3), make_known(name, reference, 5, seed=3))
        assert not np.array_equal(make_known(name, reference, 5, seed=3), make_known(name, reference, 5, seed=4))


def grey_squares(tmp_path: Path, count: int) -> ComparisonSet:
    images = np.full((count, 16, 16, 3), 255, np.uint8)
    for number, image in enumerate(images):
        image[:, 4:12] = number
    np.save(tmp_path / "grey.npy", images)
    return what_was_seen(load_sprites(tmp_path / "grey.npy"), None)


def test_what_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Nothing to recolour, and nothing that a shift would not cut."""
    reference = grey_squares(tmp_path, 60)
    for name in ("recolours", "moved copies"):
        with pytest.raises(ValueError, match=r"grey holds no sprites to make them from"):
            make_known(name, reference, 5)
    assert len(make_known("copies", reference, 1000)) == len(reference.seen)
    with pytest.raises(ValueError, match="at least 1"):
        make_known("copies", reference, 0)
    with pytest.raises(KeyError):
        make_known("nonsense", reference, 5)
    nothing = what_was_seen(reference.sprites, np.array([1], np.uint64))
    with pytest.raises(ValueError, match="learnt from none"):
        make_known("copies", nothing, 5)
