"""Who plays: the model that drew the sprites of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ddpm.diffusion.sampling import usual_sampler
from ddpm.runs.album import Batch
from ddpm.runs.checkpoint import Checkpoint
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.shared.orders import from_info
from pages.parts.shared.store import checkpoint, manifest_mark


@dataclass(frozen=True, eq=False)
class Played:
    """A model to play with.

    Attributes:
        mark: changes with its weights.
    """

    run: Run
    loaded: Checkpoint = field(repr=False)
    mark: str

    @property
    def is_instant(self) -> bool:
        return usual_sampler(self.loaded.model) == "instant"

    def label_of(self, kind: str) -> int | None:
        """The number of a kind; None where the model knows none of that name."""
        names = [str(name) for name in self.loaded.config.get("label_names") or []]
        return names.index(kind) if kind and self.loaded.model.num_classes and kind in names else None


def model_of(batch: Batch) -> Played:
    """The model that drew a batch.

    Raises:
        CheckpointError: if it is gone, or damaged, or not known.
    """
    order = from_info(batch.info)
    if order is None or batch.info.get("gone"):
        raise CheckpointError("The model that drew these sprites is no longer here: draw others, and play with those.")
    path = Path(order.path())
    folder, written = manifest_mark(path)
    return Played(Run(Path(order.run)), checkpoint(path, order.weights), f"{folder}/{written}/{order.weights}")
