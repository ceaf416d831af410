"""Sprites that can be saved together: a batch, favourites of one size, or one sprite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ddpm.diffusion.chain import Chain
from ddpm.pixels.conversion import size_words
from ddpm.pixels.exporting.kinds import kinds_together
from ddpm.pixels.sheets import plain_name, sprite_names
from ddpm.runs.album import Batch
from ddpm.runs.favourites import Favourite
from pages.parts.shared.batches import batch_titles, file_stem, fixed_of, kinds_of
from pages.parts.shared.words import counted


@dataclass(frozen=True, eq=False)
class Goods:
    """Sprites of one size, as drawn or as they are to be saved.

    Attributes:
        title: what they are, where there is a choice.
        stem: of the names of their files.
        images: uint8 (N, H, W, C).
        kinds: of each, "" for any; none where that is not known.
        chain: how they came out of the noise, as drawn; None where that is not known.
        name: of a single sprite that was picked; None for all others.
        columns: of a sheet, unless the visitor wants others; None for the squarest one.
        fixed: bool (H, W), the pixels that a visitor drew, which nothing may change; None for none.
        in_sequence: whether they are the pictures of a film, one after the other.
    """

    title: str
    stem: str
    images: np.ndarray
    kinds: tuple[str, ...] = ()
    chain: Chain | None = None
    name: str | None = None
    columns: int | None = None
    fixed: np.ndarray | None = None
    in_sequence: bool = False

    def names(self) -> list[str]:
        """``sword-003``: the names of the single sprites, no two alike."""
        return [self.name] if self.name else sprite_names(len(self.images), plain_name(self.stem), self.kinds)

    def order(self) -> np.ndarray:
        """int64 (N,): an order in which sprites of one kind are together; as they are where kinds are not known."""
        return kinds_together(self.kinds) if self.kinds else np.arange(len(self.images))


def of_batch(batch: Batch) -> list[Goods]:
    """The sprites of a batch; two of them if it was drawn in two ways."""
    kinds, stem = tuple(kinds_of(batch.info, len(batch.chain.sprites))), file_stem(batch.info)
    titles, columns = batch_titles(batch), batch.info.get("columns") or None
    sprites = batch.chain.sprites
    fixed = fixed_of(batch.info, sprites.shape[1:3])
    found = [Goods(titles[0], stem, sprites, kinds, batch.chain, columns=columns, fixed=fixed)]
    if batch.other is not None:
        stem = f"{stem}-against-{batch.info.get('against')}".replace(":", "-")
        found.append(Goods(titles[1], stem, batch.other.sprites, kinds, batch.other))
    return found


def of_sprite(batch: Batch, index: int) -> list[Goods]:
    """One sprite of a batch; two if it was drawn in two ways. ValueError if the batch has none of that number."""
    if not 0 <= index < len(batch.chain.sprites):
        raise ValueError(f"there is no sprite {index + 1} among {counted(len(batch.chain.sprites), 'sprite')}")
    return [picked(goods, index) for goods in of_batch(batch)]


def picked(goods: Goods, index: int) -> Goods:
    """One sprite alone."""
    name, chain = goods.names()[index], goods.chain
    if chain is not None:
        one = slice(index, index + 1)
        chain = Chain(chain.t, chain.x_t[:, one], chain.x0[:, one], chain.noise_level)
    kinds = goods.kinds[index : index + 1]
    return replace(
        goods, stem=name, images=goods.images[index : index + 1], kinds=kinds, chain=chain, name=name, columns=None
    )


def of_sequence(images: np.ndarray, stem: str, columns: int) -> list[Goods]:
    """The pictures of a film, uint8 (N, H, W, C), one after the other."""
    return [Goods("", plain_name(stem) or "morph", images, columns=columns, in_sequence=True)]


def of_favourites(found: Sequence[Favourite]) -> list[Goods]:
    """Favourites by their size: those of different sizes do not fit into one file."""
    groups: dict[str, list[Favourite]] = {}
    for one in found:
        groups.setdefault(size_words(one.image[None]), []).append(one)
    return [
        Goods(
            f"{size}: {counted(len(group), 'sprite')}",
            "favourites",
            np.stack([one.image for one in group]),
            tuple(str(one.info.get("shows") or one.info.get("kind") or "") for one in group),
        )
        for size, group in groups.items()
    ]
