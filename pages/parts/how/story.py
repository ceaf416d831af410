"""The scenes in their order, with their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ddpm.diffusion.guidance.predictor import Predictor
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.solvers import ddim
from pages.parts.how.copying import why_not_copy
from pages.parts.how.formula import Line, formula, line_of
from pages.parts.how.long_way import with_long_way
from pages.parts.how.noise_in import noise_in
from pages.parts.how.pieces import with_pieces
from pages.parts.how.question import question
from pages.parts.how.strictness import kinds
from pages.parts.how.subject import Subject
from pages.parts.how.way_back import way_back
from pages.parts.shared.scene import Scene, pack, show
from pages.parts.shared.words import plain


@dataclass(frozen=True)
class Chapter:
    """A scene and what is said about it.

    Attributes:
        make: works the scene out; ValueError, in words for people, where it cannot.
        latex, letters: the formula, and what its letters mean.
        line: the line of code that does it.
        more: adds to the scene, beneath it, what takes too long to wait for.
    """

    name: str
    title: str
    words: str
    make: Callable[[Subject], Scene]
    latex: Sequence[str]
    letters: str
    line: Callable[[], Line]
    more: Callable[[Subject, Scene], Scene] = lambda subject, scene: scene


CHAPTERS = (
    Chapter(
        "noise-in",
        "Noise in",
        "To learn to draw, a model first sees sprites drown: at **timestep t** a sprite, called **x0**, is faded and "
        "noise is laid over it, and the result is **x_t**. A **schedule** says how fast; **log-SNR** is how strong "
        "the sprite still is against the noise (0: equally strong), and the percentages are shares of the variance.",
        noise_in,
        (
            r"x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\epsilon",
            r"\text{log-SNR} = \log\frac{\bar\alpha_t}{1-\bar\alpha_t}",
        ),
        "ᾱ_t (*alpha bar*) is the share of the sprite’s variance that is left at t; ε (*eps*) is noise, a random "
        "number for each value, of mean 0 and variance 1. Ho et al., DDPM, equation 4.",
        lambda: line_of(NoiseSchedule.add_noise, "return signal * x0"),
    ),
    Chapter(
        "question",
        "The question",
        "Training is one question, asked again and again: *here is x_t, and here is t; which noise was added?* "
        "Whoever knows the noise knows the sprite, and the other way round, so the answer is read as both; with little "
        "noise the sprite is easy and the noise is hard, with much noise it is the reverse, and x0 is then a blurred "
        "mean of all that could be beneath.",
        question,
        (r"\hat x_0 = \frac{x_t - \sqrt{1-\bar\alpha_t}\,\hat\epsilon}{\sqrt{\bar\alpha_t}}",),
        "The hats mark what the network believes. A model of the recipe *Original* (see Train) answers with ε itself, "
        "one of *Fast* with the velocity "
        "v = √ᾱ ε − √(1−ᾱ) x0, a mix of both, so that its answer is worth something at either end of the slider: "
        "this line turns v into the pair (Salimans & Ho, Progressive Distillation, appendix D).",
        lambda: line_of(NoiseSchedule.split_prediction, "x0, eps = signal * x_t - noise * prediction"),
    ),
    Chapter(
        "way-back",
        "The way back",
        "Drawing begins with noise alone: the model says which sprite it believes in, goes a little of the way there, "
        "and **fresh noise** is added, so that the next look can correct the last one: other noise, another sprite. "
        "In one leap only the blurred mean is reached, for the first look cannot know which sprite it will be: more "
        "steps let it decide bit by bit. (These are steps of drawing; those of training come before all this.)",
        way_back,
        (
            r"x_s = a\,\hat x_0 + b\,x_t + \sigma z",
            r"a = \tfrac{\sqrt{\bar\alpha_s}\,(1-\alpha)}{1-\bar\alpha_t},\quad "
            r"b = \tfrac{\sqrt{\alpha}\,(1-\bar\alpha_s)}{1-\bar\alpha_t}",
        ),
        "s is the next timestep, below t (in the full way of 1,000 steps it is t − 1); α = ᾱ_t / ᾱ_s; z is fresh "
        "noise, σ its size, 0 in the last step. The first two terms are the part of the way (in the first steps x_t is "
        "nearly given up for x0): Ho et al., DDPM, equation 7. The row of many steps and few uses DDIM (Song et al.), "
        "which adds no noise: there only the number of steps differs.",
        lambda: line_of(ddim, "mean = of_x0 * x0 + of_x_t * x_t"),
        with_long_way,
    ),
    Chapter(
        "kinds",
        "Kinds and strictness",
        "A model that learnt sprites with their **kinds** can be asked twice, told the kind and not told it: what "
        "differs between the two answers is what the kind says about this sprite. **Strictness** takes that difference "
        "several times instead of once, so that the sprite is more surely of its kind, and less varied.",
        kinds,
        (r"\hat\epsilon = \hat\epsilon_u + w\,(\hat\epsilon_c - \hat\epsilon_u)",),
        "u is the answer without the kind, c the one with it, w the strictness (*guidance scale*; Ho & Salimans). "
        "The row that is drawn to the end insists on the kind only as long as the noise is strong: later it would "
        "do harm, since it is seen by then what is drawn.",
        lambda: line_of(Predictor._guided, "return unconditional + "),
    ),
    Chapter(
        "copying",
        "Why does it not just copy?",
        "Training makes the error of scene 2, the **loss**, as small as it can. The smallest is known: who has only "
        "the training sprites can answer no better than with their mean, in which each counts by how well it fits "
        "x_t. With much noise many fit, and the mean is a blur; the less noise is left, the fewer fit, and at last "
        "one. So a loss that could fall no further would mean **copying**. What keeps a network from it? The **patch "
        "machine** gives the same perfect answer, but for each pixel on its own, which sees only a small window "
        "around it (the less noise, the smaller): neighbours choose different sprites, and something new comes of old "
        "pieces, though they need not make sense together. It is one way not to copy, not the only one: a network is "
        "also too small, and learns too briefly, to hold all sprites. The curves say which of the two this one is "
        "nearer to at each t.",
        why_not_copy,
        (
            r"\hat x_0 = \sum_i w_i\,x_0^{(i)}",
            r"w_i \propto e^{-\|x_t - \sqrt{\bar\alpha_t}\,x_0^{(i)}\|^2 / (2 - 2\bar\alpha_t)}",
        ),
        "i counts the training sprites; w_i are their weights, which add up to 1. The patch machine has such a sum for "
        "each pixel, with the distance over its window alone (Kamb & Ganguli).",
        lambda: line_of(PerfectMemoriser._predict, "x0 = torch.softmax"),
        with_pieces,
    ),
)


def tell(subject: Subject, alone: str | None = None) -> None:
    """Show all scenes about a subject, or the one of this name alone."""
    for number, chapter in enumerate(CHAPTERS, start=1):
        if alone not in (None, chapter.name):
            continue
        # One block each: what comes and goes in one must not put the sliders of those below it back.
        with st.container(key=f"chapter-{chapter.name}"):
            st.header(f"{number} · {chapter.title}")
            st.markdown(chapter.words)
            _tell(chapter, subject)


def _tell(chapter: Chapter, subject: Subject) -> None:
    place = st.container()
    try:
        # In its place, so that what is told while it is worked out moves nothing but the scene.
        with place:
            scene = _scene(chapter.name, subject.key, chapter.make, subject)
    except ValueError as error:
        st.info(plain(error))
        return
    scene = chapter.more(subject, scene)
    with place:
        show(pack(scene), f"scene-{chapter.name}")
    formula(chapter.latex, chapter.line(), chapter.letters)


@st.cache_resource(max_entries=24, show_spinner="Working it out, once ...", show_time=True)
def _scene(name: str, key: str, _make: Callable[[Subject], Scene], _subject: Subject) -> Scene:
    return _make(_subject)
