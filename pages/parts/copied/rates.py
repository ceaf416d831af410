"""A report as HTML: the answer, the rates, each on a card with its meaning, and the labels of the samples."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from ddpm.judging.copying.memorization import LABELS, MemorizationSummary
from ddpm.judging.glossary import LABEL_WORDS, RATE_WORDS, TERM_WORDS
from ddpm.judging.headline import Headline
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
    "low quality": "Low quality",
}
"""Title of each rate's card."""


def headline_html(found: Headline, test: str = "") -> str:
    """The headline as HTML; ``test`` is a line that marks it as a test, empty for real samples."""
    badge = f'<p class="test">{html.escape(test)}</p>' if test else ""
    caveat = f'<p class="caveat">{html.escape(found.caveat)}</p>' if found.caveat else ""
    privacy = f'<p class="caveat">{html.escape(found.privacy)}</p>'
    return (
        f'<div class="verdict {found.mood}" role="status">{badge}<p class="headline">{html.escape(found.answer)}</p>'
        f'<p class="numbers">{html.escape(found.numbers)}</p>{caveat}{privacy}</div>'
    )


def waiting_html(done: float, what: str) -> str:
    """What stands in the headline's place until it is known: what is being done, and the share, 0..1, that is done."""
    return (
        '<div class="verdict waiting" role="status"><p class="headline">Is any of these a copy?</p>'
        f'<p class="numbers">{html.escape(what)} ...</p>'
        f'<div class="bar" aria-hidden="true"><i style="width:{100 * done:.0f}%"></i></div></div>'
    )


def rates_html(report: MemorizationSummary, faults: Sequence[tuple[str, ...]] = ()) -> str:
    """A card for each rate: the rate, its interval, what unseen sprites show, and its excess.

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
    key = ""
    if report.heldout_labels:
        key = f'<div class="key"><b></b> samples <u></u> {term_html("unseen", "unseen real sprites")}</div>'
    more = _novel_words(report)
    return f'<div class="labels">{key}<ul>{rows}</ul>{f"<p>{html.escape(more)}</p>" if more else ""}</div>'


def term_html(name: str, shown: str = "") -> str:
    """A term that is explained on click; ``shown``: the words that stand for it, if not its name."""
    return (
        f'<details class="term"><summary>{html.escape(shown or name)}</summary>'
        f"<p>{html.escape(TERM_WORDS[name])}</p></details>"
    )


def terms_html(*names: str) -> str:
    """The terms of a table or a chart, each explained on click."""
    return f'<div class="terms">{"".join(map(term_html, names))}</div>'


def _novel_words(report: MemorizationSummary) -> str:
    """Why hardly any unseen sprite is novel, where more of the samples are; else empty."""
    if not report.heldout_labels:
        return ""
    own, unseen = (labels.count("novel") / len(labels) for labels in (report.labels, report.heldout_labels))
    if own <= unseen:
        return ""
    few = "None" if not unseen else f"Only {percent(unseen)}"
    return (
        f"{few} of the unseen real sprites {'is' if not unseen else 'are'} novel: sprites of one set share shapes and "
        "colours. That more of the samples are says that they are less like the set, not that they are better."
    )


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
    rate, unseen = report.rates[name], report.heldout_rates.get(name)
    excess, strong = excess_words(rate)
    mark = "" if not strong else " more" if name in _ALARMING else " new"
    known = unseen is not None and unseen.n > 0
    tick = f'<u style="left:{100 * unseen.rate:.2f}%"></u>' if known and unseen is not None else ""
    gauge = (
        f'<div class="gauge" role="img" aria-label="from 0 to 100%"><i style="left:{100 * rate.low:.2f}%;'
        f'width:{max(0.6, 100 * (rate.high - rate.low)):.2f}%"></i><b style="left:{100 * rate.rate:.2f}%"></b>'
        f"{tick}</div>"
    )
    lines = [("interval", f"{percent(rate.low)} to {percent(rate.high)}")]
    if name == "near copy":
        lines.append(("by chance", percent(report.effective_rate)))
    lines.append(("unseen", percent(unseen.rate) if known and unseen is not None else "not known"))
    lines.append(("excess", excess))
    return (
        f'<div class="rate{mark}" data-rate="{html.escape(name)}"><h3>{html.escape(TITLES[name])}</h3>'
        f'<p class="big">{percent(rate.rate)} <span>{rate.count:,} of {rate.n:,}</span></p>{gauge}'
        f"{''.join(_line(*line) for line in lines)}<p>{html.escape(RATE_WORDS[name] + more)}</p></div>"
    )


def _line(term: str, value: str) -> str:
    return (
        f'<details class="line"><summary><span>{term}</span>{value}</summary>'
        f"<p>{html.escape(TERM_WORDS[term])}</p></details>"
    )


def _how_to_read(report: MemorizationSummary) -> str:
    shape = report.heldout_rates.get("shape known")
    example = f": {percent(shape.rate)} of them have a known shape" if shape is not None and shape.n else ""
    return (
        '<div class="rate read"><h3>How to read this</h3><p>Only what lies above the <b>unseen</b> says something '
        f"about the model: real sprites of this set that it never saw show the same{example}.</p><p><b>The bars</b>, 0 "
        "to 100%: dot, the samples; band, the interval; green, the unseen.</p><p>Click on a word to have it "
        "explained.</p></div>"
    )


def excess_words(rate: Proportion) -> tuple[str, bool]:
    """The excess of a rate in words, and whether it is more than chance."""
    if rate.floor is None:
        return "not known", False
    if rate.floor >= 1:
        return _FEWER if rate.high < rate.floor else "none can be told: all unseen ones do", False
    if rate.excess is None or rate.excess_low is None or rate.excess_high is None:
        return "not known", False
    if rate.excess <= 0:
        # What unseen sprites show is uncertain, too, and the interval of the excess includes that.
        return _FEWER if rate.excess_high < 0 else "none", False
    interval = f"{percent(max(0.0, rate.excess_low))} to {percent(rate.excess_high)}"
    return f"{percent(rate.excess)} ({interval})", rate.excess_low > 0
