"""Training: a function of (seed, step) alone, and hard to break."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ddpm.base import seeds
from ddpm.runs.checkpoint import load_state, save_checkpoint
from ddpm.training.epochs import EpochOrder
from ddpm.training.heldout import heldout_loss
from ddpm.training.learning_rate import learning_rate_at
from ddpm.training.loop import TrainingError, TrainingState, new_state, train
from ddpm.training.optimizer import Optimizer
from ddpm.training.recipes import Recipe
from tests.ddpm.helpers import TINY, Rows, simple_sprites, state_bytes, tiny_schedule, trained_state

PLAIN = replace(TINY, dropout=0.0, classes=False)


def rows_of(count: int) -> Rows:
    return Rows(simple_sprites(count), np.arange(count) % 3)


def run(state: TrainingState, sprites: Rows, total: int, recipe: Recipe = TINY, **options: Any) -> list[Any]:
    rows = np.arange(len(sprites.images))
    return list(train(state, sprites, rows, tiny_schedule(recipe), recipe, total, **options))


# Resuming


@pytest.mark.parametrize("count", [20, 5], ids=["epochs end within batches", "a batch is larger than the data"])
def test_resuming_from_every_step_equals_never_stopping(count: int, tmp_path: Path) -> None:
    sprites, total = rows_of(count), 11
    state = new_state(TINY, 3, seed=4)
    config = {"schedule": {"num_timesteps": 1000, "kind": "cosine"}}
    folders = [save_checkpoint(tmp_path, state, config)]
    expected = {}
    for step in train(state, sprites, np.arange(count), tiny_schedule(), TINY, total, seed=4):
        folders.append(save_checkpoint(tmp_path, state, config))
        expected[step.step] = (state_bytes(state), step.loss, step.grad_norm, step.losses.tolist())
    for folder in folders:
        # Other weights and other numbers drawn before: neither may matter.
        resumed = new_state(TINY, 3, seed=99)
        torch.manual_seed(int(folder.name))
        load_state(folder, resumed)
        assert resumed.step == int(folder.name)
        for step in train(resumed, sprites, np.arange(count), tiny_schedule(), TINY, total, seed=4):
            found = (state_bytes(resumed), step.loss, step.grad_norm, step.losses.tolist())
            assert found == expected[step.step], f"from {folder.name}, step {step.step}"
        assert resumed.step == total


def test_the_seed_decides() -> None:
    def end(seed: int) -> dict[str, bytes]:
        state = new_state(TINY, 3, seed)
        run(state, rows_of(20), 3, seed=seed)
        return state_bytes(state)

    assert end(1) == end(1)
    assert end(1) != end(2)


def test_fresh_weights_are_a_function_of_the_seed() -> None:
    torch.manual_seed(1)
    first = state_bytes(new_state(TINY, 3, 7))
    torch.manual_seed(2)
    assert state_bytes(new_state(TINY, 3, 7)) == first
    assert state_bytes(new_state(TINY, 3, 8)) != first


@pytest.mark.parametrize("name", ["step", "epoch", "dropout"])
def test_each_purpose_of_random_numbers_matters(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is really drawn from: the test above would pass too if, say, dropout were off."""
    expected = state_bytes(trained_state(2, num_classes=3))
    real = seeds.seed_for

    def other(purpose: str, *numbers: int) -> int:
        return real(purpose + "!" if purpose == name else purpose, *numbers)

    monkeypatch.setattr(seeds, "seed_for", other)
    assert state_bytes(trained_state(2, num_classes=3)) != expected


# What a step does


def test_dropout_begins_when_the_recipe_says() -> None:
    def losses(recipe: Recipe) -> list[float]:
        return [step.loss for step in run(new_state(recipe, 3, 0), rows_of(20), 5, recipe)]

    without = losses(replace(TINY, dropout=0.0))
    late = losses(replace(TINY, dropout=0.5, dropout_start=0.6))
    assert late[:3] == without[:3]
    assert late[3] != without[3]
    assert losses(replace(TINY, dropout=0.5, dropout_start=0))[:3] != without[:3]
    assert losses(replace(TINY, dropout=0.5, dropout_min_steps=6)) == without


def test_steps_count_and_tell() -> None:
    sprites = rows_of(20)
    state = new_state(TINY, 3, 0)
    steps = run(state, sprites, 5)
    assert [step.step for step in steps] == [1, 2, 3, 4, 5]
    assert state.step == 5
    for number, step in enumerate(steps):
        assert step.loss == pytest.approx(float(step.losses.mean()), rel=1e-5)
        assert step.losses.shape == step.t.shape == (8,)
        assert not step.losses.requires_grad
        assert 0 <= int(step.t.min()) <= int(step.t.max()) < 1000
        assert step.grad_norm > 0
        assert step.learning_rate == learning_rate_at(TINY, number, 5)
        assert not step.skipped
    assert run(state, sprites, 5) == []
    assert run(state, sprites, 3) == []


