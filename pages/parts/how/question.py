"""Scene: what the network is asked at a timestep, and what it answers; so do earlier steps of its training."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ddpm.diffusion.parallel import ParallelModel
from pages.parts.how.learning import earlier, networks, remark, spread
from pages.parts.how.pixels import as_error, as_noise, as_sprites
from pages.parts.how.subject import Subject, stop_words
from pages.parts.shared.scene import Chart, Panel, Row, Scene, Second

# Saved steps on the second slider, and with them positions of the first: each pair is a network call, and is sent.
_SMALL = 16 * 24
_STEPS, _STOPS = 8, 41
_STEPS_OF_LARGE, _STOPS_OF_LARGE = 4, 21


def answers(
    subject: Subject,
    x_t: torch.Tensor,
    t: torch.Tensor,
    with_kind: bool = True,
    network: ParallelModel | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A network's (x0, eps), float32 (N, C, H, W), at x_t (N, C, H, W) and t (N,); told the sprite's kind or not.

    Args:
        network: of the same training; None for the subject's own.
    """
    network = network or subject.model
    labels = subject.labels(len(t)) if with_kind else None
    prediction = network(x_t, t, labels=labels)
    return subject.schedule.split_prediction(prediction, x_t, t, network.prediction_type)


def question(subject: Subject) -> Scene:
    """The answers about one sprite at every timestep, of several steps of the training, beside the truth."""
    run, last = subject.run, subject.step
    before = earlier(run, last)
    is_small = subject.x0[0, 0].numel() <= _SMALL
    steps = spread([*before, last], _STEPS if is_small else _STEPS_OF_LARGE)
    asked, damaged = networks(run, steps[:-1], last, subject.model)
    t = subject.timesteps
    if len(asked) > 1:
        count = _STOPS if is_small else _STOPS_OF_LARGE
        t = torch.linspace(0, subject.schedule.num_timesteps - 1, count).round().to(torch.int64).unique()
    x0, eps = (one.expand(len(t), -1, -1, -1) for one in (subject.x0, subject.eps))
    x_t = subject.schedule.add_noise(x0, eps, t)
    believed = [answers(subject, x_t, t, network=network) for network in asked.values()]
    believed_x0, believed_eps = (torch.cat(parts) for parts in zip(*believed, strict=True))
    x0, eps = (one.repeat(len(asked), 1, 1, 1) for one in (x0, eps))
    rms = {"of x0": _rms(believed_x0 - x0), "of the noise eps": _rms(believed_eps - eps)}
    noise_shares = [f"{100 - 100 * kept:.0f}% of it in x_t" for kept in subject.schedule.alphas_cumprod[t].tolist()]
    truth = (
        Panel("It sees: x_t", as_sprites(x_t)),
        Panel("The sprite beneath: x0", subject.image[None]),
        Panel("The noise: eps", as_noise(subject.eps), noise_shares),
    )
    answer = (
        Panel("Where its x0 is wrong", as_error((believed_x0 - x0).abs()), ["black: nowhere"]),
        Panel("It believes: x0", as_sprites(believed_x0), _errors(rms["of x0"])),
        Panel("It believes: eps", as_noise(believed_eps), _errors(rms["of the noise eps"])),
    )
    several = len(asked) > 1
    chart = Chart(
        "Its error (root mean square)",
        {name: (values.reshape(len(asked), -1) if several else values).numpy() for name, values in rms.items()},
        ("t = 0", f"t = {subject.schedule.num_timesteps - 1:,}"),
        second=several,
    )
    return Scene(
        "Timestep t: how noisy the question is",
        stop_words(t),
        (Row("The question, and the truth", truth), Row("The answer", answer)),
        (chart,),
        # Where there is much noise, a network shows best how much it has learnt.
        start=len(t) * 3 // 4 if several else len(t) // 2,
        second=Second("Saved step: how long it had learnt", _step_words(list(asked))) if several else None,
        remark=remark(list(asked), len(before) + 1, damaged, run.is_shipped()),
    )


def _step_words(steps: Sequence[int]) -> list[str]:
    return [f"after {step:,} training {'step' if step == 1 else 'steps'}" for step in steps]


def _errors(values: torch.Tensor) -> list[str]:
    return [f"error {value:.2f}" for value in values.tolist()]


def _rms(difference: torch.Tensor) -> torch.Tensor:
    return difference.square().flatten(1).mean(dim=1).sqrt()
