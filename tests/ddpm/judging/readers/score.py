"""Do our figures agree with eyes? ``python -m tests.ddpm.judging.readers.score``.

``answers.json`` holds what each reader said of each sheet: for how many of its 64 sprites they would bet on a name.

    {"reader 1": {"A": 41, "B": 12, ...}, "reader 2": {...}}

A reader is shown the sheets of ``sheets view`` in an order of their own, without the key, and asked: "For how many of
these 64 would you bet that you can say what it shows?"

``strict_answers.json`` is of readers who were told to say no also to what is "vague, broken, ambiguous or half right".
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from scipy import stats

from tests.ddpm.judging.readers.sheets import HERE, KEY, SHOWN

ANSWERS = HERE / "answers.json"
# Ratios are better when low.
FIGURES = {"believable_shown": 1, "believable": 1, "form_ratio": -1, "random_ratio": -1}


def shares(answers: dict[str, dict[str, int]], letters: set[str]) -> dict[str, float]:
    """Of each sheet that somebody has read, the mean share of sprites that readers would bet on naming.

    Raises:
        ValueError: for a sheet that does not exist, or a count outside 0..64.
    """
    found: dict[str, list[float]] = {}
    for reader, counts in answers.items():
        for letter, count in counts.items():
            if letter not in letters:
                raise ValueError(f"{reader} speaks of sheet {letter!r}; there are {', '.join(sorted(letters))}")
            if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= SHOWN:
                raise ValueError(f"{reader}, sheet {letter}: expected a whole number from 0 to {SHOWN}, got {count!r}")
            found.setdefault(letter, []).append(count / SHOWN)
    return {letter: sum(values) / len(values) for letter, values in sorted(found.items())}


def agreement(named: dict[str, float], key: dict[str, Any], figure: str) -> float:
    """Spearman's correlation over the sheets that were read; 1: the figure puts them in the order of the eyes."""
    values = [FIGURES[figure] * key[letter][figure] for letter in named]
    return float(stats.spearmanr(list(named.values()), values).statistic)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--answers", type=Path, default=ANSWERS)
    options = parser.parse_args()
    key = json.loads(KEY.read_text())
    named = shares(json.loads(options.answers.read_text()), set(key))
    print(f"{'':>2} {'set':>8} {'what':>15} {'named':>6} {'believable':>10} {'forms':>7} {'random':>7}")
    for letter, share in sorted(named.items(), key=lambda item: -item[1]):
        row = key[letter]
        print(
            f"{letter:>2} {row['set']:>8} {row['what']:>15} {share:>6.0%} {row['believable_shown']:>10.0%}"
            f" {row['form_ratio']:>7.2f} {row['random_ratio']:>7.2f}"
        )
    for name in ("builtin", "real", "both"):
        some = {letter: share for letter, share in named.items() if name in ("both", key[letter]["set"])}
        if len(some) < 4:
            print(f"{name}: only {len(some)} sheets were read")
            continue
        words = ", ".join(f"{figure} {agreement(some, key, figure):.2f}" for figure in FIGURES)
        print(f"{name}, {len(some)} sheets, Spearman: {words}")


if __name__ == "__main__":
    main()
