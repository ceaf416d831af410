"""One sample, enlarged: its matches, and its chain beside that of a perfect memoriser from the same noise."""

from __future__ import annotations

import html
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from ddpm.diffusion.chain import Chain
from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.copying.memorization import MemorizationReport
from ddpm.judging.glossary import LABEL_WORDS
from ddpm.judging.quality.form_index import FormIndex
from ddpm.judging.quality.forms import Believed
from ddpm.pixels.exporting.sheet_export import SheetLayout, lay_out
from ddpm.pixels.fitting import difference
from ddpm.pixels.neighbors import nearest
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from pages.parts.copied.comparing import Subject
from pages.parts.copied.drawing_quality import believed, believed_words, forms_of, known_belief, known_forms
from pages.parts.copied.matches import distance_words, palette_words, transform_words
from pages.parts.copied.rates import percent
from pages.parts.sample.saving.goods import of_batch, picked
from pages.parts.shared.drawing import draw_chain
from pages.parts.shared.orders import from_info
from pages.parts.shared.pictures import sprite_tag
from pages.parts.shared.player import player
from pages.parts.shared.resolving import memorising, resolve
from pages.parts.shared.words import plain, problem

_SIDE = 128
_SAVED = 256
TITLES = ("The model", "A perfect memoriser")


@st.dialog("Looked at closely", width="large")
def closeup(subject: Subject, report: MemorizationReport, i: int) -> None:
    """Show sample ``i`` beside its matches, and both chains from its noise."""
    shown = st.empty()
    try:
        belief, forms = known_belief(subject), known_forms(subject)
    except ValueError:
        # The network's file is missing or damaged; where it is asked for below, that is said.
        belief, forms = None, None
    shown.html(_pictures(subject, report, i, belief, forms))
    _save_buttons(subject, i)
    _from_noise(subject, i)
    # Last: for a new data set the network takes a while, and all else can be looked at meanwhile.
    try:
        if belief is None:
            belief = believed(subject)
            shown.html(_pictures(subject, report, i, belief, forms))
        if forms is None:

            def watch(done: float) -> None:
                shown.html(_pictures(subject, report, i, belief, None, done))

            forms = forms_of(subject, watch)
            shown.html(_pictures(subject, report, i, belief, forms))
    except ValueError as error:
        problem(error)


def _from_noise(subject: Subject, i: int) -> None:
    """Show how a sample came out of the noise, and what a perfect memoriser makes of that noise."""
    batch = subject.chosen.batch
    if batch is None:
        st.caption("How it came out of the noise is not known here.")
        return
    st.markdown("**From the same noise**")
    st.caption(
        f"{TITLES[0]}, and {TITLES[1].lower()}: one that knows the training sprites by heart and nothing else, so it "
        "always ends at one of them. Where the two part, the model does something of its own."
    )
    try:
        with st.spinner("Letting the memoriser draw from the same noise ..."):
            other = _memorised(subject.key, batch.id or str(id(batch)), i, subject, batch)
    except ValueError as error:
        st.warning(plain(error))
        return
    chain = batch.chain
    own = Chain(chain.t, chain.x_t[:, i : i + 1], chain.x0[:, i : i + 1], chain.noise_level)
    player(own, key="closeup", other=other, titles=TITLES, columns=1)
    st.caption(_parting_words(own, other, subject))


