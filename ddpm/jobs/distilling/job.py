"""A distillation as a process: what :mod:`ddpm.jobs.work` carries out, with a finished network as the teacher.

The files, the locks and the requests are those of a training, so it is watched, paused, stopped and resumed as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ddpm.base import hardware
from ddpm.diffusion.instant.levels import LEVELS
from ddpm.diffusion.unet import UNet
from ddpm.jobs.control import Context, Control, StopSwitch
from ddpm.jobs.distilling.plan import DistilPlan, make_distil_plan
from ddpm.jobs.distilling.request import DistilRequest
from ddpm.jobs.plan import training_rows
from ddpm.jobs.recorder import Progress, Recorder, Watcher
from ddpm.jobs.self_check import SelfCheck, question_itself
from ddpm.jobs.timing.length import Length, too_few_steps
from ddpm.jobs.work import Work, carry_out
from ddpm.runs.names import check_name
from ddpm.runs.run import Run
from ddpm.sprites import SpriteError, load_sprites
from ddpm.training.clock import Clock
from ddpm.training.distilling.lessons import Lessons, Pairs
from ddpm.training.distilling.loop import distil, jump_errors, new_student
from ddpm.training.loop import TrainingState, TrainingStep
from ddpm.training.loss_window import LossWindow
from ddpm.training.timetable import Timetable

_MEASURED = 64
# The seed of ways that are never learnt from: larger than any that a page offers.
_UNSEEN = 2**40


def run_distilling(request: DistilRequest, watch: Watcher, switch: StopSwitch | None = None) -> Progress:
    """Distil in this process until the end, a request to stop, or a failure; the last step is saved.

    Args:
        watch: called after each step, and with messages.
        switch: through which others request a stop.

    Returns:
        The last progress; its state is "finished" or "stopped".

    Raises:
        RunError: if a training is alive, the name is taken, options contradict the run, or it cannot be distilled.
        CheckpointError: if the weights to distil cannot be used.
        TrainingError: if it failed after its start; saved steps remain.
        OSError: if the run folder or the home cannot be written.
    """
    hardware.keep_memory()
    run = Run(request.folder)
    check_name(run.name)
    request.check()

    def begin(context: Context) -> Work:
        return _Distilling(make_distil_plan(request, context), request.check_sprites)

    return carry_out(run, begin, watch, switch, resume=request.resume)


class _Distilling(Work):
    """Learning from a finished network."""

    plan: DistilPlan

    def __init__(self, plan: DistilPlan, check_sprites: int) -> None:
        self.plan = plan
        self._check_sprites = check_sprites

    def new_state(self) -> TrainingState:
        return new_student(self.plan.recipe, self.plan.teacher)

    def steps(self, state: TrainingState, timetable: Timetable, saved: Path | None) -> Iterator[TrainingStep]:
        plan = self.plan
        return distil(
            state,
            plan.teacher,
            plan.schedule,
            plan.recipe,
            timetable,
            frequencies=plan.class_frequencies,
            seed=plan.config["seed"],
            precision=plan.config["precision"],
        )

    def window(self) -> LossWindow:
        return LossWindow()

    def errors(
        self, state: TrainingState, length: Length, clock: Clock, recorder: Recorder, final: bool
    ) -> dict[str, Any]:
        """How far the averaged weights are from the teacher on ways that are never learnt from, by noise level: the
        root mean square error of v."""
        with torch.no_grad():
            squares = jump_errors(state.ema.model, self.plan.schedule, self._unseen, self.plan.config["precision"])
        return {"distances": [float(level.mean().sqrt()) for level in squares.chunk(len(LEVELS))]}

    def doubt(self, steps: int, minutes: float) -> str:
        return too_few_steps(self.plan.recipe, steps, minutes, "Its jumps do not arrive")

    def check_fits(self, seconds: float) -> bool:
        """It is judged at its end alone."""
        return False

    def question(self, model: UNet, recorder: Recorder, control: Control, record: dict[str, Any]) -> None:
        """Compare samples with the sprites that the teacher learnt from, if they are here."""
        if not self._check_sprites:
            return
        config, frequencies = self.plan.config, self.plan.class_frequencies
        try:
            sprites = load_sprites(config["data"]["source"])
            if sprites.fingerprint != config["data"]["fingerprint"]:
                raise SpriteError("they have changed")
        except SpriteError as error:
            recorder.say(f"Its drawings are not judged, since the sprites it learnt from are not here: {error}")
            return
        rows = training_rows(sprites, config["holdout"], config.get("most"), self.plan.recipe.each_once)
        heldout = sprites.split()[1] if config["holdout"] else np.empty(0, np.int64)
        drawn = self._check_sprites
        check = SelfCheck(sprites, rows, heldout, self.plan.schedule, frequencies, sprites_drawn=drawn)
        if check.possible:
            question_itself(check, model, recorder, control, record)

    @cached_property
    def _unseen(self) -> Pairs:
        plan, precision = self.plan, self.plan.config["precision"]
        return Lessons(plan.teacher, plan.schedule, plan.class_frequencies, 0.0, _MEASURED, _UNSEEN, precision).at(0)
