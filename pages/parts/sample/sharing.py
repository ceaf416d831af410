"""Links that draw the same sprites again: an order as the parameters of the page's address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast
from urllib.parse import urlencode

import streamlit as st

from ddpm.diffusion.sampling import Sampler
from ddpm.runs.album import Batch
from ddpm.runs.run import Run
from pages.parts.shared.orders import ANY, EACH, Order, from_info, read_variations
from pages.parts.shared.resolving import rival_run
from pages.parts.shared.store import weights_mark
from pages.parts.shared.words import plain

_OPENED = "opened-link"
_KINDS: dict[str, int | None] = {"any": ANY, "each": EACH, "none": None}
_NAME = re.compile(r"[^/\\\0]+")
_WHOLE = re.compile(r"\d{1,12}")
_AMOUNT = re.compile(r"\d{1,3}(\.\d{1,6})?")


@dataclass(frozen=True)
class Link:
    """What an address asks for.

    Attributes:
        order: what is to be drawn; None if that is impossible.
        problem: why it is impossible, or what has changed since; Markdown.
    """

    order: Order | None
    problem: str | None = None


def to_parameters(info: Mapping[str, Any]) -> dict[str, str] | None:
    """The parameters of a link to a batch; None if the batch does not say how it was drawn."""
    order = from_info(info)
    if order is None:
        return None
    words = {label: word for word, label in _KINDS.items()}
    values = {
        "model": str(info["name"]),
        "step": str(info["step"]),
        "n": str(order.n),
        "sampler": order.sampler,
        "steps": str(info["steps"]),
        "seed": str(order.seed),
        "kind": words.get(order.label, str(order.label)),
        "guidance": f"{order.guidance_scale:g}",
        "weights": order.weights,
    }
    for key in ("id", "mark"):
        if info.get(key):
            values[key] = str(info[key])
    if order.like:
        values |= {"like": ".".join(map(str, order.like)), "near": f"{order.strength:g}"}
    values |= {name: f"{amount:g}" for name, amount in (("turn", order.turn), ("others", order.others)) if amount}
    if order.variations:
        values["variants"] = "_".join(map(str, order.variations))
    if order.against is not None:
        values["against"] = order.against
        if info.get("against_id"):
            values["against_id"] = str(info["against_id"])
    return values


def read_link(parameters: Mapping[str, str], runs: list[Run]) -> Link:
    """What parameters ask for. They can name only listed runs, never a folder."""
    try:
        order = _read_order(parameters)
    except ValueError as error:
        return Link(None, f"This link cannot be read: {plain(error)}. Here is the page as usual.")
    if order.against is not None and order.against.startswith("run:"):
        rival = rival_run(order.against, runs, parameters.get("against_id"))
        order = order if rival is None else replace(order, against=f"run:{rival.name}")
    mark = parameters.get("mark", "")

    def marked(run: Run) -> str:
        return weights_mark(run.step_path(order.step or 0), order.weights)

    meant = _meant(parameters, runs, marked)
    if not meant:
        return Link(
            None,
            f"The model **{plain(parameters.get('model', '')[:80])}** that this link asks for is no longer here. "
            "Choose another one, and press Draw.",
        )
    name = plain(meant[0].name)
    saved = [run for run in meant if order.step in run.steps()]
    if not saved:
        return Link(
            None,
            f"The model **{name}** is here, but no longer its step {order.step:,} that this link asks for. "
            "Choose another step under More, and press Draw.",
        )
    marks = [marked(run) for run in saved]
    run = saved[marks.index(mark)] if mark in marks else saved[0]
    order = replace(order, run=str(run.folder))
    # Links to old batches have no mark.
    if not mark or mark in marks:
        return Link(order)
    return Link(
        order,
        f"This link was made with another model of the name **{name}** (weights {plain(mark[:8])}, here "
        f"{marks[0] or 'unknown'}). What it draws now is not what was sent to you.",
    )


def _read_order(parameters: Mapping[str, str]) -> Order:
    """The order without its run; ValueError if it cannot be read."""
    order = Order(
        "",
        step=_whole(parameters, "step"),
        n=_whole(parameters, "n"),
        sampler=cast(Sampler, parameters.get("sampler", "fast")),
        steps=_whole(parameters, "steps"),
        seed=_whole(parameters, "seed"),
        label=_kind(parameters.get("kind", "any")),
        guidance_scale=_amount(parameters, "guidance", 1.0),
        weights=cast(Literal["ema", "raw"], parameters.get("weights", "ema")),
        like=tuple(_number(text, "like") for text in parameters.get("like", "").split(".") if text),
        strength=_amount(parameters, "near", 0.5),
        against=parameters.get("against"),
        variations=read_variations(text.split("_") if (text := parameters.get("variants")) else None),
        turn=_amount(parameters, "turn", 0.0),
        others=_amount(parameters, "others", 0.0),
    )
    order.check()
    return order


def _meant(parameters: Mapping[str, str], runs: list[Run], marked: Callable[[Run], str]) -> list[Run]:
    """The runs that a link may mean, the likeliest first.

    A link names its model by id; an old link has only the name, and the mark of the weights for a renamed run.
    """
    name, mark = parameters.get("model", ""), parameters.get("mark", "")
    meant = [run for run in runs if run.name == name]
    if _NAME.fullmatch(name):
        same = [run for run in runs if run.id() == parameters.get("id")]
        meant = sorted(same, key=lambda run: run.name != name) or meant
        if mark and mark not in map(marked, meant):
            meant = [run for run in runs if marked(run) == mark] or meant
    return meant


def opened_link(runs: list[Run]) -> Link | None:
    """The link by which this visitor has come; None from the second call on."""
    parameters = st.query_params.to_dict()
    if "model" not in parameters or st.session_state.get(_OPENED) == parameters:
        return None
    st.session_state[_OPENED] = parameters
    return read_link(parameters, runs)


def leave_link() -> None:
    """Remove the link from the address, since something else is drawn now."""
    if "model" in st.query_params:
        st.query_params.clear()


def link_button(batch: Batch) -> None:
    parameters = to_parameters(batch.info)
    if parameters is None:
        return
    with st.popover("Link", icon=":material/link:"):
        st.caption(
            "Whoever opens it on this computer sees the same sprites, pixel by pixel, as long as the model is here."
        )
        # A model's name may hold bytes that are not UTF-8.
        asked = urlencode(parameters, errors="replace")
        st.code(f"{(st.context.url or '').split('?')[0]}?{asked}", language=None, wrap_lines=True)


def _whole(parameters: Mapping[str, str], name: str) -> int:
    return _number(parameters.get(name, ""), name)


def _number(text: str, name: str) -> int:
    if not _WHOLE.fullmatch(text) or not text.isascii():
        raise ValueError(f"{name} is not a number")
    return int(text)


def _amount(parameters: Mapping[str, str], name: str, usual: float) -> float:
    text = parameters.get(name)
    if text is None:
        return usual
    if not _AMOUNT.fullmatch(text) or not text.isascii():
        raise ValueError(f"{name} is not a number")
    return float(text)


def _kind(text: str) -> int | None:
    return _KINDS[text] if text in _KINDS else _number(text, "kind")
