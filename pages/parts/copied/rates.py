"""The rates of a report, each on a card with its meaning, and the labels of the samples."""

from __future__ import annotations

import html

from ddpm.judging.copying.memorization import LABELS, MemorizationSummary
from ddpm.judging.glossary import LABEL_WORDS, RATE_WORDS
from ddpm.judging.statistics import Proportion
from ddpm.judging.statistics import percent as percent
from pages.parts.copied.matches import COLOURS

_ALARMING = ("near copy", "exact copy", "shape known", "collage")
_FEWER = "none, clearly fewer"
_BLACK, _WHITE = "#000000", "#ffffff"

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


def rates_html(report: MemorizationSummary) -> str:
    """A card for each rate: the rate, its interval, its floor and its excess."""
    cards = "".join(_card(name, report) for name in TITLES)
    return f'<h2 class="unseen">The numbers</h2><div class="cards">{cards}{_how_to_read(report)}</div>'


def labels_html(report: MemorizationSummary) -> str:
    """The labels of the samples as a bar, above that of unseen sprites."""
    present = [name for name in LABELS if name in report.labels or name in report.heldout_labels]
    bars = _bar("samples", report.labels, present)
    if report.heldout_labels:
        bars += _bar("unseen real sprites", report.heldout_labels, present)
    legend = "".join(
        f'<li style="--tone:{COLOURS[name]}"><i></i><span><b>{html.escape(name)}</b> '
        f"{html.escape(LABEL_WORDS[name])}</span></li>"
        for name in present
    )
    return f'<div class="labels">{bars}<ul>{legend}</ul></div>'


def _card(name: str, report: MemorizationSummary) -> str:
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
        f"<p>{html.escape(RATE_WORDS[name])}</p></div>"
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


def ink_on(colour: str) -> str:
    """Black or white, whichever has more contrast on a colour (``#rrggbb``): always at least 4.5 to 1."""
    return max(_BLACK, _WHITE, key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (``#rrggbb``), 1 to 21, as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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


def _bar(title: str, labels: tuple[str, ...], present: list[str]) -> str:
    parts = []
    for name in present:
        if count := labels.count(name):
            share = count / len(labels)
            colours = f"--tone:{COLOURS[name]};--on:{ink_on(COLOURS[name])}"
            words = html.escape(f"{name}: {count:,} of {len(labels):,}")
            text = f"{share:.0%}" if share >= 0.06 else ""
            parts.append(
                f'<i style="{colours};flex-grow:{count}" title="{words}">{text}<span class="unseen">{words}</span></i>'
            )
    return f'<p>{html.escape(title)}</p><div class="bar">{"".join(parts)}</div>'
