"""Rewind: back to a noise level, sixteen times forward again, and where the model decides what a sprite will be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
import torch

from ddpm.cli.console import duration
from ddpm.diffusion.instant.levels import jump_timesteps
from ddpm.diffusion.parallel import ParallelModel, one_core
from ddpm.diffusion.plays.rewinding import COUNT, rewind
from ddpm.diffusion.sampling import SamplingStep, usual_sampler
from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.deciding.curves import EACH, NAMES, SPRITES, STOPS, Decisions, stop_timesteps
from ddpm.judging.deciding.stored import load_decisions, load_or_measure
from ddpm.judging.statistics import percent
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.sheets import sheet
from pages.parts.sample.plays.pieces import Piece, choose_piece
from pages.parts.sample.plays.player import Played
from pages.parts.shared.drawing import seconds_to_draw
from pages.parts.shared.scene import Chart, Panel, Row, Scene, pack, show
from pages.parts.shared.store import PATHS, run_data
from pages.parts.shared.words import plain

_COLUMNS, _LARGE = 4, 32 * 32
_SEED, _TOLD = "rewind-seed", "rewind-told"
# Of one core, to learn the kinds from the sprites; measured on a quiet one.
_CLASSIFIER_SECONDS = 10.0
_USES = 7
"""Network calls of a sprite on its way forward, on average over the levels, of the twelve of a whole way."""


@dataclass(frozen=True)
class _Rewound:
    """What came forward again, level after level.

    Attributes:
        t: int64 (L,), rising.
        noisy: uint8 (L, H, W, C), the first of the noisy ones.
        sheets: uint8 (L, ...), all that came of each level.
    """

    t: np.ndarray
    noisy: np.ndarray = field(repr=False)
    sheets: np.ndarray = field(repr=False)


def show_rewind(played: Played, found: list[Piece]) -> list[Piece]:
    """The play, and the curves beneath it; returns what is played with."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        piece = choose_piece("Sprite", found, "play-sprite", 0)
        label = played.label_of(piece.kind)
        if st.button("Other noise", icon=":material/grain:", key="rewind-others"):
            st.session_state[_SEED] = st.session_state.get(_SEED, 0) + 1
        told = label is not None and st.toggle(
            "Tell the model what it is",
            key=_TOLD,
            persist_state="session",
            help=f"That it is of the kind “{plain(piece.kind)}”. Off: it sees the noisy picture, and nothing else.",
        )
    rewound = _rewound(
        played.mark, piece.key, int(st.session_state.get(_SEED, 0)), label if told else None, played, piece.image
    )
    decisions = None if played.is_instant else _known(played.mark, played)
    middle = len(rewound.t) // 2
    scene = Scene(
        "Back to timestep t: how much noise is laid over the sprite",
        [f"t = {t:,}" for t in rewound.t.tolist()],
        (
            Row(
                f"Back, and {COUNT} times forward again, each time with other noise",
                (
                    Panel("The sprite", piece.image[None]),
                    Panel("With noise: x_t, one of them", rewound.noisy),
                    Panel("What becomes of it", rewound.sheets, broad=True),
                ),
            ),
        ),
        [_chart(decisions, rewound.t)] if decisions is not None else (),
        start=middle,
    )
    show(pack(scene), "play-rewind")
    _curves(played, decisions)
    return [piece]


