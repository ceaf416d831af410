"""The claim of the source report, measured."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from ddpm.judging.copying.memorization import MemorizationReport, MemorizationSummary
from ddpm.judging.exam import Exam, take_exam
from ddpm.judging.glossary import TERM_WORDS
from ddpm.judging.statistics import Proportion
from pages.parts.copied.comparing import Subject
from pages.parts.copied.rates import excess_words, percent, terms_html
from pages.parts.shared.words import plain

_ROWS = {
    "shape known": ("Known shape", "of all samples"),
    "palette novel, of those": ("New palette", "of those with a known shape"),
    "palette nowhere, of those": ("Colours that are nowhere in the data", "of those with a known shape"),
}


def claim(subject: Subject, report: MemorizationReport) -> None:
    """Show the three numbers of the claim, and the exam where there is one."""
    exam = None
    if len(subject.sprites.exam()):
        with st.spinner("Grading the exam ..."):
            exam = _graded(subject.key, subject.chosen.images.tobytes(), report.near_distance, subject)
    claim_numbers(report, None if exam is None else exam.sentence)


def claim_numbers(report: MemorizationSummary, exam: str | None) -> None:
    """Show the three numbers beside those of unseen sprites, what they mean, and the sentence of the exam, if any."""
    st.markdown(
        "The student report that this app rebuilds looked at its samples and judged by eye: *known shapes, in palettes "
        "that are not in the data*. Here it is measured, beside what real sprites show that the model never saw."
    )
    rows = [(*words, *_cells(report.claim[name])) for name, words in _ROWS.items()]
    st.html(table_html(["samples", "interval", "unseen", "excess"], rows) + terms_html("interval", "unseen", "excess"))
    st.markdown(f"**{claim_sentence(report)}**")
    if exam is not None:
        st.markdown("**The exam.** " + plain(exam))
        st.caption(TERM_WORDS["exam"])


def claim_sentence(report: MemorizationSummary) -> str:
    """What the numbers say about the claim."""
    shape, novel = report.claim["shape known"], report.claim["palette novel, of those"]
    if not shape.count or not novel.n:
        return "No sample has a known shape: these are shapes of their own, if they are shapes at all."
    first = f"{percent(shape.rate)} of the samples have a known shape"
    if shape.floor is not None:
        first += f", against {percent(shape.floor)} of real unseen sprites"
    words = f"{first}; {percent(novel.rate)} of those come in a new palette"
    if novel.floor is not None:
        words += f", against {percent(novel.floor)}"
    if shape.floor is None or novel.floor is None:
        return f"{words}. Without unseen sprites nobody can say whether that is much."
    shapes = "its shapes are known about as often as those of real sprites"
    if (shape.excess_low or 0) > 0:
        shapes = "its shapes are known more often than those of real sprites"
    elif shape.high < shape.floor:
        shapes = "its shapes are known less often than those of real sprites"
    colours = "their colours are no newer"
    if (novel.excess_low or 0) > 0:
        colours = "their colours are newer"
    elif (novel.excess or 0) > 0:
        colours = "whether their colours are newer, so few samples cannot say"
    return f"{words}. So {shapes}, and {colours}."


def table_html(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "claim") -> str:
    """A table as HTML; each row has a title, a remark, and a cell for each head."""
    lines = "".join(
        f"<tr><th>{html.escape(title)}<small>{html.escape(remark)}</small></th>"
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
        for title, remark, *cells in rows
    )
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f'<div class="wide" tabindex="0"><table class="{kind}"><tr><td></td>{head}</tr>{lines}</table></div>'


def _cells(rate: Proportion) -> list[str]:
    if not rate.n:
        return ["-"] * 4
    interval = f"{percent(rate.low)} to {percent(rate.high)}"
    return [f"{percent(rate.rate)} ({rate.count:,} of {rate.n:,})", interval, _unseen(rate), excess_words(rate)[0]]


def _unseen(rate: Proportion) -> str:
    return "not known" if rate.floor is None else percent(rate.floor)


@st.cache_resource(max_entries=24, show_spinner=False)
def _graded(key: str, samples: bytes, near_distance: int, _subject: Subject) -> Exam | None:
    return take_exam(_subject.chosen.images, _subject.sprites, _subject.comparison.seen, near_distance)
