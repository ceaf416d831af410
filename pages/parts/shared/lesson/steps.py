"""The six steps of the lesson, as plain values: what pupils press, look at and answer, and what they should find.

What is said to be found must hold for the built-in model whatever it was last trained to: no seed, no count, no sprite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Whatever the visitor has taught meanwhile: the answers are about the model that came with the app.
_SHIPPED = {"model": "builtin", "shipped": "1"}


@dataclass(frozen=True)
class Stop:
    """A page on which a step takes place.

    Attributes:
        page: its file, as Streamlit's links want it.
        title: the one that it gives to its frame.
        parameters: those of its address that bring it into the right state.
    """

    page: str
    title: str
    parameters: Mapping[str, str] = field(repr=False)

    def path(self, number: int) -> str:
        """The address of a step here, without the host: short, since it is typed from paper."""
        name = self.page.removeprefix("pages/").removesuffix(".py").split("_", 1)[1]
        return f"{name}?lesson={number}"


@dataclass(frozen=True)
class Step:
    """A step of the lesson; all texts are Markdown with nothing but bold type.

    Attributes:
        minutes: how long it takes.
        press, look, question: what to do at its stops, what to look at, and what to answer before going on.
        found: for the teacher: what one should have found, and why.
        stops: one or more, in the order in which they are visited.
    """

    title: str
    minutes: int
    press: str
    look: str
    question: str
    found: str
    stops: tuple[Stop, ...]


_SAMPLE, _TRAIN = ("pages/2_Sample.py", "Sample"), ("pages/1_Train.py", "Train")
_HOW, _COPIED = ("pages/4_How_it_works.py", "How it works"), ("pages/3_Nearest_neighbors.py", "Created or copied?")

STEPS = (
    Step(
        "From noise to a sprite",
        1,
        "The pictures play by themselves: press **Pause** (the round button), drag the slider beside it to its left "
        "end, and go right step by step; the arrow keys do it, too.",
        "Left is what the model sees, right what it believes is underneath. Choose one sprite and keep your eye on it.",
        "At which step can you tell what your sprite will be? Compare with your neighbour: same step?",
        "Colours and the rough shape come first, as a blur on the right, while the left is still all noise; eyes, "
        "edges and single pixels come last. The step differs from sprite to sprite: there is no one right number.",
        (Stop(*_SAMPLE, {**_SHIPPED, "n": "25", "seed": "1"}),),
    ),
    Step(
        "The one question that it learnt",
        2,
        "Drag the slider to its right end (all noise), then slowly to the left. **Another sprite** shows a new one.",
        "**It sees** is the noisy sprite, **It believes: x0** the model’s answer. The model has never seen this "
        "sprite.",
        "Why is the answer a blur at the right end, and not some sharp sprite?",
        "In pure noise nothing is left of the sprite: any of its kind could be underneath (the kind is told to the "
        "model here). The guess that is least wrong on average is the mean of all of them, and the mean of many "
        "sprites is a blur. Further left fewer fit, and the guess gets sharp. That guess is all the model ever learnt: "
        "drawing is asking for it again and again.",
        (Stop(*_HOW, {**_SHIPPED, "scene": "question"}),),
    ),
    Step(
        "Why many steps",
        1,
        "Drag the slider to its right end: all have arrived.",
        "The lower row: the same model and the same noise, with 50, 12, 4 steps and 1.",
        "Which result is the worst? Use your answer to step 2 to say why.",
        "The one of a single step: one look at pure noise gives the blurred mean of step 2. With more steps each look "
        "sees a little less noise, so the model can decide bit by bit which sprite it will be. From 12 to 50 steps "
        "little is gained.",
        (Stop(*_HOW, {**_SHIPPED, "scene": "way-back"}),),
    ),
    Step(
        "Teach one yourself",
        2,
        "Press **Start training**: one minute is set. It needs some seconds to get going.",
        "The curve is the error of its guesses, on sprites that it learns from and on others. Beside it are its "
        "drawings.",
        "After the minute: what does your model know about sprites already, and what not yet?",
        "The error falls steeply at first, then ever more slowly. First comes a quiet background with something in the "
        "middle, then colours that go together and dark outlines, then rough forms; faces, handles and clean edges "
        "take much longer: the model that came with the app learnt for hours. (A slow or busy computer gets less far "
        "in a minute, perhaps only to blobs.)",
        (Stop(*_TRAIN, {"sprites": "builtin", "recipe": "fast", "minutes": "1"}),),
    ),
    Step(
        "Did it create, or did it copy?",
        2,
        "Wait for the answer in the box, then click the first few sprites.",
        "Beside each sprite that the model has just drawn is the training sprite nearest to it. The most alike come "
        "first.",
        "Would you call your most alike pair a copy? What else would you have to know to be sure?",
        "Most pairs share a shape or colours, rarely both. How near is too near? That needs a yardstick: real sprites "
        "that the model never saw resemble the training sprites, too. The page counts a copy only where a drawing is "
        "nearer than those are, and for the model that came with the app it finds no sign of copying.",
        (Stop(*_COPIED, {**_SHIPPED, "draw": "64"}),),
    ),
    Step(
        "The model that learnt by heart",
        2,
        "Stop 1: let it play, and drag the slider: on the right a **perfect memoriser** draws from the same noise. "
        "Stop 2: the page questions 64 sprites of such a memoriser.",
        "At stop 1 compare left and right. At stop 2 read the box, and click some pairs.",
        "No model makes a smaller error in training than the memoriser. Which of the two would you rather have, and "
        "what does a small error in training not tell you?",
        "Each sprite of the memoriser is one of the training sprites, pixel for pixel; the page says so. Least error "
        "in training means knowing every answer by heart. The small network cannot hold all sprites; it has to see "
        "what they have in common, and so it makes new ones. Hence one always tests on examples that were held back: "
        "a good mark on known exercises does not show understanding.",
        (
            Stop(*_SAMPLE, {**_SHIPPED, "n": "16", "seed": "1", "against": "memoriser"}),
            Stop(*_COPIED, {**_SHIPPED, "draw": "64", "known": "memoriser"}),
        ),
    ),
)


def step_of(number: str | None) -> int | None:
    """The number of the step that an address names, 1 to 6; None if it names none."""
    return next((found for found in range(1, len(STEPS) + 1) if number == str(found)), None)


def stop_at(number: int, title: str) -> Stop | None:
    """The stop of a step on the page of this title."""
    return next((stop for stop in STEPS[number - 1].stops if stop.title == title), None)
