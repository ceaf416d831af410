"""Options for what is done to drawn sprites before they are written."""

from __future__ import annotations

import argparse

from ddpm.cli.drawing.sample_files import Files
from ddpm.pixels.exporting.finishing import SOFT_SHADOWS, CutOut, Finish
from ddpm.pixels.palette.known import KNOWN, find_palette


def add_finish_options(parser: argparse.ArgumentParser) -> None:
    """The options that :func:`checked_finish` reads."""
    group = parser.add_argument_group("what is done to the drawn sprites, in this order; not for measurements")
    group.add_argument("--clean", action="store_true", help="tidy the pixels up")
    group.add_argument(
        "--palette",
        metavar="NAME|FILE",
        help=f"hold what is written to a palette: a .gpl, .hex, .pal, .act or .png file, or {', '.join(KNOWN)}",
    )
    group.add_argument("--cut-out", action="store_true", help="make the background around the drawings transparent")
    group.add_argument("--holes", action="store_true", help="with --cut-out: what a drawing encloses of it, too")
    group.add_argument(
        "--shadows",
        type=float,
        metavar="DARKNESS",
        help="with --cut-out: cut shadows that are darker than the background by so much at most, 0 to 1 in OKLab "
        f"(default: 0, all are kept; {SOFT_SHADOWS} cuts soft ones)",
    )


def checked_finish(options: argparse.Namespace, files: Files) -> Finish:
    """What the options of :func:`add_finish_options` ask for.

    Raises:
        ValueError: if that is impossible, or if an animation is asked for.
    """
    if not options.cut_out and (options.holes or options.shadows is not None):
        raise ValueError("--holes and --shadows say how the background is cut out: ask for --cut-out, too")
    palette = find_palette(options.palette) if options.palette is not None else None
    cut_out = CutOut(options.holes, options.shadows or 0.0) if options.cut_out else None
    finish = Finish(options.clean, palette, cut_out)
    if finish and files.suffix == ".gif":
        raise ValueError(
            f"{asked(finish)} is for finished sprites, not for their way out of the noise: let --out be another kind "
            "of file, no .gif"
        )
    return finish


def asked(finish: Finish) -> str:
    """The options that ask for it: "--clean and --palette"."""
    asked = {"--clean": finish.clean, "--palette": finish.palette, "--cut-out": finish.cut_out}
    return " and ".join(option for option, value in asked.items() if value)
