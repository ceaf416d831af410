"""The report as files to keep, and the one that a shipped run brings along."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from ddpm.files import read_json
from ddpm.report import Report, make_report
from ddpm.report_page import to_html
from ddpm.run import Run
from pages.parts.comparing import Subject
from pages.parts.words import plain

VERDICT = "verdict.json"


def downloads(subject: Subject, rate: float, name: str) -> None:
    """Buttons for the whole report as a page and as JSON; it is computed when one is pressed.

    Args:
        rate: the false-positive rate.
        name: for the files.
    """

    def report() -> Report:
        chosen = subject.chosen
        return make_report(
            chosen.images,
            subject.reference,
            false_positive_rate=rate,
            drawn_by=chosen.drawn_by,
            yardstick=subject.yardstick,
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


def stored_verdict(run: Run) -> bool:
    """Show what was found when the run was made, if it brings that along; whether it does."""
    try:
        stored = read_json(run.folder / VERDICT)
    except (OSError, ValueError):
        return False
    found = stored.get("memorization")
    sentence = stored.get("sentence")
    if not isinstance(found, dict) or not isinstance(sentence, str):
        return False
    with st.container(border=True):
        st.markdown(f"**{plain(sentence)}**")
        by, data = stored.get("drawn_by") or plain(run.name), stored.get("data") or "its training sprites"
        st.caption(f"Found when the model was made: {plain(by)} held against {plain(data)}.")
        rows = _rows(found.get("rates"))
        if rows:
            st.table(rows)
    return True


def _rows(rates: Any) -> list[dict[str, str]]:
    rows = []
    for name, rate in rates.items() if isinstance(rates, dict) else ():
        values = [rate.get(key) for key in ("rate", "low", "high")] if isinstance(rate, dict) else []
        if len(values) == 3 and all(isinstance(value, int | float) for value in values):
            floor = rate.get("floor")
            rows.append(
                {
                    "": plain(name),
                    "samples": f"{values[0]:.1%}",
                    "interval": f"{values[1]:.1%} to {values[2]:.1%}",
                    "unseen real sprites": f"{floor:.1%}" if isinstance(floor, int | float) else "not known",
                }
            )
    return rows
