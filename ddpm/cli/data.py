"""``python -m ddpm data``: describe a set of sprites."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.files import replace_bytes
from ddpm.base.text import showable
from ddpm.cli.inputs import add_reading_options, load_and_tell, source_as_read
from ddpm.cli.options import Commands, add_command
from ddpm.pixels.seams import Seams
from ddpm.sprites import SpriteDataset, kaggle, load_sprites
from ddpm.sprites.data_card import data_card
from ddpm.sprites.readers.tally import in_words

_NAMES = 3


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "data", _data, "describe a set of sprites")
    parser.add_argument("source", metavar="SOURCE", help="builtin, kaggle, or a path")
    parser.add_argument("beside", metavar="SECOND", nargs="?", help="another set, to hold the first against")
    parser.add_argument("--download", action="store_true", help="fetch the Kaggle set first")
    add_reading_options(parser)
    parser.add_argument("--out", type=Path, metavar="FILE.npz", help="save the sprites, to train on what was cut out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _data(options: argparse.Namespace) -> None:
    if options.download:
        if options.source != "kaggle":
            raise ValueError("--download is for the source kaggle")
        # What the downloader prints must not mix with the JSON object.
        with contextlib.redirect_stdout(sys.stderr):
            kaggle.download()
    if options.out is not None and options.out.suffix.lower() != ".npz":
        raise ValueError(f"--out must end in .npz, got {options.out}")
    sprites = load_sprites(source_as_read(options.source, options) or "")
    # The table of the files says the same as the note on them.
    in_table = in_words(sprites.tally) if sprites.tally and not options.json else None
    for note in sprites.notes:
        if in_table is None or not note.endswith(in_table):
            print(note, file=sys.stderr)
    card = data_card(sprites)
    other = data_card(load_and_tell(options.beside)) if options.beside else None
    if options.out is not None:
        _save_sprites(sprites, options.out)
    if options.json:
        print(json.dumps(card if other is None else {**card, "beside": other}))
        return
    for key, value in _facts(card).items():
        print(f"{key.replace('_', ' '):>20}  {_readable(value)}")
    _print_files(card["files"])
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


def _facts(card: dict[str, Any]) -> dict[str, Any]:
    """What stands in a line of its own; the notes are printed already, and the files have a table."""
    size = f"{card['width']} x {card['height']}"
    alpha = {"none": "opaque", "0 or 255": "transparent (alpha is 0 or 255)"}.get(card["alpha"], "transparent, soft")
    told = ("width", "height", "channels", "alpha", "traits", "notes", "files", "seams")
    facts: dict[str, Any] = {"name": card["name"], "source": card["source"], "size": size, "alpha": alpha}
    facts |= {key: value for key, value in card.items() if key not in told}
    if facts["background"] is None:
        del facts["background"]
    if card["seams"]:
        facts["as tiles"] = Seams.from_dict(card["seams"]).verdict()
    return facts


def _print_files(rows: list[dict[str, Any]]) -> None:
    """What became of the files of a folder or archive; nothing for other sources."""
    if not rows:
        return
    files = sum(row["files"] for row in rows)
    print(f"\n{sum(row['files'] for row in rows if row['taken']):,} of {files:,} files:")
    print(f"{'':>20}  {'files':>7}  {'sprites':>7}")
    for row in rows:
        names = row["names"][:_NAMES]
        more = row["files"] - len(names)
        listed = ", ".join(map(showable, names)) + (f" and {more:,} more" if names and more > 0 else "")
        state = "taken" if row["taken"] else "left out"
        counts = f"{_count(row['files'])}  {_count(row['sprites'])}"
        print(f"{state:>20}  {counts}  {showable(row['what'])}" + (f": {listed}" if listed else ""))


def _count(number: int) -> str:
    return f"{number:,}".rjust(7) if number else "-".rjust(7)


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) else showable(str(value))


def _number(value: float | None) -> str:
    return "-".rjust(8) if value is None else f"{value:8.3f}"
