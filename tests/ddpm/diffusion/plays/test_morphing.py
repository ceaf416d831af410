"""Morph: exact ends, small steps between them, and pictures that are no blend of the two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ddpm import NoiseSchedule, UNet, load_checkpoint, sample, to_float, to_uint8
from ddpm.diffusion.plays.morphing import invert, morph
from ddpm.pixels.oklab import SAME, distance, oklab
from tests.ddpm.helpers import ROOT, simple_sprites


@pytest.fixture(scope="module")
def shipped() -> tuple[Any, NoiseSchedule, np.ndarray]:
    """The built-in model, its schedule, and two sprites of different kinds that it drew."""
    loaded = load_checkpoint(ROOT / "checkpoints" / "builtin")
    labels = [loaded.config["label_names"].index(kind) for kind in ("scroll", "mushroom")]
    *_, last = sample(loaded.model, loaded.schedule, 2, "fast", seed=3, labels=labels)
    return loaded.model, loaded.schedule, to_uint8(last.x0)


def test_from_one_sprite_to_another(shipped: Any) -> None:
    model, schedule, ends = shipped
    seen: list[int] = []
    way = morph(model, schedule, *ends, between=8, watch=seen.append)
    assert way.images.shape == (10, 16, 16, 3)
    assert way.images.dtype == np.uint8
    assert np.array_equal(way.images[[0, -1]], ends)
    assert seen == [4, 6, 7, 8]
    assert [way.positions[0], way.positions[-1]] == [0, 1]
    assert (np.diff(way.positions) > 0).all()
    assert way.steps().max() < way.ends(), "neighbours differ less than the ends"
    assert way.steps().mean() < way.ends() / 2

    # A blend of two sprites has the edges of both, and many of them faint.
    pictures = way.images
    share = np.linspace(0, 1, 10)[:, None, None, None]
    fade = np.rint((1 - share) * ends[0] + share * ends[1]).astype(np.uint8)
    assert faint_edges(pictures[3:7]) < 0.7 * faint_edges(fade[3:7])


def faint_edges(images: np.ndarray) -> float:
    """Share of neighbouring pixels whose colours differ visibly, but little."""
    lab = oklab(images)
    apart = distance(lab[:, :, 1:], lab[:, :, :-1])
    return float(((apart > SAME) & (apart < 4 * SAME)).mean())


def test_back_to_noise_and_forth_again(shipped: Any) -> None:
    model, schedule, ends = shipped
    t = schedule.timestep_at(0.5)
    x_t = invert(model, schedule, to_float(ends), t)
    *_, last = sample(model, schedule, 2, "ddim", 50, noise=x_t, start=t)
    assert np.sqrt(np.square(to_uint8(last.x0).astype(float) - ends).mean()) < 8
    # Nearly as noisy as with noise that was added: else the network would see what it never learnt.
    alpha_bar = float(schedule.alphas_cumprod[t])
    added = (alpha_bar * float(to_float(ends).var()) + 1 - alpha_bar) ** 0.5
    assert 0.6 < float(x_t.std()) / added < 1.2


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("between", [1, 5])
def test_any_model_and_any_number(channels: int, between: int) -> None:
    model = UNet(channels=(8, 8), time_embedding_dim=8, image_shape=(channels, 16, 16)).eval()
    first, second = np.full((16, 16, channels), 255, np.uint8), np.zeros((16, 16, channels), np.uint8)
    way = morph(model, NoiseSchedule(10, "cosine"), first, second, between)
    assert len(way.images) == between + 2
    assert np.array_equal(morph(model, NoiseSchedule(10, "cosine"), first, second, between).images, way.images)
    assert np.array_equal(way.images[0], first)
    assert np.array_equal(way.images[-1], second)


def test_what_cannot_be_is_told() -> None:
    schedule = NoiseSchedule(100, "cosine")
    model = UNet(channels=(8, 8), time_embedding_dim=8)
    one, other = simple_sprites(2)
    with pytest.raises(ValueError, match="nothing between a sprite and itself"):
        morph(model, schedule, one, one)
    with pytest.raises(ValueError, match="of one size"):
        morph(model, schedule, one, other[:8, :8])
    with pytest.raises(ValueError, match="the model draws sprites of 16 x 16"):
        morph(model, schedule, one[:8, :8], other[:8, :8])
    for wrong in ({"between": 0}, {"between": 65}, {"strength": 0.0}, {"strength": 1.1}):
        with pytest.raises(ValueError, match="must lie in"):
            morph(model, schedule, one, other, **wrong)
    distilled = UNet(channels=(8, 8), time_embedding_dim=8, distilled=True)
    with pytest.raises(ValueError, match="distilled"):
        morph(distilled, schedule, one, other)
