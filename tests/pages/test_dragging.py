"""Sliders that redraw sprites: what the browser asks for, and what it gets."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import ddpm
from ddpm.diffusion.parallel import ParallelModel
from pages.parts.sample.dragging import pack
from pages.parts.sample.dragging.answering import BUDGET, Answer, Answerer
from pages.parts.sample.dragging.wish import WHEEL, Wish, first_seed, read_wish
from pages.parts.sample.sharing import read_link, to_parameters
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import MOST_SEED, Order, from_info, seed_words
from pages.parts.shared.resolving import resolve
from pages.parts.shared.store import all_runs
from tests.pages.conftest import ROOT

FEW = Wish(count=16, calls=2)


@pytest.fixture
def base(instant_place: Path) -> Order:
    """An order for the distilled model."""
    return Order(str(instant_place / "checkpoints" / "quick"), 2, seed=5)


def ask(base: Order, wish: Wish) -> Answer:
    return Answerer().answer(wish, base)


def opened(parcel: bytes) -> tuple[dict[str, Any], bytes]:
    end = 4 + struct.unpack("<I", parcel[:4])[0]
    return json.loads(parcel[4:end]), parcel[end:]


def test_pixels_are_those_of_the_library(base: Order) -> None:
    loaded = ddpm.load_checkpoint(base.run)
    wish = replace(FEW, seq=7, label=1, strictness=2.5, wheel=3.0)
    answer = ask(base, wish)
    *_, last = ddpm.sample(
        ParallelModel(loaded.model), loaded.schedule, 16, "instant", 2, seed=8, labels=[1] * 16, guidance_scale=2.5
    )
    header, pixels = opened(pack(answer, base))
    assert pixels == ddpm.to_uint8(last.x0).tobytes()
    assert header["wish"] == asdict(wish)
    assert (header["size"], header["channels"], header["calls"], header["seed"]) == ([16, 16], 3, 2, 5)
    assert read_wish(header["wish"]) == wish


@pytest.mark.parametrize(
    "wish",
    [replace(FEW, wheel=2.36), replace(FEW, wheel=2.36, anchor=3, degrees=40.0, others=4.5, label=None)],
    ids=["between two seeds", "near a sprite"],
)
def test_what_is_kept_is_what_was_shown(base: Order, wish: Wish) -> None:
    answer = ask(base, wish)
    batch = draw(resolve(answer.order))
    assert np.array_equal(batch.chain.sprites, answer.images)
    assert from_info(json.loads(json.dumps(batch.info))) == answer.order
    assert seed_words(batch.info) == "7.36"
    link = read_link(to_parameters(batch.info) or {}, all_runs())
    assert link.order is not None
    assert link.order == answer.order


def test_near_a_sprite(base: Order) -> None:
    every = ask(base, replace(FEW, wheel=0.5)).images
    held = replace(FEW, wheel=0.5, anchor=6, degrees=0.0)
    assert (ask(base, held).images == every[6]).all()
    near, far = (ask(base, replace(held, degrees=degrees)).images for degrees in (10.0, 90.0))
    turned = ask(base, replace(held, degrees=90.0, others=1.0)).images
    assert np.array_equal(near[0], every[6])
    assert np.array_equal(far[0], every[6])
    assert np.array_equal(turned[0], every[6])
    apart = [np.abs(images[1:].astype(int) - every[6]).mean() for images in (near, far)]
    assert 0 < apart[0] < apart[1]
    assert not np.array_equal(turned[1:], far[1:])


def test_the_wheel_turns_without_a_leap(base: Order) -> None:
    turns = [ask(base, replace(FEW, wheel=wheel)).images.astype(int) for wheel in (0.98, 1.0, 1.02, 2.0)]
    steps = [np.abs(one - turns[1]).mean() for one in turns]
    assert max(steps[0], steps[2]) < 0.3 * steps[3]


def test_as_many_calls_as_keep_up(base: Order) -> None:
    answerer = Answerer()
    assert answerer.answer(Wish(seq=1, count=16), base).order.steps == 2
    for seq, (seconds_a_pass, calls) in enumerate([(BUDGET / 4.1, 4), (BUDGET / 2.1, 2), (BUDGET * 3, 1)], start=2):
        answerer._pace = 1.01 * seconds_a_pass / 16 if calls == 1 else seconds_a_pass / 16
        assert answerer.answer(Wish(seq=seq, count=16, wheel=0.1 * seq), base).order.steps == calls
        answerer._pace = 1e-9
        during = answerer.answer(Wish(seq=seq, count=16, wheel=0.1 * seq + 0.02, begun=False), base)
        assert during.order.steps == calls
    # The page was run again: nothing is drawn, and nothing changes.
    again = answerer.answer(during.wish, base)
    assert again.images is during.images


@pytest.mark.parametrize(
    "change",
    [
        {"seq": -1},
        {"seq": 1.5},
        {"label": "1"},
        {"label": -1},
        {"strictness": 60},
        {"wheel": WHEEL + 1},
        {"wheel": float("nan")},
        {"anchor": 36},
        {"degrees": 91},
        {"count": 10_000},
        {"count": 16.0},
        {"calls": 3},
        {"begun": 1},
        {"run": "elsewhere"},
    ],
    ids=str,
)
def test_what_no_slider_sends_is_no_wish(change: dict[str, Any]) -> None:
    assert read_wish(asdict(Wish())) == Wish()
    assert read_wish({**asdict(Wish()), **change}) is None
    assert read_wish([change]) is None


def test_the_wheel_ends_at_a_seed() -> None:
    order = Wish(wheel=WHEEL).order(Order("", seed=MOST_SEED), 2)
    order.check()
    assert order.seed == first_seed(MOST_SEED) + WHEEL < MOST_SEED


def sample_page(run: Path) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300)
    app.session_state["model"] = str(run)
    app.run()
    app.switch_page("pages/2_Sample.py").run()
    app.toggle(key="drag").set_value(True).run()
    assert not app.exception
    return app


def test_a_slow_model_leads_to_the_instant_one(instant_place: Path) -> None:
    app = sample_page(instant_place / "checkpoints" / "small")
    assert any("too slowly to follow your hand" in text.value for text in app.markdown)
    next(button for button in app.button if button.label == "Use that one").click().run()
    assert not app.exception
    assert app.selectbox(key="model").value == str(instant_place / "checkpoints" / "quick")
    assert not any("too slowly" in text.value for text in app.markdown)
    # What is drawn otherwise takes the place of the sliders.
    next(button for button in app.button if button.label == "Draw").click().run()
    assert not app.exception
    assert app.toggle(key="drag").value is False
