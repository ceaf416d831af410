"""Distilling: lessons that depend on (seed, step) alone, steps that learn them, and an exact resume."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from ddpm import UNet
from ddpm.diffusion.instant.exact import exact_timesteps, exact_x0
from ddpm.runs.checkpoint import load_checkpoint, load_state, save_checkpoint
from ddpm.training.distilling.lessons import USES, Lessons
from ddpm.training.distilling.loop import distil, jump_errors, new_student, recipe_to_distil
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY, state_bytes, tiny_schedule, trained_state

SCHEDULE = tiny_schedule()


@pytest.fixture(scope="module")
def teacher() -> UNet:
    return trained_state(12, num_classes=3).model.eval()


def lessons(teacher: UNet, seed: int = 0, hidden: float = 0.5) -> Lessons:
    return Lessons(teacher, SCHEDULE, [0.5, 0.5, 0.0], hidden, 8, seed)


def test_lessons_are_a_function_of_seed_and_step(teacher: UNet) -> None:
    used = lessons(teacher)
    before = [used.at(step) for step in range(2 * USES)]
    again = lessons(teacher).at(2 * USES - 1)
    assert torch.equal(again.x_t, before[-1].x_t)
    assert torch.equal(again.x0, before[-1].x0)
    assert again.labels is not None
    assert before[-1].labels is not None
    assert torch.equal(again.labels, before[-1].labels)
    assert not torch.equal(lessons(teacher, seed=1).at(2 * USES - 1).x_t, again.x_t)


def test_a_lesson_is_the_teachers_own_way(teacher: UNet) -> None:
    ways = exact_timesteps(SCHEDULE)
    sheaf = lessons(teacher).sheaf(3)
    for i in range(2):
        below = None
        for level, pairs in zip(ways, sheaf, strict=True):
            x_t, x0, label = pairs[i]
            # Alone or among others, a way is the same up to rounding.
            reached = exact_x0(teacher, SCHEDULE, x_t[None], ways[level], label[None])[0]
            assert torch.allclose(reached, x0, atol=1e-4)
            if below is None:
                noise = x_t
            else:
                alpha_bar = float(SCHEDULE.alphas_cumprod[level])
                noise = (x_t - alpha_bar**0.5 * below) / (1 - alpha_bar) ** 0.5
            assert float(noise.std()) == pytest.approx(1, abs=0.1)
            below = x0


def test_pairs_are_spread_over_levels_and_kinds(teacher: UNet) -> None:
    pairs = lessons(teacher).at(40)
    assert pairs.t.tolist() == [level for level in exact_timesteps(SCHEDULE) for _ in range(2)]
    drawn = torch.cat([label for step in range(8) if (label := lessons(teacher).at(step).labels) is not None])
    assert set(drawn.tolist()) <= {-1, 0, 1}
    shown = lessons(teacher, hidden=0.0).at(0).labels
    assert shown is not None
    assert int(shown.min()) >= 0


def test_jumps_get_nearer_to_where_the_teacher_arrives(teacher: UNet) -> None:
    recipe = replace(recipe_to_distil(TINY, teacher), warmup_steps=2, learning_rate=1e-2)
    state = new_student(recipe, teacher)
    unseen = lessons(teacher, seed=99).at(0)

    def error() -> float:
        """Of the two levels with the most noise, where one call of the teacher is furthest from its way."""
        with torch.no_grad():
            return float(jump_errors(state.model, SCHEDULE, unseen, "float32").sqrt()[:4].mean())

    before = error()
    steps = list(distil(state, teacher, SCHEDULE, recipe, 40))
    assert error() < 0.9 * before
    assert [step.step for step in steps] == list(range(1, 41))
    assert not any(step.skipped for step in steps)


def test_resume_is_exact(teacher: UNet, tmp_path: Path) -> None:
    recipe = recipe_to_distil(TINY, teacher)
    total = USES + 3
    whole = new_student(recipe, teacher)
    for _ in distil(whole, teacher, SCHEDULE, recipe, total, seed=5):
        pass
    part = new_student(recipe, teacher)
    for _ in islice(distil(part, teacher, SCHEDULE, recipe, total, seed=5), USES + 1):
        pass
    config = {"schedule": {"num_timesteps": SCHEDULE.num_timesteps, "kind": SCHEDULE.kind}}
    folder = save_checkpoint(tmp_path / "steps", part, config)
    resumed = new_student(recipe, teacher)
    load_state(folder, resumed)
    for _ in distil(resumed, teacher, SCHEDULE, recipe, total, seed=5):
        pass
    assert state_bytes(resumed) == state_bytes(whole)
    assert load_checkpoint(folder).model.distilled


def test_the_teacher_does_not_change(teacher: UNet) -> None:
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    state = new_student(recipe_to_distil(TINY, teacher), teacher)
    for _ in distil(state, teacher, SCHEDULE, recipe_to_distil(TINY, teacher), 2):
        pass
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert not teacher.distilled
    assert state.model.distilled
    assert state.ema.model.distilled


def test_what_cannot_be_distilled_is_refused(teacher: UNet) -> None:
    with pytest.raises(ValueError, match="predicts the noise"):
        recipe_to_distil(RECIPES["original"], UNet((8, 8), prediction_type="eps"))
    with pytest.raises(ValueError, match="already"):
        recipe_to_distil(TINY, UNet((8, 8), prediction_type="v", distilled=True))
