"""``python -m ddpm bench``: measure speed and learning on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ddpm.base.home import home
from ddpm.cli.bench.finish import bench_finish
from ddpm.cli.bench.finish import table as finish_table
from ddpm.cli.bench.forms import bench_forms, table
from ddpm.cli.bench.learning import bench_baseline, bench_learning
from ddpm.cli.bench.neighbors import bench_neighbors
from ddpm.cli.bench.patches import bench_patches
from ddpm.cli.bench.patches import table as patches_table
from ddpm.cli.bench.rewind import bench_rewind
from ddpm.cli.bench.rewind import table as rewind_table
from ddpm.cli.bench.sampling import bench_sampling
from ddpm.cli.bench.training import bench_training
from ddpm.cli.bench.waiting import bench_waiting
from ddpm.cli.console import ProgressPrinter
from ddpm.cli.options import Commands, add_command
from ddpm.judging.deciding.curves import SPRITES
from ddpm.sprites import load_sprites

_BENCHES: dict[str, Callable[[str], dict[str, Any]]] = {
    "training": bench_training,
    "neighbors": bench_neighbors,
    "waiting": bench_waiting,
}

_COMPARED = 32


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "bench", _bench, "measure speed on this machine")
    parser.add_argument(
        "what",
        choices=[*_BENCHES, "learning", "reference", "sampling", "forms", "patches", "rewind", "finish"],
        help="what to measure",
    )
    parser.add_argument("--data", metavar="SOURCE", help="sprites to measure with (default: builtin)")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        default=Path(__file__).resolve().parents[3] / "checkpoints" / "builtin",
        help="sampling, patches, rewind, finish: a run folder, or one of its steps; forms: the long training, of the "
        "same sprites",
    )
    parser.add_argument(
        "--minutes", type=float, default=8.0, help="learning, reference: time for each recipe; it can be resumed"
    )
    parser.add_argument("--fast-minutes", type=float, help="learning: another time for the recipe fast")
    parser.add_argument(
        "--ddpm", action="store_true", help="learning: draw with plain DPM-Solver++ and with all 1,000 steps, too"
    )
    parser.add_argument(
        "--n",
        type=int,
        help=f"patches, finish: sprites to draw and to compare (default: {_COMPARED}); rewind: sprites to take back to "
        f"each noise level (default: {SPRITES})",
    )
    parser.add_argument("--drawings", type=int, default=16, help="finish: drawings of each half")
    parser.add_argument(
        "--anywhere", action="store_true", help="patches: also compare all places, which takes about ten times as long"
    )
    parser.add_argument("--reach", type=int, default=16, help="patches: sprites for the windows; 0 leaves them out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _bench(options: argparse.Namespace) -> None:
    if options.what in ("learning", "reference"):
        result = _bench_learning(options)
    elif options.what == "forms":
        result = _bench_forms(options)
        if not options.json:
            print(table(result))
            return
    elif options.what == "sampling":
        result = bench_sampling(options.checkpoint, options.data, lambda text: print(text, file=sys.stderr))
    elif options.what == "patches":
        result = _bench_patches(options)
        if not options.json:
            print(patches_table(result))
            return
    elif options.what == "finish":
        result = _bench_finish(options)
        if not options.json:
            print(finish_table(result))
            return
    elif options.what == "rewind":
        n = SPRITES if options.n is None else options.n
        result = bench_rewind(options.checkpoint, options.data, n, lambda text: print(text, file=sys.stderr))
        if not options.json:
            print(rewind_table(result))
            return
    else:
        result = _BENCHES[options.what](options.data or "builtin")
    if options.json:
        print(json.dumps(result))
        return
    for key, value in _flat(result):
        print(f"{key.replace('_', ' '):>44}  {f'{value:,.4g}' if isinstance(value, float) else value}")


def _bench_forms(options: argparse.Namespace) -> dict[str, Any]:
    source = options.data or "builtin"
    printer = ProgressPrinter()
    try:
        return bench_forms(
            source, options.checkpoint, _folder(source), printer.training, lambda text: print(text, file=sys.stderr)
        )
    finally:
        printer.close()


def _bench_patches(options: argparse.Namespace) -> dict[str, Any]:
    n = _COMPARED if options.n is None else options.n
    if n < 1 or options.reach < 0:
        raise ValueError(f"--n must be at least 1 and --reach at least 0, got {n} and {options.reach}")
    return bench_patches(
        options.checkpoint,
        options.data,
        n,
        options.anywhere,
        options.reach,
        lambda text: print(text, file=sys.stderr),
    )


def _bench_finish(options: argparse.Namespace) -> dict[str, Any]:
    n = _COMPARED if options.n is None else options.n
    if n < 1 or options.drawings < 1:
        raise ValueError(f"--n and --drawings must be at least 1, got {n} and {options.drawings}")
    return bench_finish(
        options.checkpoint,
        options.data,
        n,
        options.drawings,
        say=lambda text: print(text, file=sys.stderr),
    )


def _folder(source: str) -> Path:
    return home() / "bench" / load_sprites(source).fingerprint[:12] / "checkpoints"


def _bench_learning(options: argparse.Namespace) -> dict[str, Any]:
    source = options.data or "builtin"
    folder = _folder(source)
    printer = ProgressPrinter()
    try:
        if options.what == "reference":
            return bench_baseline(source, options.minutes, folder, printer.training)
        return bench_learning(
            source,
            options.minutes,
            folder,
            samplers=("fast", "dpm++", "ddpm") if options.ddpm else ("fast",),
            watch=printer.training,
            last_minutes=options.fast_minutes,
        )
    finally:
        printer.close()


def _flat(values: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key} ")
        else:
            yield before + key, value
