"""The verdict that a run keeps: what was measured when its best step was chosen."""

from __future__ import annotations

import streamlit as st

from ddpm.judging.headline import headline
from ddpm.judging.readers import read_readers
from ddpm.judging.verdict import Verdict
from ddpm.runs.run import Run
from pages.parts.copied.claim import claim_numbers
from pages.parts.copied.comparing import question_live, show_report
from pages.parts.copied.drawing_quality import verdict_quality
from pages.parts.copied.rates import headline_html, labels_html, rates_html
from pages.parts.shared.drawing import first_batch
from pages.parts.shared.navigation import KAGGLE, open_form
from pages.parts.shared.pictures import contact_sheet
from pages.parts.shared.store import may_have_data, verdict_of
from pages.parts.shared.words import counted, plain

_DRAWN, _COLUMNS = 36, 6
_SETS = {"builtin": "the built-in set", "kaggle": "the Kaggle set"}


def verdict_view(run: Run, missing: str = "") -> None:
    """Show the verdict that a run keeps, and how to examine new samples.

    Args:
        missing: why the sprites that it learnt from cannot be used; empty if they can.
    """
    verdict = verdict_of(run)
    if verdict is None:
        return
    # One block, so that the browser removes all of it at once; with a name, so that it is not moved but another one.
    with st.container(key="kept-report"):
        told, shown = st.columns([7, 5], gap="large")
        with told:
            _summary(run, verdict)
            if missing or not may_have_data(run):
                _how_to_get(run, missing)
            else:
                st.button(
                    "Draw 64 now and look at each",
                    type="primary",
                    icon=":material/brush:",
                    on_click=question_live,
                    args=(run,),
                )
        st.html(rates_html(verdict))
        st.subheader("What each sample is called")
        st.html(labels_html(verdict))
        st.header("Known shapes in new colours?")
        claim_numbers(verdict, verdict.exam)
        if verdict.quality:
            st.header("How well does it draw?")
            verdict_quality(verdict, read_readers(run))
        # Last: drawing takes a second, and all above can be read meanwhile.
        with shown:
            batch = first_batch(run, _DRAWN)
            if batch is not None:
                contact_sheet(batch.chain.sprites, f"{_DRAWN} sprites by {run.name}", _COLUMNS, scale=4)
                st.caption("New ones, drawn just now; they are not among those that were counted.")


def report_line(run: Run, drew: bool) -> None:
    """Say in one line what was found about a run when it was made, and lead there; nothing if it has no verdict.

    Args:
        drew: whether it drew the sprites above; else they must not be taken for its own.
    """
    verdict = verdict_of(run)
    if verdict is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        when = "When this model was made" if drew else f"{plain(run.name)} did not draw these. When it was made"
        st.caption(f"{when}, {counted(len(verdict.labels), 'sprite')} of it were measured: {headline(verdict).answer}")
        st.button("See that report", type="tertiary", icon=":material/description:", on_click=show_report, args=(run,))


def without_sprites(run: Run, missing: str) -> None:
    """Say why a run's samples cannot be compared with what it learnt from, and show its verdict, if it has one."""
    if verdict_of(run) is not None:
        verdict_view(run, missing)
    else:
        st.warning(f"{plain(run.name)} cannot be questioned now.", icon=":material/folder_off:")
        _how_to_get(run, missing)


def _summary(run: Run, verdict: Verdict) -> None:
    data = _SETS.get(str((run.config().get("data") or {}).get("source", "")))
    sprites = f"{verdict.train_size:,} distinct sprites" + (f" of {data}" if data else "") + " that it learnt from"
    unseen = f", beside {verdict.heldout_size:,} that it never saw" if verdict.heldout_size else ""
    # The run may have been renamed since.
    _, comma, step = verdict.drawn_by.rpartition(", step ")
    drawn_by = f"{run.name}{comma}{step}" if comma else verdict.drawn_by
    by = f" by {drawn_by}" if drawn_by else ""
    st.html(headline_html(headline(verdict)))
    st.caption(
        f"Found when this model was made: {counted(len(verdict.labels), 'sprite')} drawn{plain(by)}, held against the "
        f"{sprites}{unseen}."
    )
    for words in (verdict.limit_words, *verdict.unknown):
        if words:
            st.caption(plain(words))


def _how_to_get(run: Run, missing: str) -> None:
    """Say how to get the sprites that a run learnt from."""
    source = (run.config().get("data") or {}).get("source")
    if source != "kaggle" or may_have_data(run):
        missing = missing or f"The sprites that it learnt from are not here: {source}."
        st.info(f"{plain(missing)} Until then no single sample can be looked at.", icon=":material/folder_off:")
        return
    st.info(
        "To look at single samples, the sprites that it learnt from are needed: fetch the Kaggle set once, on the "
        "Train page or by `python -m ddpm data kaggle --download`.",
        icon=":material/download:",
    )
    if st.button("Fetch it on the Train page", icon=":material/arrow_forward:"):
        open_form(KAGGLE)
