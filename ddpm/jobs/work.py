"""A run in its folder: one process that learns, saves, draws previews and obeys requests, whatever is learnt.

It goes through a generator of steps and writes the files that :mod:`ddpm.runs.run` describes. The weights after each
step do not depend on what is measured, drawn or saved here.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ddpm.base import hardware
from ddpm.diffusion.unet import UNet
from ddpm.jobs.control import Context, Control, StopSwitch
from ddpm.jobs.plan import checkpoint_config
from ddpm.jobs.recorder import Progress, Recorder, Watcher, explain
from ddpm.jobs.run_plan import RunPlan
from ddpm.jobs.timing.cadence import Cadence, ClockCadence, Due
from ddpm.jobs.timing.length import Length
from ddpm.runs.checkpoint import load_state
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from ddpm.runs.training_lock import announce_training, claim
from ddpm.sprites import SpriteError
from ddpm.training.clock import Clock
from ddpm.training.distributed import ALONE, Team, TeamError
from ddpm.training.loop import TrainingError, TrainingState, TrainingStep
from ddpm.training.loss_window import LossWindow
from ddpm.training.timetable import Stretch, Timetable

_POLL_SECONDS = 0.2
# What a run's steps take is known after so many of them, or after this share of its time.
_TIMED_STEPS, _TIMED_SHARE = 20, 0.05
# Errors whose message already says what was wrong and what to do.
_EXPLAINED = (RunError, SpriteError, TrainingError, TeamError, CheckpointError)


class Work(ABC):
    """What is learnt, and how: a training, or a distillation.

    Attributes:
        keep_every: see :class:`ddpm.jobs.timing.cadence.Cadence`.
    """

    plan: RunPlan
    team: Team = ALONE
    keep_every: int = 0

    @abstractmethod
    def new_state(self) -> TrainingState:
        """The weights from which step 1 is made."""

    @abstractmethod
    def steps(self, state: TrainingState, timetable: Timetable, saved: Path | None) -> Iterator[TrainingStep]:
        """The remaining steps; ``saved`` is the folder that the state was loaded from."""

    @abstractmethod
    def window(self) -> LossWindow:
        """What sums up the losses between two lines of measurements."""

    @abstractmethod
    def errors(
        self, state: TrainingState, length: Length, clock: Clock, recorder: Recorder, final: bool
    ) -> dict[str, Any]:
        """What is measured at each saved step, JSON values; ``final``: after the last one."""

    @abstractmethod
    def doubt(self, steps: int, minutes: float) -> str:
        """In words, that so many steps, which fit into the minutes, are too few to learn; empty if they are not."""

    @abstractmethod
    def check_fits(self, seconds: float) -> bool:
        """Whether there is time for a self-check after ``seconds`` of steps; one at the end is always made."""

    @abstractmethod
    def question(self, model: UNet, recorder: Recorder, control: Control, record: dict[str, Any]) -> None:
        """Draw samples and judge them, if that is possible; arguments as for
        :func:`ddpm.jobs.self_check.question_itself`."""


def carry_out(
    run: Run,
    begin: Callable[[Context], Work],
    watch: Watcher,
    switch: StopSwitch | None = None,
    team: Team = ALONE,
    resume: bool = False,
) -> Progress:
    """Work in this process until the end, a request to stop, or a failure; the last step is saved.

    Args:
        begin: makes the plan, and writes it for a new run.
        watch: called after each step, and with messages.
        switch: through which others request a stop.

    Returns:
        The last progress; its state is "finished" or "stopped".

    Raises:
        RunError: if a training is alive, or the name is taken.
        TrainingError: if it failed after its start; saved steps remain.
        OSError: if the run folder or the home cannot be written.
        Exception: what ``begin`` raises.
    """
    with claim(run, resume):
        return _Start(run, watch, switch or StopSwitch(), team).go(begin)


class _Start:
    """One start of a run: everything before the first step, and the handling of errors."""

    def __init__(self, run: Run, watch: Watcher, switch: StopSwitch, team: Team) -> None:
        self._run = run
        self._id = os.environ.get("DDPM_START") or secrets.token_hex(8)
        self._control = Control(run, self._id, switch)
        self._recorder = Recorder(run, self._id, watch)
        self._context = Context(self._recorder.say, self._control.is_stopped, team)

    def go(self, begin: Callable[[Context], Work]) -> Progress:
        was_there = self._run.exists()
        self._recorder.set_state("starting")
        announce_training(self._run, self._id)
        try:
            work = begin(self._context)
        except BaseException as error:
            # The run has not changed; only the failure of this start is noted.
            self._recorder.step_back(error={"message": explain(error)} if isinstance(error, Exception) else None)
            raise
        try:
            self._run.sweep()
            state = work.new_state()
            seconds = self._restore(work.plan, state) if was_there else 0.0
            self._recorder.note(seconds=seconds)
            clock = Clock(seconds)
            timetable, new = work.plan.timetable(state.step, seconds)
            length = Length(timetable, clock, state.step)
            for text in work.plan.notes:
                self._recorder.say(text)
            if length.is_over():
                return self._nothing_to_do(state.step, length.total_steps())
            self._recorder.note(total_steps=length.total_steps(), minutes=length.minutes)
            if reason := self._control.stop_reason():
                return self._recorder.set_state("stopped", step=state.step, reason=reason)
            return _Loop(self._run, work, state, length, clock, self._recorder, self._control).go(new)
        except Exception as error:
            is_explained = isinstance(error, _EXPLAINED)
            if self._run.exists():
                tail = "" if is_explained else "".join(traceback.format_exception(error))[-4000:]
                self._recorder.set_state("failed", error={"message": explain(error), "traceback": tail})
            if is_explained:
                raise
            raise TrainingError(explain(error)) from error

    def _restore(self, plan: RunPlan, state: TrainingState) -> float:
        """Load the newest step that is not damaged; returns the seconds of work before it."""
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
            plan.notes.append("No saved step can be used: it begins at step 0.")
        return 0.0

    def _nothing_to_do(self, step: int, total: int) -> Progress:
        self._recorder.note(state="finished", step=step, total_steps=total)
        self._recorder.tell(f"Nothing to do: the run is at step {step:,} of {total:,}.")
        progress = self._recorder.tell()
        # A shorter length that was requested is not kept.
        self._recorder.step_back()
        return progress


@dataclass
class _Loop:
    """The steps, and after each of them what is due."""

    run: Run
    work: Work
    state: TrainingState
    length: Length
    clock: Clock
    recorder: Recorder
    control: Control

    def go(self, new: Stretch | None) -> Progress:
        """Make the remaining steps; ``new`` is a stretch of the timetable that is yet to be written down."""
        work, state, recorder = self.work, self.state, self.recorder
        recorder.end_last_lines()
        if new is not None:
            recorder.add_stretch(new, durable=True)
        saved = self.run.step_path(state.step).resolve() if state.step else None
        steps = work.steps(state, self.length.timetable, saved)
        window, cadence = work.window(), self._cadence()
        recorder.set_state("running", step=state.step, threads=torch.get_num_threads(), message=None)
        self._saved = state.step
        self._is_doubted = False
        self.length.go_on()
        try:
            while True:
                self.clock.start()
                work.team.tell({"do": "step"})
                result = next(steps)
                self.clock.stop(work.plan.recipe.batch_size)
                self.length.step_made(result.step)
                window.add(result)
                reason = self.control.stop_reason()
                due = cadence.after(result.step, reason is not None, work.check_fits(self.clock.seconds))
                self._read_clock(due)
                if due.log:
                    record = self._measure(window, due)
                if due.preview:
                    recorder.add_preview(state, work.plan.schedule, work.plan.class_frequencies)
                if due.save:
                    self._save(cadence)
                self._report(result)
                if due.check:
                    work.question(state.ema.model, recorder, self.control, record)
                if due.last:
                    break
                self._handle_requests(cadence)
        except BaseException:
            # Save what was learnt; an error in saving must not hide the first one.
            if state.step > self._saved and self.run.exists():
                with contextlib.suppress(Exception):
                    self._save(cadence)
            raise
        recorder.write_card()
        if due.finished:
            return recorder.set_state("finished", seconds_left=0)
        return recorder.set_state("stopped", reason=reason)

    def _cadence(self) -> Cadence:
        kept = self.work.keep_every
        if self.length.minutes is None:
            return Cadence(self.length.total_steps(), kept)
        return ClockCadence(self.length, self.state.step, kept)

    def _read_clock(self, due: Due) -> None:
        """Write down how much of the time is gone, if it is time for that, before another step goes by it."""
        stretch = self.length.read_clock(now=due.save)
        if stretch is None:
            return
        self.recorder.add_stretch(stretch, durable=due.save)
        self.work.team.tell({"do": "stretch", "stretch": stretch.to_dict()})
        # The first steps are slower than those that follow.
        if self._is_doubted or (stretch.step < _TIMED_STEPS and self.length.share() < _TIMED_SHARE):
            return
        self._is_doubted = True
        assert stretch.minutes is not None
        if told := self.work.doubt(self.length.total_steps(), stretch.minutes):
            self.recorder.say(told)

    def _measure(self, window: LossWindow, due: Due) -> dict[str, Any]:
        """Write a line of measurements of the steps since the line before."""
        if not self.run.exists():
            raise TrainingError(f"The folder of the run {self.run.name!r} was removed while it was training.")
        record = {**window.summary(), "seconds": round(self.clock.seconds, 3)}
        if rate := self.clock.images_per_second():
            record["images_per_second"] = round(rate, 1)
        if due.save:
            record |= self.work.errors(self.state, self.length, self.clock, self.recorder, due.finished)
        self.recorder.append(record)
        window.clear()
        return record

    def _save(self, cadence: Cadence) -> None:
        state = self.state
        self.recorder.save(state, checkpoint_config(self.work.plan.config, self.length.total_steps()))
        if cadence.keeps(state.step, self._saved):
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

    def _handle_requests(self, cadence: Cadence) -> None:
        if (threads := self.control.new_threads()) is not None:
            self.work.team.tell({"do": "set", "threads": hardware.set_threads(threads)})
            self.clock.forget_rate()
        if self.control.wants_pause():
            # Save first, since the machine may be switched off during a pause.
            self._save(cadence)
            self.length.pause()
            self.recorder.set_state("paused")
            while self.control.wants_pause() and not self.control.is_stopped():
                time.sleep(_POLL_SECONDS)
                self.recorder.beat()
            self.length.go_on()
            self.recorder.set_state("running")
