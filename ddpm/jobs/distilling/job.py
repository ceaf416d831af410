"""A distillation in its run folder: one process that learns, saves, draws previews and obeys requests.

The files, the locks and the requests are those of a training (:mod:`ddpm.jobs.job`), so it is watched, paused, stopped
and resumed as one. The weights after each step do not depend on what is measured, drawn or saved here.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ddpm.base import hardware
from ddpm.diffusion.instant.levels import LEVELS
from ddpm.jobs.cadence import Cadence, Due
from ddpm.jobs.control import Context, Control, StopSwitch
from ddpm.jobs.distilling.plan import DistilPlan, make_distil_plan
from ddpm.jobs.distilling.request import DistilRequest
from ddpm.jobs.plan import checkpoint_config, training_rows
from ddpm.jobs.recorder import Progress, Recorder, Watcher, explain
from ddpm.jobs.self_check import SelfCheck, question_itself
from ddpm.runs.checkpoint import load_state
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.names import check_name
from ddpm.runs.run import Run
from ddpm.runs.training_lock import announce_training, claim
from ddpm.sprites import SpriteError, load_sprites
from ddpm.training.clock import Clock
from ddpm.training.distilling.lessons import Lessons, Pairs
from ddpm.training.distilling.loop import distil, jump_errors, new_student
from ddpm.training.loop import TrainingError, TrainingState, TrainingStep

_POLL_SECONDS = 0.2
_MEASURED = 64
# The seed of ways that are never learnt from: larger than any that a page offers.
_UNSEEN = 2**40
_EXPLAINED = (RunError, SpriteError, TrainingError, CheckpointError)


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
    with claim(run, request.resume):
        return _begin(run, request, watch, switch or StopSwitch())


def _begin(run: Run, request: DistilRequest, watch: Watcher, switch: StopSwitch) -> Progress:
    start = os.environ.get("DDPM_START") or secrets.token_hex(8)
    control, recorder = Control(run, start, switch), Recorder(run, start, watch)
    was_there = run.exists()
    recorder.set_state("starting")
    announce_training(run, start)
    try:
        plan = make_distil_plan(request, Context(recorder.say, control.is_stopped))
    except BaseException as error:
        # The run has not changed; only the failure of this start is noted.
        recorder.step_back(error={"message": explain(error)} if isinstance(error, Exception) else None)
        raise
    try:
        run.sweep()
        state = new_student(plan.recipe, plan.teacher)
        seconds = _restore(run, plan, state) if was_there else 0.0
        recorder.note(seconds=seconds)
        for text in plan.notes:
            recorder.say(text)
        if state.step >= plan.total_steps:
            recorder.note(state="finished", step=state.step, total_steps=plan.total_steps)
            recorder.tell(f"Nothing to do: the run is at step {state.step:,} of {plan.total_steps:,}.")
            progress = recorder.tell()
            recorder.step_back()
            return progress
        recorder.note(total_steps=plan.total_steps)
        if reason := control.stop_reason():
            return recorder.set_state("stopped", step=state.step, reason=reason)
        job = _Distilling(run, plan, state, Clock(seconds), recorder, control, request.check_sprites)
        return job.go()
    except Exception as error:
        is_explained = isinstance(error, _EXPLAINED)
        if run.exists():
            tail = "" if is_explained else "".join(traceback.format_exception(error))[-4000:]
            recorder.set_state("failed", error={"message": explain(error), "traceback": tail})
        if is_explained:
            raise
        raise TrainingError(explain(error)) from error


def _restore(run: Run, plan: DistilPlan, state: TrainingState) -> float:
    """Load the newest step that is not damaged; returns the seconds of work before it."""
    saved = run.steps()
    for step in reversed(saved):
        try:
            load_state(run.step_path(step), state)
        except CheckpointError as error:
            plan.notes.append(f"Step {step:,} cannot be used and is passed over. {error}")
            continue
        earlier = [record for record in run.metrics() if record["step"] <= step]
        return float(earlier[-1].get("seconds") or 0.0) if earlier else 0.0
    if saved:
        plan.notes.append("No saved step can be used: the distillation begins at step 0.")
    return 0.0


@dataclass
class _Distilling:
    """The loop: the steps, and after each of them what is due."""

    run: Run
    plan: DistilPlan
    state: TrainingState
    clock: Clock
    recorder: Recorder
    control: Control
    check_sprites: int
    _losses: list[float] = field(default_factory=list)
    _unseen: Pairs | None = None

    def go(self) -> Progress:
        plan, state, recorder = self.plan, self.state, self.recorder
        recorder.end_last_lines()
        cadence = Cadence(plan.total_steps)
        how = {"seed": plan.config["seed"], "precision": plan.config["precision"]}
        steps = distil(
            state,
            plan.teacher,
            plan.schedule,
            plan.recipe,
            plan.total_steps,
            frequencies=plan.class_frequencies,
            **how,
        )
        recorder.set_state("running", step=state.step, threads=torch.get_num_threads(), message=None)
        self._saved = state.step
        try:
            while True:
                self.clock.start()
                result = next(steps)
                self.clock.stop(plan.recipe.batch_size)
                if not result.skipped:
                    self._losses.append(result.loss)
                reason = self.control.stop_reason()
                due = cadence.after(result.step, reason is not None)
                self._after(result, due)
                if due.finished:
                    recorder.write_card()
                    return recorder.set_state("finished", seconds_left=0)
                if reason:
                    return self._stopped(reason)
                self._handle_requests()
        except BaseException:
            # Save what was learnt; an error in saving must not hide the first one.
            if state.step > self._saved and self.run.exists():
                with contextlib.suppress(Exception):
                    self._save()
            raise

    def _stopped(self, reason: str) -> Progress:
        self.recorder.write_card()
        return self.recorder.set_state("stopped", reason=reason)

    def _after(self, result: TrainingStep, due: Due) -> None:
        record = self._measure(result, due) if due.log else {}
        if due.preview:
            self.recorder.add_preview(self.state, self.plan.schedule, self.plan.class_frequencies)
        if due.save:
            self._save()
        self.recorder.report(
            step=result.step,
            loss=result.loss if math.isfinite(result.loss) else None,
            threads=torch.get_num_threads(),
            seconds=self.clock.seconds,
            images_per_second=self.clock.images_per_second(),
            seconds_left=self.clock.seconds_left(self.plan.total_steps - result.step),
        )
        if due.finished and self.check_sprites:
            self._check_samples(record)

    def _measure(self, result: TrainingStep, due: Due) -> dict[str, Any]:
        """Write a line of measurements of the steps since the line before."""
        if not self.run.exists():
            raise TrainingError(f"The folder of the run {self.run.name!r} was removed while it was distilled.")
        record: dict[str, Any] = {
            "step": result.step,
            "loss": float(np.mean(self._losses)) if self._losses else None,
            "learning_rate": result.learning_rate,
            "seconds": round(self.clock.seconds, 3),
        }
        if rate := self.clock.images_per_second():
            record["images_per_second"] = round(rate, 1)
        if due.save:
            record["distances"] = self._distances()
        self._losses.clear()
        self.recorder.append({name: value for name, value in record.items() if value is not None})
        return record

    def _distances(self) -> list[float]:
        """How far the averaged weights are from the teacher on ways that are never learnt from, by noise level: the
        root mean square error of v."""
        plan, precision = self.plan, self.plan.config["precision"]
        if self._unseen is None:
            about = (plan.teacher, plan.schedule, plan.class_frequencies, 0.0, _MEASURED, _UNSEEN, precision)
            self._unseen = Lessons(*about).at(0)
        with torch.no_grad():
            squares = jump_errors(self.state.ema.model, plan.schedule, self._unseen, precision)
        return [float(level.mean().sqrt()) for level in squares.chunk(len(LEVELS))]

    def _save(self) -> None:
        state = self.state
        self.recorder.save(state, checkpoint_config(self.plan.config, self.plan.total_steps))
        self._saved = state.step

    def _check_samples(self, record: dict[str, Any]) -> None:
        """Compare samples with the sprites that it learnt from, if they are here; another line of this step."""
        config = self.plan.config
        try:
            sprites = load_sprites(config["data"]["source"])
            if sprites.fingerprint != config["data"]["fingerprint"]:
                raise SpriteError("they have changed")
        except SpriteError as error:
            self.recorder.say(f"Its drawings are not judged, since the sprites it learnt from are not here: {error}")
            return
        rows = training_rows(sprites, config["holdout"], config.get("most"), self.plan.recipe.each_once)
        heldout = sprites.split()[1] if config["holdout"] else np.empty(0, np.int64)
        frequencies = self.plan.class_frequencies
        check = SelfCheck(sprites, rows, heldout, self.plan.schedule, frequencies, sprites_drawn=self.check_sprites)
        if check.possible:
            question_itself(check, self.state.ema.model, self.recorder, self.control, record)

    def _handle_requests(self) -> None:
        if (threads := self.control.new_threads()) is not None:
            hardware.set_threads(threads)
            self.clock.forget_rate()
        if self.control.wants_pause():
            # Save first, since the machine may be switched off during a pause.
            self._save()
            self.recorder.set_state("paused")
            while self.control.wants_pause() and not self.control.is_stopped():
                time.sleep(_POLL_SECONDS)
                self.recorder.beat()
            self.recorder.set_state("running")
