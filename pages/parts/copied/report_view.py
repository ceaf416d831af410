"""The report on samples: the answer, each sample beside its nearest training sprite, and the figures behind it.

All is in one fragment, so that the slider changes at once whatever depends on it.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ddpm.judging.copying.memorization import MemorizationReport, judge
from ddpm.judging.headline import headline
from pages.parts.copied.claim import claim
from pages.parts.copied.closeup import closeup
from pages.parts.copied.comparing import Pairs, Subject, measure, measured
from pages.parts.copied.controls import control_line, end_button
from pages.parts.copied.downloads import downloads
from pages.parts.copied.drawing_quality import how_drawn
from pages.parts.copied.figures import copied_most, distance_figure, onset
from pages.parts.copied.gallery import gallery, gallery_place, scatter
from pages.parts.copied.matches import packed_matches, packed_pairs
from pages.parts.copied.patches import patches
from pages.parts.copied.rates import headline_html, labels_html, percent, rates_html, terms_html, waiting_html
from pages.parts.shared.backdrop import ask_for_backdrop, backdrop_rule
from pages.parts.shared.words import plain

_RATES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
_USUAL = 0.01


@st.fragment
def report_view(pairs: Pairs, control: str | None) -> None:
    """Show the report on samples; ``control`` is the name of the control that they are, if they are one.

    The pairs are there at once. What takes longer is worked out below them; then the page runs again.
    """
    # Not an empty place: that would be cleared at once in each run, and all below it would jump.
    answer, back = st.container(), st.container()
    ask_for_backdrop(pairs.chosen.images)
    st.html(f"<style>{backdrop_rule()}{gallery_place(len(pairs.rows))}</style>")
    matches, figures = st.container(), st.container()
    subject = measured(pairs)
    if subject is None:
        waiting = answer.empty()
        waiting.html(waiting_html(0.0, "Getting to know the training sprites"))
        with matches:
            gallery(packed_pairs(pairs), key="gallery")

        def watch(done: float, what: str) -> None:
            waiting.html(waiting_html(done, what))

        try:
            measure(pairs, watch)
        except ValueError as error:
            waiting.warning(plain(error))
            return
        st.rerun()
    with figures:
        report, pointed, drawn, explained = _figures(subject, control)
    answer.html(headline_html(headline(report), control_line(control, report) if control else ""))
    if control:
        with back:
            end_button()
    with matches:
        opened = gallery(packed_matches(subject, report), key="gallery")
    opened = pointed if opened is None else opened
    if opened is not None and 0 <= opened < len(report.labels):
        closeup(subject, report, opened)
    # Last: the network of forms takes some seconds to get to know a data set, and what is asked for here also does.
    with drawn:
        how_drawn(subject)
    with explained:
        patches(subject, report)


def _figures(
    subject: Subject, control: str | None
) -> tuple[MemorizationReport, int | None, DeltaGenerator, DeltaGenerator]:
    """Show all figures, folded.

    Returns:
        The report; the sample that was clicked in one of them, if any; and the places for how well it
        draws and for what explains it.
    """
    with st.expander("The figures", icon=":material/bar_chart:"):
        rate = _ask_for_rate(subject)
        report = judge(subject.evidence, subject.index, rate)
        st.html(rates_html(report, subject.faults))
        st.subheader("What each sample is called")
        st.html(labels_html(report))
        drawn, near, explained, shapes, which, claimed, began, kept = st.tabs(
            [
                "How well does it draw?",
                "How near is normal?",
                "Made of patches?",
                "Shape against palette",
                "Which sprites are copied most?",
                "Known shapes in new colours?",
                "When did it begin to copy?",
                "Keep the report",
            ]
        )
        with near:
            distance_figure(subject, report)
        with shapes:
            pointed = scatter(packed_matches(subject, report), key="scatter")
            st.caption(
                "Hover over a point, or use the arrow keys, to see the sample and its matches; a click looks closer. "
                "Lower right are copies, upper right recolours, upper left new sprites. Hollow: real sprites that the "
                "model never saw."
            )
            st.html(terms_html("outlines", "palette", "unseen"))
        with which:
            copied_most(subject, report)
        with claimed:
            claim(subject, report)
        with began:
            onset(subject.chosen.run)
        with kept:
            downloads(subject, rate, f"created-or-copied-{control or subject.chosen.run.name}")
    return report, pointed, drawn, explained


def _ask_for_rate(subject: Subject) -> float:
    least = 1 / (len(subject.index.distances) + 1)
    rates = [least, *(rate for rate in _RATES if rate > least)]
    left, right = st.columns([6, 6], gap="large", vertical_alignment="center")
    rate = left.select_slider(
        "By chance: how suspicious to be",
        rates,
        min(rates, key=lambda value: abs(value - _USUAL)),
        format_func=percent,
        key=f"rate-{len(subject.index.distances)}",
    )
    per = f"{100 * rate:.2g} of 100" if rate >= 0.01 else f"1 of {1 / rate:,.0f}"
    right.markdown(
        f"**By chance** {per} real sprites that the model never saw would be called near copies: the false-positive "
        "rate. Further right it finds more copies, and accuses more innocent sprites. "
        f"It cannot go below 1 in {1 / least:,.0f}: there are no more training sprites to tell what is normal."
    )
    return float(rate)