@st.cache_resource(
    max_entries=16, show_spinner="Back to each noise level, and forward again ...", show_time=True, hash_funcs=PATHS
)
def _rewound(mark: str, piece: str, seed: int, label: int | None, _played: Played, _image: np.ndarray) -> _Rewound:
    model, schedule = ParallelModel(_played.loaded.model), _played.loaded.schedule
    if usual_sampler(model) == "instant":
        t = np.array(jump_timesteps(schedule)[::-1])
    else:
        t = stop_timesteps(schedule, STOPS if _image[..., 0].size <= _LARGE else STOPS // 2 + 1)
    labels = None if label is None else torch.tensor([label])
    noisy, sheets = [], []
    for level in t.tolist():
        first, last = _ends(rewind(model, schedule, _image[None], level, COUNT, seed=seed, labels=labels))
        noisy.append(to_uint8(first.x_t[:1])[0])
        sheets.append(sheet(to_uint8(last.x0), _COLUMNS, gap=1))
    return _Rewound(t, np.stack(noisy), np.stack(sheets))


def _ends(moments: Iterator[SamplingStep]) -> tuple[SamplingStep, SamplingStep]:
    moments = one_core(moments)
    first = next(moments)
    (last,) = deque(moments, maxlen=1)
    return first, last


def _chart(decisions: Decisions, t: np.ndarray) -> Chart:
    """The curves at the positions of the slider."""

    def at(values: np.ndarray) -> np.ndarray:
        return 100 * np.interp(t, decisions.t, values)

    names = {f"same {name}": curve for name, curve in decisions.curves.items()}
    return Chart(
        "How many keep what they were, of many sprites of this model (95% interval)",
        {name: at(curve.share) for name, curve in names.items()},
        (f"t = {t[0]:,}", f"t = {t[-1]:,}"),
        digits=0,
        unit="%",
        bands={name: (at(curve.low), at(curve.high)) for name, curve in names.items()},
    )


def _curves(played: Played, decisions: Decisions | None) -> None:
    """What the curves say; where they were not measured yet, a button that does it."""
    if played.is_instant:
        st.caption(
            ":material/info: This model knows a few noise levels alone. Where kind, shape and palette are decided is "
            "measured on models that know all of them."
        )
        return
    if decisions is None:
        _offer(played)
        return
    st.markdown(f"**{plain(decisions.sentence)}**")
    lines = [
        f"{decisions.sprites:,} sprites that it drew, each {decisions.each} times forward again from each of "
        f"{len(decisions.t)} noise levels, without being told their kind.",
        *(f"No curve of the {name}: {why}" for name, why in decisions.absent.items()),
    ]
    if decisions.blank:
        lines.append(f"{decisions.blank:,} of them have no colours but the background’s, and no palette to keep.")
    if "kind" in decisions.curves:
        right = "" if decisions.accuracy is None else f"; it is right about {percent(decisions.accuracy)} of real ones"
        lines.append(f"The kind is what a small network sees that learnt the kinds of the real sprites{right}.")
    st.caption(plain(" ".join(lines)))
    with st.expander("The figures"):
        st.table(_rows(decisions))
        st.caption(
            "Same shape: the edges agree (J of 0.8 or more). Same palette: the colours are at most 0.04 apart (OKLab). "
            "Shares of the sprites drawn again, with 95% intervals over the sprites (bootstrap)."
        )


def _rows(decisions: Decisions) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {"t": [f"{t:,}" for t in decisions.t.tolist()]}
    for name in NAMES:
        curve = decisions.curves.get(name)
        if curve is not None:
            values = zip(curve.share.tolist(), curve.low.tolist(), curve.high.tolist(), strict=True)
            rows[f"same {name}"] = [f"{percent(a)} ({percent(low)} to {percent(high)})" for a, low, high in values]
    return rows


def _offer(played: Played) -> None:
    pixels = int(np.prod(played.loaded.model.image_shape[1:]))
    seconds = seconds_to_draw(SPRITES * EACH * STOPS, _USES, pixels) + _CLASSIFIER_SECONDS
    st.markdown("**Where does this model decide on kind, shape and palette?**")
    st.caption(
        f"Measured once for each model, on {SPRITES} sprites, and kept. Takes about {duration(seconds)}; the page "
        "waits meanwhile."
    )
    if not st.button("Measure it", icon=":material/timeline:", key="rewind-measure"):
        return
    bar = st.progress(0.0, "Learning what the kinds look like ...")

    def watch(done: float) -> None:
        bar.progress(done, f"{100 * done:.0f}% of the noise levels")

    load_or_measure(played.loaded, _what_it_saw(played), SPRITES, watch=watch)
    _known.clear()
    st.rerun()


# Reading it again needs a hash of all weights, and the sprites that it learnt from.
@st.cache_resource(max_entries=16, show_spinner="Looking for what was measured ...", show_time=True, hash_funcs=PATHS)
def _known(mark: str, _played: Played) -> Decisions | None:
    return load_decisions(_played.loaded, _what_it_saw(_played), SPRITES)


def _what_it_saw(played: Played) -> ComparisonSet | None:
    data = run_data(played.run)
    return None if data.sprites is None else what_was_seen(data.sprites, played.run.trained_on())
