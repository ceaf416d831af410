"""A training in its run folder: one process that learns, saves, draws previews and obeys requests.

It runs the generator of :mod:`ddpm.training.loop` and writes the files that :mod:`ddpm.runs.run` describes. The weights
after each step do not depend on what is measured, drawn or saved here.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ddpm.base import hardware
from ddpm.jobs.cadence import Cadence, ClockCadence, Due
from ddpm.jobs.control import Context, Control, StopSwitch
from ddpm.jobs.follower import dismiss
from ddpm.jobs.length import Length, too_few_steps
from ddpm.jobs.plan import Plan, checkpoint_config, make_plan
from ddpm.jobs.recorder import Progress, Recorder, Watcher, explain
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.self_check import SelfCheck, fitting_evaluations, heldout_errors, question_itself
from ddpm.runs.checkpoint import load_state
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.names import check_name
from ddpm.runs.run import Run
from ddpm.runs.training_lock import announce_training, claim
from ddpm.sprites import SpriteError
from ddpm.training.clock import Clock
from ddpm.training.distributed import ALONE, Team, TeamError
from ddpm.training.loop import TrainingError, TrainingState, TrainingStep, train
from ddpm.training.loss_window import LossWindow
from ddpm.training.timetable import Stretch

_POLL_SECONDS = 0.2
# What a training's steps take is known after so many of them, or after this share of its time.
_TIMED_STEPS, _TIMED_SHARE = 20, 0.05
# Errors whose message already says what was wrong and what to do.
_EXPLAINED = (RunError, SpriteError, TrainingError, TeamError, CheckpointError)


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
    try:
        check_name(run.name)
        request.check()
        with claim(run, request.resume):
            return _Start(run, watch, switch or StopSwitch(), team).go(request)
    finally:
        dismiss(team)


class _Start:
    """One start of a run: everything before the first step, and the handling of errors."""

    def __init__(self, run: Run, watch: Watcher, switch: StopSwitch, team: Team) -> None:
        self._run = run
        self._id = os.environ.get("DDPM_START") or secrets.token_hex(8)
        self._control = Control(run, self._id, switch)
        self._recorder = Recorder(run, self._id, watch)
        self._context = Context(self._recorder.say, self._control.is_stopped, team)

    def go(self, request: TrainingRequest) -> Progress:
        was_there = self._run.exists()
        self._recorder.set_state("starting")
        announce_training(self._run, self._id)
        try:
            plan = make_plan(request, self._context)
        except BaseException as error:
            # The run has not changed; only the failure of this start is noted.
            self._recorder.step_back(error={"message": explain(error)} if isinstance(error, Exception) else None)
            raise
        try:
            self._run.sweep()
            state = plan.new_state(self._context.team.device)
            seconds = self._restore(plan, state) if was_there else 0.0
            self._recorder.note(seconds=seconds)
            clock = Clock(seconds)
            timetable, new = plan.timetable(state.step, seconds)
            length = Length(timetable, clock, state.step)
            for text in (*plan.sprites.notes, *plan.notes):
                self._recorder.say(text)
            if length.is_over():
                return self._nothing_to_do(state.step, length.total_steps())
            self._recorder.note(total_steps=length.total_steps(), minutes=length.minutes)
            if reason := self._control.stop_reason():
                return self._recorder.set_state("stopped", step=state.step, reason=reason)
            spent = sum(float(record["check"]["seconds"]) for record in self._run.metrics() if "check" in record)
            drawn = request.check_sprites
            check = SelfCheck(
                plan.sprites, plan.rows, plan.heldout, plan.schedule, plan.class_frequencies, spent, drawn
            )
            kept = request.keep_every
            by_clock = length.minutes is not None
            cadence = ClockCadence(length, state.step, kept) if by_clock else Cadence(length.total_steps(), kept)
            listening = (self._recorder, self._control, self._context.team)
            training = _Training(self._run, plan, state, length, cadence, clock, check, *listening)
            return training.go(new)
        except Exception as error:
            is_explained = isinstance(error, _EXPLAINED)
            if self._run.exists():
                tail = "" if is_explained else "".join(traceback.format_exception(error))[-4000:]
                self._recorder.set_state("failed", error={"message": explain(error), "traceback": tail})
            if is_explained:
                raise
            raise TrainingError(explain(error)) from error

    def _restore(self, plan: Plan, state: TrainingState) -> float:
        """Load the newest step that is not damaged; returns the seconds of training before it."""
        saved = self._run.steps()
        for step in reversed(saved):
            try:
                load_state(self._run.step_path(step), state)
            except CheckpointError as error:
                plan.notes.append(f"Step {step:,} cannot be used and is passed over. {error}")
                continue
            earlier = [record for record in self._run.metrics() if record["step"] <= step]
            return float(earlier[-1].get("seconds") or 0.0) if earlier else 0.0
        if saved:
            plan.notes.append("No saved step can be used: the training begins at step 0.")
        return 0.0

    def _nothing_to_do(self, step: int, total: int) -> Progress:
        self._recorder.note(state="finished", step=step, total_steps=total)
        self._recorder.tell(f"Nothing to do: the run is at step {step:,} of {total:,}.")
        progress = self._recorder.tell()
        # A shorter length that was requested is not kept.
        self._recorder.step_back()
        return progress


@dataclass
class _Training:
    """The loop: the training steps, and after each of them what is due."""

    run: Run
    plan: Plan
    state: TrainingState
    length: Length
    cadence: Cadence
    clock: Clock
    check: SelfCheck
    recorder: Recorder
    control: Control
    team: Team

    def go(self, new: Stretch | None) -> Progress:
        """Train; ``new`` is a stretch of the timetable that is yet to be written down."""
        plan, state, recorder = self.plan, self.state, self.recorder
        recorder.end_last_lines()
        if new is not None:
            recorder.add_stretch(new, durable=True)
        steps = self._remaining_steps()
        window = LossWindow(plan.schedule, plan.recipe.prediction_type, plan.recipe.even_log_snr)
        recorder.set_state("running", step=state.step, threads=torch.get_num_threads(), message=None)
        self._saved = state.step
        self._is_doubted = False
        self.length.go_on()
        try:
            while True:
                self.clock.start()
                self.team.tell({"do": "step"})
                result = next(steps)
                self.clock.stop(plan.recipe.batch_size)
                self.length.step_made(result.step)
                window.add(result)
                reason = self.control.stop_reason()
                due = self.cadence.after(result.step, reason is not None, self.check.fits(self.clock.seconds))
                self._read_clock(due)
                if due.log:
                    record = self._measure(window, due)
                if due.preview:
                    self.recorder.add_preview(self.state, self.plan.schedule, self.plan.class_frequencies)
                if due.save:
                    self._save()
                self._report(result)
                if due.check and self.check.possible:
                    question_itself(self.check, self.state.ema.model, self.recorder, self.control, record)
                if due.last:
                    break
                self._handle_requests()
        except BaseException:
            # Save what was learnt; an error in saving must not hide the first one.
            if state.step > self._saved and self.run.exists():
                with contextlib.suppress(Exception):
                    self._save()
            raise
        recorder.write_card()
        if due.finished:
            return recorder.set_state("finished", seconds_left=0)
        return recorder.set_state("stopped", reason=reason)

    def _remaining_steps(self) -> Iterator[TrainingStep]:
        """The remaining steps, in this process and in the others of its team."""
        plan, step = self.plan, self.state.step
        self.team.tell(
            {
                "do": "train",
                "config": plan.config,
                "timetable": self.length.timetable.to_list(),
                "threads": torch.get_num_threads(),
                "state": str(self.run.step_path(step).resolve()) if step else None,
            }
        )
        return train(
            self.state,
            plan.sprites,
            plan.rows,
            plan.schedule,
            plan.recipe,
            self.length.timetable,
            seed=plan.config["seed"],
            precision=plan.config["precision"],
            team=self.team,
        )

    def _read_clock(self, due: Due) -> None:
        """Write down how much of the time is gone, if it is time for that, before another step goes by it."""
        stretch = self.length.read_clock(now=due.save)
        if stretch is None:
            return
        self.recorder.add_stretch(stretch, durable=due.save)
        self.team.tell({"do": "stretch", "stretch": stretch.to_dict()})
        # The first steps are slower than those that follow.
        if self._is_doubted or (stretch.step < _TIMED_STEPS and self.length.share() < _TIMED_SHARE):
            return
        self._is_doubted = True
        assert stretch.minutes is not None
        if told := too_few_steps(self.plan.recipe, self.length.total_steps(), stretch.minutes):
            self.recorder.say(told)

    def _measure(self, window: LossWindow, due: Due) -> dict[str, Any]:
        """Write a line of measurements of the steps since the line before."""
        if not self.run.exists():
            raise TrainingError(f"The folder of the run {self.run.name!r} was removed while it was training.")
        record = {**window.summary(), "seconds": round(self.clock.seconds, 3)}
        if rate := self.clock.images_per_second():
            record["images_per_second"] = round(rate, 1)
        if due.save:
            record |= self._heldout_errors(final=due.finished)
        self.recorder.append(record)
        window.clear()
        return record

    def _heldout_errors(self, final: bool) -> dict[str, float]:
        plan, about = self.plan, (self.state, self.plan.sprites, self.plan.heldout, self.plan.schedule)
        errors = heldout_errors(*about, plan.config["precision"])
        if final and len(plan.heldout):
            most = fitting_evaluations(self.length.minutes, self.clock.images_per_second())
            fewer = "" if most is None else f" (with {most:,} draws, to keep to its time)"
            self.recorder.note(step=self.state.step)
            self.recorder.say(f"It measures its error once more, exactly{fewer}, on sprites that it never saw.")
            errors |= heldout_errors(*about, "float32", final=True, most=most)
            self.recorder.note(message=None)
        return errors

    def _save(self) -> None:
        state = self.state
        self.recorder.save(state, checkpoint_config(self.plan.config, self.length.total_steps()))
        if self.cadence.keeps(state.step, self._saved):
            self.run.pin(state.step)
        self._saved = state.step

    def _report(self, result: TrainingStep) -> None:
        self.recorder.report(
            step=result.step,
            loss=result.loss if math.isfinite(result.loss) else None,
            threads=torch.get_num_threads(),
            seconds=self.clock.seconds,
            images_per_second=self.clock.images_per_second(),
            total_steps=self.length.total_steps(),
            minutes=None if self.length.is_over() else self.length.minutes,
            share=self.length.share(),
            seconds_left=self.length.seconds_left(),
        )

    def _handle_requests(self) -> None:
        if (threads := self.control.new_threads()) is not None:
            self.team.tell({"do": "set", "threads": hardware.set_threads(threads)})
            self.clock.forget_rate()
        if self.control.wants_pause():
            # Save first, since the machine may be switched off during a pause.
            self._save()
            self.length.pause()
            self.recorder.set_state("paused")
            while self.control.wants_pause() and not self.control.is_stopped():
                time.sleep(_POLL_SECONDS)
                self.recorder.beat()
            self.length.go_on()
            self.recorder.set_state("running")
