"""The report as files to keep."""

from __future__ import annotations

import json

import streamlit as st

from ddpm.judging.html_report import to_html
from ddpm.judging.report import Report, make_report
from pages.parts.copied.comparing import Subject


def downloads(subject: Subject, rate: float, name: str) -> None:
    """Buttons that compute the whole report, as a page and as JSON.

    Args:
        rate: the false-positive rate.
        name: of the files, without a suffix.
    """

    def report() -> Report:
        return make_report(
            subject.chosen.images,
            subject.comparison,
            false_positive_rate=rate,
            drawn_by=subject.chosen.drawn_by,
            index=subject.index,
            evidence=subject.evidence,
        )

    with st.container(horizontal=True):
        for label, suffix, mime, make in (
            ("A page (HTML)", "html", "text/html", lambda: to_html(report()).encode()),
            ("Numbers (JSON)", "json", "application/json", lambda: json.dumps(report().to_dict(), indent=1).encode()),
        ):
            st.download_button(
                label,
                make,
                f"{name}.{suffix}",
                mime,
                on_click="ignore",
                icon=":material/download:",
                key=f"keep-{suffix}",
            )
    st.caption(
        "All rates, labels and the quality of the drawings, with the pairs that are nearest. It takes some seconds."
    )
