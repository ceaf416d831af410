"""A training as a process: what :mod:`ddpm.jobs.work` carries out, with sprites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ddpm.base import hardware
from ddpm.diffusion.unet import UNet
from ddpm.jobs.control import Context, Control, StopSwitch
from ddpm.jobs.follower import dismiss
from ddpm.jobs.plan import Plan, make_plan
from ddpm.jobs.recorder import Progress, Recorder, Watcher
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.self_check import SelfCheck, fitting_evaluations, heldout_errors, question_itself
from ddpm.jobs.timing.length import Length, too_few_steps
from ddpm.jobs.work import Work, carry_out
from ddpm.runs.names import check_name
from ddpm.runs.run import Run
from ddpm.training.clock import Clock
from ddpm.training.distributed import ALONE, Team
from ddpm.training.loop import TrainingState, TrainingStep, train
from ddpm.training.loss_window import NoiseErrorWindow
from ddpm.training.timetable import Timetable


def run_training(
    request: TrainingRequest, watch: Watcher, switch: StopSwitch | None = None, team: Team = ALONE
) -> Progress:
    """Train in this process until the end, a request to stop, or a failure; the last step is saved.

    Args:
        watch: called after each step, and with messages.
        switch: through which others request a stop.
        team: the processes that share the training; this one leads, the others :func:`ddpm.jobs.follower.follow`.

    Returns:
        The last progress; its state is "finished" or "stopped".

    Raises:
        RunError: if another training is alive, the name is taken, or options contradict the run.
        SpriteError: if the sprites cannot be loaded.
        TrainingError: if it failed after its start; saved steps remain.
        TeamError: if another process of the team has ended.
        ValueError: for an unknown preset or precision.
        OSError: if the run folder or the home cannot be written.
    """
    hardware.keep_memory()
    run = Run(request.folder)

    def begin(context: Context) -> Work:
        return _Training(run, make_plan(request, context), request, team)

    try:
        check_name(run.name)
        request.check()
        return carry_out(run, begin, watch, switch, team, request.resume)
    finally:
        dismiss(team)


class _Training(Work):
    """Learning from sprites."""

    plan: Plan

    def __init__(self, run: Run, plan: Plan, request: TrainingRequest, team: Team) -> None:
        plan.notes[:0] = plan.sprites.notes
        self.plan, self.team, self.keep_every = plan, team, request.keep_every
        spent = sum(float(record["check"]["seconds"]) for record in run.metrics() if "check" in record)
        self._check = SelfCheck(
            plan.sprites,
            plan.rows,
            plan.heldout,
            plan.schedule,
            plan.class_frequencies,
            spent,
            request.check_sprites,
        )

    def new_state(self) -> TrainingState:
        return self.plan.new_state(self.team.device)

    def steps(self, state: TrainingState, timetable: Timetable, saved: Path | None) -> Iterator[TrainingStep]:
        """The remaining steps, in this process and in the others of its team."""
        plan = self.plan
        self.team.tell(
            {
                "do": "train",
                "config": plan.config,
                "timetable": timetable.to_list(),
                "threads": torch.get_num_threads(),
                "state": None if saved is None else str(saved),
            }
        )
        return train(
            state,
            plan.sprites,
            plan.rows,
            plan.schedule,
            plan.recipe,
            timetable,
            seed=plan.config["seed"],
            precision=plan.config["precision"],
            team=self.team,
        )

    def window(self) -> NoiseErrorWindow:
        recipe = self.plan.recipe
        return NoiseErrorWindow(self.plan.schedule, recipe.prediction_type, recipe.even_log_snr)

    def errors(
        self, state: TrainingState, length: Length, clock: Clock, recorder: Recorder, final: bool
    ) -> dict[str, Any]:
        """Errors on held-out sprites."""
        plan = self.plan
        about = (state, plan.sprites, plan.heldout, plan.schedule)
        errors = heldout_errors(*about, plan.config["precision"])
        if final and len(plan.heldout):
            most = fitting_evaluations(length.minutes, clock.images_per_second())
            fewer = "" if most is None else f" (with {most:,} draws, to keep to its time)"
            recorder.note(step=state.step)
            recorder.say(f"It measures its error once more, exactly{fewer}, on sprites that it never saw.")
            errors |= heldout_errors(*about, "float32", final=True, most=most)
            recorder.note(message=None)
        return errors

    def doubt(self, steps: int, minutes: float) -> str:
        return too_few_steps(self.plan.recipe, steps, minutes)

    def check_fits(self, seconds: float) -> bool:
        return self._check.fits(seconds)

    def question(self, model: UNet, recorder: Recorder, control: Control, record: dict[str, Any]) -> None:
        if self._check.possible:
            question_itself(self._check, model, recorder, control, record)
