"""Figures: how near is normal, which training sprites are copied, and when copying began."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ddpm.judging.copying.memorization import MemorizationReport
from ddpm.judging.copying_onset import copying_onset
from ddpm.pixels.neighbors import rms_grey_levels
from ddpm.runs.run import Run
from pages.parts.copied.comparing import Subject
from pages.parts.copied.matches import DISTANCE_WORDS
from pages.parts.shared.charts import GREEN, ORANGE, VIOLET, YELLOW, check_series
from pages.parts.shared.pictures import sprite_tag
from pages.parts.shared.words import counted, plain

_BINS = 36
_HEAT = ["#b9a9ff", VIOLET, ORANGE, "#c22f3d"]
_MOST_COPIED = 12
_CLEAR = 3.0  # of C_T, in standard deviations
_PLAIN = {"displayModeBar": False}


def distance_figure(subject: Subject, report: MemorizationReport) -> None:
    """Distances to the nearest training sprite: of samples, of unseen sprites, and among training sprites."""
    if (words := _distance_words(subject, report)) is not None:
        st.markdown(f"**{words}**")

    def levels(squared: np.ndarray) -> np.ndarray:
        return rms_grey_levels(squared, subject.values)

    sides = [
        (subject.chosen.whose, levels(subject.evidence.squared_distance), VIOLET),
        ("real sprites it never saw", levels(subject.index.heldout_evidence.squared_distance), GREEN),
        ("training sprites to other ones", levels(subject.index.distances), YELLOW),
    ]
    top = max(float(np.quantile(values, 0.995)) for _, values, _ in sides if len(values)) * 1.02 or 1.0
    edges = np.linspace(0, top, _BINS + 1)
    figure = go.Figure()
    for name, values, colour in reversed(sides):
        if not len(values):
            continue
        shares = 100 * np.histogram(np.minimum(values, top * 0.999), edges)[0] / len(values)
        figure.add_scatter(
            x=np.repeat(edges, 2)[1:-1],
            y=np.repeat(shares, 2),
            name=name,
            mode="lines",
            line={"color": colour, "width": 2.5 if colour == VIOLET else 1.8},
            fill="tozeroy",
            fillcolor=f"rgba({','.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))},0.16)",
            hovertemplate="%{y:.3~g}% at about %{x:.0f} grey levels<extra>" + name + "</extra>",
        )
    limit = float(levels(np.array(max(0, report.near_distance))))
    figure.add_vline(
        x=limit,
        line={"color": ORANGE, "width": 2, "dash": "dash"},
        annotation={"text": "left of this line: near copies", "xanchor": "left", "xshift": 6},
        annotation_position="top right",
    )
    figure.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        legend={"orientation": "h", "y": -0.22, "x": 0, "traceorder": "reversed"},
        xaxis={"title": "grey levels to the nearest training sprite", "range": [-top * 0.015, top], "zeroline": False},
        yaxis={"title": "share in %", "rangemode": "tozero"},
    )
    st.plotly_chart(figure, key="distances", config=_PLAIN)
    st.caption(
        f"{DISTANCE_WORDS} A model that creates lies where unseen real sprites lie, or further right; one that copies "
        "lies further left."
    )
    for words in (report.limit_words, *report.unknown):
        st.caption(plain(words))


def _distance_words(subject: Subject, report: MemorizationReport) -> str | None:
    """Where the samples lie, against unseen sprites; None where there are none."""
    unseen = subject.index.heldout_evidence.squared_distance
    if report.c_t is None or not len(unseen):
        return None
    own, usual = (
        float(np.median(rms_grey_levels(squared, subject.values)))
        for squared in (subject.evidence.squared_distance, unseen)
    )
    middles = f"in the middle {own:.0f} against {usual:.0f} grey levels"
    if report.c_t < -_CLEAR:
        return f"The samples lie nearer to the training sprites than unseen real ones do ({middles}), as copies would."
    if report.c_t > _CLEAR:
        return (
            f"The samples lie further from the training sprites than unseen real ones do ({middles}): they are no "
            "copies pixel by pixel. New and badly drawn sprites lie there, but recoloured ones, too: their shapes tell."
        )
    return f"The samples lie about as far from the training sprites as unseen real ones do ({middles})."


def copied_most(subject: Subject, report: MemorizationReport) -> None:
    """Which training sprites are nearest to samples: the most frequent ones, and a map of all."""
    rows = subject.evidence.row
    hits = np.bincount(rows, minlength=len(subject.train))
    near = np.zeros_like(hits)
    copied, counts = report.most_copied()
    near[copied] = counts
    touched, n, size = int((hits > 0).sum()), len(rows), len(hits)
    by_chance = size * -math.expm1(n * math.log1p(-1 / size))
    st.markdown(
        f"**{n:,}** samples fall on **{touched:,}** different training sprites as their nearest. Thrown at random, "
        f"they would fall on about {by_chance:,.0f}."
    )
    order = np.lexsort((-hits, -near))
    order = order[(near[order] > 0) | (hits[order] > 1)][:_MOST_COPIED]
    if len(order):
        figures = "".join(
            f"<figure>{sprite_tag(subject.train[row], f'training sprite in row {subject.data_row(row):,}')}"
            f"<figcaption><b>{_copies_words(int(near[row]))}</b>nearest to {hits[row]:,}<br>"
            f"row {subject.data_row(row):,}</figcaption></figure>"
            for row in order.tolist()
        )
        st.html(f'<div class="most">{figures}</div>')
    else:
        st.caption("None is copied, and none is the nearest of more than one sample.")
    _map(subject, hits, near)


def onset(run: Run) -> None:
    """When it began to copy, by the checks during its training."""
    metrics = run.metrics()
    near = next((series for series in check_series(metrics) if series.title == "Near copies"), None)
    if near is None:
        st.caption("This training never looked at its own drawings, so its record does not say.")
        return
    found = copying_onset(metrics)
    if found is not None:
        st.markdown(f"**{plain(found.sentence)}**")
    elif len(near.steps) == 1:
        st.markdown(f"**It looked at itself only once, at step {near.steps[0]:,.0f}, and did not copy then.**")
    else:
        st.markdown(f"**It had not begun by step {near.steps[-1]:,.0f}, the last time it looked at itself.**")
    if len(near.steps) > 1:
        _near_figure(near.steps, near.values, near.real)


def _near_figure(steps: np.ndarray, values: np.ndarray, real: float | None) -> None:
    figure = go.Figure()
    figure.add_scatter(
        x=steps,
        y=100 * values,
        name="near copies among samples",
        line={"color": VIOLET, "width": 2.5},
        mode="lines+markers",
    )
    if real is not None:
        figure.add_hline(y=100 * real, line={"color": GREEN, "dash": "dash"}, annotation_text="unseen real sprites")
    figure.update_layout(
        height=260,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={"title": "training steps", "tickformat": ","},
        yaxis={"title": "near copies in %, where 5% would be chance", "rangemode": "tozero"},
        showlegend=False,
    )
    st.plotly_chart(figure, key="onset", config=_PLAIN)


def _copies_words(count: int) -> str:
    return f"copied {counted(count, 'time')}" if count else "not copied"


def _map(subject: Subject, hits: np.ndarray, near: np.ndarray) -> None:
    sprites, seen = subject.sprites, subject.comparison.seen
    order = np.arange(len(seen))
    kinds = np.full(len(seen), "")
    arranged = "in the order of the data"
    if sprites.labels is not None and sprites.label_names:
        numbers = np.asarray(sprites.labels)[seen]
        order, arranged = np.argsort(numbers, kind="stable"), "kind after kind"
        kinds = np.array(sprites.label_names, dtype=object)[numbers]
    columns = math.ceil(math.sqrt(2.6 * len(seen)))
    cells = math.ceil(len(seen) / columns) * columns
    words = np.full(cells, "", dtype=object)
    words[: len(seen)] = [
        f"row {seen[row]:,} {kinds[row]}<br>nearest to {hits[row]:,}, {_copies_words(int(near[row]))}"
        if hits[row]
        else ""
        for row in order.tolist()
    ]
    values = np.full(cells, np.nan)
    values[: len(seen)] = np.where(hits[order] > 0, hits[order], 0)
    top = max(2, int(hits.max()))
    scale = [[0.0, "rgba(128,124,150,0.13)"], [0.499 / top, "rgba(128,124,150,0.13)"]]
    scale += [[max(0.5 / top, (i + 1) / len(_HEAT)) if i else 0.5 / top, colour] for i, colour in enumerate(_HEAT)]
    figure = go.Figure(
        go.Heatmap(
            z=values.reshape(-1, columns),
            text=words.reshape(-1, columns),
            hovertemplate="%{text}<extra></extra>",
            hoverongaps=False,
            colorscale=scale,
            zmin=0,
            zmax=top,
            showscale=False,
        )
    )
    figure.update_layout(
        height=260,
        margin={"l": 0, "r": 0, "t": 6, "b": 0},
        xaxis={"visible": False},
        yaxis={"visible": False, "autorange": "reversed"},
    )
    st.plotly_chart(figure, key="map", config=_PLAIN)
    st.caption(
        f"The map: one cell for each of the {len(seen):,} training sprites, {arranged}. Pale ones are nobody's "
        "nearest; the redder a cell, the more samples fall on it."
    )