def _save_buttons(subject: Subject, i: int) -> None:
    """Offer the sample as a PNG, as it is and enlarged."""
    image, batch = subject.chosen.images[i], subject.chosen.batch
    height, width = image.shape[:2]
    stem = f"sample-{i + 1:03d}"
    if batch is not None:
        # As the page that draws calls it: both save the same pixels.
        stem = picked(of_batch(batch)[0], i).stem
    with st.container(horizontal=True):
        for scale in (1, max(2, _SAVED // max(height, width))):
            st.download_button(
                f"PNG, {width * scale:,} × {height * scale:,}",
                partial(_png, image, scale),
                f"{stem}.png" if scale == 1 else f"{stem}-{scale}x.png",
                "image/png",
                on_click="ignore",
                icon=":material/download:",
                key=f"closeup-save-{scale > 1}",
            )


def _png(image: np.ndarray, scale: int) -> bytes:
    return lay_out(image[None], SheetLayout(scale=scale)).to_png()


def memorised_chain(batch: Batch, i: int, comparison: ComparisonSet) -> Chain:
    """The chain of a perfect memoriser from the noise of sprite ``i`` of a batch, for the same kind.

    Args:
        comparison: the memoriser knows what a model has seen of it.

    Raises:
        CheckpointError: if the batch does not say how it was drawn, the model is gone, or no sprite is of that kind.
    """
    order = from_info(batch.info)
    if order is None:
        raise CheckpointError("This batch does not say how it was drawn.")
    if order.variations:
        raise CheckpointError(
            "These are variants of another sprite: they were not drawn from noise alone, so there is nothing that a "
            "memoriser could draw from the same noise."
        )
    resolved = resolve(replace(order, step=int(batch.info["step"]), against=None))
    memoriser = memorising(resolved.own, comparison)
    return draw_chain(memoriser.for_sprite(i), [resolved.noise_source(i)])


@st.cache_resource(max_entries=64, show_spinner=False)
def _memorised(key: str, batch_id: str, i: int, _subject: Subject, _batch: Batch) -> Chain:
    return memorised_chain(_batch, i, _subject.comparison)


def _parting_words(own: Chain, memorised: Chain, subject: Subject) -> str:
    apart = int(((own.sprites.astype(int) - memorised.sprites) ** 2).sum())
    row, squared = (int(values[0, 0]) for values in nearest(memorised.sprites, subject.train, 1))
    end = f"The memoriser ended at the training sprite in row {subject.data_row(row):,}"
    end += "." if squared == 0 else f", up to {distance_words(squared, subject.values)}."
    if apart == 0:
        return f"{end} So did the model: from this noise it copied."
    return f"{end} The model ended {distance_words(apart, subject.values)} from there."


def _pictures(
    subject: Subject,
    report: MemorizationReport,
    i: int,
    belief: Believed | None,
    forms: FormIndex | None,
    done: float = 0.0,
) -> str:
    """The sample and its matches; ``done``: how much of the training sprites the network of forms has seen."""
    facts, own = subject.evidence, subject.chosen.images[i]
    gap = difference(own, subject.train[facts.row[i]])
    label = report.labels[i]
    faults = f" Here: {', '.join(subject.faults[i])}." if label == "low quality" and subject.faults[i] else ""
    moved = transform_words(bool(facts.shape_flip[i]), facts.shape_shift[i])
    outlines = f"{facts.shape_similarity[i]:.0%} of the outlines" + (f", if it is {moved}" if moved else "")

    def match(title: str, row: int, words: str) -> str:
        kind = subject.kind(int(row))
        kind = f"{html.escape(kind)}, " if kind else ""
        return _figure(subject.train[row], title, f"{words}<br>{kind}row {subject.data_row(row):,}")

    figures = [
        _figure(own, f"Sample {i + 1:,}", ""),
        match("Nearest by pixels", facts.row[i], distance_words(int(facts.squared_distance[i]), subject.values)),
        _figure(gap, "Difference of the two", "white: the same"),
        match("Nearest by shape", facts.shape_row[i], outlines),
    ]
    if facts.palette_row[i] >= 0:
        figures.append(match("Nearest by palette", facts.palette_row[i], palette_words(facts, i)))
    if forms is None:
        waiting = f"looking through {len(subject.train):,} sprites, once<br>{done:.0%}"
        figures.append(_figure(np.zeros_like(own), "Nearest by form", waiting))
    else:
        rows, cosines = forms.nearest(own[None])
        alike = f"{max(0.0, float(cosines[0, 0])):.2f} alike; 1: the same"
        figures.append(match("Nearest by form", int(rows[0, 0]), alike))
    share = percent(facts.p[i])
    believable = "Looking at its form ..." if belief is None else believed_words(belief, i)
    chance = f"Of real sprites that the model never saw, {share} come at least as near to a training sprite."
    return (
        f'<div class="closeup"><p><b>{html.escape(label)}</b>: {html.escape(LABEL_WORDS[label] + faults)}</p>'
        f'<div>{"".join(figures)}</div><p class="soft">{html.escape(chance)}</p>'
        f'<p class="soft">{html.escape(believable)}</p></div>'
    )


def _figure(image: np.ndarray, title: str, words: str) -> str:
    return f"<figure>{sprite_tag(image, title, _SIDE)}<figcaption><b>{title}</b>{words}</figcaption></figure>"
