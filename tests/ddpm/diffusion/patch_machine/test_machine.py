"""The closed-form denoiser of single pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, PatchMachine, PerfectMemoriser, nearest, sample, to_float, to_uint8
from ddpm.diffusion.patch_machine import machine
from ddpm.diffusion.patch_machine.window import calibrated_window

SCHEDULE = NoiseSchedule(1000, "cosine")
LEVELS = (3, 400, 700, 995)


def few(n: int = 4, height: int = 5, width: int = 6, channels: int = 3) -> np.ndarray:
    """Sprites with an even background, of which some patches come again and again."""
    images = np.random.default_rng(n).integers(0, 256, (n, height, width, channels), dtype=np.uint8)
    images[:, ::2] = 255
    return images


def noisy(images: np.ndarray, t: int, seed: int = 0) -> torch.Tensor:
    x0 = to_float(images)
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(seed))
    return SCHEDULE.add_noise(x0, eps, torch.full((len(x0),), t))


def cut(row: int, column: int, shape: tuple[int, int], half: int) -> tuple[int, int, int, int]:
    """How far a window reaches up, down, left and right of its pixel."""
    height, width = shape
    return min(half, row), min(half, height - 1 - row), min(half, column), min(half, width - 1 - column)


def seen(x: np.ndarray, row: int, column: int, reach: tuple[int, int, int, int]) -> np.ndarray:
    up, down, left, right = reach
    return x[:, row - up : row + down + 1, column - left : column + right + 1]


def candidates(
    images: np.ndarray, x_t: torch.Tensor, t: int, pixel: tuple[int, int], window: int, anywhere: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The definition, in loops and with distances: weights, (sprite, row, column) and values of all that counts."""
    x0, x = to_float(images).double().numpy(), x_t.double().numpy()
    shape, alpha_bar = x.shape[1:], float(SCHEDULE.alphas_cumprod[t])
    reach = cut(*pixel, shape, window // 2)
    own = seen(x, *pixel, reach)
    logs, where, values = [], [], []
    for i in range(len(x0)):
        for row in range(shape[0]):
            for column in range(shape[1]):
                if cut(row, column, shape, window // 2) == reach if anywhere else (row, column) == pixel:
                    other = seen(x0[i], row, column, reach)
                    logs.append(-((own - alpha_bar**0.5 * other) ** 2).sum() / (2 * (1 - alpha_bar)))
                    where.append((i, row, column))
                    values.append(x0[i, :, row, column])
    weights = np.exp(np.array(logs) - max(logs))
    return weights / weights.sum(), np.array(where), np.array(values)


@pytest.mark.parametrize("anywhere", [False, True])
@pytest.mark.parametrize("window", [1, 3, 5, 13])
@pytest.mark.parametrize("block", [1, 1 << 19], ids=["a sprite at a time", "all at once"])
def test_it_is_the_mean_over_patches_weighted_by_likelihood(
    window: int, anywhere: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_LOGITS", block)
    monkeypatch.setattr(machine, "_LOGITS_AT_MOST", 8 * block)
    images = few(channels=4 if window == 3 else 3)
    model = PatchMachine(images, SCHEDULE, window, anywhere)
    for t in LEVELS[::2] if window > 3 else LEVELS:
        x_t = noisy(images[:1], t)
        found = model.predict_x0(x_t, torch.tensor([t]))[0]
        assert found.dtype == torch.float64
        for pixel in np.ndindex(images.shape[1:3]):
            weights, _, values = candidates(images, x_t[0], t, pixel, window, anywhere)
            np.testing.assert_allclose(found[:, *pixel].numpy(), weights @ values, atol=1e-9)


@pytest.mark.parametrize("anywhere", [False, True])
def test_through_a_window_over_the_whole_sprite_it_is_the_memoriser(anywhere: bool) -> None:
    images, labels = few(6, 16, 16), np.arange(6) % 2
    asked = torch.tensor([0, 1, -1, 1, 0, 0])
    model, memoriser = PatchMachine(images, SCHEDULE, 31, anywhere, labels), PerfectMemoriser(images, SCHEDULE, labels)
    for t in LEVELS:
        x_t, ts = noisy(images, t), torch.full((6,), t)
        for kinds in (None, asked):
            torch.testing.assert_close(model(x_t, ts, kinds), memoriser(x_t, ts, kinds), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(PatchMachine(images, SCHEDULE, 29, anywhere)(x_t, ts), memoriser(x_t, ts), atol=1e-6)


def test_through_a_window_of_one_pixel_each_pixel_decides_alone() -> None:
    """The memoriser of sprites that consist of that pixel."""
    images = few(5)
    x_t, t = noisy(images[:2], 500), torch.tensor([500, 500])
    found = PatchMachine(images, SCHEDULE, 1)(x_t, t)
    for row, column in np.ndindex(5, 6):
        here = slice(row, row + 1), slice(column, column + 1)
        alone = PerfectMemoriser(images[:, *here], SCHEDULE)(x_t[:, :, *here], t)
        torch.testing.assert_close(found[:, :, *here], alone, rtol=1e-5, atol=1e-6)


def test_each_sprite_has_its_level_and_kind() -> None:
    """A mixed batch gives what each gives alone; the window follows the level."""
    images, labels = few(6), np.arange(6) % 3
    model = PatchMachine(images, SCHEDULE, lambda t: 3 if t < 500 else 9, True, labels)
    t, kinds = torch.tensor([10, 600, 600, 10, 600]), torch.tensor([2, -1, 0, 1, 1])
    x_t = torch.cat([noisy(images[i : i + 1], int(t[i]), seed=i) for i in range(5)])
    found = model.predict_x0(x_t, t, kinds)
    for i in range(5):
        own = images if kinds[i] < 0 else images[labels == int(kinds[i])]
        alone = PatchMachine(own, SCHEDULE, 3 if t[i] < 500 else 9, True).predict_x0(x_t[i : i + 1], t[i : i + 1])
        torch.testing.assert_close(found[i : i + 1], alone)


def test_sampling_from_it_recombines() -> None:
    """Colours of the training sprites, each where it belongs, in combinations that none of them has."""
    images = np.full((2, 16, 16, 3), 255, np.uint8)
    images[0, 3:6, 3:6], images[0, 10:13, 10:13] = (200, 0, 0), (0, 150, 0)
    images[1, 3:6, 3:6], images[1, 10:13, 10:13] = (0, 0, 200), (90, 90, 0)
    *_, last = sample(PatchMachine(images, SCHEDULE, 5), SCHEDULE, 24, "dpm++")
    found = to_uint8(last.x0)
    _, distances = nearest(found, images, 1)
    corners = {tuple(pixels.astype(int) // 64) for pixels in found[:, [4, 11], [4, 11]].reshape(24, 6)}
    assert corners == {(3, 0, 0, 0, 2, 0), (3, 0, 0, 1, 1, 0), (0, 0, 3, 0, 2, 0), (0, 0, 3, 1, 1, 0)}
    assert 0 < (distances < 10).sum() < 24


def test_it_draws_by_kind_with_guidance_and_alpha() -> None:
    images = few(4, 8, 9, 4)
    images[..., 3] = np.where(images[..., 3] > 90, 255, 0)
    model = PatchMachine(images, SCHEDULE, labels=np.array([0, 0, 1, 1]))
    assert (model.num_classes, model.image_shape, model.binary_alpha) == (2, (4, 8, 9), True)
    *_, last = sample(model, SCHEDULE, 3, "fast", labels=[0, 1, -1], guidance_scale=2.0)
    assert last.x0.shape == (3, 4, 8, 9)
    assert set(last.x0[:, 3].unique().tolist()) <= {-1.0, 1.0}


@pytest.mark.parametrize("anywhere", [False, True])
def test_where_a_pixel_comes_from(anywhere: bool) -> None:
    images, labels = few(6), np.arange(6) % 2
    model = PatchMachine(images, SCHEDULE, 3, anywhere, labels)
    odd = np.flatnonzero(labels == 1)
    for pixel in ((1, 2), (0, 3), (4, 5)):
        x_t = noisy(images[1:2], 650)[0]
        weights, where, _ = candidates(images[odd], x_t, 650, pixel, 3, anywhere)
        found = model.sources(x_t, 650, pixel, label=1, k=5)
        heaviest = np.argsort(-weights, kind="stable")[:5]
        np.testing.assert_allclose(found.weights, weights[heaviest], atol=1e-12)
        assert found.effective == pytest.approx(1 / (weights**2).sum())
        named = {(i, row, column): weight for (i, row, column), weight in zip(where.tolist(), weights, strict=True)}
        for row, place, weight in zip(found.rows, found.places, found.weights, strict=True):
            sprite = int(np.flatnonzero(odd == row)[0])
            assert named[sprite, *place.tolist()] == pytest.approx(weight)
    assert len(model.sources(x_t, 650, (0, 0), k=99).rows) == 6


def test_with_little_noise_a_pixel_comes_from_itself() -> None:
    images = few(5, 8, 8)
    found = PatchMachine(images, SCHEDULE, 3, True).sources(noisy(images[2:3], 0)[0], 0, (3, 4), k=1)
    assert (found.rows[0], *found.places[0], round(found.weights[0], 6)) == (2, 3, 4, 1.0)
    assert found.effective == pytest.approx(1)


def test_what_does_not_fit() -> None:
    images = few(3)
    for window in (0, 4, -1):
        with pytest.raises(ValueError, match="odd"):
            PatchMachine(images, SCHEDULE, window)
    with pytest.raises(ValueError, match="odd"):
        PatchMachine(images, SCHEDULE, lambda t: t)(noisy(images, 2), torch.tensor([2, 2, 2]))
    with pytest.raises(ValueError, match="sprites"):
        PatchMachine(images[:0], SCHEDULE)
    with pytest.raises(TypeError, match="uint8"):
        PatchMachine(images.astype(float), SCHEDULE)
    for labels in ([0, 1], [0, 1, -1]):
        with pytest.raises(ValueError, match="labels"):
            PatchMachine(images, SCHEDULE, labels=np.array(labels))
    model = PatchMachine(images, SCHEDULE, labels=np.array([0, 2, 2]))
    with pytest.raises(ValueError, match="kind"):
        model(noisy(images[:1], 5), torch.tensor([5]), torch.tensor([1]))
    with pytest.raises(ValueError, match="pixel"):
        model.sources(noisy(images[:1], 5)[0], 5, (5, 0))
    assert model(torch.empty(0, 3, 5, 6), torch.empty(0, dtype=torch.int64)).shape == (0, 3, 5, 6)


def test_the_calibrated_window_shrinks_as_the_noise_does() -> None:
    for side in (8, 16, 64):
        windows = [calibrated_window(log_snr, side) for log_snr in np.linspace(-12, 12, 60)]
        assert windows == sorted(windows, reverse=True)
        assert all(window % 2 and 1 <= window <= 2 * side - 1 for window in windows)
        assert windows[0] > windows[-1]
    linear = NoiseSchedule(1000, "linear")
    one, other = (PatchMachine(few(2, 16, 16), schedule) for schedule in (SCHEDULE, linear))
    level = int(linear.timesteps_at(SCHEDULE.log_snr()[[600]].numpy())[0])
    assert one.window_at(600) == other.window_at(level)
