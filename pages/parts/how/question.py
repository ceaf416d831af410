"""Scene: what the network is asked at a timestep, and what it answers."""

from __future__ import annotations

import torch

from pages.parts.how.pixels import as_error, as_noise, as_sprites
from pages.parts.how.scene import Chart, Panel, Row, Scene
from pages.parts.how.subject import Subject, stop_words


def answers(
    subject: Subject, x_t: torch.Tensor, t: torch.Tensor, with_kind: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """The network's (x0, eps), float32 (N, C, H, W), at x_t (N, C, H, W) and t (N,); told the sprite's kind or not."""
    labels = subject.labels(len(t)) if with_kind else None
    prediction = subject.model(x_t, t, labels=labels)
    return subject.schedule.split_prediction(prediction, x_t, t, subject.model.prediction_type)


def question(subject: Subject) -> Scene:
    """The network's answers about one sprite at every timestep, beside the truth."""
    t = subject.timesteps
    x0, eps = (one.expand(len(t), -1, -1, -1) for one in (subject.x0, subject.eps))
    x_t = subject.schedule.add_noise(x0, eps, t)
    believed_x0, believed_eps = answers(subject, x_t, t)
    error = (believed_x0 - x0).abs()
    rms = {"of x0": _rms(believed_x0 - x0), "of the noise eps": _rms(believed_eps - eps)}
    truth = (
        Panel("It sees: x_t", as_sprites(x_t)),
        Panel("The sprite beneath: x0", subject.image[None]),
        Panel("The noise in it: eps", as_noise(subject.eps)),
    )
    answer = (
        Panel("Where its x0 is wrong", as_error(error), ["black: nowhere"]),
        Panel("It believes: x0", as_sprites(believed_x0), [f"error {value:.2f}" for value in rms["of x0"]]),
        Panel("It believes: eps", as_noise(believed_eps), [f"error {value:.2f}" for value in rms["of the noise eps"]]),
    )
    chart = Chart(
        "Its error (root mean square)",
        {name: values.numpy() for name, values in rms.items()},
        ("t = 0", f"t = {subject.schedule.num_timesteps - 1:,}"),
    )
    rows = (Row("The question, and the truth", truth), Row("The answer", answer))
    return Scene("Timestep t: how noisy the question is", stop_words(t), rows, (chart,), start=len(t) // 2)


def _rms(difference: torch.Tensor) -> torch.Tensor:
    return difference.square().flatten(1).mean(dim=1).sqrt()
