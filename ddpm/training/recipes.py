"""The settings of a training: the source report's recipe, and ours."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from ddpm.base.json_values import Check, is_amount, is_count, is_share, is_text, is_whole, list_of, or_none
from ddpm.diffusion.schedule import PredictionType, ScheduleKind
from ddpm.training.optimizer import OptimizerKind

REPORTS_OWN = "original"
"""The recipe that follows the source report to the letter."""
_ONE_MORE_FROM = 32
_MINUTES_OF_LARGE = 15
_MOST_PIXELS = 512  # per sprite, at the recipe's own batch size


def attended_level(height: int, width: int) -> int:
    """The finest resolution (0 is that of the sprites) at which a sprite has at most 16x16 pixels."""
    level = 0
    while math.ceil(height / 2**level) * math.ceil(width / 2**level) > 256:
        level += 1
    return level


@dataclass(frozen=True)
class Recipe:
    """All settings of a training except its length, its data and its seed.

    Attributes:
        title, summary: name and description on screen.
        optimizer: see :class:`ddpm.training.optimizer.Optimizer`.
        learning_rate: the highest.
        warmup_steps: steps over which it rises from 0; 0 for none.
        cosine_decay: whether it then falls to 0 at the last step.
        weight_decay: share of the weights, times the learning rate, that each step removes.
        clip_norm: largest norm of a gradient; None for no clipping.
        ema_decay: decay of the averaged weights after its warm-up.
        dropout: share of feature values that are zeroed, after ``dropout_start``.
        dropout_start: share of the run, 0..1, before dropout begins.
        dropout_min_steps: shorter runs have no dropout.
        least_steps: before so many steps nothing that it draws can be recognised; see ``recipes.md``.
        classes: whether the network learns to draw by kind, where the data have labels.
        label_dropout: share of sprites whose label is hidden, so that it also learns to draw without one.
        even_log_snr: share of the timesteps, 0..1, that are drawn uniformly in log-SNR instead of in t.
        precision: "auto", "float32" or "bfloat16"; the user may choose another.
        default_minutes: length that the Train page suggests.
        attention: resolutions with self-attention; see :class:`ddpm.diffusion.unet.UNet`.
        each_once: whether it learns from each distinct sprite once per epoch, however often the data repeat it.
        seamless: whether sprites are tiles that go on at their opposite border; see the network.
    """

    name: str
    title: str
    summary: str
    schedule: ScheduleKind
    prediction_type: PredictionType
    learning_rate: float
    warmup_steps: int
    cosine_decay: bool
    weight_decay: float
    clip_norm: float | None
    ema_decay: float
    dropout: float
    classes: bool
    label_dropout: float
    precision: str
    default_minutes: int
    batch_size: int = 64
    num_timesteps: int = 1000
    optimizer: OptimizerKind = "adamw"
    even_log_snr: float = 0.0
    channels: tuple[int, ...] = (32, 64, 128, 256)
    time_embedding_dim: int = 32
    attention: tuple[int, ...] = ()
    each_once: bool = False
    dropout_start: float = 0.0
    dropout_min_steps: int = 0
    seamless: bool = False
    least_steps: int = 0

    def fitted(self, image_shape: tuple[int, int, int]) -> Recipe:
        """The recipe for sprites of another size than 16x16: one more resolution from 32 pixels a side on, attention
        where a picture has at most 16x16 pixels, and smaller batches of larger sprites.

        Args:
            image_shape: (C, H, W).
        """
        _, height, width = image_shape
        channels = self.channels
        if max(height, width) >= _ONE_MORE_FROM:
            channels = (*channels, channels[-1])
        finest = min(attended_level(height, width), len(channels) - 1)
        attention = tuple(sorted({max(level, finest) for level in self.attention}))
        batch_size = max(self.batch_size // 4, min(self.batch_size, self.batch_size * _MOST_PIXELS // (height * width)))
        minutes = self.default_minutes if channels == self.channels else max(self.default_minutes, _MINUTES_OF_LARGE)
        return replace(self, channels=channels, attention=attention, batch_size=batch_size, default_minutes=minutes)

    def for_tiles(self, image_shape: tuple[int, int, int]) -> Recipe:
        """The recipe with a seamless network, for sprites that it already is :meth:`fitted` to.

        Args:
            image_shape: (C, H, W).

        Raises:
            ValueError: if it cannot have one; the message says what to do.
        """
        if self.name == REPORTS_OWN:
            raise ValueError(
                f"Seamless tiles (--seamless) are not for the recipe {self.title}: it keeps to the report, whose "
                "network pads with zeros. Take the recipe Fast."
            )
        _, height, width = image_shape
        unit = 2 ** (len(self.channels) - 1)
        if height % unit or width % unit:
            raise ValueError(
                f"Seamless tiles (--seamless) of {width} x {height} pixels cannot be learnt: at this size both sides "
                f"must be multiples of {unit}, since nothing can be added at a border that is not there. Cut or draw "
                "them at another size, such as 8, 16, 24, 32, 48 or 64 pixels a side, or train without it."
            )
        return replace(self, seamless=True)

    def dropout_at(self, step: int, total_steps: int) -> float:
        """The dropout of step ``step`` (0..total_steps-1): it keeps a long run varied, and slows a short one."""
        has_begun = total_steps >= self.dropout_min_steps and step >= self.dropout_start * total_steps
        return self.dropout if has_begun else 0.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "channels": list(self.channels), "attention": list(self.attention)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """The recipe that a run began with, even if the recipe of that name has changed since.

        Raises:
            ValueError: if values are missing, unknown or unusable.
        """
        wrong = [name for name, check in _CHECKS.items() if name in values and not check(values[name])]
        if wrong:
            raise ValueError(f"not a recipe: {', '.join(wrong)}")
        try:
            lists = {"channels": tuple(values["channels"]), "attention": tuple(values.get("attention", ()))}
            return cls(**{**values, **lists})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a recipe: {error}") from None


_CHECKS: dict[str, Check] = {
    **dict.fromkeys(("name", "title", "summary", "schedule", "prediction_type", "precision", "optimizer"), is_text),
    **dict.fromkeys(("learning_rate", "weight_decay", "default_minutes"), is_amount),
    **dict.fromkeys(("ema_decay", "dropout", "label_dropout", "even_log_snr", "dropout_start"), is_share),
    **dict.fromkeys(("warmup_steps", "dropout_min_steps", "least_steps"), is_count),
    **dict.fromkeys(("cosine_decay", "classes", "each_once", "seamless"), lambda value: isinstance(value, bool)),
    "clip_norm": or_none(is_amount),
    "batch_size": lambda value: is_whole(value, 1, 1 << 20),
    "num_timesteps": lambda value: is_whole(value, 1, 100_000),
    "channels": lambda value: list_of(lambda width: is_whole(width, 1, 2048))(value) and 1 <= len(value) <= 5,
    "time_embedding_dim": lambda value: is_whole(value, 1, 4096),
    "attention": lambda value: list_of(lambda level: is_whole(level, 0, 4))(value) and len(value) <= 5,
}


RECIPES: dict[str, Recipe] = {
    "fast": Recipe(
        name="fast",
        title="Fast",
        summary="Our recipe: every pixel can look at every other one (attention), all directions are learnt evenly "
        "(Muon), and faint noise, where details are decided, is looked at more often. Good sprites in minutes.",
        schedule="cosine",
        prediction_type="v",
        learning_rate=4e-3,
        warmup_steps=200,
        cosine_decay=True,
        weight_decay=0.01,
        clip_norm=1.0,
        ema_decay=0.9995,
        dropout=0.1,
        classes=True,
        label_dropout=0.1,
        precision="auto",
        default_minutes=8,
        optimizer="muon",
        even_log_snr=0.3,
        attention=(0,),
        each_once=True,
        dropout_start=1 / 3,
        dropout_min_steps=4000,
        least_steps=300,
    ),
    "original": Recipe(
        name="original",
        title="Original (slow)",
        summary="The student report's recipe, to the letter: a small constant learning rate. The report gave it hours. "
        "After the 30 minutes proposed here its sprites are still hazy, about as Fast draws after one minute.",
        schedule="linear",
        prediction_type="eps",
        learning_rate=1e-4,
        warmup_steps=0,
        cosine_decay=False,
        weight_decay=0.01,
        clip_norm=None,
        ema_decay=0.9995,
        dropout=0.0,
        classes=False,
        label_dropout=0.0,
        precision="float32",
        default_minutes=30,
        least_steps=3000,
    ),
}


def recipe(name: str) -> Recipe:
    """The recipe of that name. Raises ValueError if there is none."""
    try:
        return RECIPES[name]
    except KeyError:
        raise ValueError(f"unknown preset {name!r}: choose one of {', '.join(RECIPES)}") from None
