"""Links that draw the same sprites again: an order as the parameters of the page's address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlencode

import streamlit as st

from ddpm.diffusion.sampling import Sampler
from ddpm.runs.album import Batch
from ddpm.runs.checkpoint import can_use_raw, guide_of
from ddpm.runs.run import Run
from pages.parts.sample.ordering import USUAL
from pages.parts.shared.lesson.arriving import arrival
from pages.parts.shared.orders import ANY, EACH, Order, from_info, read_variations
from pages.parts.shared.resolving import rival_run
from pages.parts.shared.store import may_have_data, weights_mark
from pages.parts.shared.words import plain

_PAGE = "Sample"
_KINDS: dict[str, int | None] = {"any": ANY, "each": EACH, "none": None}
_NAME = re.compile(r"[^/\\\0]+")
_WHOLE = re.compile(r"\d{1,12}")
_AMOUNT = re.compile(r"\d{1,3}(\.\d{1,6})?")
_ASK = (
    "Ask whoever sent the link for its file (**Take it along** on the Train page), bring it in on your Train page, and "
    "open the link again."
)
_UPDATE = "It came with the sender’s version of the app: get that version, and open the link again."


@dataclass(frozen=True)
class Link:
    """What an address asks for.

    Attributes:
        order: what is to be drawn; None if that is impossible.
        problem: why it is impossible, or how what is drawn differs from what was sent, and what to do; Markdown.
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
        values |= {key: str(info[key]) for key in ("against_id", "against_mark") if info.get(key)}
    if Run(Path(order.run)).is_shipped():
        values["shipped"] = "1"
    return values


def read_link(parameters: Mapping[str, str], runs: list[Run]) -> Link:
    """What parameters ask for. They can name only listed runs, never a folder.

    A link may name no more than the model: all else is then as for a newcomer. What is not here is left out of the
    order, or another takes its place; the problem says so, and what to do.
    """
    try:
        order = _read_order(parameters)
    except ValueError as error:
        return Link(None, f"This link cannot be read: {plain(error)}. Here is the page as usual.")
    mark = parameters.get("mark", "")

    def marked(run: Run) -> str:
        return weights_mark(run.folder if order.step is None else run.step_path(order.step), order.weights)

    meant = _meant(parameters, runs, marked)
    if not meant:
        name = (
            f"The model **{plain(parameters.get('model', '')[:80])}** that this link asks for is not, or no longer here"
        )
        return Link(None, f"{name}. {_how_to_get(parameters)} Or choose another one, and press Draw.")
    if order.step is None:
        order = replace(order, step=meant[0].latest())
    saved = [run for run in meant if order.step in run.steps()]
    if saved:
        marks = [marked(run) for run in saved]
        run = saved[marks.index(mark)] if mark in marks else saved[0]
        order, told = _with_own_weights(replace(order, run=str(run.folder)), run, parameters)
    else:
        run = meant[0]
        there = run.latest()
        told = [
            f"The model **{plain(run.name)}** is here, but not its step {order.step:,} that this link asks for: this "
            f"is drawn by its step {there:,}, and is not what was sent to you."
        ]
        order = replace(order, run=str(run.folder), step=there, weights="ema")
    order, more = _with_rival(order, run, runs, parameters)
    words = " ".join([*told, *more])
    # For both models: said once, at the end.
    words = words.replace(f" {_ASK}", "", words.count(_ASK) - 1) if words.count(_ASK) > 1 else words
    return Link(order, words or None)


def _with_own_weights(order: Order, run: Run, parameters: Mapping[str, str]) -> tuple[Order, list[str]]:
    """The order with weights that are here, and how they differ from those that the link means."""
    if order.weights == "raw" and not can_use_raw(order.path()):
        words = (
            f"The last weights of **{plain(run.name)}** that this link asks for did not come with the model: this is "
        )
        return replace(order, weights="ema"), [f"{words}drawn with its averaged ones, and is not what was sent to you."]
    mark, here = parameters.get("mark", ""), weights_mark(order.path(), order.weights)
    # Links to old batches have no mark.
    if not mark or mark == here:
        return order, []
    return order, [
        f"This link was made with another model of the name **{plain(run.name)}** (weights {plain(mark[:8])}, here "
        f"{here or 'unknown'}). What it draws now is not what was sent to you. {_how_to_get(parameters)}"
    ]


