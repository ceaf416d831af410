"""The command line: ``python -m ddpm train | sample | nearest | report | data | choose | ship | bench``."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ddpm.base.files import npy_bytes, replace_bytes
from ddpm.base.home import home
from ddpm.base.names import showable
from ddpm.cli import bench
from ddpm.cli.console import ProgressPrinter, follow, print_anything
from ddpm.diffusion.chain import ChainRecorder, gif
from ddpm.diffusion.sampling import default_steps, sample
from ddpm.jobs.control import StoppedEarly, StopSwitch
from ddpm.jobs.follower import follow as follow_leader
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest, add_options, from_options
from ddpm.jobs.shipping import folder_size, ship_run
from ddpm.judging.choosing import SAMPLES, bars, choose_step
from ddpm.judging.copying.comparison import check_seen, what_was_seen
from ddpm.judging.copying.neighbors import nearest
from ddpm.judging.html_report import to_html
from ddpm.judging.report import make_report
from ddpm.pixels.cleaning import clean_pixels
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.sheets import sheet_png
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from ddpm.runs.samples import labels_by_frequency
from ddpm.sprites import SpriteDataset, SpriteError, kaggle, load_sprites
from ddpm.sprites.summary import data_card
from ddpm.training.loop import TrainingError
from ddpm.training.team import MEETING_SECONDS, Team, TeamError, team

_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 for an error that was told, 2 for wrong usage, 130 for Ctrl-C."""
    print_anything()
    options = _parser().parse_args(arguments)
    try:
        options.run_command(options)
    except StoppedEarly as stop:
        print(stop, file=sys.stderr)
    except (RunError, SpriteError, CheckpointError, TrainingError, TeamError, ValueError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # Whoever read our output has seen enough; keep Python from complaining at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        print(f"error: {_explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and isinstance(error.filename, str):
        return f"{error.strerror}: {os.path.abspath(error.filename)}. Check the path and its permissions."
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ddpm", description="Teach a small model to draw pixel art.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = _command(commands, "train", _train, "learn from sprites")
    add_options(train)
    train.add_argument(
        "--wait-for-others",
        type=float,
        default=MEETING_SECONDS,
        metavar="SECONDS",
        help="how long the processes of a torchrun wait for one another at the start",
    )
    train.add_argument("--stop-on-eof", action="store_true", help="save and stop when standard input ends")

    draw = _command(commands, "sample", _sample, "draw sprites")
    draw.add_argument("--checkpoint", required=True, type=Path, help="a run folder, or one of its steps")
    draw.add_argument("--n", type=int, default=64, help="number of sprites")
    draw.add_argument("--sampler", choices=["fast", "ddpm", "ddim", "dpm++"], default="fast", help="how to draw")
    draw.add_argument("--steps", type=int, help="network calls (default: the sampler's own)")
    draw.add_argument("--seed", type=int, default=0, help="the same seed gives the same sprites")
    draw.add_argument("--label", default="any", help="a kind by name or number; any: by frequency; none: unconditional")
    draw.add_argument("--guidance-scale", type=float, default=1.0, help="how hard to insist on the kind")
    draw.add_argument("--eta", type=float, default=0.0, help="noise that ddim adds, 0 to 1")
    draw.add_argument("--weights", choices=["ema", "raw"], default="ema", help="averaged or last weights")
    draw.add_argument("--clean", action="store_true", help="tidy the pixels up afterwards; not for measurements")
    draw.add_argument("--out", required=True, type=Path, help="a file ending in .png, .npy or .gif")

    near = _command(commands, "nearest", _nearest, "find the training sprites nearest to samples")
    near.add_argument("--samples", required=True, help="a .npy of samples, or anything that holds sprites")
    near.add_argument("--data", required=True, metavar="SOURCE", help="builtin, kaggle, or a path")
    near.add_argument("--k", type=int, default=5, help="matches for each sample")
    near.add_argument("--json", action="store_true", help="print one JSON object")

    judge = _command(commands, "report", _report, "say whether samples are good, and whether they are copies")
    judge.add_argument("--samples", help="a .npy of samples, or anything that holds sprites (default: drawn anew)")
    judge.add_argument("--data", metavar="SOURCE", help="what was learnt from (default: the checkpoint's)")
    judge.add_argument("--checkpoint", type=Path, help="the run folder, or one of its steps, that drew them")
    judge.add_argument("--n", type=int, default=512, help="samples to draw where none are given")
    judge.add_argument("--sampler", choices=["fast", "ddpm", "ddim", "dpm++"], default="fast", help="how to draw them")
    judge.add_argument("--seed", type=int, default=0, help="of the samples that are drawn")
    judge.add_argument(
        "--false-positive-rate", type=float, default=0.01, help="share of unseen sprites that may be called near copies"
    )
    judge.add_argument("--html", type=Path, metavar="FILE", help="also write a page to keep")
    judge.add_argument("--json", action="store_true", help="print one JSON object")

    data = _command(commands, "data", _data, "describe a set of sprites")
    data.add_argument("source", metavar="SOURCE", help="builtin, kaggle, or a path")
    data.add_argument("beside", metavar="SECOND", nargs="?", help="another set, to hold the first against")
    data.add_argument("--download", action="store_true", help="fetch the Kaggle set first")
    data.add_argument("--tile", type=int, metavar="PIXELS", help="cut the sheet SOURCE into tiles of this side")
    data.add_argument("--margin", type=int, default=0, metavar="PIXELS", help="around the whole of that sheet")
    data.add_argument("--gap", type=int, default=0, metavar="PIXELS", help="between its tiles, or after each")
    data.add_argument("--out", type=Path, metavar="FILE.npz", help="save the sprites, to train on what was cut out")
    data.add_argument("--json", action="store_true", help="print one JSON object")

    ship = _command(commands, "ship", _ship, "make a run small, to come with the program")
    ship.add_argument("--run", required=True, type=Path, help="a run folder, or one of its steps")
    ship.add_argument("--out", required=True, type=Path, help="the folder of the shipped run")
    ship.add_argument("--note", help="a word for people, such as interim")
    ship.add_argument("--data", metavar="SOURCE", help="what others load to get its sprites (default: the run's)")
    ship.add_argument("--data-name", metavar="WORDS", help="what its sprites are called (default: as the run has it)")

    choose = _command(commands, "choose", _choose, "measure every saved step of a run, and say which to keep")
    choose.add_argument("--run", required=True, type=Path, help="a run folder")
    choose.add_argument("--data", metavar="SOURCE", help="what it learnt from (default: the run's)")
    choose.add_argument("--n", type=int, default=SAMPLES, help="samples of each step")
    choose.add_argument("--ddpm", action="store_true", help="draw from the chosen one with all 1,000 steps, too")
    choose.add_argument("--json", action="store_true", help="print one JSON object")

    measure = _command(commands, "bench", _bench, "measure speed on this machine")
    measure.add_argument("what", choices=[*bench.BENCHES, "learning", "baseline", "sampling"], help="what to measure")
    measure.add_argument("--data", metavar="SOURCE", help="sprites to measure with (default: builtin)")
    measure.add_argument(
        "--checkpoint",
        type=Path,
        default=Path(__file__).resolve().parents[2] / "checkpoints" / "builtin",
        help="sampling: a run folder, or one of its steps",
    )
    measure.add_argument(
        "--minutes", type=float, default=8.0, help="learning, reference: time for each recipe; it can be resumed"
    )
    measure.add_argument("--fast-minutes", type=float, help="learning: another time for the recipe fast")
    measure.add_argument(
        "--ddpm", action="store_true", help="learning: draw with plain DPM-Solver++ and with all 1,000 steps, too"
    )
    measure.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _command(commands: Any, name: str, function: Any, text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=text, description=text.capitalize() + ".", formatter_class=_HelpFormatter, allow_abbrev=False
    )
    command.set_defaults(run_command=function)
    return command


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Adds defaults where there are any: "(default: None)" and "(default: False)" tell nobody anything."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)


def _train(options: argparse.Namespace) -> None:
    if not 0 < options.wait_for_others < 1e8:
        raise ValueError(f"--wait-for-others must be a number of seconds above 0, got {options.wait_for_others}")
    request = from_options(options)
    with team(options.wait_for_others) as ours:
        if ours.leads:
            _lead(request, ours, options.stop_on_eof)
            return
        # The leader is asked to stop at the same time, and says so.
        for name in _STOPPING:
            if (number := getattr(signal, name, None)) is not None:
                signal.signal(number, signal.SIG_IGN)
        follow_leader(ours)


def _lead(request: TrainingRequest, ours: Team, stop_on_eof: bool) -> None:
    switch, printer = StopSwitch(), ProgressPrinter()
    _stop_on_signals(switch)
    if stop_on_eof:
        threading.Thread(target=_watch_stdin, args=(switch,), daemon=True).start()
    try:
        progress = run_training(request, printer.training, switch, ours)
    finally:
        printer.close()
    run = Run(request.folder)
    metrics = run.metrics()
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


def _stop_on_signals(switch: StopSwitch) -> None:
    def stop(number: int, frame: object) -> None:
        if switch.reason:
            raise KeyboardInterrupt
        switch.reason = f"stopped by {signal.Signals(number).name}"
        print("\nStopping at the end of this step; once more to give up at once.", file=sys.stderr)

    for name in _STOPPING:
        number = getattr(signal, name, None)
        # Whoever started us with nohup wants us to outlive the terminal.
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def _watch_stdin(switch: StopSwitch) -> None:
    # Not through sys.stdin: its lock, held by a thread that waits, aborts Python when training ends first.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    switch.reason = switch.reason or "the program that started it has ended"


def _sample(options: argparse.Namespace) -> None:
    if options.out.suffix.lower() not in (".png", ".npy", ".gif"):
        raise ValueError(f"--out must end in .png, .npy or .gif, got {options.out}")
    if options.n < 1:
        raise ValueError(f"--n must be at least 1, got {options.n}")
    if options.clean and options.out.suffix.lower() == ".gif":
        raise ValueError(
            "--clean tidies finished sprites up, not their way out of the noise: let --out be .png or .npy"
        )
    checkpoint = load_checkpoint(options.checkpoint, options.weights)
    labels = _labels(options.label, options.n, options.seed, checkpoint)
    steps = options.steps or default_steps(options.sampler, checkpoint.schedule.num_timesteps)
    recorder = ChainRecorder(checkpoint.schedule, steps)
    moments = sample(
        checkpoint.model,
        checkpoint.schedule,
        options.n,
        options.sampler,
        options.steps,
        options.seed,
        labels,
        options.guidance_scale,
        options.eta,
    )
    for moment in follow(moments, steps, f"drawing {options.n} sprites"):
        recorder.add(moment)
    chain = recorder.chain()
    sprites = chain.sprites
    if options.clean:
        cleaned = clean_pixels(sprites)
        sprites = cleaned.images
        print(f"{cleaned.in_words()} To judge the model, draw without --clean.", file=sys.stderr)
    if options.out.suffix.lower() == ".npy":
        data = npy_bytes(sprites)
    elif options.out.suffix.lower() == ".png":
        data = sheet_png(sprites, scale=4, gap=1)
    else:
        data = gif(chain)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    replace_bytes(options.out, data)
    print(f"Wrote {options.n} sprites to {options.out}", file=sys.stderr)


def _labels(asked: str, n: int, seed: int, checkpoint: Checkpoint) -> torch.Tensor | None:
    names = checkpoint.config.get("label_names") if checkpoint.model.num_classes else None
    if not names:
        if asked not in ("any", "none"):
            raise ValueError("--label: this checkpoint was trained without kinds")
        return None
    if asked == "none":
        return None
    if asked == "any":
        return labels_by_frequency(checkpoint, n, seed)
    if asked in names:
        return torch.full((n,), names.index(asked))
    if asked.isdigit() and int(asked) < len(names):
        return torch.full((n,), int(asked))
    raise ValueError(f"--label: there is no kind {asked!r}; there are any, none, {', '.join(names)}")


def _nearest(options: argparse.Namespace) -> None:
    samples, sprites = _load(options.samples), _load(options.data)
    rows, counts = sprites.distinct(), sprites.counts()
    if not 1 <= options.k <= len(rows):
        raise ValueError(f"--k must lie in 1..{len(rows)}, the number of distinct sprites, got {options.k}")
    found, distances = nearest(np.asarray(samples.images), sprites.images[rows], options.k)
    parts = _parts(sprites)
    matches = [
        [
            {"row": int(rows[j]), "squared_distance": int(d), "count": int(counts[j]), "part": parts[int(rows[j])]}
            for j, d in zip(found[i], distances[i], strict=True)
        ]
        for i in range(len(samples))
    ]
    exact = int((distances[:, 0] == 0).sum())
    if options.json:
        result = {"samples": len(samples), "distinct": len(rows), "exact_copies": exact, "nearest": matches}
        print(json.dumps(result))
        return
    print(f"{exact} of {len(samples)} samples are exact copies of one of {len(rows):,} distinct sprites.")
    for i, found_for_one in enumerate(matches):
        cells = [f"row {m['row']} ({m['part']}, {m['count']}x) at {m['squared_distance']}" for m in found_for_one]
        print(f"sample {i}: {'; '.join(cells)}")


def _source(checkpoint: Checkpoint) -> str:
    source = checkpoint.config.get("data", {}).get("source")
    if not isinstance(source, str):
        raise CheckpointError(f"{checkpoint.path} does not say what it learnt from: give --data.")
    return source


def _report(options: argparse.Namespace) -> None:
    checkpoint = load_checkpoint(options.checkpoint) if options.checkpoint else None
    if checkpoint is None and (options.samples is None or options.data is None):
        raise ValueError("report needs --samples and --data, or a --checkpoint that tells the rest")
    if not 0 < options.false_positive_rate < 1:
        raise ValueError(f"--false-positive-rate must lie between 0 and 1, got {options.false_positive_rate}")
    if options.html is not None and (options.html.is_dir() or not options.html.name):
        raise ValueError(f"--html: {options.html} is a folder; give the name of a file")
    if options.html is not None:
        options.html.parent.mkdir(parents=True, exist_ok=True)
    trained_on, source = None, options.data
    if checkpoint is not None:
        run = Run(checkpoint.path.parent.parent)
        trained_on, source = run.trained_on(), source or _source(checkpoint)
        if trained_on is None and run.has_hashes():
            print(f"{run.folder / 'trained_on.npy'} is damaged: the usual split is taken instead.", file=sys.stderr)
    reference = what_was_seen(_load(source), trained_on)
    check_seen(reference)
    labels, drawn_by = None, ""
    if options.samples is not None:
        samples = np.asarray(_load(options.samples).images)
    else:
        assert checkpoint is not None
        if options.n < 1:
            raise ValueError(f"--n must be at least 1, got {options.n}")
        asked = _labels("any", options.n, options.seed, checkpoint)
        labels = None if asked is None else asked.numpy()
        moments = sample(
            checkpoint.model, checkpoint.schedule, options.n, options.sampler, seed=options.seed, labels=asked
        )
        steps = default_steps(options.sampler, checkpoint.schedule.num_timesteps)
        *_, last = follow(moments, steps, f"drawing {options.n} sprites")
        samples = to_uint8(last.x0)
    if checkpoint is not None:
        drawn_by = f"{run.name}, step {checkpoint.config['step']:,}"
    report = make_report(samples, reference, checkpoint, labels, options.false_positive_rate, drawn_by)
    if options.html is not None:
        replace_bytes(options.html, to_html(report).encode())
        print(f"Wrote {options.html}", file=sys.stderr)
    print(json.dumps(report.to_dict(), allow_nan=False) if options.json else report.to_text())


def _parts(sprites: SpriteDataset) -> dict[int, str]:
    train, heldout = sprites.split()
    parts = dict.fromkeys(train.tolist(), "training") | dict.fromkeys(heldout.tolist(), "held out")
    return dict.fromkeys(sprites.distinct().tolist(), "exam") | parts


def _data(options: argparse.Namespace) -> None:
    if options.download:
        if options.source != "kaggle":
            raise ValueError("--download is for the source kaggle")
        # Whatever the downloader prints must not mix with our one JSON object.
        with contextlib.redirect_stdout(sys.stderr):
            kaggle.download()
    if options.out is not None and options.out.suffix.lower() != ".npz":
        raise ValueError(f"--out must end in .npz, got {options.out}")
    sprites = _load(options.source, tile=options.tile, margin=options.margin, gap=options.gap)
    card = data_card(sprites)
    other = data_card(_load(options.beside)) if options.beside else None
    if options.out is not None:
        _save_sprites(sprites, options.out)
    if options.json:
        print(json.dumps(card if other is None else {**card, "beside": other}))
        return
    for key, value in card.items():
        if key not in ("traits", "notes"):  # the notes have been told
            print(f"{key.replace('_', ' '):>20}  {_readable(value)}")
    print("\nQuartiles (25%, median, 75%) over distinct sprites" + (f", and of {other['name']}:" if other else ":"))
    for trait, quartiles in card["traits"].items():
        cells = [quartiles] + ([other["traits"][trait]] if other else [])
        print(f"{trait:>20}  " + "   |   ".join("  ".join(_number(q) for q in cell) for cell in cells))


def _save_sprites(sprites: SpriteDataset, path: Path) -> None:
    arrays: dict[str, Any] = {"images": sprites.images}
    if sprites.labels is not None:
        arrays |= {"labels": sprites.labels, "label_names": list(sprites.label_names or ())}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_bytes(path, file.getvalue())
    print(f"Wrote {len(sprites):,} sprites to {path}", file=sys.stderr)


def _load(source: str, **layout: Any) -> SpriteDataset:
    """``load_sprites``; what it left out, cut or assumed is told."""
    sprites = load_sprites(source, **layout)
    for note in sprites.notes:
        print(note, file=sys.stderr)
    return sprites


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) else showable(str(value))


