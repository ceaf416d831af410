"""The request for a distillation; each field is an option of the command ``distil``."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name
from ddpm.runs.run import Run

USUAL_MINUTES = 20
SUFFIX = "-instant"
_LONGEST_NAME = 63


@dataclass(frozen=True)
class DistilRequest:
    """A request for a distillation. None: the value of the run, or the usual one.

    Attributes:
        folder: the folder of the run that is made.
        teacher: the run folder (its newest step), or the step folder, that is distilled; not needed to resume.
        steps, minutes: the total length, including earlier steps; at most one of them.
        threads, seed: as for a training.
        check_sprites: samples drawn at the end, to compare them with the sprites that it learnt from; 0: none.
    """

    folder: Path
    teacher: Path | None = None
    steps: int | None = None
    minutes: float | None = None
    threads: int | None = None
    seed: int | None = None
    check_sprites: int = 512
    resume: bool = False

    def length(self) -> dict[str, float]:
        """The requested length, by its unit; empty if none. Raises RunError for several, or one not above 0."""
        asked = {"steps": self.steps, "minutes": self.minutes}
        given = {unit: amount for unit, amount in asked.items() if amount is not None}
        if len(given) > 1:
            raise RunError("Give only one of --steps and --minutes.")
        for unit, amount in given.items():
            if not 0 < amount < math.inf:
                raise RunError(f"--{unit} must be above 0, got {amount}.")
        return given

    def check(self) -> None:
        """Raises RunError for a number that is out of range."""
        if self.threads is not None and self.threads < 1:
            raise RunError(f"--threads must be at least 1, got {self.threads}.")
        if not 0 <= self.check_sprites <= 4096:
            raise RunError(f"--check-sprites must lie in 0..4,096, got {self.check_sprites}.")


def is_distilled(run: Run) -> bool:
    """Whether a run was made by distilling another one."""
    return "distilled" in run.config()


def name_for(teacher: Run) -> str:
    """The usual name of the run that is made from another one."""
    return f"{teacher.folder.name[: _LONGEST_NAME - len(SUFFIX)]}{SUFFIX}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` an option for each field of a request."""
    parser.add_argument("--run", metavar="NAME", help="the run to distil: checkpoints/NAME of this folder, or a path")
    parser.add_argument(
        "--out", metavar="NAME", help=f"make checkpoints/NAME of this folder (default: that of the run, and {SUFFIX})"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="total number of steps")
    length.add_argument(
        "--minutes",
        type=float,
        help=f"total time by the clock, without pauses (default: {USUAL_MINUTES}, or the run's)",
    )
    parser.add_argument("--threads", type=int, help="processor cores to use (default: all)")
    parser.add_argument("--seed", type=int, help="fixes lessons and order (default: 0)")
    parser.add_argument(
        "--check-sprites", type=int, default=512, metavar="N", help="samples drawn at the end to judge it; 0: none"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the newest saved step")


def from_options(options: argparse.Namespace) -> DistilRequest:
    """The request in parsed options of :func:`add_options`; raises RunError if it names no run."""
    if options.run is None and not (options.resume and options.out):
        raise RunError("Which run should be distilled? Give --run NAME (or --out NAME --resume, to go on).")
    teacher = None if options.run is None else _find(options.run)
    name = options.out or name_for(Run(_run_folder(teacher)))
    return DistilRequest(
        Path("checkpoints") / check_name(name),
        teacher,
        options.steps,
        options.minutes,
        options.threads,
        options.seed,
        options.check_sprites,
        options.resume,
    )


def to_options(request: DistilRequest) -> list[str]:
    """The request as options, for a process whose working folder contains ``checkpoints``."""
    given = {
        "run": None if request.teacher is None else request.teacher.absolute(),
        "out": request.folder.name,
        "steps": request.steps,
        "minutes": request.minutes,
        "threads": request.threads,
        "seed": request.seed,
        "check-sprites": request.check_sprites,
    }
    words = [f"--{name}={value}" for name, value in given.items() if value is not None]
    return [*words, *(["--resume"] if request.resume else [])]


def _find(name: str) -> Path:
    named = Path("checkpoints") / name
    return named if named.is_dir() else Path(name)


def _run_folder(path: Path | None) -> Path:
    assert path is not None
    # A step folder lies two folders below its run.
    return path.absolute().parent.parent if (path / "manifest.json").is_file() else path.absolute()
