"""How much of what a model draws do patches of training sprites explain, and how much whole ones?"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import streamlit as st

from ddpm.base.text import counted
from ddpm.diffusion.parallel import ParallelModel
from ddpm.judging.copying.memorization import MemorizationReport
from ddpm.judging.recombination.agreement import (
    SPRITES,
    Explained,
    PatchAgreement,
    affordable,
    learnt_from,
    measure_agreement,
    seconds_per_sprite,
)
from ddpm.judging.statistics import Proportion
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.copied.claim import table_html
from pages.parts.copied.comparing import Subject, keep
from pages.parts.copied.rates import percent
from pages.parts.shared.store import checkpoint, manifest_mark
from pages.parts.shared.words import plain, problem

_MOST_SECONDS = 60.0
_WORDS = (
    "Two machines that know nothing but the training sprites draw from the same noise as the model. The **patch "
    "machine** lets each pixel see only a small window around it, and so lays pieces of many sprites side by side; the "
    "**perfect copier** can only repeat whole ones. How much of what the model draws does each explain? "
    "*Explained* is the share of its variance (r², the middle of all its sprites). A copier is explained by whole "
    "sprites, one that puts pieces together by patches."
)


def patches(subject: Subject, report: MemorizationReport) -> None:
    """Show the figure if it is known, else offer to measure it; where that is impossible, say why."""
    batch = subject.chosen.batch
    if batch is None:
        st.caption(
            "This figure is about a model: it must draw once more, from noise that the two machines get, too. These "
            "sprites come from elsewhere, so there is none here."
        )
        return
    st.markdown(_WORDS)
    try:
        path = _path(subject.chosen.run, batch)
        mark, loaded = manifest_mark(path), checkpoint(path)
    except CheckpointError as error:
        problem(error)
        return
    if loaded.model.distilled:
        st.caption(
            "A distilled model knows too few noise levels for this: ask the model that it was distilled from instead."
        )
        return
    # Of this model and these training sprites: which of its samples are looked at does not matter.
    key = (subject.key, mark)
    if (known := _known().get(key)) is not None:
        _show(known, report)
        return
    images, labels, kinds = learnt_from(loaded, subject.comparison, SPRITES)
    each = seconds_per_sprite(images, labels, kinds)
    n = affordable(each, _MOST_SECONDS)
    if not n:
        st.caption(
            f"With so many training sprites it takes about {each:,.0f} seconds a sprite, too long to wait for: on the "
            "command line, report measures it with its options checkpoint and patches."
        )
        return
    if not st.button("Measure it", icon=":material/science:"):
        st.caption("It takes some seconds, on a busy computer a minute or more, and is then kept for a while.")
        return
    with st.spinner(f"Drawing {n} sprites in three ways ...", show_time=True):
        asked = None if kinds is None else kinds[:n]
        found = measure_agreement(ParallelModel(loaded.model), loaded.schedule, images, labels, asked, n)
    keep(_known(), key, found, 16)
    _show(found, report)


def _path(run: Run, batch: Batch) -> Path:
    """The step that drew a batch; if it was removed since, the newest."""
    step = batch.info.get("step")
    return run.step_path(int(step)) if step in run.steps() else Path(run.folder)


def _show(found: PatchAgreement, report: MemorizationReport) -> None:
    st.markdown(f"**{plain(found.sentence)}**")
    rows = [
        (
            "Patches of training sprites",
            "laid side by side, explain so much of what it draws",
            *_explained(found.local),
        ),
        ("Whole training sprites", "repeated by the perfect copier, explain so much", *_explained(found.memoriser)),
        ("An unrelated sprite", "explains so much, since sprites of one set are alike", *_explained(found.unrelated)),
        ("Exact copies", "among the samples above", *_share(report.rates["exact copy"])),
        ("Near copies", "among the samples above", *_share(report.rates["near copy"])),
    ]
    st.html(table_html(["share", "95% interval"], rows, "claim quality"))
    kinds = ", of kinds as often as it learnt them" if found.by_kind else ""
    blank = f" {counted(found.blank, 'sprite')} of one colour left out." if found.blank else ""
    st.caption(
        f"Measured on {found.sprites:,} new sprites{kinds}, in {found.steps} steps without fresh noise, against "
        f"{found.training:,} training sprites.{blank} 100% would be the same picture, pixel for pixel but for contrast."
    )


def _explained(found: Explained) -> tuple[str, str]:
    if np.isnan(found.median):
        return "cannot be told", "-"
    return percent(found.median), "-" if np.isnan(found.low) else f"{percent(found.low)} to {percent(found.high)}"


def _share(found: Proportion) -> tuple[str, str]:
    if not found.n:
        return "-", "-"
    return f"{percent(found.rate)} ({found.count:,} of {found.n:,})", f"{percent(found.low)} to {percent(found.high)}"


@st.cache_resource(max_entries=1, show_spinner=False)
def _known() -> OrderedDict[tuple[str, tuple[str, int]], PatchAgreement]:
    """What was measured of the last models, for all visitors."""
    return OrderedDict()
