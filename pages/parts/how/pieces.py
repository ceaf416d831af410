"""Where the pixels of what the patch machine believes come from: click one, and see the pieces of training sprites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from ddpm.diffusion.patch_machine.machine import PatchMachine
from ddpm.diffusion.sampling import sample
from pages.parts.how.copying import STEPS, Learnt, known, learnt_by
from pages.parts.how.pixels import as_sprites
from pages.parts.how.subject import Subject
from pages.parts.shared.scene import Panel, Row, Scene, Second, pack, show
from pages.parts.shared.words import plain

_SHOWN = 4
# At small windows a pixel sees hardly more than itself: forms are decided while the windows are at least so wide.
_WINDOW = 5
# Each pixel is asked about once: of more sprites, or more pixels, that would take too long, and be too much to send.
_MOST, _POSITIONS, _LARGEST = 2_000, 20, 32
_FADED = 0.22


def pieces(subject: Subject) -> Scene:
    """A drawing of the patch machine, half-way, and for each of its pixels the training sprites that made it.

    Raises:
        ValueError: if what the model learnt from is not here, or the sprites are too large.
    """
    height, width = subject.image.shape[:2]
    if max(height, width) > _LARGEST:
        raise ValueError(f"Sprites of {width} × {height} have too many pixels to ask about each.")
    learnt = _few(learnt_by(subject))
    patches = PatchMachine(learnt.images, subject.schedule, labels=learnt.labels)
    labels = known(patches, subject.labels(1))
    steps = min(STEPS, subject.schedule.num_timesteps)
    moments = list(
        sample(patches, subject.schedule, 1, "dpm++", steps, subject.seed, labels, noise=subject.eps),
    )[:-1]
    now = next((one for one in reversed(moments) if patches.window_at(one.t) >= _WINDOW), moments[0])
    window = patches.window_at(now.t)
    believed = as_sprites(now.x0)[0]
    stride = -(-max(height, width) // _POSITIONS)
    rows, columns = range(0, height, stride), range(0, width, stride)
    asked: list[np.ndarray] = []
    found: list[list[np.ndarray]] = [[] for _ in range(_SHOWN)]
    notes: list[list[str]] = [[] for _ in range(_SHOWN)]
    label = None if labels is None else int(labels[0])
    for row in rows:
        for column in columns:
            asked.append(_spot(believed, row, column, window))
            sources = patches.sources(now.x_t[0], now.t, (row, column), label, _SHOWN)
            for i in range(_SHOWN):
                if i < len(sources.rows):
                    found[i].append(_spot(learnt.images[sources.rows[i]], row, column, window))
                    notes[i].append(f"{sources.weights[i]:.0%} of this pixel")
                else:
                    found[i].append(np.full_like(believed, 255))
                    notes[i].append("")
    picture = Panel("It believes", np.stack(asked), ["click a pixel"], picks=True)
    title = f"The patch machine, half-way in its own drawing above, at t = {now.t:,}"
    others = [Panel(f"Training sprite {i + 1}", np.stack(found[i]), notes[i]) for i in range(_SHOWN) if any(notes[i])]
    return Scene(
        "Column of the pixel",
        [f"column {column + 1}" for column in columns],
        (Row(f"{title}: each pixel sees {window} × {window} ({learnt.note})", [picture, *others]),),
        start=len(columns) // 2,
        second=Second("Row of the pixel", [f"row {row + 1}" for row in rows], start=len(rows) // 2),
        remark="Its colour is a mean of the pixels at this place, each training sprite counting by how well its window "
        "fits. Go from pixel to pixel: where others decide, there is a seam.",
    )


def with_pieces(subject: Subject, scene: Scene) -> Scene:
    """Offer the scene of the pieces beneath the one of the copiers."""
    if st.toggle("Where does each of the patch machine’s pixels come from?", key="how-pieces"):
        try:
            show(pack(_pieces(subject.key, subject)), "scene-pieces")
        except ValueError as error:
            st.info(plain(error))
    return scene


def _few(learnt: Learnt) -> Learnt:
    count = len(learnt.images)
    if count <= _MOST:
        return learnt
    rows = np.linspace(0, count - 1, _MOST).round().astype(int)
    labels = None if learnt.labels is None else learnt.labels[rows]
    return replace(learnt, images=learnt.images[rows], labels=labels, note=f"{_MOST:,} of {learnt.note}")


def _spot(image: np.ndarray, row: int, column: int, window: int) -> np.ndarray:
    """uint8 (H, W, C): all but the window around a pixel is faded."""
    reach = window // 2
    inside = np.zeros(image.shape[:2], np.bool_)
    inside[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = True
    faded = image.astype(np.float32)
    if image.shape[2] == 4:
        faded[..., 3] *= _FADED
    else:
        faded = 255 - _FADED * (255 - faded)
    return np.where(inside[..., None], image, faded.round().astype(np.uint8))


@st.cache_resource(max_entries=16, show_spinner="Asking about each pixel, once ...", show_time=True)
def _pieces(key: str, _subject: Subject) -> Scene:
    return pieces(_subject)
