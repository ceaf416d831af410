"""Drawing sprites for a page: the sampler at work, and the batches that come out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import streamlit as st

from ddpm.base.json_values import is_count
from ddpm.diffusion.chain import Chain, ChainRecorder
from ddpm.diffusion.parallel import one_core
from ddpm.diffusion.sampling import sample
from ddpm.pixels.sheets import png, sheet
from ddpm.runs.album import Batch, batch_names, is_there, keep_batch, load_batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.shared.orders import EACH, Order, noise_sources_of, tells_all, to_info
from pages.parts.shared.store import PATHS, all_runs, manifest_mark, run_that_drew, weights_mark
from pages.parts.shared.ways import Way, own_way, rival_run, rival_way

_BATCH, _PACE = "batch", "seconds-a-sprite-and-step"
_USUAL_PACE = 0.0007

# Told after each step: steps done, steps in all, the chain so far where a new frame of it is kept, and while the other
# one of two is drawn that one, too.
Watch = Callable[..., None]


def drawer(order: Order) -> str:
    """Who draws, in words."""
    run = Run(Path(order.run))
    step = f"{run.latest() or 0 if order.step is None else order.step:,}"
    if run.is_shipped():
        return f"the model that came with the app ({run.name}, {step} training steps)"
    return f"your run {run.name}, step {step}"


def draw(order: Order, watch: Watch = lambda *_: None) -> Batch:
    """Draw a batch; it is not kept anywhere.

    Args:
        watch: told after each step (steps done, steps in all, the chain so far where a new frame of it is kept; while
            the chain to compare is drawn: that one, too).

    Raises:
        CheckpointError: if the model cannot be loaded, or draws no numbers.
    """
    own = own_way(order)
    rival = rival_way(order, own)
    total = own.steps + (rival.steps if rival else 0)
    other: Chain | None = None
    chain = _follow(own, order, lambda done, so_far: watch(done, total, so_far))
    if rival is not None:
        other = _follow(rival, order, lambda done, so_far: watch(own.steps + done, total, chain, so_far))
    names = own.label_names
    kind = names[order.label] if order.label is not None and 0 <= order.label < len(names) else None
    info: dict[str, Any] = {
        **to_info(order),
        "steps": own.steps,
        "step": own.step,
        "name": Run(Path(order.run)).name,
        "id": Run(Path(order.run)).id(),
        "model": drawer(order),
        "kind": "one of each" if order.label == EACH else kind,
        "mark": weights_mark(order.path(), order.weights),
    }
    if own.labels is not None:
        info["kinds"] = [names[label] if 0 <= label < len(names) else "" for label in own.labels.tolist()]
    if rival is not None:
        info["against_id"] = rival.run_id
        info["titles"] = [own.title_beside(rival), rival.title]
    return Batch("", chain, info, other)


def _follow(way: Way, order: Order, watch: Callable[[int, Chain | None], None]) -> Chain:
    recorder = ChainRecorder(way.schedule, way.steps)
    moments = sample(
        way.model,
        way.schedule,
        order.n,
        way.sampler,
        way.steps,
        order.seed,
        way.labels,
        way.guidance_scale,
        noise_sources=noise_sources_of(order),
    )
    try:
        for done, moment in enumerate(one_core(moments)):
            watch(done, recorder.chain() if recorder.add(moment) else None)
    except ValueError as error:
        raise CheckpointError(f"This model cannot draw: {error}") from error
    return recorder.chain()


def draw_timed(order: Order, watch: Watch) -> Batch:
    """:func:`draw`, remembering how long it took on this machine."""
    began = time.perf_counter()
    batch = draw(order, watch)
    if order.against is None:
        st.session_state[_PACE] = (time.perf_counter() - began) / (order.n * int(batch.info["steps"]))
    return batch


def seconds_to_draw(n: int, steps: int) -> float:
    """About how long n sprites will take, by the last ones that were drawn."""
    return n * steps * float(st.session_state.get(_PACE, _USUAL_PACE)) + 0.5


def first_batch(run: Run, n: int) -> Batch | None:
    """A small batch that is there at once: drawn once, then remembered. None if the model is damaged."""
    try:
        return _first_batch(str(run.folder), manifest_mark(run.folder), n)
    except CheckpointError:
        return None


@st.cache_resource(max_entries=8, show_spinner="Drawing a few sprites from noise ...", hash_funcs=PATHS)
def _first_batch(folder: str, mark: tuple[str, int], n: int) -> Batch:
    return draw(Order(folder, n=n))


def columns_for(n: int) -> int | None:
    """Sprites in a row, where they fill a square."""
    side = math.isqrt(n)
    return side if side * side == n else None


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
    found = st.session_state.get(_BATCH)
    if found is None:
        found = next((batch for name in batch_names() if (batch := _load(name)) is not None), None)
    return None if found is None else replace(found, info=up_to_date(found.info, all_runs()))


def up_to_date(info: dict[str, Any], runs: list[Run]) -> dict[str, Any]:
    """What a batch tells of the runs that drew it, as these are called now; "gone" is true if its own is not here."""
    owner = run_that_drew(info, runs)
    if owner is None:
        return {**info, "gone": True}
    found = {**info, "run": str(owner.folder), "name": owner.name}
    if is_count(info["step"]):
        found["model"] = drawer(Order(found["run"], info["step"]))
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
class Page:
    """A batch of the album at a glance.

    Attributes:
        png: the first 16 sprites, as a PNG file.
    """

    id: str
    count: int
    info: dict[str, Any]
    png: bytes


def album(limit: int) -> list[Page]:
    """The newest batches on this computer, those without the usual particulars left out."""
    found = (page for name in batch_names() if (page := _page(name)) is not None)
    runs = all_runs()
    return [replace(page, info=up_to_date(page.info, runs)) for page in islice(found, limit)]


def damaged_batches() -> int:
    """How many batches of the album are left out of it, although all their files are there."""
    return sum(1 for name in batch_names() if _page(name) is None and is_there(name))


# A batch is some megabytes: it is not read again at every run of a page.
@st.cache_resource(max_entries=2, show_spinner=False)
def _load(name: str) -> Batch | None:
    batch = load_batch(name)
    return batch if batch is not None and tells_all(batch.info) else None


@st.cache_data(max_entries=64, show_spinner=False)
def _page(name: str) -> Page | None:
    batch = load_batch(name)
    if batch is None or not tells_all(batch.info):
        return None
    return Page(name, len(batch.chain.sprites), batch.info, png(sheet(batch.chain.sprites[:16], 4, gap=1)))
