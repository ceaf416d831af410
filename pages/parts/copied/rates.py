"""The rates of a report, each on a card with its meaning, and the labels of the samples."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from ddpm.judging.copying.memorization import LABELS, MemorizationSummary
from ddpm.judging.glossary import LABEL_WORDS, RATE_WORDS
from ddpm.judging.statistics import Proportion
from ddpm.judging.statistics import percent as percent
from pages.parts.copied.matches import COLOURS

_ALARMING = ("near copy", "exact copy", "shape known", "collage")
_FEWER = "none, clearly fewer"

TITLES = {
    "near copy": "Near copies",
    "exact copy": "Exact copies",
    "shape known": "Known shape",
    "palette novel": "New palette",
    "palette nowhere": "Colours from nowhere",
    "collage": "Collage",
    "low quality": "Poor drawing",
}
"""Title of each rate's card."""


def rates_html(report: MemorizationSummary, faults: Sequence[tuple[str, ...]] = ()) -> str:
    """A card for each rate: the rate, its interval, its floor and its excess.

    Args:
        faults: of each sample, in words, what is badly drawn.
    """
    counts = Counter(fault for of_one in faults for fault in of_one)
    why = ", ".join(f"{fault} {count:,}" for fault, count in counts.most_common())
    cards = "".join(_card(name, report, f" Why: {why}." if why and name == "low quality" else "") for name in TITLES)
    return f'<h2 class="unseen">The numbers</h2><div class="cards">{cards}{_how_to_read(report)}</div>'


def labels_html(report: MemorizationSummary) -> str:
    """A bar for each label: the share of the samples, and on the same bar that of unseen sprites."""
    present = [name for name in LABELS if name in report.labels or name in report.heldout_labels]
    rows = "".join(_label_row(name, report) for name in present)
    key = '<p class="key"><b></b> samples <u></u> real sprites that it never saw</p>' if report.heldout_labels else ""
    return f'<div class="labels">{key}<ul>{rows}</ul></div>'


def _label_row(name: str, report: MemorizationSummary) -> str:
    count, n = report.labels.count(name), len(report.labels)
    words, tick = percent(count / n), ""
    if report.heldout_labels:
        floor = report.heldout_labels.count(name) / len(report.heldout_labels)
        words += f"<small>unseen {percent(floor)}</small>"
        tick = f'<u style="left:{100 * floor:.2f}%"></u>'
    return (
        f'<li style="--tone:{COLOURS[name]}"><details><summary>{html.escape(name)}</summary>'
        f"{html.escape(LABEL_WORDS[name])}</details>"
        f'<div class="bar"><i style="width:{100 * count / n:.2f}%"></i>{tick}</div>'
        f'<span title="{count:,} of {n:,}">{words}</span></li>'
    )


def _card(name: str, report: MemorizationSummary, more: str) -> str:
    rate = report.rates[name]
    floor, excess, strong = floor_words(rate)
    mark = "" if not strong else " more" if name in _ALARMING else " new"
    tick = "" if rate.floor is None else f'<u style="left:{100 * rate.floor:.2f}%"></u>'
    gauge = (
        f'<div class="gauge" role="img" aria-label="from 0 to 100%"><i style="left:{100 * rate.low:.2f}%;'
        f'width:{max(0.6, 100 * (rate.high - rate.low)):.2f}%"></i><b style="left:{100 * rate.rate:.2f}%"></b>'
        f"{tick}</div>"
    )
    return (
        f'<div class="rate{mark}" data-rate="{html.escape(name)}"><h3>{html.escape(TITLES[name])}</h3>'
        f'<p class="big">{percent(rate.rate)} <span>{rate.count:,} of {rate.n:,}</span></p>{gauge}'
        f'<div class="line"><span>interval</span>{percent(rate.low)} to {percent(rate.high)}</div>'
        f'<div class="line"><span>floor</span>{floor}</div><div class="line"><span>excess</span>{excess}</div>'
        f"<p>{html.escape(RATE_WORDS[name] + more)}</p></div>"
    )


def _how_to_read(report: MemorizationSummary) -> str:
    shape = report.rates["shape known"].floor
    example = "" if shape is None else f" (here {percent(shape)} of them have a known shape)"
    return (
        '<div class="rate read"><h3>How to read this</h3><p><b>Floor</b>: what real sprites that the model never saw '
        f"show anyway{example}, since sprites of one set look alike. Only what lies above it says something about the "
        "model.</p><p><b>Excess</b>: of all that could lie above the floor, the share that does. 60% of the samples "
        "above a floor of 20% are half of what could be: an excess of 50%.</p><p><b>Interval</b>: how sure the rate is "
        "with so few samples; the true one lies in it 19 times of 20.</p><p><b>The bars</b>, 0 to 100%: dot, the "
        "samples; band, the interval; green, the "
        "floor.</p></div>"
    )


def floor_words(rate: Proportion) -> tuple[str, str, bool]:
    """A rate's floor and excess in words, and whether the excess is more than chance."""
    if rate.floor is None:
        return "not known", "not known", False
    floor = percent(rate.floor)
    if rate.floor >= 1:
        return floor, _FEWER if rate.high < rate.floor else "none can be told: all unseen ones do", False
    if rate.excess is None or rate.excess_low is None or rate.excess_high is None:
        return floor, "not known", False
    if rate.excess <= 0:
        # The floor is uncertain, too, and the interval of the excess includes that.
        return floor, _FEWER if rate.excess_high < 0 else "none", False
    interval = f"{percent(max(0.0, rate.excess_low))} to {percent(rate.excess_high)}"
    return floor, f"{percent(rate.excess)} ({interval})", rate.excess_low > 0
