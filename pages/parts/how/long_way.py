"""The way back in all steps: too slow to wait for, so a thread of its own works it out while the page is read."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import streamlit as st
import torch

from ddpm.base.text import counted
from ddpm.diffusion.parallel import one_core
from ddpm.diffusion.sampling import sample
from pages.parts.how.pixels import as_sprites
from pages.parts.how.subject import Subject
from pages.parts.shared.scene import Panel, Row, Scene
from pages.parts.shared.words import plain

_WANTED = "long-way"
# Seconds: a thread for which nobody asks any more stops, and goes on when somebody asks again.
_PATIENCE, _LOOK = 5.0, 0.5
_TRIED = 5


class LongWay:
    """The way of "ddim" with all steps.

    Attributes:
        total: how many steps there are.
        done: of them, so far.
        seconds: that they took.
        error: why it ended early, in words; empty if it did not.
    """

    def __init__(self, subject: Subject, stops: int) -> None:
        """``stops``: at so many moments, evenly over the steps, a picture is kept."""
        self.total = subject.schedule.num_timesteps
        self.done, self.seconds, self.error = 0, 0.0, ""
        self._at = [(position + 1) * self.total // stops for position in range(stops)]
        self._pictures: dict[int, np.ndarray] = {}
        way = sample(
            *(subject.model, subject.schedule, 1, "ddim", self.total, subject.seed, subject.labels(1)),
            noise=subject.eps,
        )
        self._moments = enumerate(one_core(way))
        self._asked = 0.0
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for."""
        return bool(self.error) or self.done == self.total

    def ask(self) -> None:
        """Go on with it for some seconds."""
        with self._lock:
            self._asked = time.monotonic()
            if self._thread is None and not self.is_over:
                self._thread = threading.Thread(target=self._work, name="long-way", daemon=True)
                self._thread.start()

    def panel(self) -> Panel:
        """Its pictures, when all steps are done."""
        pictures = np.concatenate([self._pictures[at] for at in self._at])
        return Panel(f"{self.total:,} steps", pictures, [f"{done:,} done" for done in self._at])

    def _work(self) -> None:
        while True:
            began = time.perf_counter()
            try:
                number, moment = next(self._moments)
                if number in self._at:
                    self._pictures[number] = as_sprites(moment.x_t)
            except Exception as error:
                self.error = str(error)
            else:
                self.done = number
            self.seconds += time.perf_counter() - began
            # With the lock: else who asks between the look and the end would wait for a thread that is gone.
            with self._lock:
                if self.is_over or time.monotonic() - self._asked > _PATIENCE:
                    self._thread = None
                    return


def with_long_way(subject: Subject, scene: Scene) -> Scene:
    """Offer the way in all steps beneath the scene, and show how far it is; when it is there, put it into the scene."""
    total = subject.schedule.num_timesteps
    if total <= len(scene.stops):
        return scene
    way = _long_way(subject.key, len(scene.stops), subject)
    if way.error:
        st.warning(f"The way in {total:,} steps cannot be drawn. {plain(way.error)}")
        return scene
    if way.is_over:
        first, second = scene.rows
        row = Row(second.title, [way.panel(), *second.panels])
        took = (
            f"The {total:,} steps took {counted(max(1, round(way.seconds)), 'second')} here; they are kept for a while."
        )
        return replace(scene, rows=(first, row), remark=took)
    if st.session_state.get(_WANTED) != subject.key:
        seconds = counted(max(1, round(total * _seconds_per_call(subject.mark, subject))), "second")
        if st.button(f"The same noise in all {total:,} steps", icon=":material/directions_walk:"):
            st.session_state[_WANTED] = subject.key
            st.rerun()
        st.caption(f"About {seconds} on this computer, once; meanwhile you can go on looking.")
        return scene
    st.fragment(_watch, run_every=_LOOK)(way)
    return scene


def _watch(way: LongWay) -> None:
    way.ask()
    if way.is_over:
        st.rerun(scope="app")
    st.progress(way.done / way.total, f"Step {way.done:,} of {way.total:,}: go on looking, it comes by itself")


@st.cache_resource(max_entries=16, show_spinner=False)
def _long_way(key: str, stops: int, _subject: Subject) -> LongWay:
    return LongWay(_subject, stops)


@st.cache_resource(max_entries=16, show_spinner=False)
def _seconds_per_call(mark: tuple[str, int], _subject: Subject) -> float:
    t = torch.zeros(1, dtype=torch.int64)
    taken = []
    for _ in range(_TRIED):
        began = time.perf_counter()
        _subject.model(_subject.x0, t, labels=_subject.labels(1))
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))
