"""The reverse process: each sampler against diffusers, against theory, and its contract."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from torch import nn

from ddpm import NoiseSchedule, SamplingStep, UNet, load_checkpoint, sample, to_uint8
from ddpm.base.seeds import generator_for
from ddpm.diffusion.noise import sprite_noise
from ddpm.diffusion.sampling import default_steps, timesteps
from ddpm.diffusion.schedule import PredictionType, ScheduleKind
from ddpm.pixels.oklab import oklab
from ddpm.pixels.traits import traits

SAMPLERS = ["ddpm", "ddim", "dpm++", "fast"]
KINDS: list[tuple[ScheduleKind, PredictionType]] = [
    ("linear", "eps"),
    ("linear", "v"),
    ("cosine", "v"),
    ("cosine", "eps"),
]
TABLES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
MEANINGS = {"eps": "epsilon", "v": "v_prediction"}


class Fake:
    """Any callable is a model. This one is a smooth function of all that it is given, and remembers its calls."""

    guidance_max_log_snr = math.inf

    def __init__(self, prediction_type: PredictionType | None = None) -> None:
        if prediction_type is not None:
            self.prediction_type = prediction_type
        self.calls: list[tuple[int, torch.Tensor | None]] = []

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        assert t.dtype == torch.int64
        assert t.shape == (len(x_t),)
        assert len(set(t.tolist())) == 1
        self.calls.append((int(t[0]), labels))
        kind = torch.zeros(len(x_t)) if labels is None else 1.0 + labels
        shift = (0.3 * torch.sin(t / 70) + 0.05 * kind)[:, None, None, None]
        return 0.6 * x_t + torch.tanh(0.4 * x_t.roll(1, -1) - 0.5 * x_t.roll(2, 1)) + shift


def run(model: Any, schedule: NoiseSchedule, **options: Any) -> list[SamplingStep]:
    return list(sample(model, schedule, **options))


def close(found: torch.Tensor, expected: torch.Tensor, relative: float = 1e-4) -> None:
    """Within a share of the largest value."""
    error = float((found - expected).abs().max())
    assert error <= relative * float(expected.abs().max()), error


def output_at(step: SamplingStep, prediction_type: PredictionType) -> torch.Tensor:
    return Fake(prediction_type)(step.x_t, torch.full((len(step.x_t),), step.t))


# Against diffusers


class RecordedNoise:
    """The noise that ``sample`` draws, once more: for each sprite from the seed and its number."""

    def __init__(self, n: int, seed: int) -> None:
        self._generators = [generator_for("sprite", seed, i) for i in range(n)]

    def __call__(self, *_: Any, **__: Any) -> torch.Tensor:
        return torch.stack([torch.randn(3, 16, 16, generator=generator) for generator in self._generators])


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_every_ddpm_step_equals_diffusers(
    kind: ScheduleKind, prediction_type: PredictionType, clip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = diffusers.DDPMScheduler(
        beta_schedule=TABLES[kind], prediction_type=MEANINGS[prediction_type], clip_sample=clip
    )
    noise_sources = RecordedNoise(2, seed=3)
    steps = run(Fake(prediction_type), NoiseSchedule(1000, kind), n=2, sampler="ddpm", seed=3, clip_x0=clip)
    assert [step.t for step in steps] == [*range(999, -1, -1), -1]
    torch.testing.assert_close(steps[0].x_t, noise_sources(), rtol=0, atol=0)
    monkeypatch.setattr("diffusers.schedulers.scheduling_ddpm.randn_tensor", noise_sources)
    for step, then in pairwise(steps):
        expected = oracle.step(output_at(step, prediction_type), step.t, step.x_t)
        close(step.x0, expected.pred_original_sample)
        close(then.x_t, expected.prev_sample)


@pytest.mark.parametrize(("t", "deviation"), [(0, 0.0), (487, 0.00979), (999, 0.02)])
def test_the_variance_of_ddpm_is_that_of_the_paper(t: int, deviation: float) -> None:
    """Golden values: the posterior variance at t, from many sprites that all stand at the same place."""
    schedule = NoiseSchedule()
    oracle = float(diffusers.DDPMScheduler()._get_variance(t))
    assert oracle == pytest.approx(deviation, abs=1e-5)

    def still(x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return torch.zeros_like(x_t)

    chain = sample(still, schedule, n=16, seed=1, clip_x0=False)
    before, after = next((a, b) for a, b in pairwise(chain) if a.t == t)
    alpha_bar, alpha_bar_next = float(schedule.alphas_cumprod[t]), float(schedule.alphas_cumprod[t - 1]) if t else 1.0
    step = alpha_bar / alpha_bar_next
    mean = (
        alpha_bar_next**0.5 * (1 - step) / (1 - alpha_bar) * before.x0
        + step**0.5 * (1 - alpha_bar_next) / (1 - alpha_bar) * before.x_t
    )
    noise = after.x_t - mean
    # 12,288 draws: the variance of a variance is 2 / n, so this is five deviations wide.
    assert float(noise.square().mean()) == pytest.approx(deviation, rel=0.065, abs=1e-9)


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_every_ddim_step_equals_diffusers(
    kind: ScheduleKind, prediction_type: PredictionType, eta: float, clip: bool
) -> None:
    steps_made = 50
    oracle = diffusers.DDIMScheduler(
        beta_schedule=TABLES[kind],
        prediction_type=MEANINGS[prediction_type],
        clip_sample=clip,
        timestep_spacing="trailing",
    )
    oracle.set_timesteps(steps_made)
    noise_sources = RecordedNoise(2, seed=5)
    noise_sources()
    steps = run(
        Fake(prediction_type), NoiseSchedule(1000, kind), n=2, sampler="ddim", steps=steps_made, eta=eta, seed=5,
        clip_x0=clip,
    )  # fmt: skip
    assert [step.t for step in steps[:-1]] == oracle.timesteps.tolist()
    for step, then in pairwise(steps):
        noise = noise_sources() if eta and then.t >= 0 else torch.zeros_like(step.x_t)
        expected = oracle.step(
            output_at(step, prediction_type),
            step.t,
            step.x_t,
            eta=eta,
            # eps follows a clipped x0, as it always has in DDPM's posterior.
            use_clipped_model_output=True,
            variance_noise=noise,
        )
        close(step.x0, expected.pred_original_sample)
        # The last step adds no noise, whatever the table says about the level below 0.
        close(then.x_t, expected.pred_original_sample if then.t < 0 else expected.prev_sample)


@pytest.mark.filterwarnings("ignore:__array__")
@pytest.mark.parametrize("sampler", ["dpm++", "fast"])
@pytest.mark.parametrize("steps_made", [1, 2, 5, 20, 100])
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_every_dpm_solver_step_equals_diffusers(
    kind: ScheduleKind, prediction_type: PredictionType, steps_made: int, sampler: Any
) -> None:
    schedule = NoiseSchedule(1000, kind)
    oracle = diffusers.DPMSolverMultistepScheduler(
        beta_schedule=TABLES[kind],
        prediction_type=MEANINGS[prediction_type],
        algorithm_type="dpmsolver++" if sampler == "dpm++" else "sde-dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero",
    )
    # Its own table is multiplied up in float32, and off by 3e-5 where next to nothing is left of a sprite.
    oracle.alphas_cumprod = schedule.alphas_cumprod
    steps = run(Fake(prediction_type), schedule, n=2, sampler=sampler, steps=steps_made, seed=2, clip_x0=False)
    levels = [step.t for step in steps[:-1]]
    oracle.set_timesteps(timesteps=levels)
    assert oracle.timesteps.tolist() == levels
    noise_sources = RecordedNoise(2, seed=2)
    noise_sources()  # the first draw is the noise that it starts from
    for step, then in pairwise(steps):
        noise = noise_sources() if then.t >= 0 else torch.zeros_like(step.x_t)
        output = output_at(step, prediction_type)
        close(then.x_t, oracle.step(output, step.t, step.x_t, variance_noise=noise).prev_sample)


def test_eta_leads_from_one_dpm_solver_to_the_other() -> None:
    schedule = NoiseSchedule(1000, "cosine")
    still, barely = (run(Fake(), schedule, n=2, sampler="dpm++", eta=eta)[-1].x0 for eta in (0.0, 1e-9))
    torch.testing.assert_close(still, barely, rtol=0, atol=1e-3)
    # At its own levels, "fast" is the stochastic one.
    levels = timesteps(schedule, "fast", 12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ddpm.diffusion.sampling.timesteps", lambda *_: levels)
        noisy = run(Fake(), schedule, n=2, sampler="dpm++", eta=1.0)[-1].x0
    assert torch.equal(noisy, run(Fake(), schedule, n=2, sampler="fast")[-1].x0)


def test_dpm_solver_moves_by_the_clipped_x0() -> None:
    """diffusers cannot clip here; with x0 clipped to one constant, the solution is known in closed form."""
    schedule = NoiseSchedule(1000, "cosine")

    def bright(x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        alpha_bar = schedule.alphas_cumprod[t].float()[:, None, None, None]
        return (x_t - alpha_bar.sqrt() * 5.0) / (1 - alpha_bar).sqrt()

    steps = run(bright, schedule, n=1, sampler="dpm++", steps=20)
    first = steps[0]
    for step in steps:
        assert float(step.x0.max()) <= 1.0
        if step.t >= 0:
            alpha_bar, start = float(schedule.alphas_cumprod[step.t]), float(schedule.alphas_cumprod[first.t])
            noise = (first.x_t - start**0.5) / (1 - start) ** 0.5
            close(step.x_t, alpha_bar**0.5 + (1 - alpha_bar) ** 0.5 * noise)
    assert (steps[-1].x0 == 1).all()


# Against theory


@pytest.mark.parametrize("steps_made", [1000, 50])
@pytest.mark.parametrize("clip", [False, True])
def test_ddim_with_eta_1_is_ddpm(clip: bool, steps_made: int) -> None:
    schedule = NoiseSchedule()
    ours = run(Fake(), schedule, n=2, sampler="ddim", steps=steps_made, eta=1.0, clip_x0=clip)
    ancestral = run(Fake(), schedule, n=2, sampler="ddpm", steps=steps_made, clip_x0=clip)
    for a, b in zip(ours, ancestral, strict=True):
        assert a.t == b.t
        close(a.x_t, b.x_t, 1e-5)


def test_eta_just_below_1_is_nearly_ddpm() -> None:
    schedule = NoiseSchedule()
    nearly = run(Fake(), schedule, n=2, sampler="ddim", steps=100, eta=1 - 1e-7, clip_x0=False)[-1]
    close(nearly.x0, run(Fake(), schedule, n=2, sampler="ddpm", steps=100, clip_x0=False)[-1].x0, 1e-3)


class Ideal:
    """The best that any network can learn of a few sprites: E[x0 | x_t], in closed form."""

    def __init__(self, sprites: torch.Tensor, schedule: NoiseSchedule, prediction_type: PredictionType) -> None:
        self._sprites = sprites
        self._schedule = schedule
        self.prediction_type = prediction_type

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        alpha_bar = self._schedule.alphas_cumprod[t][:, None]
        flat, sprites = x_t.double().flatten(1), self._sprites.double().flatten(1)
        distances = (flat[:, None] - alpha_bar[:, :, None].sqrt() * sprites[None]).square().sum(-1)
        x0 = (-distances / (2 * (1 - alpha_bar))).softmax(dim=1) @ sprites
        eps = (flat - alpha_bar.sqrt() * x0) / (1 - alpha_bar).sqrt()
        answer = eps if self.prediction_type == "eps" else alpha_bar.sqrt() * eps - (1 - alpha_bar).sqrt() * x0
        return answer.float().reshape(x_t.shape)


@pytest.mark.parametrize(
    ("sampler", "steps_made", "eta"),
    [("ddpm", None, 0), ("ddpm", 100, 0), ("ddim", 50, 0), ("ddim", 50, 0.5), ("dpm++", 20, 0), ("fast", None, 0)],
)
@pytest.mark.parametrize(("kind", "prediction_type"), [("linear", "eps"), ("cosine", "v")])
def test_the_ideal_network_draws_training_sprites(
    kind: ScheduleKind, prediction_type: PredictionType, sampler: Any, steps_made: int | None, eta: float
) -> None:
    schedule = NoiseSchedule(1000, kind)
    sprites = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)).sign()
    model = Ideal(sprites, schedule, prediction_type)
    drawn = run(model, schedule, n=24, sampler=sampler, steps=steps_made, eta=eta)[-1].x0
    distances = torch.cdist(drawn.flatten(1), sprites.flatten(1)) / 768**0.5
    assert float(distances.min(dim=1).values.max()) < 0.02
    # All of them turn up: 24 draws miss one of four with a chance of 0.004, and the seed is fixed.
    assert set(distances.argmin(dim=1).tolist()) == {0, 1, 2, 3}


class Cloud:
    """The best network for a cloud of sprites around a middle of one brightness, N(middle, 0.3^2), in closed form.

    That of all sprites is 0, that of kind 0 is 0.5. Guided with w it is the best network for a middle of 0.5 w: at each
    noise level eps is linear in the middle.
    """

    spread = 0.3

    def __init__(self, schedule: NoiseSchedule, prediction_type: PredictionType) -> None:
        self._schedule = schedule
        self.prediction_type = prediction_type

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        alpha_bar = self._schedule.alphas_cumprod[t][:, None, None, None]
        middle = 0.0 if labels is None else 0.5
        x = x_t.double()
        eps = (1 - alpha_bar).sqrt() * (x - alpha_bar.sqrt() * middle) / (alpha_bar * self.spread**2 + 1 - alpha_bar)
        x0 = (x - (1 - alpha_bar).sqrt() * eps) / alpha_bar.sqrt()
        return (eps if self.prediction_type == "eps" else alpha_bar.sqrt() * eps - (1 - alpha_bar).sqrt() * x0).float()


LED = [("ddpm", 0.0), ("ddim", 0.0), ("ddim", 0.5), ("ddim", 1.0), ("dpm++", 0.0), ("dpm++", 1.0), ("fast", 0.0)]


@pytest.mark.parametrize("scale", [1.0, 3.0, 8.0])
@pytest.mark.parametrize(("sampler", "eta"), LED)
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_guidance_leads_where_it_must(
    kind: ScheduleKind, prediction_type: PredictionType, sampler: Any, eta: float, scale: float
) -> None:
    """Unclipped, the right answer is the cloud around 0.5 w, whose every noise level is known."""
    schedule = NoiseSchedule(1000, kind)
    model = Cloud(schedule, prediction_type)
    steps = run(
        model, schedule, n=8, sampler=sampler, eta=eta, steps=250, labels=[0] * 8, guidance_scale=scale, clip_x0=False
    )
    middle = 0.5 * scale
    for step in steps[1:]:
        alpha_bar = float(schedule.alphas_cumprod[step.t]) if step.t >= 0 else 1.0
        spread = (alpha_bar * model.spread**2 + 1 - alpha_bar) ** 0.5
        # 6,144 values: their mean and deviation are off by 0.013 and 0.009 of the spread; 250 steps add a little.
        assert float(step.x_t.mean()) == pytest.approx(alpha_bar**0.5 * middle, abs=0.06 * spread)
        assert float(step.x_t.std()) == pytest.approx(spread, rel=0.06)


@pytest.mark.parametrize("scale", [4.0, 8.0])
@pytest.mark.parametrize(("sampler", "eta"), LED)
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_a_clipped_chain_stands_at_its_noise_levels(
    kind: ScheduleKind, prediction_type: PredictionType, sampler: Any, eta: float, scale: float
) -> None:
    """Guided far beyond white, x0 is white; under it lies noise of one standard deviation, at every level.

    Without new noise on the way, it is the noise of the start.
    """
    schedule = NoiseSchedule(1000, kind)
    model = Cloud(schedule, prediction_type)
    model.spread = 0.03
    steps = run(model, schedule, n=8, sampler=sampler, eta=eta, steps=50, labels=[0] * 8, guidance_scale=scale)
    start = None
    for step in steps[:-1]:
        assert (step.x0 == 1).all()
        alpha_bar = float(schedule.alphas_cumprod[step.t])
        noise = (step.x_t.double() - alpha_bar**0.5) / (1 - alpha_bar) ** 0.5
        start = noise if start is None else start
        assert float(noise.mean()) == pytest.approx(0, abs=0.06)
        assert float(noise.std()) == pytest.approx(1, abs=0.05)
        if eta == 0 and sampler in ("ddim", "dpm++"):
            torch.testing.assert_close(noise, start, rtol=0, atol=1e-3)
    assert (steps[-1].x0 == 1).all()


@pytest.mark.parametrize("shape", [(2, 3, 16, 16), (1, 3, 4, 4)])
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_a_clipped_x0_and_its_eps_make_x_t(
    kind: ScheduleKind, prediction_type: PredictionType, shape: tuple[int, ...]
) -> None:
    """At every level, also where next to nothing is left of a sprite, and where there is next to no noise."""
    schedule = NoiseSchedule(1000, kind)
    generator = torch.Generator().manual_seed(1)
    for t in [0, 1, 500, 998, 999]:
        x_t, output = (torch.randn(shape, generator=generator) for _ in range(2))
        ts = torch.full(shape[:1], t)
        free, eps = schedule.split_prediction(output, x_t, ts, prediction_type)
        x0, followed = schedule.split_prediction(output, x_t, ts, prediction_type, clip_x0=True)
        assert torch.equal(x0, free.clamp(-1, 1))
        inside = free.abs() <= 1
        assert torch.equal(followed[inside], eps[inside])
        close(schedule.add_noise(x0, followed, ts), x_t, 1e-6)


@pytest.mark.parametrize(
    ("sampler", "eta"), [("ddim", 0.0), ("ddim", 0.5), ("dpm++", 0.0), ("fast", 0.0), ("ddpm", 0.0)]
)
def test_the_shipped_model_stays_clear_under_guidance(sampler: Any, eta: float) -> None:
    """Guided to the end, there were up to ten times as much haze, and twice the stray pixels."""
    loaded = load_checkpoint(Path(__file__).parents[3] / "checkpoints" / "builtin")
    steps = {"ddim": 25, "ddpm": 60}.get(sampler)

    def drawn(scale: float) -> tuple[float, float, float]:
        """Haze, stray pixels, and the mean chroma of what is not white."""
        chain = sample(
            loaded.model,
            loaded.schedule,
            n=12,
            sampler=sampler,
            eta=eta,
            steps=steps,
            labels=torch.arange(12) * 3,
            guidance_scale=scale,
        )
        *_, last = chain
        images = to_uint8(last.x0)
        found = traits(images)
        lab = oklab(images)
        chroma = np.hypot(lab[..., 1], lab[..., 2])[(images < 250).any(axis=-1)]
        return float(np.nanmean(found.haze)), float(found.orphans.mean()), float(chroma.mean())

    haze, stray, chroma = drawn(8.0)
    plain_haze, plain_stray, plain_chroma = drawn(1.0)
    # Twelve sprites: a single hazy one is .01.
    assert haze < 2 * plain_haze + 0.02
    assert stray < 1.4 * plain_stray
    assert 0.5 * plain_chroma < chroma < 2 * plain_chroma


def test_guidance_ends_where_the_network_says() -> None:
    schedule = NoiseSchedule(100, "cosine")
    model = Fake()
    model.guidance_max_log_snr = -1.0
    steps = run(model, schedule, n=2, sampler="ddim", steps=20, labels=[0, 1], guidance_scale=3.0)
    guided = [step.t for step in steps[:-1] if schedule.log_snr()[step.t] <= -1]
    assert 0 < len(guided) < 20
    assert [t for t, call in model.calls if call is None] == guided


# The contract


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("steps_made", [1, 2, 7, 40])
def test_steps_and_calls(sampler: Any, steps_made: int) -> None:
    model = Fake()
    steps = run(model, NoiseSchedule(40), n=3, sampler=sampler, steps=steps_made)
    assert len(steps) == steps_made + 1
    assert [t for t, _ in model.calls] == [step.t for step in steps[:-1]]
    assert all(labels is None for _, labels in model.calls)
    assert steps[0].t == 39
    assert all(a.t > b.t for a, b in pairwise(steps))
    assert steps[-1].t == -1
    assert torch.equal(steps[-1].x_t, steps[-1].x0)
    assert torch.equal(steps[-1].x_t, steps[-2].x0)
    for step in steps:
        assert step.x_t.shape == step.x0.shape == (3, 3, 16, 16)
        assert step.x_t.dtype == step.x0.dtype == torch.float32
        assert not step.x_t.requires_grad
        assert float(step.x0.abs().max()) <= 1


def test_default_steps() -> None:
    assert [default_steps(name, 1000) for name in SAMPLERS] == [1000, 50, 20, 12]  # type: ignore[arg-type]
    assert [default_steps(name, 10) for name in SAMPLERS] == [10] * 4  # type: ignore[arg-type]
    for name in SAMPLERS:
        model = Fake()
        assert len(run(model, NoiseSchedule(300), n=1, sampler=name)) == default_steps(name, 300) + 1  # type: ignore[arg-type]
        assert len(model.calls) == default_steps(name, 300)  # type: ignore[arg-type]
    assert default_steps("fast", 1000) <= 20


@pytest.mark.parametrize("kind", ["linear", "cosine"])
@pytest.mark.parametrize("total", [1, 2, 3, 50, 1000])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_levels_fall_from_the_top_for_any_number_of_steps(sampler: Any, total: int, kind: ScheduleKind) -> None:
    schedule = NoiseSchedule(total, kind)
    for steps in range(1, total + 1):
        levels = timesteps(schedule, sampler, steps)
        assert len(levels) == steps
        assert levels[0] == total - 1
        assert levels[-1] >= 0
        assert all(a > b for a, b in pairwise(levels))
    assert timesteps(schedule, sampler, total) == list(range(total - 1, -1, -1))


def test_dpm_solver_levels_are_even_in_log_snr() -> None:
    schedule = NoiseSchedule()
    levels = timesteps(schedule, "dpm++", 20)
    assert levels[-1] == 0
    gaps = schedule.log_snr()[levels].diff()
    # Each level is a whole number: in the middle of the table, where a step is small, the gaps are nearly equal.
    torch.testing.assert_close(gaps[2:14], gaps[2:14].mean().expand(12), rtol=0.1, atol=0)


def test_fast_looks_more_often_where_detail_is_decided() -> None:
    schedule = NoiseSchedule(1000, "cosine")
    ratios = torch.exp(-schedule.log_snr()[timesteps(schedule, "fast", 12)] / 2) ** (1 / 7)
    assert ratios.diff()[2:].tolist() == pytest.approx([float(ratios.diff()[2:].mean())] * 9, rel=0.15)


@pytest.mark.parametrize(
    "options", [{"sampler": "ddpm", "steps": 30}, {"sampler": "ddim", "eta": 0.7}, {"sampler": "fast"}, {}]
)
def test_sprite_i_depends_on_seed_and_i_alone(options: dict[str, Any]) -> None:
    schedule = NoiseSchedule(100)
    many = run(Fake(), schedule, n=7, seed=11, **options)
    few = run(Fake(), schedule, n=2, seed=11, **options)
    for a, b in zip(many, few, strict=True):
        torch.testing.assert_close(a.x_t[:2], b.x_t, rtol=1e-5, atol=1e-5)
    again = run(Fake(), schedule, n=7, seed=11, **options)
    assert all(torch.equal(a.x_t, b.x_t) and torch.equal(a.x0, b.x0) for a, b in zip(many, again, strict=True))
    other = run(Fake(), schedule, n=7, seed=12, **options)
    assert not torch.isclose(many[0].x_t, other[0].x_t).all(dim=(1, 2, 3)).any()
    assert len({bytes(x.numpy().tobytes()) for x in many[0].x_t}) == 7


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm++"])
def test_given_noise(sampler: Any) -> None:
    schedule = NoiseSchedule(100)
    own = run(Fake(), schedule, n=3, seed=4, sampler=sampler)
    noise = own[0].x_t.double()
    before = noise.clone()
    given = run(Fake(), schedule, n=3, seed=4, sampler=sampler, noise=noise)
    # Its own noise, given back, draws the same sprites: what is added on the way doesn't depend on the start.
    assert torch.equal(given[-1].x0, own[-1].x0)
    assert torch.equal(noise, before)
    noise.zero_()
    assert torch.equal(given[0].x_t, own[0].x_t)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_given_noise_sources(sampler: Any) -> None:
    """The sources give the start and all noise on the way: with those of sprite 4, a sprite is sprite 4."""
    schedule = NoiseSchedule(60)
    batch = run(Fake(), schedule, n=5, sampler=sampler, steps=6, seed=3)
    noise_sources = [sprite_noise(3, i, (3, 16, 16)) for i in (4, 1)]
    chosen = run(Fake(), schedule, n=2, sampler=sampler, steps=6, seed=99, noise_sources=noise_sources)
    for moment, whole in zip(chosen, batch, strict=True):
        close(moment.x_t, whole.x_t[[4, 1]])
    with pytest.raises(ValueError, match="2 noise_sources"):
        run(Fake(), schedule, n=2, sampler=sampler, noise_sources=[sprite_noise(0, 0, (3, 16, 16))])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_yielded_tensors_are_never_written_to_again(sampler: Any) -> None:
    seen = []
    for step in sample(Fake(), NoiseSchedule(60), n=2, sampler=sampler, eta=0.5):
        seen.append((step, step.x_t.clone(), step.x0.clone()))
    for step, x_t, x0 in seen:
        assert torch.equal(step.x_t, x_t)
        assert torch.equal(step.x0, x0)
    starts = {step.x_t.data_ptr() for step, _, _ in seen} | {step.x0.data_ptr() for step, _, _ in seen[:-1]}
    assert len(starts) == 2 * len(seen) - 1


def modes() -> tuple[bool, ...]:
    return (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_mode_leaks(sampler: Any) -> None:
    model = UNet(channels=(8, 8))
    chain = sample(model, NoiseSchedule(30), n=1, sampler=sampler, steps=3)
    for _ in chain:
        assert modes() == (True, False, False)
    assert modes() == (True, False, False)
    with torch.autocast("cpu", torch.bfloat16):
        for step in sample(model, NoiseSchedule(30), n=1, sampler=sampler, steps=3):
            assert modes() == (True, False, True)
            assert step.x_t.dtype == torch.float32
    with torch.no_grad():
        for _ in sample(model, NoiseSchedule(30), n=1, sampler=sampler, steps=3):
            assert modes()[0] is False
    # Begun in one mode, ended in another.
    chain = sample(model, NoiseSchedule(30), n=1, sampler=sampler, steps=3)
    with torch.inference_mode():
        next(chain)
        assert modes() == (False, True, False)
    assert modes() == (True, False, False)
    next(chain)
    assert modes() == (True, False, False)
    chain.close()
    assert modes() == (True, False, False)


def test_the_random_numbers_of_others_are_left_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    run(Fake(), NoiseSchedule(20), n=2, sampler="ddpm")
    assert torch.equal(torch.get_rng_state(), before)


def test_the_training_mode_comes_back() -> None:
    modes_seen = []

    class Watched(nn.Module):
        def forward(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
            modes_seen.append(self.training)
            if len(modes_seen) == 3:
                raise RuntimeError("on purpose")
            return x_t * 0

    model = Watched().train()
    chain = sample(model, NoiseSchedule(10), n=1, sampler="ddpm")
    next(chain)
    assert model.training
    next(chain)
    assert model.training
    with pytest.raises(RuntimeError, match="on purpose"):
        next(chain)
    assert model.training
    assert modes_seen == [False] * 3
    model.eval()
    run(model, NoiseSchedule(10), n=1, sampler="ddim", steps=2)
    assert not model.training


def test_no_graph_is_kept() -> None:
    model = UNet(channels=(8, 8))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.1)
    result = run(model, NoiseSchedule(10), n=1, sampler="dpm++", steps=3)[-1]
    assert result.x0.grad_fn is None
    assert all(parameter.grad is None for parameter in model.parameters())


# Kinds and guidance


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0, -1.0])
@pytest.mark.parametrize("prediction_type", ["eps", "v"])
def test_guidance(prediction_type: PredictionType, scale: float) -> None:
    schedule = NoiseSchedule(50)
    labels = [2, -1, 0]
    model = Fake(prediction_type)
    steps = run(model, schedule, n=3, sampler="ddim", steps=10, labels=labels, guidance_scale=scale, clip_x0=False)
    given = [call for _, call in model.calls if call is not None]
    assert len(given) == 10
    assert all(call.dtype == torch.int64 and call.tolist() == labels for call in given)
    assert len(model.calls) == (10 if scale == 1 else 20)
    for step in steps[:-1]:
        t = torch.full((3,), step.t)

        def eps(kind: list[int] | None, step: SamplingStep = step, t: torch.Tensor = t) -> torch.Tensor:
            output = Fake(prediction_type)(step.x_t, t, None if kind is None else torch.tensor(kind))
            return schedule.split_prediction(output, step.x_t, t, prediction_type)[1]

        guided = eps(None) + scale * (eps(labels) - eps(None))
        close(step.x0, schedule.predict_x0(step.x_t, guided, t))


def test_without_labels_guidance_costs_nothing() -> None:
    model = Fake()
    run(model, NoiseSchedule(20), n=2, sampler="ddim", steps=5, guidance_scale=4.0)
    assert len(model.calls) == 5


def test_minus_1_is_the_null_class() -> None:
    torch.manual_seed(0)
    # Not 8: the norm of a single channel would take out again what a kind adds to it.
    model = UNet(channels=(16, 16), num_classes=3)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    schedule = NoiseSchedule(20)

    def drawn(labels: Any) -> torch.Tensor:
        return run(model, schedule, n=2, sampler="ddim", steps=5, labels=labels, clip_x0=False)[-1].x0

    anything = drawn(None)
    torch.testing.assert_close(drawn([-1, -1]), anything)
    mixed = drawn(torch.tensor([-1, 2], dtype=torch.int32))
    torch.testing.assert_close(mixed[0], anything[0])
    assert not torch.allclose(mixed[1], anything[1])


# What is refused


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n": 0}, "n must"),
        ({"n": -3}, "n must"),
        ({"sampler": "euler"}, "unknown sampler"),
        ({"steps": 0}, "steps must"),
        ({"steps": 21}, r"1\.\.20"),
        ({"steps": -1}, "steps must"),
        ({"eta": -0.1}, "eta"),
        ({"eta": 1.1}, "eta"),
        ({"eta": float("nan")}, "eta"),
        ({"guidance_scale": float("nan")}, "guidance_scale"),
        ({"guidance_scale": float("inf")}, "guidance_scale"),
        ({"labels": [0]}, "shape"),
        ({"labels": [[0, 0]]}, "shape"),
        ({"labels": [0.0, 1.0]}, "integers"),
        ({"labels": [True, False]}, "integers"),
        ({"labels": [0, -2]}, "-1"),
        ({"labels": [0, 3]}, "below 3"),
        ({"noise": torch.zeros(1, 3, 16, 16)}, "noise must"),
        ({"noise": torch.zeros(2, 3, 8, 8)}, "noise must"),
    ],
)
def test_wrong_arguments(wrong: dict[str, Any], words: str) -> None:
    model = UNet(channels=(8, 8), num_classes=3)
    options: dict[str, Any] = {"n": 2, "sampler": "ddim", "steps": 2, **wrong}
    with pytest.raises(ValueError, match=words):
        run(model, NoiseSchedule(20), **options)


def test_an_unknown_prediction_type() -> None:
    with pytest.raises(ValueError, match="choose eps or v"):
        run(Fake("x0"), NoiseSchedule(5), n=1)  # type: ignore[arg-type]


def test_a_plain_function_is_a_model() -> None:
    nothing: Callable[..., torch.Tensor] = lambda x_t, t, labels=None: torch.zeros_like(x_t)  # noqa: E731
    assert len(run(nothing, NoiseSchedule(5), n=1)) == 6


# From a noise level on


def test_from_the_top_it_is_the_whole_way() -> None:
    schedule = NoiseSchedule(60, "cosine")
    top = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    for sampler in SAMPLERS:
        options: dict[str, Any] = {"n": 2, "sampler": sampler, "seed": 3, "noise": top}
        for a, b in zip(run(Fake(), schedule, **options), run(Fake(), schedule, **options, start=59), strict=True):
            assert a.t == b.t
            assert torch.equal(a.x_t, b.x_t)


@pytest.mark.parametrize("kind", ["linear", "cosine"])
@pytest.mark.parametrize("total", [1, 2, 3, 50, 1000])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_levels_from_any_start(sampler: Any, total: int, kind: ScheduleKind) -> None:
    schedule = NoiseSchedule(total, kind)
    log_snr = schedule.log_snr()
    for steps in {1, min(total, 2), min(total, 12), total}:
        whole = timesteps(schedule, sampler, steps)
        for start in range(0, total, max(1, total // 40)):
            levels = timesteps(schedule, sampler, steps, start)
            assert levels[0] == start
            assert set(levels[1:]) <= set(whole)
            assert all(a > b for a, b in pairwise(levels))
            left_out = [t for t in whole if t < start and t not in levels]
            assert len(left_out) <= 1
            for t in left_out:
                above = min(level for level in whole if level > start)
                assert log_snr[t] - log_snr[start] < log_snr[start] - log_snr[above]
        for start in whole:
            assert timesteps(schedule, sampler, steps, start) == whole[whole.index(start) :]


def test_ddim_goes_on_from_any_moment_as_it_went() -> None:
    schedule = NoiseSchedule(1000, "cosine")
    whole = run(Fake("v"), schedule, n=2, sampler="ddim", steps=20, clip_x0=False)
    moment = whole[7]
    rest = run(Fake("v"), schedule, n=2, sampler="ddim", steps=20, clip_x0=False, noise=moment.x_t, start=moment.t)
    assert [step.t for step in rest] == [step.t for step in whole[7:]]
    assert all(torch.equal(a.x_t, b.x_t) for a, b in zip(rest, whole[7:], strict=True))


@pytest.mark.parametrize("start", [900, 517, 120])
@pytest.mark.parametrize(("sampler", "eta"), LED)
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_from_a_noise_level_on_a_cloud_becomes_itself(
    kind: ScheduleKind, prediction_type: PredictionType, sampler: Any, eta: float, start: int
) -> None:
    """Sprites of the cloud, noise added: at each level below, and at the end, they are the cloud with that noise."""
    schedule = NoiseSchedule(1000, kind)
    model = Cloud(schedule, prediction_type)
    generator = torch.Generator().manual_seed(1)
    x0, eps = (torch.randn(8, 3, 16, 16, generator=generator) for _ in range(2))
    x_t = schedule.add_noise(model.spread * x0, eps, torch.full((8,), start))
    steps = run(model, schedule, n=8, sampler=sampler, eta=eta, steps=250, clip_x0=False, noise=x_t, start=start)
    assert steps[0].t == start
    assert torch.equal(steps[0].x_t, x_t)
    for step in steps:
        alpha_bar = float(schedule.alphas_cumprod[step.t]) if step.t >= 0 else 1.0
        spread = (alpha_bar * model.spread**2 + 1 - alpha_bar) ** 0.5
        # 6,144 values, as in the test of guidance.
        assert float(step.x_t.mean()) == pytest.approx(0, abs=0.06 * spread)
        assert float(step.x_t.std()) == pytest.approx(spread, rel=0.06)
    # The way back along the probability flow keeps each value's place in the cloud: the result is the start, scaled.
    if eta == 0 and sampler in ("ddim", "dpm++"):
        alpha_bar = float(schedule.alphas_cumprod[start])
        scale = model.spread / (alpha_bar * model.spread**2 + 1 - alpha_bar) ** 0.5
        # DDIM is of first order, and up to 2% off with these steps.
        torch.testing.assert_close(steps[-1].x0, x_t * scale, rtol=0.03, atol=0.005)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(("kind", "prediction_type"), KINDS)
def test_with_next_to_no_noise_it_gives_the_sprites_back(
    kind: ScheduleKind, prediction_type: PredictionType, sampler: Any
) -> None:
    """The ideal network of four sprites, of which they are three."""
    schedule = NoiseSchedule(1000, kind)
    sprites = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)).sign()
    t = torch.full((3,), 5)
    x_t = schedule.add_noise(sprites[:3], torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1)), t)
    steps = run(Ideal(sprites, schedule, prediction_type), schedule, n=3, sampler=sampler, noise=x_t, start=5)
    assert len(steps) <= 7
    torch.testing.assert_close(steps[-1].x0, sprites[:3], rtol=0, atol=0.01)


def test_a_start_that_cannot_be() -> None:
    schedule = NoiseSchedule(40)
    for start in (-1, 40):
        with pytest.raises(ValueError, match=r"start must lie in 0\.\.39"):
            run(Fake(), schedule, n=1, noise=torch.zeros(1, 3, 16, 16), start=start)
    with pytest.raises(ValueError, match="start needs noise"):
        run(Fake(), schedule, n=1, start=20)
