"""Make the sheets: ``python -m tests.ddpm.judging.readers.sheets``.

    ... sheets make --real PATH --builtin-short RUN ...     # draws and measures all; writes sheets/ and key.json
    ... sheets make --only P Q                              # these alone; needs only what is on them
    ... sheets view --real PATH --out FOLDER                # what readers are given: eight times as large, numbered

A sheet is a PNG of 8x8 sprites at their own size, called by a letter that says nothing. Sheets with sprites of the real
set, whole, joined or blurred, are others' art: they are not kept here, ``view`` makes them anew.
"""

from __future__ import annotations

import argparse
import json
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ddpm.diffusion.sampling import sample, usual_sampler
from ddpm.judging.quality.measures import QualityBaseline
from ddpm.judging.quality.spoiling import blurred, halves_joined
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.transparency import lay_on
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.samples import cached_samples, labels_by_frequency
from ddpm.sprites import SpriteDataset, load_sprites
from tests.ddpm.helpers import ROOT

HERE = Path(__file__).parent
BUILTIN, REAL = ROOT / "checkpoints" / "builtin", ROOT / "checkpoints" / "pixel-art"
INSTANT = ROOT / "checkpoints" / "builtin-instant"
KEY = HERE / "key.json"
SHEETS = HERE / "sheets"
SIDE = 8
SHOWN = SIDE * SIDE
_MEASURED = 1024
_LARGER = 8
_MARGIN = 24
_FEW_CALLS = 4
_BLUR = 0.8
_TRAININGS = ("long", "short", "original", "longer", "instant")
_RUNS = tuple(
    f"{name}-{what}" for name in ("builtin", "real") for what in _TRAININGS if (name, what) != ("real", "instant")
)


@dataclass(frozen=True)
class Source:
    """What is on a sheet.

    Attributes:
        set: "builtin" or "real", with which it is compared.
        what: "unseen" sprites of the set; what a "long", "longer", "short" or "original" training draws, the long one
            also in a "few calls" of the network, the longer one distilled as "instant"; what the "shipped" model of
            today draws, and the "shipped instant" one; and sprites as "halves" of two, or "blurred".
        kept: whether the sheet may be in the repository.
    """

    set: str
    what: str
    kept: bool


SOURCES = {
    "A": Source("real", "short", True),
    "B": Source("builtin", "halves", True),
    "C": Source("builtin", "long", True),
    "D": Source("real", "original", True),
    "E": Source("builtin", "blurred", True),
    "F": Source("real", "long", True),
    "G": Source("builtin", "original", True),
    "H": Source("builtin", "unseen", True),
    "I": Source("real", "few calls", True),
    "J": Source("builtin", "short", True),
    "K": Source("real", "halves", False),
    "L": Source("builtin", "few calls", True),
    "M": Source("real", "unseen", False),
    "N": Source("real", "blurred", False),
    "O": Source("real", "longer", True),
    "P": Source("builtin", "longer", True),
    "Q": Source("builtin", "instant", True),
    "R": Source("real", "shipped", True),
    "S": Source("builtin", "shipped", True),
    "T": Source("builtin", "shipped instant", True),
}


@dataclass(frozen=True)
class Trainings:
    """Run folders of one set, None where they are not here."""

    long: Path | None = None
    short: Path | None = None
    original: Path | None = None
    longer: Path | None = None
    instant: Path | None = None
    shipped: Path | None = None
    shipped_instant: Path | None = None


def sprites_of(source: Source, sprites: SpriteDataset, runs: Trainings) -> np.ndarray:
    """All sprites of a source that are measured, the shown ones first: uint8 (N, H, W, C), N at most 1,024."""
    train, heldout = sprites.split()
    random = np.random.default_rng(0)
    # The real set has too few unseen ones for 1,024 of them.
    some = np.asarray(sprites.images[random.permutation(np.concatenate([train, heldout]))[:_MEASURED]])
    make: dict[str, Callable[[], np.ndarray]] = {
        "unseen": lambda: np.asarray(sprites.images[random.permutation(heldout)[:_MEASURED]]),
        "halves": lambda: halves_joined(some, random),
        "blurred": lambda: blurred(some, random, (_BLUR, _BLUR)),
        "few calls": lambda: few_calls(runs.long),
        **{
            name: lambda run=run: drawn(run)
            for name, run in (
                ("long", runs.long),
                ("longer", runs.longer),
                ("short", runs.short),
                ("original", runs.original),
                ("instant", runs.instant),
                ("shipped", runs.shipped),
                ("shipped instant", runs.shipped_instant),
            )
        },
    }
    return make[source.what]()


def drawn(run: Path | None) -> np.ndarray:
    """What a model draws as it usually does."""
    checkpoint = load_checkpoint(_given(run))
    return cached_samples(checkpoint, _MEASURED, usual_sampler(checkpoint.model))


def _given(run: Path | None) -> Path:
    if run is None:
        raise SystemExit(f"make needs a run folder for each training: {', '.join(_RUNS)}")
    return run


def few_calls(run: Path | None) -> np.ndarray:
    """What a trained model draws in a hurry."""
    checkpoint = load_checkpoint(_given(run))
    labels = labels_by_frequency(checkpoint, _MEASURED)
    (last,) = deque(
        sample(checkpoint.model, checkpoint.schedule, _MEASURED, "fast", steps=_FEW_CALLS, labels=labels), maxlen=1
    )
    return to_uint8(last.x0)


