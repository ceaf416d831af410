"""A sprite is finished: what is given stays, each drawing depends on itself alone, the way goes back as published."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, PerfectMemoriser, UNet, sample, to_float, to_uint8
from ddpm.diffusion.plays.filling import HALVES, fill, filling_way, half_mask, last_visits
from tests.ddpm.helpers import simple_sprites

SCHEDULE = NoiseSchedule(100, "cosine")
LEFT = half_mask(16, 16, "left")


def finished(*arguments: Any, **more: Any) -> np.ndarray:
    *_, last = fill(*arguments, **more)
    return to_uint8(last.x0)


@pytest.fixture(scope="module")
def memoriser() -> PerfectMemoriser:
    return PerfectMemoriser(simple_sprites(20), SCHEDULE)


@pytest.mark.parametrize(("count", "jump", "resamples"), [(12, 1, 5), (12, 3, 4), (12, 5, 2), (3, 4, 9), (1, 1, 3)])
def test_the_way_is_that_of_the_published_code(count: int, jump: int, resamples: int) -> None:
    """``get_schedule_jump`` with inner noise levels counted from 0 at the bottom, written down as its paper does."""
    jumps = dict.fromkeys(range(0, count - jump, jump), resamples - 1)
    height, states = count, []
    while height >= 1:
        height -= 1
        states.append(height)
        if jumps.get(height, 0) > 0:
            jumps[height] -= 1
            for _ in range(jump):
                height += 1
                states.append(height)
    moves = [(a, b) for a, b in pairwise([*states, -1]) if b < a]
    assert filling_way(range(count - 1, -1, -1), jump, resamples) == moves


def test_what_is_shown_falls() -> None:
    way = filling_way([90, 60, 30, 5, 0], 2, 3)
    shown = [t for (t, _), last in zip(way, last_visits(way), strict=True) if last]
    assert shown == [90, 60, 30, 5, 0]
    assert len(way) > 5


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("size", [(16, 16), (9, 12)])
def test_halves(half: str, size: tuple[int, int]) -> None:
    mask = half_mask(*size, half)
    length = size[1] if half in ("left", "right") else size[0]
    assert mask.sum() == length // 2 * mask.size // length
    assert mask[0, 0] == (half in ("left", "top"))
    assert mask[-1, -1] == (half in ("right", "bottom"))


def test_without_anything_given_it_is_what_sample_draws() -> None:
    model = UNet(channels=(8, 8), time_embedding_dim=8)
    nothing = np.zeros((16, 16), np.bool_)
    *_, drawn = sample(model, SCHEDULE, 3, "fast", 4, seed=5)
    *_, last = fill(model, SCHEDULE, np.zeros((16, 16, 3), np.uint8), nothing, 3, 5, steps=4, resamples=1)
    assert torch.equal(last.x0, drawn.x0)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("sampler", ["fast", "ddim", "ddpm", "dpm++"])
def test_what_is_given_is_exact(channels: int, sampler: Any) -> None:
    model = UNet(channels=(8, 8), time_embedding_dim=8, image_shape=(channels, 8, 12))
    random = np.random.default_rng(0)
    sprite = random.integers(0, 256, (8, 12, channels), dtype=np.uint8)
    fixed = random.random((8, 12)) < 0.4
    for step in fill(model, SCHEDULE, sprite, fixed, 2, sampler=sampler, steps=3, resamples=2):
        assert np.array_equal(to_uint8(step.x0)[:, fixed], np.stack([sprite[fixed]] * 2))
    assert step.t == -1
    assert (
        finished(model, SCHEDULE, to_float(sprite[None])[0], fixed, 2, sampler=sampler, steps=3, resamples=2)[
            :, ~fixed
        ].tolist()
        == to_uint8(step.x0)[:, ~fixed].tolist()
    ), "a float sprite is the same sprite"


def test_pixels_that_are_not_given_are_not_read(memoriser: PerfectMemoriser) -> None:
    sprite = simple_sprites(1)[0]
    other = np.where(LEFT[..., None], sprite, np.uint8(77))
    assert np.array_equal(finished(memoriser, SCHEDULE, sprite, LEFT, 2), finished(memoriser, SCHEDULE, other, LEFT, 2))


def test_each_drawing_depends_on_its_number_alone(memoriser: PerfectMemoriser) -> None:
    sprite = simple_sprites(3)[2]
    many = finished(memoriser, SCHEDULE, sprite, LEFT, 6, seed=3)
    some = finished(memoriser, SCHEDULE, sprite, LEFT, 2, seed=3, numbers=[4, 1])
    assert np.abs(many[[4, 1]].astype(int) - some).max() <= 1
    assert not np.array_equal(many, finished(memoriser, SCHEDULE, sprite, LEFT, 6, seed=4))
    own = finished(memoriser, SCHEDULE, np.stack([sprite] * 2), np.stack([LEFT] * 2), 2, seed=3, numbers=[4, 1])
    assert np.array_equal(own, some), "a sprite for each drawing"


def test_a_memoriser_that_sees_a_half_gives_the_other() -> None:
    """Of well separated sprites the given half tells which one it is: resampling must bring the rest of that one."""
    random = np.random.default_rng(1)
    sprites = np.repeat(np.repeat(random.integers(0, 2, (12, 4, 4, 3)) * 255, 4, 1), 4, 2).astype(np.uint8)
    model = PerfectMemoriser(sprites, SCHEDULE)

    def right(resamples: int) -> float:
        drawn = [finished(model, SCHEDULE, one, LEFT, 8, resamples=resamples) for one in sprites[:4]]
        apart = [np.abs(some.astype(int) - one).max(axis=(1, 2, 3)) for some, one in zip(drawn, sprites, strict=False)]
        return float((np.stack(apart) < 9).mean())

    assert right(5) == 1
    assert right(1) < 1, "or this could not show what resampling brings"


def test_kinds_and_guidance_are_asked_of_the_model(memoriser: PerfectMemoriser) -> None:
    calls: list[Any] = []

    def model(x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        calls.append(None if labels is None else labels.tolist())
        return torch.zeros_like(x_t)

    way = filling_way(range(3))
    finished(model, SCHEDULE, simple_sprites(1)[0], LEFT, 2, labels=[1, 0], guidance_scale=2.0, steps=3)
    assert calls == [[1, 0], None] * len(way)


def test_what_cannot_be_is_said(memoriser: PerfectMemoriser) -> None:
    sprite = simple_sprites(1)[0]

    def refused(error: type[Exception], words: str, *arguments: Any, **more: Any) -> None:
        with pytest.raises(error, match=words):
            finished(*arguments, **more)

    class Distilled(PerfectMemoriser):
        distilled = True

    refused(ValueError, "was distilled", Distilled(simple_sprites(2), SCHEDULE), SCHEDULE, sprite, LEFT)
    refused(ValueError, "instant leaps", memoriser, SCHEDULE, sprite, LEFT, sampler="instant")
    refused(ValueError, "16 x 16", memoriser, SCHEDULE, sprite[:8], LEFT)
    refused(ValueError, "16 x 16", memoriser, SCHEDULE, np.stack([sprite] * 3), LEFT, 2)
    refused(TypeError, "bool", memoriser, SCHEDULE, sprite, LEFT.astype(int))
    refused(ValueError, "mask must have", memoriser, SCHEDULE, sprite, LEFT[:8])
    refused(ValueError, "n must be", memoriser, SCHEDULE, sprite, LEFT, 0)
    refused(ValueError, "resamples", memoriser, SCHEDULE, sprite, LEFT, 1, resamples=0)
    refused(ValueError, r"\[-1, 1\]", memoriser, SCHEDULE, torch.full((3, 16, 16), float("nan")), LEFT)
