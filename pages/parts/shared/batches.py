"""Batches that were drawn: the current one, the album, and what is said about them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
import streamlit as st

from ddpm.base.json_values import is_count, is_text, list_of
from ddpm.pixels.neighbors import rms_grey_levels
from ddpm.pixels.sheets import png, sheet
from ddpm.runs.album import Batch, batch_names, is_there, keep_batch, load_batch
from ddpm.runs.run import Run
from pages.parts.shared.orders import Order, Variation, from_info, model_words, seed_words, tells_all
from pages.parts.shared.resolving import rival_run
from pages.parts.shared.store import all_runs, run_that_drew
from pages.parts.shared.words import counted

_BATCH = "batch"
# Root mean square difference in grey levels: up to it, most people take two sprites for the same.
_ALIKE = 16.0


def remember(batch: Batch) -> Batch:
    """Make a batch the current one of this visitor, and put it into the album."""
    kept = keep_batch(batch.chain, batch.info, batch.other)
    show_again(kept)
    return kept


def show_again(batch: Batch) -> None:
    """Make a batch of the album the current one."""
    st.session_state[_BATCH] = batch
    st.session_state.pop("looked-at", None)


def current_batch() -> Batch | None:
    """What this visitor drew or opened last; else what was drawn last on this computer."""
    found = st.session_state.get(_BATCH) or next(filter(None, map(_load, batch_names())), None)
    return None if found is None else replace(found, info=up_to_date(found.info, all_runs()))


def up_to_date(info: dict[str, Any], runs: list[Run]) -> dict[str, Any]:
    """A batch's info with the present names of the runs that drew it; "gone" is true if its own run is not here."""
    owner = run_that_drew(info, runs)
    if owner is None:
        return {**info, "gone": True}
    found = {**info, "run": str(owner.folder), "name": owner.name}
    if is_count(info["step"]):
        found["model"] = model_words(Order(found["run"], info["step"]))
    renamed = [(str(info["name"]), owner.name), ("", "")]
    against = str(info.get("against"))
    if against.startswith("run:") and (rival := rival_run(against, runs, info.get("against_id"))) is not None:
        found["against"] = f"run:{rival.name}"
        renamed[1] = (against.removeprefix("run:"), rival.name)
    if isinstance(info.get("titles"), list):
        found["titles"] = [
            new + str(title).removeprefix(old) if str(title).startswith(f"{old}, step ") else title
            for title, (old, new) in zip(info["titles"], renamed, strict=False)
        ]
    return found


@dataclass(frozen=True)
class BatchPreview:
    """A batch of the album in short.

    Attributes:
        png: a PNG file of its first 16 sprites, fewer if they are large.
        unit: the width of this picture, if it is to be enlarged by whole numbers alone; else None.
        alpha: whether it may be transparent.
    """

    id: str
    count: int
    info: dict[str, Any]
    png: bytes
    unit: int | None
    alpha: bool


def album(limit: int) -> list[BatchPreview]:
    """The newest batches on this computer; those that lack what the pages show are left out."""
    found = filter(None, map(_preview, batch_names()))
    runs = all_runs()
    return [replace(preview, info=up_to_date(preview.info, runs)) for preview in islice(found, limit)]


def damaged_batches() -> int:
    """How many batches of the album are left out although all their files are there."""
    return sum(_preview(name) is None and is_there(name) for name in batch_names())


# A batch has some megabytes: do not read it again at every run of a page.
@st.cache_resource(max_entries=2, show_spinner=False)
def _load(name: str) -> Batch | None:
    batch = load_batch(name)
    return batch if batch is not None and tells_all(batch.info) else None