def make(sets: dict[str, tuple[SpriteDataset, Trainings]], only: list[str] | None) -> None:
    """Draw and measure every source, or only some, write the sheets that may be kept, and the key."""
    key = json.loads(KEY.read_text()) if only else {}
    baselines: dict[str, QualityBaseline] = {}
    for letter in only or SOURCES:
        source = SOURCES[letter]
        sprites, runs = sets[source.set]
        images = sprites_of(source, sprites, runs)
        if source.set not in baselines:
            train, heldout = sprites.split()
            both = np.sort(np.concatenate([train, heldout]))
            baselines[source.set] = QualityBaseline(np.asarray(sprites.images[both]))
        quality = baselines[source.set].report(images)
        forms = quality.forms
        key[letter] = {
            **asdict(source),
            "samples": len(images),
            "form_ratio": forms.frechet_ratio,
            "form_ratio_sd": forms.frechet_ratio_sd,
            "believable": forms.believable,
            "believable_shown": baselines[source.set].forms.report(images[:SHOWN], [np.arange(0)]).believable,
            "random_ratio": quality.frechet_ratio,
            "random_ratio_sd": quality.frechet_ratio_sd,
        }
        print(letter, key[letter], flush=True)
        if source.kept:
            SHEETS.mkdir(exist_ok=True)
            Image.fromarray(sheet(images)).save(SHEETS / f"{letter}.png", optimize=True)
    KEY.write_text(json.dumps(key, indent=1) + "\n")


def sheet(images: np.ndarray) -> np.ndarray:
    """uint8 (8 H, 8 W, 3): the first 64 sprites."""
    count, height, width, channels = images[:SHOWN].shape
    grid = images[:count].reshape(SIDE, SIDE, height, width, channels).transpose(0, 2, 1, 3, 4)
    return lay_on(grid.reshape(SIDE * height, SIDE * width, channels))


def enlarged(picture: Image.Image) -> Image.Image:
    """As readers see it: every pixel as 8x8, a gap between sprites, numbers at rows and columns."""
    pixels = np.asarray(picture.convert("RGB"))
    height, width = (side // SIDE for side in pixels.shape[:2])
    cells = pixels.reshape(SIDE, height, SIDE, width, 3).transpose(0, 2, 1, 3, 4)
    cells = np.pad(cells, ((0, 0), (0, 0), (1, 1), (1, 1), (0, 0)), constant_values=255)
    large = cells.transpose(0, 2, 1, 3, 4).reshape(SIDE * (height + 2), SIDE * (width + 2), 3)
    large = large.repeat(_LARGER, axis=0).repeat(_LARGER, axis=1)
    result = Image.new("RGB", (large.shape[1] + _MARGIN, large.shape[0] + _MARGIN), "white")
    result.paste(Image.fromarray(large), (_MARGIN, _MARGIN))
    draw = ImageDraw.Draw(result)
    for number in range(SIDE):
        across = _MARGIN + round((number + 0.5) * large.shape[1] / SIDE)
        down = _MARGIN + round((number + 0.5) * large.shape[0] / SIDE)
        draw.text((across, 6), str(number + 1), fill="black", anchor="mt")
        draw.text((8, down), str(number + 1), fill="black", anchor="mm")
    return result


def view(out: Path, real: str | None) -> None:
    """Write what readers are given; without the real set, only the sheets that are kept."""
    out.mkdir(parents=True, exist_ok=True)
    sprites = None if real is None else load_sprites(real)
    for letter, source in SOURCES.items():
        if source.kept:
            picture = Image.open(SHEETS / f"{letter}.png")
        elif sprites is not None:
            picture = Image.fromarray(sheet(sprites_of(source, sprites, Trainings(REAL))))
        else:
            print(f"{letter}.png is left out: it shows sprites of the real set; give --real")
            continue
        enlarged(picture).save(out / f"{letter}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["make", "view"])
    parser.add_argument("--real", metavar="SOURCE", help="the real set")
    parser.add_argument("--out", type=Path, help="view: a folder")
    parser.add_argument("--only", nargs="+", choices=list(SOURCES), metavar="LETTER", help="make: these sheets alone")
    for name in _RUNS:
        parser.add_argument(f"--{name}", type=Path, metavar="RUN", help="make: a run folder")
    options = parser.parse_args()
    if options.what == "view":
        if options.out is None:
            parser.error("view needs --out")
        view(options.out, options.real)
        return

    def given(name: str) -> dict[str, Path | None]:
        return {what: getattr(options, f"{name}_{what}", None) for what in _TRAININGS}

    trainings = {
        "builtin": Trainings(**given("builtin"), shipped=BUILTIN, shipped_instant=INSTANT),
        "real": Trainings(**given("real"), shipped=REAL),
    }
    wanted = {SOURCES[letter].set for letter in options.only or SOURCES}
    if "real" in wanted and options.real is None:
        parser.error("make needs --real")
    sources = {"builtin": "builtin", "real": options.real}
    make({name: (load_sprites(sources[name]), trainings[name]) for name in sorted(wanted)}, options.only)


if __name__ == "__main__":
    main()
