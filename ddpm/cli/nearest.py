"""``python -m ddpm nearest``: find the training sprites nearest to samples."""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from ddpm.cli.inputs import add_reading_options, load_and_tell, load_to_compare, source_as_read
from ddpm.cli.options import Commands, add_command
from ddpm.judging.quality.form_index import load_or_build_forms
from ddpm.pixels.neighbors import nearest


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "nearest", _nearest, "find the training sprites nearest to samples")
    parser.add_argument("--samples", required=True, help="a .npy of samples, or anything that holds sprites")
    parser.add_argument("--data", required=True, metavar="SOURCE", help="builtin, kaggle, or a path")
    add_reading_options(parser)
    parser.add_argument(
        "--by",
        choices=["pixels", "form"],
        default="pixels",
        help="form: what looks most alike to a network, whatever the colours",
    )
    parser.add_argument("--k", type=int, default=5, help="matches for each sample")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _nearest(options: argparse.Namespace) -> None:
    sprites = load_and_tell(source_as_read(options.data, options) or "")
    samples = load_to_compare(options.samples, sprites.images)
    rows, counts = sprites.distinct(), sprites.counts()
    if not 1 <= options.k <= len(rows):
        raise ValueError(f"--k must lie in 1..{len(rows)}, the number of distinct sprites, got {options.k}")
    if options.by == "form":
        found, values = load_or_build_forms(np.asarray(sprites.images[rows])).nearest(samples, options.k)
        key, word, form = "cosine", "alike by", ".2f"
    else:
        found, values = nearest(samples, sprites.images[rows], options.k)
        key, word, form = "squared_distance", "at", "d"
    train, heldout = sprites.split()
    parts = dict.fromkeys(rows.tolist(), "exam") | dict.fromkeys(train.tolist(), "training")
    parts |= dict.fromkeys(heldout.tolist(), "held out")
    matches = [
        [
            {"row": int(rows[j]), key: value, "count": int(counts[j]), "part": parts[int(rows[j])]}
            for j, value in zip(found[i], values[i].tolist(), strict=True)
        ]
        for i in range(len(samples))
    ]
    result: dict[str, Any] = {"samples": len(samples), "distinct": len(rows), "nearest": matches}
    if options.by == "pixels":
        exact = result["exact_copies"] = int((values[:, 0] == 0).sum())
        head = f"{exact:,} of {len(samples):,} samples are exact copies of one of {len(rows):,} distinct sprites."
    else:
        head = f"The most alike in form of {len(rows):,} distinct sprites; 1: as good as the same form."
    if options.json:
        print(json.dumps(result))
        return
    print(head)
    for i, found_for_one in enumerate(matches):
        cells = [f"row {m['row']:,} ({m['part']}, {m['count']}x) {word} {m[key]:{form}}" for m in found_for_one]
        print(f"sample {i:,}: {'; '.join(cells)}")
