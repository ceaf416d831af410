"""Finish my sprite: what stands on the easel, what is drawn from it, and that what is given stays to the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm.diffusion.plays.filling import half_mask
from ddpm.pixels.exporting.finishing import Finish, own_colours
from ddpm.pixels.palette.known import KNOWN
from ddpm.runs.album import Batch
from pages.parts.sample.finishing.drawing import finish, seen
from pages.parts.sample.results import star, starred
from pages.parts.sample.saving.goods import of_batch, of_sprite
from pages.parts.shared.batches import file_stem, fixed_of, mask_text
from pages.parts.shared.easel import COLOURS, Part, to_part
from pages.parts.shared.orders import Order
from pages.parts.shared.player import PlayerEvent
from pages.parts.shared.resolving import resolve
from tests.pages.conftest import OpenPage

LEFT = half_mask(16, 16, "left")


def test_what_stands_on_the_easel() -> None:
    start = Part(np.full((16, 16, 3), 77, np.uint8), LEFT)
    drawn = ["0"] * 256
    drawn[:4] = "1", "g", "z", "f"
    part = to_part("".join(drawn), (16, 16, 3), start)
    assert part.fixed.ravel()[:4].all()
    assert not part.fixed.ravel()[4:].any()
    assert part.image[0, :3].tolist() == [[0x1B, 0x17, 0x25], [255] * 3, [77] * 3]
    assert part.image[0, 3].tolist() == [int(COLOURS[-1][i : i + 2], 16) for i in (1, 3, 5)]
    for wrong in (None, "0" * 255, "h" * 256, "Z" * 256, 7):
        assert not to_part(wrong, (16, 16, 3), start).fixed.any()
    assert not to_part("z" * 256, (16, 16, 3), None).fixed.any(), "there is nothing to bring back"


def test_nothing_that_stays_is_not_the_same_as_what_is_left_open() -> None:
    part = to_part("h1" + "0" * 254, (16, 16, 4), None)
    assert part.fixed.ravel()[:3].tolist() == [True, True, False]
    assert part.image[0, :2, 3].tolist() == [0, 255]


def test_a_mask_survives_the_batch() -> None:
    assert np.array_equal(fixed_of({"fixed": mask_text(LEFT)}, (16, 16)), LEFT)
    for wrong in (None, "", "01", "2" * 256, 5):
        assert fixed_of({"fixed": wrong}, (16, 16)) is None


@pytest.fixture
def done(small: Path) -> tuple[Part, Batch]:
    random = np.random.default_rng(0)
    part = Part(random.integers(0, 256, (16, 16, 3), dtype=np.uint8), LEFT)
    return part, finish(resolve(Order(str(small), n=6, steps=2, label=None)), part, lambda *_: None)


def test_what_is_given_stays_to_the_file(done: tuple[Part, Batch]) -> None:
    part, batch = done
    assert (np.diff(batch.chain.t) < 0).all()
    assert batch.chain.sprites.shape == (6, 16, 16, 3)
    own = Finish(palette=own_colours(part.image, LEFT))
    for held in (Finish(), own, Finish(clean=True, palette=KNOWN["pico-8"].palette)):
        chain = seen(batch.chain, held, LEFT)
        assert (chain.sprites[:, LEFT] == part.image[LEFT]).all()
        assert (chain.x0[-1][:, LEFT] == part.image[LEFT]).all()
    for goods in (*of_batch(batch), *of_sprite(batch, 3)):
        assert goods.fixed is not None
        assert np.array_equal(goods.fixed, LEFT)
    assert "finished" in file_stem(batch.info)
    star(batch, 2, True)
    assert starred(batch) == {2}


def test_the_first_come_first(small: Path) -> None:
    part = Part(np.full((16, 16, 3), 9, np.uint8), LEFT)
    resolved = resolve(Order(str(small), n=6, steps=2, label=None))
    told: list[tuple[float, Any]] = []
    whole = finish(resolved, part, lambda share, chain: told.append((share, chain)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    shown = [chain for _, chain in told if chain is not None]
    assert shown[-1].t[-1] == -1
    assert np.array_equal(shown[-1].sprites[:4], whole.chain.sprites[:4])
    assert (shown[-1].sprites[4:, ~LEFT] == 255).all(), "the others show the part alone, as long as they wait"
    alone = finish(resolve(Order(str(small), n=1, steps=2, label=None)), part, lambda *_: None)
    assert np.abs(alone.chain.sprites[0].astype(int) - whole.chain.sprites[0]).max() <= 1


def open_play(open_page: OpenPage) -> Any:
    app = open_page("pages/2_Sample.py")
    app.segmented_control(key="play").set_value("finish").run()
    return app


def test_on_the_page(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.parts.sample.finishing.COUNT", 5)
    app = open_play(open_page)
    assert not app.exception
    assert any("128 pixels yours, 128 left to the model" in caption.value for caption in app.caption)
    app.button(key="finish-now").click().run()
    assert not app.exception
    first = app.session_state["finished"]
    assert first.batch.chain.sprites.shape == (5, 16, 16, 3)
    assert (first.batch.chain.sprites[:, LEFT] == first.part.image[LEFT]).all()
    assert any("128 pixels of each are yours" in caption.value for caption in app.caption)
    app.toggle(key="finish-mine").set_value(True).run()
    assert not app.exception
    events = {"finish-player": [PlayerEvent("go-on", 3)]}
    with monkeypatch.context() as patch:

        def press(*_: Any, key: str, **__: Any) -> PlayerEvent | None:
            return events[key].pop() if events.get(key) else None

        patch.setattr("pages.parts.shared.player.player", press)
        patch.setattr("pages.parts.sample.finishing.player", press, raising=False)
        app.run()
    assert not app.exception
    own = Finish(palette=own_colours(first.part.image, LEFT))
    shown = seen(first.batch.chain, own, LEFT).sprites[3]
    assert np.array_equal(app.session_state["finish-taken"][1], shown), "with what is seen, held to own colours"
    assert any("Nothing is left to the model" in caption.value for caption in app.caption), "all of it, to be erased"


def test_an_instant_model_is_refused_in_words(instant_place: Path, open_page: OpenPage) -> None:
    app = open_play(open_page)
    app.selectbox(key="model").set_value(str(instant_place / "checkpoints" / "quick")).run()
    assert not app.exception
    assert any("too few to fit a drawing to yours" in info.value for info in app.info)


def test_a_sprite_from_above_is_taken_with_a_half_open(open_page: OpenPage) -> None:
    app = open_play(open_page)
    image = np.full((16, 16, 3), 7, np.uint8)
    app.session_state["finish-come"] = image
    app.segmented_control(key="finish-half").set_value("What I erase").run()
    assert not app.exception
    assert np.array_equal(app.session_state["finish-taken"][1], image)
    assert any("128 pixels yours, 128 left to the model" in caption.value for caption in app.caption)
