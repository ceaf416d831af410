"""Networks and samplers for sprites of any size, with and without alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from ddpm import NoiseSchedule, UNet, sample, to_uint8
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.parallel import ParallelModel

SCHEDULE = NoiseSchedule(40)
SAMPLERS = ["ddpm", "ddim", "dpm++", "fast"]


class Constant:
    """Predicts noise such that x0 is the same picture everywhere; ``x0`` is float (C, H, W)."""

    def __init__(self, x0: torch.Tensor, binary_alpha: bool = False) -> None:
        self.x0 = x0
        self.image_shape = tuple(x0.shape)
        self.binary_alpha = binary_alpha

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: Any = None) -> torch.Tensor:
        alpha_bar = SCHEDULE.alphas_cumprod[t].float()[:, None, None, None]
        return (x_t - alpha_bar.sqrt() * self.x0) / (1 - alpha_bar).sqrt()


def trained_looking(**arguments: Any) -> UNet:
    """A network whose output is not zero, as that of a new one is."""
    torch.manual_seed(0)
    model = UNet(channels=(8, 16, 16, 16), **arguments)
    torch.nn.init.normal_(model.head[-1].weight)
    return model.eval()


@pytest.mark.parametrize("shape", [(3, 8, 8), (4, 16, 16), (3, 24, 16), (4, 20, 30), (3, 33, 64)])
def test_a_network_returns_the_shape_that_it_is_given(shape: tuple[int, int, int]) -> None:
    model = trained_looking(image_shape=shape)
    x_t = torch.randn(2, *shape)
    output = model(x_t, torch.tensor([3, 30]))
    assert output.shape == x_t.shape
    assert torch.isfinite(output).all()
    again = UNet(**model.arguments)
    assert again.image_shape == shape


def test_padding_inside_is_padding_with_zeros() -> None:
    """A side that cannot be halved three times: the same as the padded picture, cut back."""
    model = trained_looking(attention=(1,))
    x_t, t = torch.randn(3, 3, 20, 12), torch.tensor([1, 10, 39])
    padded = model(F.pad(x_t, (0, 4, 0, 4)), t)
    assert torch.equal(model(x_t, t), padded[:, :, :20, :12])


@pytest.mark.parametrize("shape", [(2, 16, 16), (3, 7, 16), (3, 16, 65), (5, 16, 16)])
def test_shapes_of_no_sprite_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="image_shape"):
        UNet(channels=(8, 8), image_shape=shape)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("shape", [(4, 8, 24), (3, 40, 40)])
def test_samples_have_the_shape_of_the_model(sampler: Any, shape: tuple[int, int, int]) -> None:
    moments = list(sample(trained_looking(image_shape=shape), SCHEDULE, 3, sampler, steps=4))
    assert all(moment.x_t.shape == moment.x0.shape == (3, *shape) for moment in moments)
    alone = list(sample(trained_looking(image_shape=shape), SCHEDULE, 1, sampler, steps=4))
    # A sprite does not depend on the others, up to rounding.
    assert torch.allclose(moments[-1].x0[:1], alone[-1].x0, atol=1e-3)
    parallel = list(sample(ParallelModel(trained_looking(image_shape=shape)), SCHEDULE, 3, sampler, steps=4))
    assert torch.allclose(parallel[-1].x0, moments[-1].x0, atol=1e-3)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_alpha_is_settled_at_the_end_where_the_data_have_no_other(sampler: Any) -> None:
    x0 = torch.empty(4, 8, 8).uniform_(-1, 1, generator=torch.Generator().manual_seed(1))
    *before, last = sample(Constant(x0, binary_alpha=True), SCHEDULE, 2, sampler)
    images = to_uint8(last.x0)
    opaque = (x0[3] >= 0).numpy()
    assert (images[..., 3] == np.where(opaque, 255, 0)).all()
    assert (images[:, ~opaque] == 0).all()
    expected = to_uint8(x0[None])[0]
    assert np.abs(images[:, opaque, :3].astype(int) - expected[opaque, :3]).max() <= 1
    # On the way alpha is noise like the colours.
    assert not set(np.unique(to_uint8(before[0].x_t)[..., 3])) <= {0, 255}


def test_soft_alpha_stays_soft_and_only_what_is_invisible_is_black() -> None:
    x0 = torch.zeros(4, 8, 8)
    x0[3] = torch.linspace(-1, 1, 64).reshape(8, 8)
    *_, last = sample(Constant(x0), SCHEDULE, 1, "ddim")
    (image,) = to_uint8(last.x0)
    assert len(np.unique(image[..., 3])) > 50
    assert (image[image[..., 3] == 0] == 0).all()
    assert (image[image[..., 3] > 0, :3] > 100).all()


def test_three_channels_are_never_touched() -> None:
    x0 = torch.empty(3, 16, 16).uniform_(-1, 1, generator=torch.Generator().manual_seed(2))
    *_, last = sample(Constant(x0), SCHEDULE, 1, "ddim")
    assert torch.equal(last.x_t, last.x0)
    assert torch.allclose(last.x0[0], x0, atol=1e-4)


def test_a_memoriser_of_transparent_sprites_draws_them() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (5, 12, 10, 4), dtype=np.uint8)
    images[..., 3] = np.where(images[..., 3] < 128, 0, 255)
    images[images[..., 3] == 0] = 0
    *_, last = sample(PerfectMemoriser(images, NoiseSchedule()), NoiseSchedule(), 4, "fast")
    drawn = to_uint8(last.x0)
    assert drawn.shape == (4, 12, 10, 4)
    assert all(any(np.array_equal(one, image) for image in images) for one in drawn)
