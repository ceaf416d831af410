"""The answer to "created or copied?" in one sentence, the same on the page and on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ddpm.base.text import counted
from ddpm.judging.copying.memorization import MemorizationSummary
from ddpm.judging.statistics import Proportion, chance_of_more, percent, proportion

Mood = Literal["calm", "careful", "alarm"]

_FEW_UNSEEN, _MANY_POOR = 64, 0.25
_FIRST_LOOK = 256
"""With fewer samples, more than one in a hundred could be near copies though none was found."""
_MANY_RECOLOURED = 0.05
_LEAST_COPIES = 3
_MOST_SUMMED = 100_000
_SURE = 0.025
"""As in a 95% interval of which only the lower end counts."""


@dataclass(frozen=True)
class Headline:
    """The finding in words.

    Attributes:
        answer: whether it copied.
        numbers: the sentence with the numbers behind that.
        caveat: what limits it, may be empty.
        privacy: what distances do not tell: whether the model's training sprites can be found out in other ways.
    """

    mood: Mood
    answer: str
    numbers: str
    caveat: str
    privacy: str

    @property
    def sentence(self) -> str:
        """The answer and its numbers."""
        return f"{self.answer} {self.numbers}"


def headline(report: MemorizationSummary) -> Headline:
    """Put a report into words. An excess whose interval includes zero is never called copying."""
    n, exact, near, poor = (
        len(report.labels),
        report.rates["exact copy"],
        report.rates["near copy"],
        report.rates["low quality"],
    )
    moved = _labelled(report, "exact copy", "near copy", "moved copy")
    recoloured = _labelled(report, "recolour")
    # Some moved ones are usual: then "no copies" would contradict what stands at them.
    clear = "No more copies than is usual" if near.count or moved.count else "No copies"
    mood: Mood = "careful"
    if exact.count > max(1.0, report.effective_rate * n):
        mood, answer = "alarm", "Copied: training sprites come back pixel by pixel."
    elif _surely_near(report):
        mood, answer = "alarm", "Copied: too many come too near to a training sprite."
    elif _surely_more(moved):
        mood = "alarm"
        answer = f"Copied: {percent(moved.rate)} are training sprites, if mirrored or moved by a pixel."
    elif exact.count:
        answer = f"{'One sample is' if exact.count == 1 else f'{exact.count:,} samples are'} copied pixel by pixel."
    elif near.count and near.low > report.effective_rate:
        are = "One sample comes" if near.count == 1 else f"{near.count:,} samples come"
        answer = f"{are} very near to a training sprite: too few to tell whether by chance."
    elif _surely_more(report.rates["collage"]):
        answer = f"{clear}, but more collages of two training sprites than real sprites show."
    elif _surely_more(recoloured):
        answer = f"{clear}, but {percent(recoloured.rate)} are recolours, known shapes in other colours"
        answer += (
            f"; of real sprites that it never saw, only {percent(recoloured.floor)} are." if recoloured.floor else "."
        )
    elif poor.rate > _MANY_POOR and _surely_more(poor):
        answer = f"No sign of copying, but that says little: {percent(poor.rate)} are worse drawn than real sprites."
    else:
        mood, answer = "calm", "No sign of copying."
    numbers = report.sentence
    if mood == "calm" and recoloured.rate >= _MANY_RECOLOURED and recoloured.floor is not None:
        usual = percent(recoloured.floor)
        numbers += (
            f" {percent(recoloured.rate)} are recolours, known shapes in other colours; of those real ones {usual}."
        )
    return Headline(mood, answer, numbers, _caveat(report), privacy_words(report))


def privacy_words(report: MemorizationSummary) -> str:
    """What distances cannot tell, with the AUC where it was measured."""
    words = "This compares pictures. Whether somebody could find out what a model learnt from is another question"
    if report.membership is None:
        return f"{words}, and was not measured here."
    area, low, high = report.membership
    gives = "this model's errors give it away" if low > 0.5 else "this model's errors do not give it away"
    return f"{words}: {gives} (AUC {area:.2f}, {low:.2f} to {high:.2f}; 0.5 is guessing)."


def _caveat(report: MemorizationSummary) -> str:
    words = []
    near, n = report.rates["near copy"], len(report.labels)
    # Of what was copied pixel by pixel nobody asks how much more could be.
    if n < _FIRST_LOOK and not report.rates["exact copy"].count:
        words.append(
            f"With {counted(n, 'sample')} this is a first look: of many more like them up to {near.high:.0%} could be "
            "near copies."
        )
    if not report.heldout_size:
        words.append("No real sprites were held out, so nobody can say what is usual.")
    elif report.heldout_size < _FEW_UNSEEN:
        words.append(f"What is usual rests on only {report.heldout_size} unseen sprites: mind the intervals.")
    return " ".join(words)


def _labelled(report: MemorizationSummary, *labels: str) -> Proportion:
    """The share of samples with one of some labels; its floor is that of unseen sprites."""
    counts = [sum(label in labels for label in side) for side in (report.labels, report.heldout_labels)]
    return proportion(counts[0], len(report.labels), proportion(counts[1], len(report.heldout_labels)))


def _surely_near(report: MemorizationSummary) -> bool:
    """Whether there are more near copies than chance gives, the limit itself being known from the data alone."""
    near = report.rates["near copy"]
    if near.count < _LEAST_COPIES or report.effective_rate >= 1:
        return False
    if near.n > _MOST_SUMMED:
        return near.low > report.effective_rate
    known = max(1, report.train_size)
    below = min(max(1, round(report.effective_rate * (known + 1))), known)
    return chance_of_more(near.count, near.n, below, known) <= _SURE


def _surely_more(rate: Proportion) -> bool:
    """Whether the whole interval is above the floor; one or two samples alone are never enough."""
    return rate.excess_low is not None and rate.excess_low > 0 and rate.count >= _LEAST_COPIES
