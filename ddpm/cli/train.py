"""``python -m ddpm train``: learn from sprites, in this process or as one of several."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading

from ddpm.cli.console import ProgressPrinter
from ddpm.cli.inputs import add_reading_options, source_as_read
from ddpm.cli.options import Commands, add_command
from ddpm.jobs.control import StopSwitch
from ddpm.jobs.follower import follow as follow_leader
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest, add_options, from_options
from ddpm.runs.run import Run
from ddpm.training.distributed import Team
from ddpm.training.rendezvous import MEETING_SECONDS, join_team

# Windows has no SIGHUP.
_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "train", _train, "learn from sprites")
    add_options(parser)
    add_reading_options(parser)
    parser.add_argument(
        "--wait-for-others",
        type=float,
        default=MEETING_SECONDS,
        metavar="SECONDS",
        help="how long the processes of a torchrun wait for one another at the start",
    )
    parser.add_argument("--stop-on-eof", action="store_true", help="save and stop when standard input ends")


def _train(options: argparse.Namespace) -> None:
    if not 0 < options.wait_for_others < 1e8:
        raise ValueError(f"--wait-for-others must be a number of seconds above 0, got {options.wait_for_others}")
    options.data = source_as_read(options.data, options)
    request = from_options(options)
    with join_team(options.wait_for_others) as team:
        if team.leads:
            _lead(request, team, options.stop_on_eof)
            return
        # The leader receives these signals too, and tells the other processes to end.
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)
        follow_leader(team)


def _lead(request: TrainingRequest, team: Team, stop_on_eof: bool) -> None:
    switch, printer = listening(stop_on_eof), ProgressPrinter()
    try:
        progress = run_training(request, printer.training, switch, team)
    finally:
        printer.close()
    metrics = Run(request.folder).metrics()
    last = metrics[-1] if metrics else {}
    held = [
        f"{last[key]:.4f} with the {name} weights"
        for key, name in (("final_heldout_even", "averaged"), ("final_heldout_raw", "raw"))
        if key in last
    ]
    if held:
        print(f"Held-out error of the predicted noise: {', '.join(held)}.", file=sys.stderr)
    state = "Finished" if progress.state == "finished" else "Stopped"
    print(f"{state} at step {progress.step:,} of {progress.total_steps:,}: {request.folder}", file=sys.stderr)


def listening(stop_on_eof: bool) -> StopSwitch:
    """A switch that a signal turns, and the end of standard input, if that is asked for."""
    switch = StopSwitch()
    _stop_on_signals(switch)
    if stop_on_eof:
        threading.Thread(target=_watch_stdin, args=(switch,), daemon=True).start()
    return switch


def _stop_on_signals(switch: StopSwitch) -> None:
    def stop(number: int, frame: object) -> None:
        if switch.reason:
            raise KeyboardInterrupt
        switch.reason = f"stopped by {signal.Signals(number).name}"
        print("\nStopping at the end of this step; once more to give up at once.", file=sys.stderr)

    for number in _STOPPING:
        # With nohup, SIGHUP is ignored, so that the training survives the end of the terminal.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def _watch_stdin(switch: StopSwitch) -> None:
    # Not through sys.stdin: Python aborts at exit while another thread waits in it.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    switch.reason = switch.reason or "the program that started it has ended"
