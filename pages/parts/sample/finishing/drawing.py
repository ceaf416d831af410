"""From what stands on the easel to a batch of finished sprites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ddpm.diffusion.chain import Chain, ChainRecorder
from ddpm.diffusion.parallel import one_core
from ddpm.diffusion.plays.filling import fill, filling_way, last_visits
from ddpm.diffusion.sampling import timesteps
from ddpm.pixels.exporting.finishing import Finish, keep_pixels
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from pages.parts.shared.batches import mask_text
from pages.parts.shared.drawing import batch_info
from pages.parts.shared.easel import Part
from pages.parts.shared.resolving import Resolved

FIRST = 4
"""So many are drawn before the others, to have something to look at."""


def finish(resolved: Resolved, part: Part, watch: Callable[[float, Chain | None], None]) -> Batch:
    """Draw what is left open of a part, as often as the order says.

    Args:
        watch: called after each network call with the share of the work that is done, 0..1, and a chain to show, if
            there is a new one. Of the sprites whose turn has not come it holds the part alone.

    Raises:
        CheckpointError: if the model cannot do it.
    """
    count = resolved.order.n
    rounds = [range(min(FIRST, count)), range(FIRST, count)]
    chains: list[Chain] = []
    for numbers in filter(None, rounds):
        waiting = count - numbers.stop
        for share, chain in _drawn(resolved, part, numbers):
            done = (numbers.start + share * len(numbers)) / count
            watch(done, None if chains or chain is None else _beside(chain, part, waiting))
        assert chain is not None
        chains.append(chain)
    whole = chains[0] if len(chains) == 1 else _joined(*chains)
    info = {**batch_info(resolved), "steps": len(_way(resolved)), "fixed": mask_text(part.fixed)}
    return Batch("", whole, info)


def seen(chain: Chain, finish: Finish, fixed: np.ndarray) -> Chain:
    """A complete chain whose last frame is finished, but for the fixed pixels, bool (H, W)."""
    if not finish:
        return chain
    end = keep_pixels(finish.apply(chain.sprites).images, chain.sprites, fixed)[None]
    return replace(chain, x_t=np.concatenate([chain.x_t[:-1], end]), x0=np.concatenate([chain.x0[:-1], end]))


def _way(resolved: Resolved) -> list[tuple[int, int]]:
    own = resolved.own
    return filling_way(timesteps(own.schedule, own.sampler, own.steps))


def _drawn(resolved: Resolved, part: Part, numbers: range) -> Iterator[tuple[float, Chain | None]]:
    """The share that is done, and the chain so far where it has grown; the last one is complete."""
    own = resolved.own
    way = _way(resolved)
    shown = [*last_visits(way), True]
    recorder = ChainRecorder(own.schedule, sum(shown) - 1)
    moments = fill(
        own.model,
        own.schedule,
        part.image,
        part.fixed,
        len(numbers),
        resolved.order.seed,
        None if own.labels is None else own.labels[numbers.start : numbers.stop],
        own.guidance_scale,
        own.sampler,
        own.steps,
        numbers=numbers,
    )
    try:
        for done, moment in enumerate(one_core(moments)):
            yield done / len(way), recorder.chain() if shown[done] and recorder.add(moment) else None
    except ValueError as error:
        raise CheckpointError(f"This model cannot finish a sprite: {error}") from error


def _beside(chain: Chain, part: Part, count: int) -> Chain:
    """A chain with ``count`` sprites more, which show the part alone, on white or on nothing."""
    still = np.where(part.fixed[..., None], part.image, np.uint8(255 if part.image.shape[-1] == 3 else 0))
    more = np.broadcast_to(still, (len(chain.t), count, *still.shape))
    return replace(chain, x_t=np.concatenate([chain.x_t, more], axis=1), x0=np.concatenate([chain.x0, more], axis=1))


def _joined(one: Chain, other: Chain) -> Chain:
    return replace(
        one,
        x_t=np.concatenate([one.x_t, other.x_t], axis=1),
        x0=np.concatenate([one.x0, other.x0], axis=1),
    )
