"""How well it draws: what a network believes that sees forms, how far samples are from real ones, what people named."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import streamlit as st

from ddpm.judging.quality.form_index import FormIndex, are_stored, load_or_build_forms
from ddpm.judging.quality.forms import UNBELIEVED, Believed, FormBaseline
from ddpm.judging.quality.measures import SIZE
from ddpm.judging.quality.report import QualityReport
from ddpm.judging.readers import Readers
from ddpm.judging.report import Grader
from ddpm.judging.statistics import Proportion
from ddpm.judging.verdict import Verdict
from pages.parts.copied.claim import table_html
from pages.parts.copied.comparing import Subject, keep
from pages.parts.copied.rates import percent, terms_html
from pages.parts.shared.store import verdict_of
from pages.parts.shared.words import counted, plain, problem

_MOST_UNSEEN = 512
_KEPT = 3
_QUALITY = {
    "haze": ("Haze", "of the background is not quite its colour"),
    "orphans": ("Stray pixels", "pixels of a sprite without a neighbour of their colour"),
    "merged_colours": ("Colours", "in a sprite, those that look alike counted once"),
    "outline": ("Dark outlines", "how much darker the edge of a drawing is than its inside, 0 to 1"),
}
_BELIEVABLE = ("Believable", "as a drawing of something, to a network that was taught to tell")
_FORM = (
    "Distance in form",
    "from real sprites as a whole, as that network sees them; 1: as near as those to one another",
)
_TEXTURE = ("Distance in texture", "the same, as networks see them that see colours and textures only")
_NO_COPIES = "None of this sees copying: a copy is as well drawn as what it copies."


def how_drawn(subject: Subject) -> None:
    """Show how well samples are drawn; the network takes some seconds for a new data set."""
    try:
        with st.spinner("Looking at the forms ...", show_time=True):
            found = believed(subject)
    except ValueError as error:
        # The network's file is missing or damaged.
        problem(error)
        return
    rows = [_believable_row(found)]
    n = len(subject.chosen.images)
    if n >= SIZE:
        with st.spinner("Measuring how far they are from real sprites ...", show_time=True):
            quality = _graded(subject.key, subject.chosen.images.tobytes(), subject)
        rows += _distance_rows(
            (quality.forms.frechet_ratio, quality.forms.frechet_ratio_sd),
            (quality.frechet_ratio, quality.frechet_ratio_sd),
        )
    st.html(table_html(["samples", "unseen"], rows, "claim quality"))
    if found.why_not:
        st.caption(found.why_not)
    if n < SIZE:
        st.markdown(_stored_distances(subject, n))
    st.html(terms_html("believable", "unseen", "distance in form", "distance in texture"))
    st.caption(f"{_NO_COPIES} A click on a sample says how far the network believes in that one.")


def verdict_quality(verdict: Verdict, readers: Readers | None) -> None:
    """Show how well the samples of a stored verdict are drawn, and what blind readers said of the model."""
    rows = _form_rows(verdict, readers)
    for name, values in verdict.quality.items():
        rows.append((*_QUALITY[name], *(_amount(name, value) for value in values)))
    if verdict.agreement is not None:
        drawn, unseen = verdict.agreement
        words = "of sprites asked for by kind, so many are taken for that kind by a classifier"
        rows.append(("Right kind", words, percent(drawn), "not known" if unseen is None else percent(unseen)))
    st.html(table_html(["samples", "real sprites"], rows, "claim quality"))
    terms = ["distance in texture", "haze", "stray pixels", "colours", "dark outlines", "right kind"]
    terms = ["believable", "distance in form", *terms] if verdict.forms is not None else terms
    st.html(terms_html(*terms, *(["named by readers"] if readers is not None else [])))
    st.caption(_NO_COPIES)
    if verdict.forms is None:
        st.caption(
            "This was measured by an earlier version, which could not see forms: `python -m ddpm choose --again` with "
            "`--run` and the model’s folder measures it anew."
        )


def believed(subject: Subject) -> Believed:
    """How far the network believes in each sample; quick for a data set that it knows, see :func:`known_belief`."""
    key = _key(subject)
    found = _beliefs().get(key)
    if found is None:
        sprites, comparison = subject.sprites.images, subject.comparison
        baseline = _baselines().get(subject.key)
        if baseline is None:
            baseline = FormBaseline.of(sprites[np.sort(np.concatenate([comparison.seen, comparison.unseen]))])
            keep(_baselines(), subject.key, baseline, _KEPT)
        found = baseline.believe(subject.chosen.images, np.asarray(sprites[comparison.unseen[:_MOST_UNSEEN]]))
        keep(_beliefs(), key, found, 24)
    return found


def known_belief(subject: Subject) -> Believed | None:
    """:func:`believed`, if it was worked out before."""
    return _beliefs().get(_key(subject))


def known_forms(subject: Subject) -> FormIndex | None:
    """The training sprites as the network sees them, if that was worked out before, here or on the disk."""
    found = _indices().get(subject.key)
    return forms_of(subject) if found is None and are_stored(subject.train) else found


def forms_of(subject: Subject, watch: Callable[[float], None] = lambda done: None) -> FormIndex:
    """The training sprites as the network sees them; of 16,000 new ones that takes ten seconds and more."""
    found = _indices().get(subject.key)
    if found is None:
        found = load_or_build_forms(subject.train, watch)
        keep(_indices(), subject.key, found, _KEPT)
    return found


def believed_words(found: Believed, i: int) -> str:
    """What the network makes of one sample, in sentences."""
    if found.share is None:
        return f"Whether it is believable as a drawing of something cannot be told. {found.why_not}"
    reached = found.each[i] >= UNBELIEVED
    usual = f" Of unseen real sprites {percent(found.unseen.rate)} reach it." if found.unseen.n else ""
    return (
        f"{'Believable' if reached else 'Hardly believable'} as a drawing of something: a network that was taught to "
        f"see forms believes in it more than in {'' if reached else 'only '}{percent(found.each[i])} of real sprites; "
        f"{percent(UNBELIEVED)} is the limit.{usual}"
    )


def _believable_row(found: Believed) -> tuple[str, str, str, str]:
    unseen = "not known" if not found.unseen.n else percent(found.unseen.rate)
    return (*_BELIEVABLE, *(("cannot be told", "-") if found.share is None else (_counted(found.share), unseen)))


def _counted(share: Proportion) -> str:
    return (
        f"{percent(share.rate)} ({share.count:,} of {share.n:,})<br>"
        f"<small>interval {percent(share.low)} to {percent(share.high)}</small>"
    )


def _distance_rows(
    form: tuple[float | None, float | None] | None, texture: tuple[float | None, float | None]
) -> list[tuple[str, str, str, str]]:
    rows = [] if form is None or form[0] is None else [(*_FORM, _measured(*form), "1")]
    return rows if texture[0] is None else [*rows, (*_TEXTURE, _measured(*texture), "1")]


def _form_rows(verdict: Verdict, readers: Readers | None) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    forms = verdict.forms
    if readers is not None:
        who = f"of {readers.shown:,}, {readers.who} would bet on a name"
        rows.append(("Named", who, f"{readers.share:.0%}", _share(readers.real_share)))
    if forms is not None and (forms.blind or forms.believable is not None):
        own = "cannot be told" if forms.blind else _pm(forms.believable, forms.believable_error)
        rows.append((*_BELIEVABLE, own, _share(None if forms.blind else forms.believable_unseen)))
    form = None if forms is None or not verdict.comparable else (forms.frechet_ratio, forms.frechet_ratio_sd)
    return rows + _distance_rows(form, (verdict.frechet_ratio, verdict.frechet_ratio_sd))


def _stored_distances(subject: Subject, n: int) -> str:
    """Why the distances are not measured here, and what they were when the model was made."""
    words = f"How far the samples as a whole are from real ones, {SIZE:,} of them can tell; here are {n:,}."
    verdict = verdict_of(subject.chosen.run) if subject.chosen.batch is not None else None
    if verdict is None or verdict.forms is None or verdict.forms.frechet_ratio is None:
        return words
    form = _measured(verdict.forms.frechet_ratio, verdict.forms.frechet_ratio_sd)
    texture = _measured(verdict.frechet_ratio, verdict.frechet_ratio_sd)
    drawn = counted(len(verdict.labels), "sprite")
    return (
        f"{words} Of {drawn} that {plain(subject.chosen.run.name)} drew when it was made: "
        f"**distance in form {form}**, in texture {texture}; 1 is as near as real sprites are to one another."
    )


def _measured(value: float | None, error: float | None) -> str:
    words = "-" if value is None else f"{value:.2f}"
    return words if error is None else f"{words} ± {error:.2f}"


def _pm(share: float | None, error: float | None) -> str:
    return _share(share) if error is None else f"{_share(share)} ± {percent(error)}"


def _share(value: float | None) -> str:
    return "not known" if value is None else percent(value)


def _amount(name: str, value: float) -> str:
    return percent(value) if name == "haze" else f"{value:.2f}" if name == "outline" else f"{value:.0f}"


def _key(subject: Subject) -> tuple[str, bytes]:
    return subject.key, subject.chosen.images.tobytes()


@st.cache_resource(max_entries=1, show_spinner=False)
def _baselines() -> OrderedDict[str, FormBaseline]:
    """Of the last data sets, for all visitors; not each cached, so that :func:`known_belief` need not work it out."""
    return OrderedDict()


@st.cache_resource(max_entries=1, show_spinner=False)
def _beliefs() -> OrderedDict[tuple[str, bytes], Believed]:
    return OrderedDict()


@st.cache_resource(max_entries=1, show_spinner=False)
def _indices() -> OrderedDict[str, FormIndex]:
    return OrderedDict()


@st.cache_resource(max_entries=8, show_spinner=False)
def _graded(key: str, samples: bytes, _subject: Subject) -> QualityReport:
    return Grader(_subject.comparison).grade(_subject.chosen.images, None)
