"""What every plan for a run holds, whatever the run learns, and the rules by which a run goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ddpm.base import hardware
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.jobs.timing.length import counted_minutes, length_of
from ddpm.runs.checkpoint import why_not_resumable
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.training.recipes import Recipe
from ddpm.training.timetable import Stretch, Timetable

RUN_FORMAT = 1


@dataclass(kw_only=True)
class RunPlan:
    """The decisions.

    Attributes:
        config: the content of ``run.json``.
        length: of the whole run, as a stretch from step 0.
        written: the stretches that earlier starts wrote down.
        notes: messages for people.
    """

    config: dict[str, Any]
    recipe: Recipe
    schedule: NoiseSchedule
    length: Stretch
    written: list[Stretch] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def total_steps(self) -> int:
        """Of the whole run; 0 if it goes by the clock."""
        return self.length.total_steps or 0

    @property
    def num_classes(self) -> int | None:
        """Number of kinds that the network learns; None if it learns without kinds."""
        return self.config["data"]["num_classes"] if self.recipe.classes else None

    @property
    def class_frequencies(self) -> list[float] | None:
        """Share of each kind in the training rows; None if the network learns without kinds."""
        return self.config["data"]["class_frequencies"] if self.num_classes is not None else None

    def timetable(self, step: int, seconds: float) -> tuple[Timetable, Stretch | None]:
        """The timetable of a run that goes on from a step, and what of it is yet to be written down.

        Args:
            seconds: spent on the steps before.
        """
        began_in_steps = bool(self.config["total_steps"])
        if began_in_steps and self.length.minutes is None and not self.written:
            return Timetable([self.length]), None
        earlier = [Stretch(0, self.config["total_steps"])] if began_in_steps else []
        timetable = Timetable([*earlier, *self.written] or [self.length])
        if self.written and timetable.last.has_length_of(self.length):
            return timetable, None
        if step and not self.written and not began_in_steps:
            self.notes.append("Its timetable is lost: it goes on after the time that its steps alone have taken.")
        before = timetable.at(step)
        gone = before.seconds_at(step) or seconds
        pace = before.seconds_per_step or (seconds / step if step else 0.0)
        new = replace(self.length, step=step, seconds=gone, seconds_per_step=pace)
        timetable.add(new)
        return timetable, new

    def set_threads(self, asked: int | None) -> None:
        """Use the threads that were asked for, else those of the run, and note it if they are others."""
        began = self.config["threads"]
        threads = hardware.set_threads(asked or began)
        if threads != began:
            self.notes.append(
                f"The run began with {began} threads and goes on with {threads}: from here its last digits differ from "
                "those of an uninterrupted run."
            )


def check_resumable(run: Run) -> None:
    """Raises RunError unless a run can go on."""
    if reason := why_not_resumable(run):
        raise RunError(reason)
    if run.config().get("format_version") != RUN_FORMAT:
        raise damaged(run)


def damaged(run: Run) -> RunError:
    """That the record of a run cannot be read."""
    return RunError(f"The run.json of {run.name} is damaged or of another version: the run cannot be resumed.")


def contradiction(run: Run, wrong: list[str]) -> RunError:
    """That options contradict a run; ``wrong`` says which, and what the run has."""
    return RunError(f"Options contradict the run {run.name!r}: {'; '.join(wrong)}.")


def length_before(run: Run, written: list[Stretch]) -> Stretch:
    """The length that was decided last for a run."""
    config = run.config()
    if written:
        return written[-1]
    if config["total_steps"]:
        return Stretch(0, int(run.status().get("total_steps") or config["total_steps"]))
    return length_of(config["asked"], 0, 1)


def length_now(run: Run, asked: dict[str, float], before: Stretch, rows: int, batch_size: int) -> Stretch:
    """The length of a run that goes on.

    Args:
        asked: an amount by its unit; empty if none was asked for.
        before: see :func:`length_before`.
        rows, batch_size: see :func:`ddpm.jobs.timing.length.steps_for`.
    """
    config = run.config()
    if not asked:
        return before
    if config["total_steps"] and asked == config["asked"]:
        return Stretch(0, config["total_steps"])
    return length_of(asked, rows, batch_size)


def length_note(now: Stretch, before: Stretch) -> list[str]:
    """That the length has changed, in words; empty if it has not."""
    if now.has_length_of(before):
        return []
    return [f"The run's length is now {_in_words(now)} (before: {_in_words(before)})."]


def _in_words(length: Stretch) -> str:
    return f"{length.total_steps:,} steps" if length.minutes is None else counted_minutes(length.minutes)
