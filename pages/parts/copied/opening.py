"""Links to "Created or copied?": whose sprites are questioned, and which known answers."""

from __future__ import annotations

from collections.abc import Mapping

from ddpm.judging.controls import CONTROLS
from ddpm.runs.run import Run
from pages.parts.copied.comparing import SIZES, question_live, show_report
from pages.parts.copied.controls import choose_control
from pages.parts.shared.lesson.arriving import arrival, meant_run, tell_missing
from pages.parts.shared.store import verdict_of

_PAGE = "Created or copied?"


def open_link(runs: list[Run]) -> None:
    """Do what the address asks for: ``model``, and ``draw`` (sprites), ``report`` or ``known`` (a control).

    To be called before the page is built. What it asks for that is not here is told.
    """
    parameters = arrival(_PAGE)
    tell_missing("" if parameters is None else _open(parameters, runs))


def _open(parameters: Mapping[str, str], runs: list[Run]) -> str:
    run, missing = meant_run(parameters, runs)
    if run is not None:
        wanted = [n for n in SIZES if parameters.get("draw") == str(n)]
        if wanted:
            # Each reload of a link draws again, and must not fill the album.
            question_live(run, wanted[0], keep=False)
        elif "report" in parameters and verdict_of(run) is not None:
            show_report(run)
    known = parameters.get("known")
    if known is None or known in CONTROLS:
        choose_control(known)
        return missing
    return f"{missing} This link asks for sprites of a kind that this page does not make.".strip()
