"""The answer to "created or copied?" in one sentence."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from ddpm.judging.copying.memorization import MemorizationSummary
from ddpm.judging.statistics import Proportion, proportion
from pages.parts.copied.rates import percent
from pages.parts.shared.words import counted

Mood = Literal["calm", "careful", "alarm"]
_FEW, _MANY_POOR = 64, 0.25


@dataclass(frozen=True)
class Headline:
    """Whether it copied, the sentence with the numbers behind that, and what limits it (may be empty)."""

    mood: Mood
    answer: str
    numbers: str
    caveat: str


def headline(report: MemorizationSummary) -> Headline:
    """Put a report into words. An excess whose interval includes zero is never called copying."""
    n, exact, poor = len(report.labels), report.rates["exact copy"], report.rates["low quality"]
    moved = _labelled(report, "exact copy", "near copy", "moved copy")
    recoloured = _labelled(report, "recolour")
    mood: Mood = "careful"
    if exact.count > max(1.0, report.effective_rate * n):
        mood, answer = "alarm", "Copied: training sprites come back pixel by pixel."
    elif _surely_more(report.rates["near copy"]):
        mood, answer = "alarm", "Copied: too many come too near to a training sprite."
    elif _surely_more(moved):
        mood = "alarm"
        answer = f"Copied: {percent(moved.rate)} are training sprites, if mirrored or moved by a pixel."
    elif exact.count:
        answer = f"{'One sample is' if exact.count == 1 else f'{exact.count:,} samples are'} copied pixel by pixel."
    elif _surely_more(report.rates["collage"]):
        answer = "No copies, but more collages of two training sprites than real sprites show."
    elif _surely_more(recoloured):
        answer = f"No copies, but {percent(recoloured.rate)} are recolours: known shapes in other colours."
    elif poor.rate > _MANY_POOR and _surely_more(poor):
        answer = f"No sign of copying. But {percent(poor.rate)} are worse drawn than real sprites, and so unlike them."
    else:
        mood, answer = "calm", "No sign of copying."
    return Headline(mood, answer, report.sentence, _caveat(report))


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
    """The share of samples with one of some labels; its floor is that of unseen sprites."""
    counts = [sum(label in labels for label in side) for side in (report.labels, report.heldout_labels)]
    return proportion(counts[0], len(report.labels), proportion(counts[1], len(report.heldout_labels)))


def _surely_more(rate: Proportion) -> bool:
    """Whether the whole interval is above the floor; one sample alone is never enough."""
    return rate.excess_low is not None and rate.excess_low > 0 and rate.count > 1


def headline_html(found: Headline, test: str = "") -> str:
    """The headline as HTML; ``test`` is a line that marks it as a test, empty for real samples."""
    badge = f'<p class="test">{html.escape(test)}</p>' if test else ""
    caveat = f'<p class="caveat">{html.escape(found.caveat)}</p>' if found.caveat else ""
    return (
        f'<div class="verdict {found.mood}" role="status">{badge}<p class="headline">{html.escape(found.answer)}</p>'
        f'<p class="numbers">{html.escape(found.numbers)}</p>{caveat}</div>'
    )


def waiting_html(done: float, what: str) -> str:
    """What stands in the headline's place until it is known: what is being done, and the share, 0..1, that is done."""
    return (
        '<div class="verdict waiting" role="status"><p class="headline">Is any of these a copy?</p>'
        f'<p class="numbers">{html.escape(what)} ...</p>'
        f'<div class="bar" aria-hidden="true"><i style="width:{100 * done:.0f}%"></i></div></div>'
    )
