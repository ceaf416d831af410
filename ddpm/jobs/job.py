"""A training in its run folder: one process that learns, saves, shows and listens.

It drives the generator of :mod:`ddpm.training.loop`, writes what :mod:`ddpm.runs.run` describes, and obeys requests
between two steps. Nothing here changes what is learnt: the weights after step s are the same whatever was watched on
the way.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ddpm.base import hardware
from ddpm.base.files import read_json, remedy, replace_bytes, replace_json
from ddpm.diffusion.labels import draw_labels
from ddpm.diffusion.sampling import sample
from ddpm.diffusion.schedule import LOG_SNR_GRID
from ddpm.jobs.model_card import run_card
from ddpm.jobs.plan import Plan, TrainingRequest, checkpoint_config, make_plan
from ddpm.jobs.self_check import SelfCheck
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.sheets import png, sheet
from ddpm.runs.checkpoint import CheckpointError, load_state, save_checkpoint, step_name
from ddpm.runs.run import Run, RunError, active_training, announce_training, check_name, training_lock
from ddpm.sprites import SpriteError
from ddpm.training.clock import Clock
from ddpm.training.distributed import ALONE, Team, TeamError
from ddpm.training.heldout import heldout_loss
from ddpm.training.loop import TrainingError, TrainingState, new_state, train
from ddpm.training.loss_window import LossWindow

PREVIEW_SPRITES, PREVIEW_COLUMNS = 36, 9
# Twelve at each level of the grid: under 1% of the time between two savings.
HELDOUT_EVALUATIONS = 192
FINAL_EVALUATIONS = 2048
# A page that looks whether a run is alive holds its lock for an instant; a training holds it for minutes.
_LOCK_PATIENCE = 2.0
_POLL_SECONDS = 0.2
# Errors whose own words say what was wrong and what to do.
_TOLD = (RunError, SpriteError, TrainingError, TeamError, CheckpointError)


@dataclass(frozen=True)
class Progress:
    """What a watcher is told after each step, and whenever something changes."""

    state: str
    step: int
    total_steps: int
    loss: float | None
    images_per_second: float | None
    seconds_left: float | None
    message: str | None


@dataclass
class StopSwitch:
    """How the world outside the run folder asks for a stop: signal handlers and the watch on stdin set it.

    Attributes:
        reason: why; None as long as nobody did.
    """

    reason: str | None = None


Watcher = Callable[[Progress], None]


def run_training(
    request: TrainingRequest, watch: Watcher, switch: StopSwitch | None = None, team: Team = ALONE
) -> Progress:
    """Train in this process until the end, a request to stop, or a failure; the last step is always saved.

    Args:
        watch: called after each step, and with a message when there is something to say.
        switch: where others ask for a stop.
        team: the processes that share the training; this one leads them, the others :func:`ddpm.jobs.follower.follow`.

    Returns:
        The last progress; its state is "finished" or "stopped".

    Raises:
        RunError: if another training is alive, the name is taken, or options contradict the run.
        SpriteError: if the sprites cannot be loaded.
        TrainingError: if it failed on the way; what was saved stays.
        TeamError: if another process of the team has ended.
        ValueError: for an unknown preset or precision.
        OSError: if the run folder or the home cannot be written.
    """
    hardware.keep_memory()
    run = Run(request.folder)
    with contextlib.ExitStack() as stack:
        stack.callback(_dismiss, team)
        check_name(run.name)
        request.check()
        try:
            stack.enter_context(training_lock().acquire(timeout=_LOCK_PATIENCE))
        except TimeoutError:
            raise RunError(_busy()) from None
        _check_free(request)
        made = not run.folder.exists()
        run.folder.mkdir(parents=True, exist_ok=True)
        try:
            try:
                stack.enter_context(run.lock().acquire(timeout=_LOCK_PATIENCE))
            except TimeoutError:
                raise RunError(f"The run {run.name!r} is training right now, started from another place.") from None
            # Again: another run may have been given the name meanwhile.
            _check_free(request)
            return _Session(run, watch, switch or StopSwitch(), team).go(request)
        except BaseException:
            if made and not run.exists():
                # Nothing was decided, so there is nothing to keep: the name is free again.
                shutil.rmtree(run.folder, ignore_errors=True)
            raise


def _dismiss(team: Team) -> None:
    # Those that are gone already are not missed.
    with contextlib.suppress(TeamError):
        team.tell({"do": "end"})


def _check_free(request: TrainingRequest) -> None:
    # A run whose run.json was lost is a run all the same: nobody wants its weights under another seed.
    try:
        taken = any("lock" not in entry.name.split(".") for entry in request.folder.iterdir())
    except FileNotFoundError:
        return
    if taken and not request.resume:
        name = request.folder.name
        raise RunError(f"There is already a run called {name!r}: choose another name, or resume it.")


def _busy() -> str:
    active = active_training()
    whose = f"the run {active.run.name!r}" if active else "another program"
    return f"A training is already under way ({whose}). Stop it first, or wait for its end."


class _Session:
    """One start of a run: from taking the lock to giving it back."""

    def __init__(self, run: Run, watch: Watcher, switch: StopSwitch, team: Team) -> None:
        self._run = run
        self._team = team
        self._watch = watch
        self._switch = switch
        self._start = os.environ.get("DDPM_START") or secrets.token_hex(8)
        self._before = run.status()
        self._status: dict[str, Any] = {
            "state": "starting",
            "step": run.latest() or 0,
            "total_steps": self._before.get("total_steps", 0),
            "seconds": self._before.get("seconds", 0.0),
            "start": self._start,
            "pid": os.getpid(),
            "log": os.environ.get("DDPM_LOG"),
            "started": time.time(),
        }
        self._written = 0.0
        self._unwritten: list[bytes] = []
        self._threads_asked: int | None = None

    def go(self, request: TrainingRequest) -> Progress:
        """Plan, restore, train."""
        was_there = self._run.exists()
        self._set_state("starting")
        announce_training(self._run, self._start)
        try:
            plan = make_plan(request, self._say, lambda: self._stop_reason() is not None, self._team)
        except BaseException as error:
            # The run is as it was; that this start came to nothing is all there is to say.
            if self._before:
                note = {"message": _explain(error)} if isinstance(error, Exception) else None
                self._status = {**self._before, "start": self._start, "error": note}
                self._write_status()
            raise
        try:
            self._run.sweep()
            state = new_state(plan.recipe, plan.num_classes, plan.config["seed"], self._team.device)
            self._status["seconds"] = seconds = self._restore(plan, state) if was_there else 0.0
            for text in (*plan.sprites.notes, *plan.notes):
                self._say(text)
            if state.step >= plan.total_steps:
                self._status |= {"state": "finished", "step": state.step, "total_steps": plan.total_steps}
                self._tell(f"Nothing to do: the run is at step {state.step:,} of {plan.total_steps:,}.")
                progress = self._tell()
                # A shorter total was only a question: the run keeps its own.
                self._status = {**self._status, **self._before, "start": self._start}
                self._write_status()
                return progress
            self._status["total_steps"] = plan.total_steps
            if reason := self._stop_reason():
                return self._set_state("stopped", step=state.step, reason=reason)
            return self._train(plan, state, seconds, request)
        except Exception as error:
            self._fail(error)
            if isinstance(error, _TOLD):
                raise
            raise TrainingError(_explain(error)) from error

    def _restore(self, plan: Plan, state: TrainingState) -> float:
        """Go back to the newest step that is whole; returns the seconds of training before it."""
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

    def _train(self, plan: Plan, state: TrainingState, seconds: float, request: TrainingRequest) -> Progress:
        self._end_last_line()
        log_every = 10 if plan.total_steps >= 500 else max(1, plan.total_steps // 50)
        log_every = max(log_every, plan.total_steps // 4000)
        # A multiple: every saved step has a measured loss, so that the best of them can be told.
        save_every = log_every * math.ceil(max(10, min(500, plan.total_steps // 8)) / log_every)
        preview_at = preview_steps(plan.total_steps)
        labels = None
        if state.model.num_classes is not None:
            labels = draw_labels(plan.config["data"]["class_frequencies"], PREVIEW_SPRITES)
        check = self._self_check(plan, request.check_sprites)
        self._team.tell(
            {
                "do": "train",
                "config": plan.config,
                "total_steps": plan.total_steps,
                "threads": torch.get_num_threads(),
                "state": str(self._run.step_path(state.step).resolve()) if state.step else None,
            }
        )
        window, clock = LossWindow(plan.schedule, plan.recipe.prediction_type, plan.recipe.even_log_snr), Clock(seconds)
        steps = train(
            state,
            plan.sprites,
            plan.rows,
            plan.schedule,
            plan.recipe,
            plan.total_steps,
            seed=plan.config["seed"],
            precision=plan.config["precision"],
            team=self._team,
        )
        self._set_state("running", step=state.step, threads=torch.get_num_threads(), message=None)
        saved = state.step
        try:
            while True:
                clock.start()
                self._team.tell({"do": "step"})
                result = next(steps)
                clock.stop(plan.recipe.batch_size)
                window.add(result)
                reason = self._stop_reason()
                finished = result.step == plan.total_steps
                last = finished or reason is not None
                if last or result.step % log_every == 0:
                    self._check_folder()
                    record = {**window.summary(), "seconds": round(clock.seconds, 3)}
                    if rate := clock.images_per_second():
                        record["images_per_second"] = round(rate, 1)
                    if last or result.step % save_every == 0:
                        record |= self._evaluate(plan, state, final=finished)
                    self._append(record)
                    window.clear()
                if finished or result.step in preview_at:
                    self._preview(plan, state, labels)
                if last or result.step % save_every == 0:
                    self._save(plan, state)
                    if request.keep_every and saved // request.keep_every < state.step // request.keep_every:
                        self._run.pin(state.step)
                    saved = state.step
                self._report(plan, clock, result.step, result.loss)
                # After saving: what takes seconds must not put at risk what took minutes.
                due = finished or (reason is None and check.due(clock.seconds))
                if saved == result.step and check.possible and due:
                    self._question(check, state, record)
                if last:
                    break
                if self._obey(clock):
                    self._pause(plan, state)
                    saved = state.step
        except BaseException:
            # What was learnt is worth more than the reason why it ends here; a second failure must not hide the first.
            if state.step > saved and self._run.exists():
                with contextlib.suppress(Exception):
                    self._save(plan, state)
            raise
        # A name that is no text, or a run.json that somebody changed meanwhile: they cost the card, not the training.
        with contextlib.suppress(OSError, RunError, UnicodeError):
            replace_bytes(self._run.folder / "README.md", run_card(self._run).encode())
        if finished:
            return self._set_state("finished", seconds_left=0)
        return self._set_state("stopped", reason=reason)

    # What is written

    def _evaluate(self, plan: Plan, state: TrainingState, final: bool) -> dict[str, float]:
        """Errors on held-out sprites: of the averaged weights on the grid of log-SNR, of the raw ones evenly over t.

        The first is how good the model is, whatever its recipe; the second belongs beside the training's own error.
        """
        if len(plan.heldout) == 0:
            return {}
        asked = (("heldout", state.ema.model, LOG_SNR_GRID), ("heldout_raw", state.model, None))
        values = {}
        for name, model, levels in asked:
            values[name] = heldout_loss(
                model,
                plan.sprites,
                plan.heldout,
                plan.schedule,
                evaluations=HELDOUT_EVALUATIONS,
                precision=plan.config["precision"],
                log_snr=levels,
            )
        if final:
            self._status["step"] = state.step
            self._say("It measures its error once more, exactly, on sprites that it never saw.")
            # Many more draws, in full precision: figures to quote, not points of a curve.
            for name, model, levels in (*asked, ("heldout_even", state.ema.model, None)):
                values[f"final_{name}"] = heldout_loss(
                    model, plan.sprites, plan.heldout, plan.schedule, evaluations=FINAL_EVALUATIONS, log_snr=levels
                )
            self._status["message"] = None
        return {name: value for name, value in values.items() if math.isfinite(value)}

    def _self_check(self, plan: Plan, sprites_drawn: int) -> SelfCheck:
        spent = sum(float(record["check"]["seconds"]) for record in self._run.metrics() if "check" in record)
        known = plan.config["data"]["class_frequencies"] if plan.num_classes is not None else None
        return SelfCheck(plan.sprites, plan.rows, plan.heldout, plan.schedule, known, spent, sprites_drawn)

    def _question(self, check: SelfCheck, state: TrainingState, record: dict[str, Any]) -> None:
        """What the samples of this step are like; written as another line of it, which is the one that counts."""
        self._say("It questions itself: does it draw well, and does it copy?")
        found = check.run(state.ema.model, self._is_interrupted)
        self._status["message"] = None
        if found is not None:
            self._append({**record, "check": found})
        elif self._stop_reason():
            self._say("It was stopped while it questioned itself: that was left out.")

    def _is_interrupted(self) -> bool:
        if time.monotonic() - self._written > 1:
            self._write_status()
        return self._stop_reason() is not None

    def _preview(self, plan: Plan, state: TrainingState, labels: torch.Tensor | None) -> None:
        *_, result = sample(state.ema.model, plan.schedule, PREVIEW_SPRITES, "fast", labels=labels)
        if not bool(torch.isfinite(result.x0).all()):
            return
        folder = self._run.folder / "previews"
        # A full disk costs a picture, not the training.
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            picture = png(sheet(to_uint8(result.x0), PREVIEW_COLUMNS, gap=1))
            replace_bytes(folder / f"{step_name(state.step)}.png", picture, durable=False)

    def _save(self, plan: Plan, state: TrainingState) -> None:
        if not all(bool(torch.isfinite(weights).all()) for weights in state.model.state_dict().values()):
            raise TrainingError(
                "The weights are no longer finite numbers: the learning rate was too large. Earlier steps are good."
            )
        config = checkpoint_config(plan.config, plan.total_steps)
        try:
            save_checkpoint(self._run.folder / "steps", state, config)
            self._run.set_latest(state.step)
        except (OSError, RuntimeError, MemoryError) as error:
            raise TrainingError(
                f"Step {state.step:,} could not be saved: {error}. {remedy(error)}, then resume: "
                "earlier steps are safe."
            ) from error
        self._run.prune()

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps({"step": record["step"], "start": self._start, **record}, allow_nan=False)
        self._unwritten.append(line.encode() + b"\n")
        try:
            with open(self._run.folder / "metrics.jsonl", "ab") as file:
                file.write(b"".join(self._unwritten))
        except OSError as error:
            # They are tried again with the next: a full disk costs a stretch of a curve, not the training.
            self._say(f"Measurements could not be written: {error.strerror}")
            return
        if len(self._unwritten) > 1:
            self._status["message"] = None
        self._unwritten.clear()

    def _end_last_line(self) -> None:
        """A kill may have left half a line: the next one must not be glued to it."""
        with contextlib.suppress(OSError), open(self._run.folder / "metrics.jsonl", "rb+") as file:
            if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                file.write(b"\n")

    def _check_folder(self) -> None:
        if not self._run.exists():
            raise TrainingError(f"The folder of the run {self._run.name!r} was removed while it was training.")

    def _write_status(self) -> None:
        self._status["heartbeat"] = time.time()
        self._written = time.monotonic()
        with contextlib.suppress(OSError):
            replace_json(self._run.folder / "status.json", self._status, durable=False)

    def _fail(self, error: Exception) -> None:
        if not self._run.exists():
            return
        tail = "" if isinstance(error, _TOLD) else "".join(traceback.format_exception(error))[-4000:]
        self._set_state("failed", error={"message": _explain(error), "traceback": tail})

    # What is said

    def _set_state(self, state: str, **values: Any) -> Progress:
        self._status.update(state=state, **values)
        self._write_status()
        return self._tell()

    def _say(self, message: str) -> None:
        self._status["message"] = message
        self._write_status()
        self._tell(message)

    def _report(self, plan: Plan, clock: Clock, step: int, loss: float) -> None:
        self._status.update(
            step=step,
            loss=loss if math.isfinite(loss) else None,
            threads=torch.get_num_threads(),
            seconds=clock.seconds,
            images_per_second=clock.images_per_second(),
            seconds_left=clock.seconds_left(plan.total_steps - step),
        )
        if time.monotonic() - self._written > 1:
            self._write_status()
        self._tell()

    def _tell(self, message: str | None = None) -> Progress:
        status = self._status
        progress = Progress(
            state=status["state"],
            step=status["step"],
            total_steps=status["total_steps"],
            loss=status.get("loss"),
            images_per_second=status.get("images_per_second"),
            seconds_left=status.get("seconds_left"),
            message=message,
        )
        self._watch(progress)
        return progress

    # What is heard

    def _control(self) -> dict[str, Any]:
        try:
            control = read_json(self._run.folder / "control.json")
        except (OSError, ValueError):
            return {}
        return control if control.get("start") == self._start else {}

    def _stop_reason(self) -> str | None:
        return self._switch.reason or ("stopped by the user" if self._control().get("stop") else None)

    def _obey(self, clock: Clock) -> bool:
        """Do what is asked between two steps; whether a pause is."""
        control = self._control()
        threads = control.get("threads")
        if isinstance(threads, int) and threads != self._threads_asked:
            self._threads_asked = threads
            self._team.tell({"do": "set", "threads": hardware.set_threads(threads)})
            clock.forget_rate()
        return bool(control.get("pause"))

    def _pause(self, plan: Plan, state: TrainingState) -> None:
        # A pause may last until the machine is switched off: what was learnt is saved first.
        self._save(plan, state)
        self._set_state("paused")
        while self._control().get("pause") and not self._stop_reason():
            time.sleep(_POLL_SECONDS)
            if time.monotonic() - self._written > 1:
                self._write_status()
        self._set_state("running")


def preview_steps(total_steps: int) -> set[int]:
    """Steps after which a sheet is drawn: often at first, when most changes, then twenty times evenly."""
    parts = min(20, max(1, total_steps // 25))
    even = {round(total_steps * i / parts) for i in range(1, parts + 1)}
    early = {25 * 2**k for k in range(20) if 25 * 2**k < total_steps / parts}
    return even | early


def _explain(error: BaseException) -> str:
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "There is not enough memory for this training. Close other programs, then resume."
    if isinstance(error, OSError):
        return f"A file could not be read or written: {error}. {remedy(error)}, then resume."
    return str(error) or type(error).__name__