def _with_rival(order: Order, run: Run, runs: list[Run], parameters: Mapping[str, str]) -> tuple[Order, list[str]]:
    """The order without what it cannot be compared with here, and why."""
    against = order.against or ""
    alone = replace(order, against=None)
    if against == "memoriser" and not may_have_data(run):
        return alone, [
            "The sprites that this model learnt from are not here, so nothing can remember them: it is drawn without "
            "the perfect memoriser beside it."
        ]
    if against == "raw" and not can_use_raw(order.path()):
        return alone, ["The last weights did not come with this model: it is drawn without them beside it."]
    if against == "alone" and (order.weights != "ema" or guide_of(order.path()) is None):
        return alone, ["This model has no guide here: it is drawn without a comparison."]
    if not against.startswith("run:"):
        return order, []
    rival = rival_run(against, runs, parameters.get("against_id"))
    if rival is None:
        name = plain(against.removeprefix("run:"))
        return alone, [f"The model **{name}** beside it is not here: it is drawn alone. {_ASK}"]
    order = replace(order, against=f"run:{rival.name}")
    mark, here = parameters.get("against_mark"), weights_mark(rival.folder)
    if not mark or mark == here:
        return order, []
    return order, [
        f"The model **{plain(rival.name)}** beside it has other weights than when this link was made "
        f"({plain(mark[:8])}, here {here or 'unknown'}): its side is not what was sent to you."
    ]


def _how_to_get(parameters: Mapping[str, str]) -> str:
    """What to do to have the model that a link means."""
    return _UPDATE if parameters.get("shipped") == "1" else _ASK


def _read_order(parameters: Mapping[str, str]) -> Order:
    """The order without its run; ValueError if it cannot be read."""
    order = Order(
        "",
        step=_whole(parameters, "step"),
        n=_count(parameters, "n", USUAL),
        sampler=cast(Sampler, parameters.get("sampler", "fast")),
        steps=_whole(parameters, "steps"),
        seed=_count(parameters, "seed", 0),
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
    if parameters.get("shipped") == "1":
        meant.sort(key=lambda run: not run.is_shipped())
    if _NAME.fullmatch(name):
        same = [run for run in runs if run.id() == parameters.get("id")]
        meant = sorted(same, key=lambda run: run.name != name) or meant
        if mark and mark not in map(marked, meant):
            meant = [run for run in runs if marked(run) == mark] or meant
    return meant


def opened_link(runs: list[Run]) -> Link | None:
    """The link by which this visitor has come, a step of the lesson included; None from the second call on."""
    parameters = arrival(_PAGE)
    return read_link(parameters, runs) if parameters and "model" in parameters else None


def leave_link() -> None:
    """Remove the link from the address, since something else is drawn now."""
    if "model" in st.query_params or "lesson" in st.query_params:
        st.query_params.clear()


def link_button(batch: Batch, more: Mapping[str, str] | None = None) -> None:
    """Offer a link to a batch; ``more`` are parameters for what is open beside it."""
    parameters = to_parameters(batch.info)
    if parameters is None:
        return
    parameters |= more or {}
    with st.popover("Link", icon=":material/link:"):
        shipped = "shipped" in parameters
        needs = (
            "which has this model, too" if shipped else "once it has this model (**Take it along** on the Train page)"
        )
        st.caption(
            "Whoever opens it sees the same sprites as long as the model is the same: on this computer, and on another "
            f"that runs this app, {needs}. If the app has another address there, put that before the question mark. "
            "The link names the weights, and the page says if they differ."
        )
        # A model's name may hold bytes that are not UTF-8.
        asked = urlencode(parameters, errors="replace")
        st.code(f"{(st.context.url or '').split('?')[0]}?{asked}", language=None, wrap_lines=True)


def _whole(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    return None if text is None else _number(text, name)


def _count(parameters: Mapping[str, str], name: str, usual: int) -> int:
    return _number(parameters.get(name, str(usual)), name)


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