def _number(value: float | None) -> str:
    return "-".rjust(8) if value is None else f"{value:8.3f}"


def _ship(options: argparse.Namespace) -> None:
    run = ship_run(options.run, options.out, options.note, options.data, options.data_name)
    print(f"Wrote {run.folder}: {folder_size(run.folder) / 1e6:.2f} MB", file=sys.stderr)


def _choose(options: argparse.Namespace) -> None:
    if options.n < 2:
        raise ValueError(f"--n must be at least 2, got {options.n}")
    run = Run(options.run)
    if not run.steps():
        raise CheckpointError(f"{options.run} holds no saved step.")
    found = choose_step(run, options.data, options.n, options.ddpm, lambda text: print(text, file=sys.stderr))
    if options.json:
        print(json.dumps(found))
        return
    for row in [*found["rows"], *([found["all_steps"]] if found["all_steps"] else [])]:
        missed = ", ".join(bar.title for bar in bars(row) if not bar.held)
        print(f"step {row['step']:>9,} with {row['sampler']:<4}  {f'misses {missed}' if missed else 'holds every bar'}")
    print(f"Chosen: step {found['chosen']:,}")


def _bench(options: argparse.Namespace) -> None:
    if options.what in ("learning", "baseline"):
        result = _bench_learning(options)
    elif options.what == "sampling":
        result = bench.bench_sampling(options.checkpoint, options.data, lambda text: print(text, file=sys.stderr))
    else:
        result = bench.BENCHES[options.what](options.data or "builtin")
    if options.json:
        print(json.dumps(result))
        return
    for key, value in _flat(result):
        print(f"{key.replace('_', ' '):>44}  {f'{value:,.4g}' if isinstance(value, float) else value}")


def _bench_learning(options: argparse.Namespace) -> dict[str, Any]:
    source = options.data or "builtin"
    folder = home() / "bench" / load_sprites(source).fingerprint[:12] / "checkpoints"
    printer = ProgressPrinter()
    try:
        if options.what == "baseline":
            return bench.bench_baseline(source, options.minutes, folder, printer.training)
        return bench.bench_learning(
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