@pytest.mark.parametrize("prediction_type", ["eps", "v"])
def test_the_first_loss_is_that_of_predicting_nothing(prediction_type: Any) -> None:
    """A fresh network says 0: the loss is the mean square of its target, 1 for eps."""
    asked = replace(PLAIN, prediction_type=prediction_type, batch_size=64)
    sprites = rows_of(64)
    first = run(new_state(asked, None, 0), sprites, 1, asked)[0]
    if prediction_type == "eps":
        assert first.loss == pytest.approx(1, abs=0.03)
    else:
        alpha_bar = tiny_schedule().alphas_cumprod[first.t]
        x0 = sprites.batch(EpochOrder(np.arange(64), 64, 0).batch(0)).double()
        expected = alpha_bar + (1 - alpha_bar) * x0.square().mean(dim=(1, 2, 3))
        torch.testing.assert_close(first.losses.double(), expected, rtol=0.2, atol=0.05)


def test_the_loss_falls() -> None:
    sprites = rows_of(12)
    asked = replace(PLAIN, learning_rate=5e-3)
    losses = [step.loss for step in run(new_state(asked, None, 0), sprites, 200, asked)]
    assert np.mean(losses[-40:]) < 0.5 * np.mean(losses[:5])


def test_the_average_follows_the_weights() -> None:
    state = new_state(PLAIN, None, 0)
    averages, weights = state.ema.model.state_dict(), state.model.state_dict()
    expected = {name: value.clone().double() for name, value in weights.items()}
    rows = np.arange(12)
    for step in train(state, rows_of(12), rows, tiny_schedule(), PLAIN, 6):
        decay = step.step / (9 + step.step)
        for name, value in weights.items():
            expected[name] = decay * expected[name] + (1 - decay) * value.double()
    for name, value in averages.items():
        torch.testing.assert_close(value.double(), expected[name], rtol=1e-4, atol=1e-6)
    assert not torch.equal(averages["stem.weight"], weights["stem.weight"])


class Descent(Optimizer):
    """Plain descent: a step is as long as its gradient."""

    def step(self, learning_rate: float) -> None:
        torch.optim.SGD(self._parameters.values(), lr=learning_rate).step()


def test_the_gradient_is_clipped() -> None:
    def movement(clip: float | None) -> float:
        asked = replace(PLAIN, clip_norm=clip, learning_rate=1.0, warmup_steps=0, cosine_decay=False)
        state = new_state(asked, None, 0)
        state.optimizer = Descent(state.model, "adamw", 0.0)
        before = torch.cat([p.detach().flatten().clone() for p in state.model.parameters()])
        step = run(state, rows_of(12), 1, asked)[0]
        assert step.grad_norm > 0.2
        after = torch.cat([p.detach().flatten() for p in state.model.parameters()])
        return float((after - before).norm()) / step.grad_norm

    assert movement(None) == pytest.approx(1, rel=1e-3)
    assert movement(0.1) < 0.5