@st.cache_data(max_entries=64, show_spinner=False)
def _preview(name: str) -> BatchPreview | None:
    batch = load_batch(name)
    if batch is None or not tells_all(batch.info):
        return None
    sprites = batch.chain.sprites
    side, alpha = max(sprites.shape[1:3]), sprites.shape[-1] == 4
    columns = max(2, min(4, 4 * 17 // (side + 1)))
    page = sheet(sprites[: columns**2], columns, gap=1)
    return BatchPreview(name, len(sprites), batch.info, png(page), page.shape[1] if side > 16 else None, alpha)


def batch_titles(batch: Batch) -> tuple[str, str]:
    """The titles of the two chains of a batch; empty if it holds one."""
    if batch.other is None:
        return "", ""
    left, right = (str(title) for title in [*(batch.info.get("titles") or ()), "Left", "Right"][:2])
    return left, right


def difference(batch: Batch) -> str:
    """What a batch with two chains shows, in one sentence."""
    assert batch.other is not None
    apart = batch.chain.sprites.astype(np.int64) - batch.other.sprites
    n, values = len(apart), math.prod(apart.shape[1:])
    alike = int((rms_grey_levels(np.square(apart).sum(axis=(1, 2, 3)), values) <= _ALIKE).sum())
    came = f"{alike:,} of {counted(n, 'sprite')} {'comes' if alike == 1 else 'come'} out nearly the same"
    why = {
        "ddpm": "the rest shows what the order of the steps decides, not the model.",
        "ddim": "the rest shows what new noise on the way decides, not the model.",
        "raw": "the rest shows what averaging the weights changes.",
        "alone": "the rest shows what the guide changes: the model is led away from what it drew earlier in its "
        "training, when the same faults were worse (autoguidance).",
        "memoriser": "the right side can only repeat what was learnt from. Where the left parts from it, it does not "
        "repeat that sprite.",
    }.get(str(batch.info.get("against")), "the rest shows where the two models learnt different things.")
    return f"From the same noise, {came}: {why}"


def kinds_of(info: Mapping[str, Any], count: int) -> list[str]:
    """The kind of each sprite of a batch, "" for any kind; an empty list where the batch does not say."""
    kinds: Any = info.get("kinds")
    return kinds if list_of(is_text)(kinds) and len(kinds) == count else []


def mask_text(fixed: np.ndarray) -> str:
    """bool (H, W) as text that a batch keeps: which pixels were given, and are not the model's."""
    return "".join("01"[int(one)] for one in fixed.ravel())


def fixed_of(info: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray | None:
    """bool (H, W), the pixels of each sprite of a batch that were given; None if none were."""
    text: Any = info.get("fixed")
    if not is_text(text) or len(text) != math.prod(size) or set(text) - set("01"):
        return None
    return np.array([one == "1" for one in text]).reshape(size)


def order_of(batch: Batch) -> Order | None:
    """The order that drew a batch, to draw by it again; None if that cannot be, as the next run of the page says."""
    order = from_info(batch.info)
    if order is None:
        st.session_state["failed"] = "This batch does not say how it was drawn, so its sprites cannot be drawn again."
    elif batch.info.get("gone"):
        name = batch.info["name"]
        st.session_state["failed"] = f"The model {name} that drew these sprites is no longer here: it was deleted."
        return None
    return order


def file_stem(info: Mapping[str, Any]) -> str:
    """A file name for a batch, without its suffix: all settings that tell it from other batches."""
    parts = [info["name"], info["step"], f"{info['sampler']}{info['steps']}", f"seed{seed_words(info)}"]
    if info.get("kind"):
        parts.append(info["kind"])
    if info.get("weights") == "raw":
        parts.append("raw")
    if info.get("guidance_scale", 1.0) != 1.0:
        parts.append(f"guidance{info['guidance_scale']:g}")
    if info.get("like"):
        parts.append("like" + ".".join(str(index + 1) for index in info["like"]))
        parts += [f"others{info['others']:g}"] if info.get("others") else []
    parts += ["finished"] if info.get("fixed") else []
    parts += [Variation.read(text).file_words() for text in info.get("variations") or []]
    return re.sub(r"[^\w.+-]+", "-", "-".join(str(part) for part in parts))
