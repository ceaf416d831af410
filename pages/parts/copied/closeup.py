"""One sample, large: its matches, and how it came out of the noise beside what a perfect memoriser makes of it."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from ddpm.diffusion.chain import Chain, ChainRecorder
from ddpm.diffusion.labels import draw_labels
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.sampling import Model, SamplingStep, sample
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.evidence import Evidence
from ddpm.judging.copying.memorization import MemorizationReport
from ddpm.judging.glossary import LABEL_WORDS
from ddpm.pixels.neighbors import nearest
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.copied.comparing import Subject
from pages.parts.copied.matches import distance_words, kind_of, palette_words, transform_words
from pages.parts.copied.verdicts import percent
from pages.parts.shared.pictures import sprite_tag
from pages.parts.shared.player import player
from pages.parts.shared.store import checkpoint
from pages.parts.shared.words import plain

_SIDE = 128
TITLES = ("The model", "A perfect memoriser")


@st.dialog("Looked at closely", width="large")
def closeup(subject: Subject, report: MemorizationReport, i: int) -> None:
    """Show sample ``i`` beside its matches, and both reverse chains from its noise."""
    st.html(_pictures(subject, report, i))
    batch = subject.chosen.batch
    if batch is None:
        st.caption("How it came out of the noise is not known: it was not drawn on this computer.")
        return
    st.markdown("**From the same noise**")
    st.caption(
        f"{TITLES[0]}, and {TITLES[1].lower()}: one that knows the training sprites by heart and nothing else, so it "
        "always ends at one of them. Where the two part, the model does something of its own."
    )
    try:
        with st.spinner("Letting the memoriser draw from the same noise ..."):
            other = _memorised(subject.key, batch.id or str(id(batch)), i, subject, batch)
    except (CheckpointError, ValueError) as error:
        st.warning(plain(error))
        return
    own = one_of(batch.chain, i)
    player(own, key="closeup", other=other, titles=TITLES, columns=1)
    st.caption(_parting_words(own, other, subject))


def one_of(chain: Chain, i: int) -> Chain:
    """The chain of sprite ``i`` alone."""
    return Chain(chain.t, chain.x_t[:, i : i + 1], chain.x0[:, i : i + 1], chain.noise_level)


def memorised_chain(
    memoriser: PerfectMemoriser, schedule: NoiseSchedule, info: dict, i: int, label: int | None
) -> Chain:
    """What a memoriser makes of the noise from which sprite ``i`` of a batch was drawn, step by step the same noise.

    Args:
        info: sampler, steps and seed, as a batch has them.
        label: the kind that was asked for; -1 or None for anything.

    Raises:
        ValueError: if these do not fit the schedule, or the memoriser knows no sprite of the kind.
    """
    steps = int(info["steps"])
    recorder = ChainRecorder(schedule, steps)
    labels = None if label is None or memoriser.num_classes is None else torch.full((i + 1,), label)
    for step in sample(_LastOnly(memoriser), schedule, i + 1, info["sampler"], steps, int(info["seed"]), labels):
        recorder.add(SamplingStep(step.t, step.x_t[-1:], step.x0[-1:]))
    return recorder.chain()


class _LastOnly:
    """Asks a model about the last sprite alone: the noise of sprite i needs i + 1 sprites to be drawn, no more."""

    def __init__(self, model: PerfectMemoriser) -> None:
        self._model: Model = model
        self.prediction_type = model.prediction_type
        self.num_classes = model.num_classes

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        result = torch.zeros_like(x_t)
        result[-1:] = self._model(x_t[-1:], t[-1:], None if labels is None else labels[-1:])
        return result


@st.cache_resource(max_entries=64, show_spinner=False)
def _memorised(key: str, batch_id: str, i: int, _subject: Subject, _batch: Batch) -> Chain:
    info = _batch.info
    run = Run(Path(str(info["run"])))
    loaded = checkpoint(run.step_path(int(info["step"])), info.get("weights", "ema"))
    memoriser = _memoriser(key, run.key, _subject, loaded.schedule)
    label = info.get("label")
    if label is not None and int(label) < 0 and (frequencies := loaded.config.get("class_frequencies")):
        label = int(draw_labels(frequencies, i + 1, int(info["seed"]))[-1])
    return memorised_chain(memoriser, loaded.schedule, info, i, None if label is None else int(label))


@st.cache_resource(max_entries=1, show_spinner=False)
def _memoriser(key: str, run: str, _subject: Subject, _schedule: NoiseSchedule) -> PerfectMemoriser:
    labels = _subject.sprites.labels
    kinds = None if labels is None else np.asarray(labels)[_subject.reference.seen]
    return PerfectMemoriser(_subject.train, _schedule, kinds)


def _parting_words(own: Chain, memorised: Chain, subject: Subject) -> str:
    same = int(((own.sprites.astype(int) - memorised.sprites) ** 2).sum())
    row, squared = (int(values[0, 0]) for values in nearest(memorised.sprites, subject.train, 1))
    end = f"The memoriser ended at the training sprite in row {subject.data_row(row):,}"
    end += "." if squared == 0 else f", up to {distance_words(squared)}."
    if same == 0:
        return f"{end} So did the model: from this noise it copied."
    return f"{end} The model ended {distance_words(same)} from there."


def _pictures(subject: Subject, report: MemorizationReport, i: int) -> str:
    facts, own = subject.evidence, subject.chosen.images[i]
    nearest_one = subject.train[facts.row[i]]
    gap = (255 - np.abs(own.astype(int) - nearest_one)).astype(np.uint8)
    label = report.labels[i]
    figures = [
        _figure(own, f"Sample {i + 1:,}", html.escape(kind_of(subject, i))),
        _figure(
            nearest_one,
            "Nearest by pixels",
            f"{distance_words(int(facts.squared_distance[i]))}<br>{_row(subject, facts.row[i])}",
        ),
        _figure(gap, "Difference of the two", "white: the same"),
        _figure(
            subject.train[facts.shape_row[i]],
            "Nearest by shape",
            f"{_shape_lines(facts, i)}<br>{_row(subject, facts.shape_row[i])}",
        ),
    ]
    if facts.palette_row[i] >= 0:
        figures.append(
            _figure(
                subject.train[facts.palette_row[i]],
                "Nearest by palette",
                f"{palette_words(facts, i)}<br>{_row(subject, facts.palette_row[i])}",
            )
        )
    share = percent(facts.p[i])
    chance = f"Of real sprites that the model never saw, {share} come at least as near to a training sprite."
    return (
        f'<div class="closeup"><p><b>{html.escape(label)}</b>: {html.escape(LABEL_WORDS[label])}</p>'
        f'<div>{"".join(figures)}</div><p class="soft">{html.escape(chance)}</p></div>'
    )


def _figure(image: np.ndarray, title: str, words: str) -> str:
    return f"<figure>{sprite_tag(image, title, _SIDE)}<figcaption><b>{title}</b>{words}</figcaption></figure>"


def _row(subject: Subject, row: int) -> str:
    return f"row {subject.data_row(int(row)):,} of the data"


def _shape_lines(facts: Evidence, i: int) -> str:
    moved = transform_words(bool(facts.shape_flip[i]), facts.shape_shift[i])
    share = f"{facts.shape_similarity[i]:.0%} of the outlines"
    return f"{share}, if it is {moved}" if moved else share