def test_labels_are_hidden_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    state = new_state(replace(TINY, label_dropout=0.5), 3, 0)
    real = state.model.forward

    def forward(x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        assert labels is not None
        seen.extend(labels.tolist())
        return real(x_t, t, labels)

    monkeypatch.setattr(state.model, "forward", forward)
    run(state, rows_of(20), 30, replace(TINY, label_dropout=0.5))
    assert set(seen) == {-1, 0, 1, 2}
    assert seen.count(-1) / len(seen) == pytest.approx(0.5, abs=0.15)


def test_data_without_labels_and_recipes_without_classes() -> None:
    sprites = Rows(simple_sprites(12))
    assert not run(new_state(TINY, None, 0), sprites, 2)[-1].skipped
    state = new_state(PLAIN, 3, 0)
    assert state.model.num_classes is None
    assert not run(state, rows_of(12), 2, PLAIN)[-1].skipped


def test_only_the_given_rows_are_read() -> None:
    class Watched(Rows):
        asked: set[int] = set()

        def batch(self, rows: np.ndarray) -> torch.Tensor:
            self.asked |= set(rows.tolist())
            return super().batch(rows)

    sprites = Watched(simple_sprites(20))
    rows = np.array([3, 5, 8, 13])
    list(train(new_state(PLAIN, None, 0), sprites, rows, tiny_schedule(), PLAIN, 3))
    assert sprites.asked == {3, 5, 8, 13}


def test_bfloat16_trains_float32_weights() -> None:
    state = new_state(TINY, 3, 0)
    steps = run(state, rows_of(12), 3, precision="bfloat16")
    assert all(not step.skipped for step in steps)
    assert steps[0].losses.dtype == torch.float32
    assert all(value.dtype == torch.float32 for value in state.model.state_dict().values())
    assert steps[-1].loss != run(new_state(TINY, 3, 0), rows_of(12), 3)[-1].loss


# What it leaves alone


def test_the_consumer_keeps_its_modes() -> None:
    def modes() -> tuple[bool, ...]:
        return (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"))

    rows = np.arange(12)
    state = new_state(TINY, 3, 0)
    for _ in train(state, rows_of(12), rows, tiny_schedule(), TINY, 2, precision="bfloat16"):
        assert modes() == (True, False, False)
    with torch.no_grad():
        # Whoever draws previews may have switched gradients off: the training needs them all the same.
        for step in train(state, rows_of(12), rows, tiny_schedule(), TINY, 4):
            assert modes() == (False, False, False)
            assert step.grad_norm > 0
    assert modes() == (True, False, False)


def test_the_random_numbers_of_others_are_left_alone() -> None:
    torch.manual_seed(3)
    np.random.seed(3)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[index]
    state = new_state(TINY, 3, 0)
    for _ in train(state, rows_of(12), np.arange(12), tiny_schedule(), TINY, 2):
        assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == numpy_before  # type: ignore[index]


def test_the_consumer_may_draw_and_look_in_between() -> None:
    expected = state_bytes(trained_state(4, num_classes=3))
    state = new_state(TINY, 3, 0)
    sprites = Rows(simple_sprites(12), np.arange(12) % 3)
    for _ in train(state, sprites, np.arange(12), tiny_schedule(), TINY, 4):
        torch.randn(17)
        state.model.eval()
        heldout_loss(state.model, sprites, np.arange(4), tiny_schedule(), evaluations=4)
    assert state_bytes(state) == expected


# What goes wrong


class Poisoned(Rows):
    """Some rows hold NaN, as no uint8 can: it stands for any overflow on the way."""

    bad: set[int] = set()

    def batch(self, rows: np.ndarray) -> torch.Tensor:
        x0 = super().batch(rows)
        x0[np.isin(rows, list(self.bad))] = math.nan
        return x0


def test_a_step_without_a_finite_loss_is_skipped() -> None:
    sprites = Poisoned(simple_sprites(16))
    sprites.bad = {3}
    state = new_state(PLAIN, None, 0)
    before = state_bytes(state)
    outcomes = []
    # Two steps an epoch, one of which meets row 3.
    for step in train(state, sprites, np.arange(16), tiny_schedule(), PLAIN, 20):
        after = state_bytes(state)
        moved = any(after[name] != before[name] for name in after if name != "step")
        assert moved is not step.skipped
        assert math.isnan(step.loss) is step.skipped
        assert after["step"] == str(step.step).encode()
        before = after
        outcomes.append(step.skipped)
    assert sum(outcomes) == 10
    assert all(torch.isfinite(value).all() for value in state.model.state_dict().values())
    assert all(torch.isfinite(value).all() for value in state.ema.model.state_dict().values())


def test_an_infinite_gradient_is_skipped() -> None:
    state = new_state(PLAIN, None, 0)
    run(state, rows_of(12), 2, PLAIN)
    before = {name: value for name, value in state_bytes(state).items() if name != "step"}
    handle = state.model.stem.weight.register_hook(lambda grad: grad * math.inf)
    step = run(state, rows_of(12), 3, PLAIN)[0]
    handle.remove()
    assert step.skipped
    assert math.isfinite(step.loss)
    assert {name: value for name, value in state_bytes(state).items() if name != "step"} == before
    assert not run(state, rows_of(12), 4, PLAIN)[0].skipped


def test_twenty_broken_steps_in_a_row_end_the_training() -> None:
    sprites = Poisoned(simple_sprites(16))
    state = new_state(PLAIN, None, 0)
    run(state, sprites, 3, PLAIN)
    good = {name: value for name, value in state_bytes(state).items() if name != "step"}
    sprites.bad = set(range(16))
    seen = []
    steps = train(state, sprites, np.arange(16), tiny_schedule(), PLAIN, 1000)
    with pytest.raises(TrainingError, match="smaller learning rate"):
        seen.extend(steps)
    assert len(seen) == 19
    assert all(step.skipped for step in seen)
    assert {name: value for name, value in state_bytes(state).items() if name != "step"} == good


def test_an_absurd_learning_rate_leaves_finite_weights() -> None:
    absurd = replace(PLAIN, learning_rate=1e6, warmup_steps=0, clip_norm=None)
    state = new_state(absurd, None, 0)
    with contextlib.suppress(TrainingError):
        run(state, rows_of(12), 60, absurd)
    assert all(torch.isfinite(value).all() for value in state.model.state_dict().values())


def test_no_rows() -> None:
    nothing = np.empty(0, np.int64)
    with pytest.raises(ValueError, match="no sprites"):
        next(train(new_state(PLAIN, None, 0), rows_of(3), nothing, tiny_schedule(), PLAIN, 5))
    with pytest.raises(ValueError, match="no held-out"):
        heldout_loss(new_state(PLAIN, None, 0).model, rows_of(3), nothing, tiny_schedule())
