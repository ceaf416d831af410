"""The finding in one sentence, and the numbers behind it, each explained where it stands."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from ddpm.judging.copying.memorization import LABELS, MemorizationSummary
from ddpm.judging.glossary import LABEL_WORDS, RATE_WORDS
from ddpm.judging.statistics import Proportion, proportion
from pages.parts.copied.matches import COLOURS
from pages.parts.shared.words import counted

Mood = Literal["calm", "careful", "alarm"]
_ALARMING = ("near copy", "exact copy", "shape known", "collage")
_FEW = 64
_MANY_POOR = 0.25
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
"""What each rate is called on its card."""


@dataclass(frozen=True)
class Finding:
    """What the numbers say, in words.

    Attributes:
        headline: the answer.
        numbers: the sentence that it rests on, its number first.
        caveat: what limits it; empty where nothing does.
    """

    mood: Mood
    headline: str
    numbers: str
    caveat: str


def finding(report: MemorizationSummary) -> Finding:
    """Put a report into words. What lies within the interval of chance is never called copying."""
    n, exact, poor = len(report.labels), report.rates["exact copy"], report.rates["low quality"]
    moved = _labelled(report, "exact copy", "near copy", "moved copy")
    recoloured = _labelled(report, "recolour")
    mood: Mood = "careful"
    if exact.count > max(1.0, report.effective_rate * n):
        mood, headline = "alarm", "Copied: training sprites come back pixel by pixel."
    elif _surely_more(report.rates["near copy"]):
        mood, headline = "alarm", "Copied: too many come too near to a training sprite."
    elif _surely_more(moved):
        mood = "alarm"
        headline = f"Copied: {percent(moved.rate)} are training sprites, if mirrored or moved by a pixel."
    elif exact.count:
        headline = f"{'One sample is' if exact.count == 1 else f'{exact.count:,} samples are'} copied pixel by pixel."
    elif _surely_more(report.rates["collage"]):
        headline = "No copies, but more collages of two training sprites than real sprites show."
    elif _surely_more(recoloured):
        headline = f"No copies, but {percent(recoloured.rate)} are recolours: known shapes in other colours."
    elif poor.rate > _MANY_POOR and _surely_more(poor):
        headline = (
            f"No sign of copying. But {percent(poor.rate)} are worse drawn than real sprites, and so unlike them."
        )
    else:
        mood, headline = "calm", "No sign of copying."
    return Finding(mood, headline, report.sentence, _caveat(report))


def _caveat(report: MemorizationSummary) -> str:
    words = []
    near, n = report.rates["near copy"], len(report.labels)
    if n < _FEW:
        words.append(
            f"With {counted(n, 'sample')} this is a first impression: up to {near.high:.0%} of all that it draws could "
            "be near copies."
        )
    if not report.heldout_size:
        words.append("No real sprites were held out, so most floors are unknown.")
    elif report.heldout_size < _FEW:
        words.append(f"The floors rest on only {report.heldout_size} unseen sprites: mind their intervals.")
    return " ".join(words)


def _labelled(report: MemorizationSummary, *labels: str) -> Proportion:
    """The samples of some labels; their floor is the share of them among unseen sprites."""
    counts = [sum(label in labels for label in side) for side in (report.labels, report.heldout_labels)]
    return proportion(counts[0], len(report.labels), proportion(counts[1], len(report.heldout_labels)))


def _surely_more(rate: Proportion) -> bool:
    """Whether the interval lies above the floor; one sample alone is never enough."""
    return rate.excess_low is not None and rate.excess_low > 0 and rate.count > 1


def verdict_html(found: Finding, test: str = "") -> str:
    """The verdict, large.

    Args:
        test: a line that marks it as a test; empty for real samples.
    """
    badge = f'<p class="test">{html.escape(test)}</p>' if test else ""
    caveat = f'<p class="caveat">{html.escape(found.caveat)}</p>' if found.caveat else ""
    return (
        f'<div class="verdict {found.mood}" role="status">{badge}<p class="numbers">{html.escape(found.numbers)}</p>'
        f'<p class="headline">{html.escape(found.headline)}</p>{caveat}</div>'
    )


def cards_html(report: MemorizationSummary) -> str:
    """A card for each rate: how many, how sure, how many are normal, and what is left."""
    cards = "".join(_card(name, report) for name in TITLES)
    return f'<h2 class="unseen">The numbers</h2><div class="cards">{cards}{_how_to_read(report)}</div>'


def labels_html(report: MemorizationSummary) -> str:
    """What each sample is called, as a bar, above that of unseen sprites."""
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


def percent(value: float) -> str:
    """A share with as many digits as it needs: 0%, 0.02%, 1.5%, 43%, 99.6%."""
    value *= 100
    if 99 < value < 99.995:
        return f"{value:.{1 if value < 99.95 else 2}f}%"
    for limit, digits in ((0.0005, 0), (0.095, 3), (0.95, 2), (9.95, 1)):
        if value < limit:
            text = f"{value:.{digits}f}"
            return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"
    return f"{value:.0f}%"


def _card(name: str, report: MemorizationSummary) -> str:
    title, meaning = TITLES[name], RATE_WORDS[name]
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
        f'<div class="rate{mark}" data-rate="{html.escape(name)}"><h3>{html.escape(title)}</h3>'
        f'<p class="big">{percent(rate.rate)} <span>{rate.count:,} of {rate.n:,}</span></p>{gauge}'
        f'<div class="line"><span>interval</span>{percent(rate.low)} to {percent(rate.high)}</div>'
        f'<div class="line"><span>floor</span>{floor}</div><div class="line"><span>excess</span>{excess}</div>'
        f"<p>{html.escape(meaning)}</p></div>"
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
    """Black or white, whichever is easier to read on a colour (``#rrggbb``): at least 4.5 to 1 on every one."""
    return max(_BLACK, _WHITE, key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """How far two colours (``#rrggbb``) differ in lightness, 1 to 21, as WCAG 2 measures it."""
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
        # The interval of an excess takes in how unsure the floor is.
        return floor, _FEWER if rate.excess_high < 0 else "none", False
    interval = f"{percent(max(0.0, rate.excess_low))} to {percent(rate.excess_high)}"
    return floor, f"{percent(rate.excess)} ({interval})", rate.excess_low > 0


def _bar(title: str, labels: tuple[str, ...], present: list[str]) -> str:
    parts = []
    for name in present:
        count = labels.count(name)
        if count:
            share = count / len(labels)
            colours = f"--tone:{COLOURS[name]};--on:{ink_on(COLOURS[name])}"
            words = f"{name}: {count:,} of {len(labels):,}"
            text = f"{share:.0%}" if share >= 0.06 else ""
            parts.append(
                f'<i style="{colours};flex-grow:{count}" title="{html.escape(words)}">{text}'
                f'<span class="unseen">{html.escape(words)}</span></i>'
            )
    return f'<p>{html.escape(title)}</p><div class="bar">{"".join(parts)}</div>'
