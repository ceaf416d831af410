"""The lesson on paper: a sheet for pupils, and one for the teacher. On the screen there is only the button."""

from __future__ import annotations

import html
import re
from pathlib import Path

import streamlit as st

from pages.parts.shared.component import STYLE, source
from pages.parts.shared.lesson.steps import STEPS, Step

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def paper() -> None:
    """Offer to print the lesson."""
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-print"):
        _button(key="print", height="content", width="content")
        teacher = st.toggle("With a page for the teacher", key="lesson-teacher", persist_state="session")
    st.html(Path(__file__).with_name("paper.css"))
    st.html(sheets((st.context.url or "").split("?")[0].rpartition("/")[0], teacher))


def sheets(base: str, teacher: bool) -> str:
    """The sheets as HTML; ``base`` is the address of the app, as far as the name of a page."""
    pupils = "".join(_step(number, step, base) for number, step in _numbered())
    found = "".join(
        f"<h3>{number} · {_text(step.title)}</h3><p>{_text(step.found)}</p>" for number, step in _numbered()
    )
    pages = [
        f"<article><h2>Did it create, or did it copy? Ten minutes, six steps</h2>"
        f'<p class="name"><span>Name</span><span>Date</span></p>'
        f"<p>A computer draws small pictures that nobody has drawn before. Or has somebody? Open "
        f"<code>{html.escape(base)}/Lesson</code>, or the address of each step.</p>{pupils}</article>"
    ]
    if teacher:
        pages.append(
            f"<article><h2>For the teacher: what one should have found</h2><p>All of it holds for the built-in model "
            f"that comes with the app. Single sprites differ.</p>{found}</article>"
        )
    return f'<div class="lesson-paper">{"".join(pages)}</div>'


def _numbered() -> list[tuple[int, Step]]:
    return list(enumerate(STEPS, start=1))


def _step(number: int, step: Step, base: str) -> str:
    places = " ".join(f"<code>{html.escape(f'{base}/{stop.path(number)}')}</code>" for stop in step.stops)
    return (
        f"<h3>{number} · {_text(step.title)} <small>{step.minutes} min · {places}</small></h3>"
        f"<p>{_text(step.press)} {_text(step.look)}</p>"
        f'<p><b>Before you go on:</b> {_text(step.question)}</p><p class="answer"></p>'
    )


def _text(markdown: str) -> str:
    return _BOLD.sub(r"<b>\1</b>", html.escape(markdown, quote=False))


_button = st.components.v2.component(
    "ddpm_print",
    html='<section><button type="button">Print</button></section>',
    css=STYLE + source(__file__, "button.css"),
    js=source(__file__, "button.js"),
)
