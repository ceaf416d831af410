"""Variants of a drawn sprite: asked for, drawn, gone back from, and found again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.diffusion.variants.levels import STRENGTHS, usual_strength
from ddpm.pixels.conversion import pack_rgb
from ddpm.pixels.palette.mapping import regions
from ddpm.runs.album import Batch, batch_names, keep_batch, load_batch
from ddpm.runs.errors import CheckpointError
from pages.parts.copied.closeup import memorised_chain
from pages.parts.sample.more_like_this import more_like
from pages.parts.sample.results import star, starred
from pages.parts.sample.variants import COUNT, vary
from pages.parts.shared import drawing
from pages.parts.shared.batches import file_stem
from pages.parts.shared.orders import DEEPEST_VARIATION, Order, Variation, from_info, tells_all, to_info
from pages.parts.shared.player import PlayerEvent
from pages.parts.shared.resolving import resolve
from pages.parts.shared.varying import original
from tests.pages.conftest import OpenPage


def order_for(run: Path, **values: Any) -> Order:
    return Order(str(run), **{"n": 6, "steps": 3, "seed": 5, **values})


def draw(order: Order, watch: Callable[..., None] = lambda *_: None) -> Batch:
    return drawing.draw(resolve(order), watch)


def apart(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b).max())


@pytest.mark.parametrize("values", [{}, {"like": (4,), "strength": 0.3}, {"label": 1, "sampler": "ddim"}])
def test_the_sprite_that_is_varied_is_the_one_that_was_drawn(small: Path, values: dict[str, Any]) -> None:
    source = order_for(small, **values)
    order = vary(draw(source), 3, "colours")
    assert order is not None
    assert apart(original(order), draw(source).chain.sprites[3:4]) <= 1
    labels = resolve(source).own.labels
    theirs = resolve(order).own.labels
    assert labels is not None
    assert theirs is not None
    assert theirs.tolist() == [labels[3].item()] * COUNT


@pytest.mark.parametrize("purpose", ["colours", "shape"])
def test_variants_are_an_ordinary_batch(small: Path, purpose: Any) -> None:
    source = draw(order_for(small))
    order = vary(source, 2, purpose)
    assert order is not None
    assert order.variations == (Variation(purpose, 2, 6, usual_strength(purpose)),)
    calls: list[tuple[int, int]] = []
    batch = draw(order, lambda done, steps, chain, other=None: calls.append((done, steps)))
    assert batch.chain.sprites.shape == (16, 16, 16, 3)
    assert [done for done, _ in calls] == list(range(len(batch.chain.t)))
    assert calls[-1] == (len(batch.chain.t) - 1, len(batch.chain.t) - 1)
    assert (np.diff(batch.chain.t) < 0).all()
    assert batch.chain.t[-1] == -1
    assert batch.info["columns"] == 16
    assert len(batch.info["kinds"]) == 16
    if purpose == "shape":
        palette = set(pack_rgb(regions(original(order)[0])[1]).tolist())
        assert set(pack_rgb(batch.chain.sprites).ravel().tolist()) <= palette
    kept = keep_batch(batch.chain, batch.info)
    found = load_batch(kept.id)
    assert found is not None
    assert tells_all(found.info)
    assert from_info(found.info) == replace(order, step=batch.info["step"])
    assert file_stem(batch.info).endswith(f"-{purpose}-of-3-at-{usual_strength(purpose):g}")


def test_variants_of_variants(small: Path) -> None:
    first = draw(order_for(small))
    order = vary(first, 1, "shape")
    assert order is not None
    second = draw(order)
    for further in (vary(second, 7, "colours"), more_like(second, 7)):
        assert further is not None
        assert further.variations[:1] == order.variations
        assert (further.variations[1].index, further.variations[1].among) == (7, 16)
        # Drawn alone, torch may round otherwise, and a pixel between two colours takes the other one.
        differ = np.abs(original(further)[0].astype(int) - second.chain.sprites[7]).max(axis=-1) > 2
        assert differ.mean() < 0.05
    assert from_info(json.loads(json.dumps(to_info(further)))) == further
    deepest = replace(order, variations=order.variations * DEEPEST_VARIATION)
    assert vary(Batch("", second.chain, {**second.info, **to_info(deepest)}), 0, "like") is None


def test_others_of_the_same_differ(small: Path) -> None:
    order = vary(draw(order_for(small)), 0, "colours")
    assert order is not None
    others = replace(order, variations=(replace(order.variations[0], seed=1),))
    assert apart(original(order), original(others)) == 0
    assert apart(draw(order).chain.sprites, draw(others).chain.sprites) > 16


def test_what_is_not_known_cannot_be_varied(small: Path) -> None:
    batch = draw(order_for(small))
    assert vary(Batch("", batch.chain, {"name": "?"}), 0, "colours") is None
    assert vary(Batch("", batch.chain, {**batch.info, "gone": True}), 0, "shape") is None
    order = vary(batch, 0, "shape")
    assert order is not None
    variants = draw(order)
    with pytest.raises(CheckpointError, match="variants of another sprite"):
        memorised_chain(variants, 0, None)  # type: ignore[arg-type]
    shutil.rmtree(small)
    with pytest.raises(CheckpointError):
        draw(order)


@pytest.mark.parametrize("wrong", [["colours"], [5], "x", 7, ["colours-9of3-0.5-0"], [["a"]], None])
def test_a_damaged_album_shows_no_variants(small: Path, wrong: Any) -> None:
    order = vary(draw(order_for(small)), 0, "colours")
    assert order is not None
    info = draw(replace(order, n=1)).info
    assert tells_all(info)
    assert not tells_all({**info, "variations": wrong})


def test_stars_tell_variants_from_each_other(small: Path) -> None:
    order = vary(draw(order_for(small)), 0, "colours")
    assert order is not None
    few = replace(order, n=3)
    star(draw(few), 1, True)
    assert starred(draw(few)) == {1}
    assert starred(draw(replace(few, variations=(replace(order.variations[0], seed=9),)))) == set()


def ask(app: AppTest, monkeypatch: pytest.MonkeyPatch, kind: str, index: int) -> None:
    """Press a button of the closer look once; a page under test has no browser that could."""
    events = [PlayerEvent(kind, index)]
    with monkeypatch.context() as patch:
        patch.setattr("pages.parts.shared.player.player", lambda *_, **__: events.pop() if events else None)
        app.run()
    assert not app.exception


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_from_the_closer_look_and_back(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(4)
    next(button for button in app.button if button.label == "Draw").click().run()
    drawn = app.session_state["batch"]
    ask(app, monkeypatch, "colours", 2)
    recoloured = app.session_state["batch"]
    assert recoloured.info["variations"] == ["colours-2of4-0.12-0"]
    assert len(recoloured.chain.sprites) == 16
    assert "The shape of sprite 3 of 4" in captions(app)
    near, _, far = STRENGTHS["colours"]
    choice = next(one for one in app.segmented_control if one.label == "How far from the first one")
    assert choice.value == near
    choice.set_value(far).run()
    assert not app.exception
    assert app.session_state["batch"].info["variations"] == [f"colours-2of4-{far:g}-0"]
    app.button(key="variants-others").click().run()
    assert not app.exception
    assert app.session_state["batch"].info["variations"] == [f"colours-2of4-{far:g}-1"]
    ask(app, monkeypatch, "shape", 5)
    assert app.session_state["batch"].info["variations"][1] == "shape-5of16-0.88-0"
    assert "Other sprites in the colours of sprite 6 of 16" in captions(app)
    assert any("in other shapes" in caption.value for caption in app.caption), "drawn before"
    app.button(key="variants-back").click().run()
    assert app.session_state["batch"].info["variations"] == [f"colours-2of4-{far:g}-1"]
    count = len(batch_names())
    app.button(key="variants-back").click().run()
    assert not app.exception
    assert app.session_state["batch"].info["seed"] == drawn.info["seed"]
    assert np.array_equal(app.session_state["batch"].chain.sprites, drawn.chain.sprites)
    assert len(batch_names()) == count, "found again, not drawn again"
