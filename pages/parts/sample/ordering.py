"""The form of the Sample page: what is to be drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from ddpm.cli.console import duration
from ddpm.diffusion.instant.levels import MOST_CALLS
from ddpm.diffusion.sampling import Sampler, default_steps
from ddpm.runs.checkpoint import can_use_raw
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.runs.training_lock import active_training
from pages.parts.shared.drawing import seconds_to_draw
from pages.parts.shared.navigation import choose_run
from pages.parts.shared.orders import ANY, EACH, MOST, MOST_SEED, SAMPLER_NAMES, Order
from pages.parts.shared.resolving import rivals
from pages.parts.shared.store import sprite_shape
from pages.parts.shared.words import counted, plain

_SAMPLERS: dict[Sampler, str] = {
    "fast": "12 big steps, each with fresh noise, so that early mistakes are forgotten.",
    "ddim": "50 plain steps without any new noise on the way (DDIM).",
    "ddpm": "All 1,000 small steps of the report, each with a little new noise (DDPM).",
}
_INSTANT = (
    "This model was distilled: it jumps from noise to a sprite in one step, and each further step repairs the sprite "
    "under new noise. It can draw in no other way."
)
USUAL = 64
"""How many sprites are drawn, unless the visitor wants another number."""
_COUNTS = [1, 4, 9, 16, 25, 36, 64, 100, 144]
_GUIDANCE = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
LONG = 4.0
"""Seconds; a shorter waiting time is not shown."""

_PROPOSED = "proposed-by-link"


def ask(runs: list[Run], wanted: str | None) -> tuple[Order, bool]:
    """Ask for a model and how it should draw.

    Args:
        runs: at least one, all able to draw.
        wanted: folder of the run to begin with; None for the last choice.

    Returns:
        The order, and whether it is to be drawn now.
    """
    first, buttons, rest = st.container(), st.container(horizontal=True), st.container()
    with first:
        run = choose_run(runs, "Model", "model", wanted)
        config = run.config()
        kinds = (config.get("data") or {}).get("label_names") or []
        kinds = kinds if (config.get("recipe") or {}).get("classes") else []
        label = _kind(run, kinds) if kinds else ANY
        if label == EACH:
            n = len(kinds)
            st.caption(f"{counted(n, 'sprite')}, one of each kind.")
        else:
            usual = _proposed("n", USUAL)
            n = st.select_slider("How many", _COUNTS, usual, key="n", persist_state="session")
    with rest:
        with st.expander("More"):
            order = _particulars(run, n, label, guided=bool(kinds))
            order = replace(order, against=_rival(order, runs))
        wait = seconds_to_wait(order)
        if wait > LONG:
            st.caption(f":material/schedule: Takes about {duration(wait)}; you can watch it meanwhile.")
        if active_training() is not None:
            st.fragment(_training_now, run_every=2.0)()
    with buttons:
        pressed = st.button("Draw", type="primary", icon=":material/brush:", width="stretch")
        others = st.button(
            "Draw others",
            icon=":material/casino:",
            help="The same with the next seed: new noise, new sprites.",
            on_click=_next_seed,
        )
    return order, pressed or others


def seconds_to_wait(order: Order) -> float:
    """About how long drawing takes, with the rival, judged by the last drawing."""
    own = order.steps or 0
    others = {None: 0, "ddpm": 1000, "ddim": default_steps("ddim", 1000)}.get(order.against, own)
    height, width, _ = sprite_shape(Run(Path(order.run)))
    steps = own * (2 if order.guidance_scale != 1 else 1) + others
    return seconds_to_draw(order.n, steps, height * width)


def show_order(order: Order) -> None:
    """Put the order of a link into the form of a visitor who has come by it; to be called before :func:`ask`."""
    key = Run(Path(order.run)).key
    chosen: dict[str, Any] = {
        "model": order.run,
        f"kind-{key}": order.label,
        f"saved-{key}": order.step,
        "seed": order.seed,
        "against": order.against or "",
    }
    st.session_state.update({key: value for key, value in chosen.items() if value is not None})
    # Streamlit warns of a control with both a default and a value from the session: so these get another default.
    proposed: dict[str, Any] = {f"steps-{order.sampler}": order.steps, f"averaged-{key}": order.weights == "ema"}
    for name, value, possible in (
        ("n", order.n, _COUNTS),
        ("sampler", order.sampler, list(_SAMPLERS)),
        ("guidance", order.guidance_scale, _GUIDANCE),
    ):
        if value in possible:
            proposed[name] = value
    # What a visitor chose before on this page would else come before the link.
    for name in proposed:
        st.session_state.pop(name, None)
    st.session_state[_PROPOSED] = {name: value for name, value in proposed.items() if value is not None}


def _proposed(key: str, usual: Any) -> Any:
    return st.session_state.get(_PROPOSED, {}).get(key, usual)


def _particulars(run: Run, n: int, label: int, guided: bool) -> Order:
    sampler = _sampler(run)
    guidance = 1.0
    if guided:
        guidance = st.select_slider(
            "How strictly it keeps to the kind",
            _GUIDANCE,
            _proposed("guidance", 1.0),
            format_func=lambda scale: f"{scale:g}",
            key="guidance",
            persist_state="session",
            help="1: as it has learnt. Higher: more typical sprites of their kind, less variety, and up to twice the "
            "time (classifier-free guidance).",
        )
    seed = st.number_input(
        "Seed",
        0,
        MOST_SEED,
        "min",
        key="seed",
        persist_state="session",
        help="The same seed draws the same sprites again.",
    )
    total = (run.config().get("schedule") or {}).get("num_timesteps", 1000)
    total = min(total, MOST_CALLS) if sampler == "instant" else total
    key = f"steps-{sampler}"
    if st.session_state.get(key, 1) > total:
        del st.session_state[key]
    usual = min(_proposed(key, default_steps(sampler, total)), total)
    steps = st.number_input("Steps", 1, total, usual, key=key, persist_state="session")
    choices = sorted(run.steps(), reverse=True)
    if st.session_state.get(f"saved-{run.key}") not in choices:
        st.session_state.pop(f"saved-{run.key}", None)
    saved = st.selectbox("Saved step", choices, format_func=lambda step: f"{step:,}", key=f"saved-{run.key}")
    weights: Literal["ema", "raw"] = "ema"
    if can_use_raw(run.step_path(saved) if saved is not None else run.folder):
        averaged = st.toggle(
            "Averaged weights",
            _proposed(f"averaged-{run.key}", True),
            key=f"averaged-{run.key}",
            help="A slow average of the weights draws better. Off: the last ones.",
        )
        weights = "ema" if averaged else "raw"
    return Order(str(run.folder), saved, int(n), sampler, int(steps), int(seed), label, float(guidance), weights)


def _sampler(run: Run) -> Sampler:
    if "distilled" in run.config():
        st.markdown("How to draw: **Instant**")
        st.caption(_INSTANT)
        return "instant"
    sampler: Sampler = st.segmented_control(
        "How to draw",
        list(_SAMPLERS),
        default=_proposed("sampler", "fast"),
        required=True,
        format_func=lambda name: SAMPLER_NAMES[name],
        key="sampler",
        persist_state="session",
    )
    st.caption(_SAMPLERS[sampler])
    return sampler


def _rival(order: Order, runs: list[Run]) -> str | None:
    found = {"": "nothing"} | rivals(order, runs)
    if st.session_state.get("against") not in found:
        st.session_state.pop("against", None)
    against = st.selectbox(
        "Compare with",
        list(found),
        format_func=lambda against: found[against],
        key="against",
        persist_state="session",
        help="Both are drawn from the same noise, and shown side by side (on a phone one above the other). A guide, "
        "which the models that come with the app have, is an earlier step of the model’s own training: what it draws "
        "is led away from what that step would draw, since there the same faults were worse.",
    )
    return against or None


def _kind(run: Run, names: list[str]) -> int:
    words = {ANY: "anything", EACH: f"one of each kind ({len(names)})"}
    several = [EACH] if 1 < len(names) <= MOST else []
    key = f"kind-{run.key}"
    choices = [ANY, *several, *range(len(names))]
    if st.session_state.get(key) not in choices:
        st.session_state.pop(key, None)
    choice = st.selectbox(
        "What to draw",
        choices,
        format_func=lambda i: words[i] if i < 0 else str(names[i]),
        key=key,
        persist_state="session",
    )
    return int(choice)


def _next_seed() -> None:
    st.session_state["seed"] = (int(st.session_state.get("seed", 0)) + 1) % MOST_SEED


def _training_now() -> None:
    """Say that a training uses the processor, and offer to pause it."""
    active = active_training()
    if active is None:
        return
    run, name = active.run, plain(active.run.name)
    paused = run.state() == "paused"
    wanted = run.pending().get("pause")
    if paused and wanted is not False:
        st.caption(f":material/pause_circle: The training of {name} is paused: drawing has the processor.")
        _pause_button("Let the training go on", "play_arrow", "resume-training", run, False)
    elif wanted and not paused:
        st.caption(f":material/hourglass_top: The training of {name} pauses after its present step ...")
    else:
        st.caption(f":material/hourglass_top: The training of {name} holds the processor: drawing takes longer.")
        _pause_button("Pause the training", "pause", "pause-training", run, True)


def _pause_button(label: str, icon: str, key: str, run: Run, pause: bool) -> None:
    st.button(label, icon=f":material/{icon}:", key=key, on_click=_request, args=(run, pause))


def _request(run: Run, pause: bool) -> None:
    try:
        run.request(pause=pause)
    except RunError as error:
        st.toast(plain(error), icon=":material/error:")
