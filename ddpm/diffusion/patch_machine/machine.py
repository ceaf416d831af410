"""A model that can only lay training patches side by side.

Each pixel of x0 is the mean of that pixel over all training sprites, weighted by how likely what is seen of x_t through
a window around it comes from each (Kamb & Ganguli 2024, arXiv 2412.20292, the local and the equivariant local score
machine). With W the window around pixel p, and q a place with which p may be compared:

    x0[p] = sum w[i, q] x0_i[q],    w[i, q] ~ exp(-|x_t[W(p)] - sqrt(alpha_bar) x0_i[W(q)]|^2 / (2 (1 - alpha_bar)))

"Local" compares a pixel with the same place alone, "equivariant" with every place whose window the border cuts off
alike. A window over the whole sprite gives :class:`ddpm.PerfectMemoriser`, which can only copy. With a smaller one each
pixel decides for itself, so sprites come out that are not in the training set: recombined from its patches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from ddpm.base.blocks import blocks
from ddpm.diffusion.noise import Shape
from ddpm.diffusion.patch_machine.places import Places, band, place_of, places_alike
from ddpm.diffusion.patch_machine.posterior import PosteriorMean
from ddpm.diffusion.patch_machine.window import calibrated_window
from ddpm.diffusion.schedule import NoiseSchedule, PredictionType
from ddpm.pixels.conversion import pack_rgb, to_float, unpack_rgb
from ddpm.pixels.transparency import alpha_is_binary

Window = int | Callable[[int], int] | None

# Logits that are in memory at once: 4 MB, about what a core's cache holds.
_LOGITS = 1 << 19
_LOGITS_AT_MOST = 8 * _LOGITS
_QUERIES = 16


@dataclass(frozen=True)
class Sources:
    """The training pixels of which a pixel of x0 is the mean, the heaviest first.

    Attributes:
        rows: int64 (k,), training sprites, as rows of the machine's images.
        places: int64 (k, 2), row and column of the pixel in that sprite.
        weights: float64 (k,), of each in the mean; all weights together are 1.
        effective: how many pixels the mean consists of, 1 / sum(w^2) over all weights: 1 if a single one decides.
    """

    rows: np.ndarray
    places: np.ndarray
    weights: np.ndarray
    effective: float


class PatchMachine:
    """The ideal denoiser of pixels that see a window alone, to be passed to :func:`ddpm.sample` like a network.

    Memory does not grow with the training set, which may be mapped from a file. Time does: see
    ``python -m ddpm bench patches``.

    Args:
        images: uint8 (R, H, W, C), the training sprites; repeated ones count as often as they occur.
        schedule: the noise levels that t refers to.
        window: side of the window in pixels, odd; or a function from t to it; None for
            :func:`ddpm.diffusion.patch_machine.window.calibrated_window`. 2 * max(H, W) - 1 is the whole sprite.
        anywhere: compare with every place that the border cuts off alike, not only with the same one; slower.
        labels: int64 (R,), the kinds 0..C-1 of the sprites, to draw by kind.

    Attributes:
        prediction_type: "eps".
        num_classes: C, or None.
        image_shape: (channels, H, W).
        binary_alpha: whether the images have alpha, of 0 and 255 alone.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: if there are no images, labels do not fit them, or a window is not odd.
    """

    prediction_type: PredictionType = "eps"

    def __init__(
        self,
        images: np.ndarray,
        schedule: NoiseSchedule,
        window: Window = None,
        anywhere: bool = False,
        labels: np.ndarray | None = None,
    ) -> None:
        if len(images) == 0:
            raise ValueError("a patch machine needs sprites to take patches from")
        if labels is not None and (np.shape(labels) != (len(images),) or np.min(labels) < 0):
            raise ValueError(f"labels must be {len(images)} numbers from 0 on, one for each sprite")
        channels, height, width = to_float(images[:1]).shape[1:]
        self.image_shape: Shape = (channels, height, width)
        self.binary_alpha = alpha_is_binary(images)
        self.anywhere = anywhere
        self._images = images
        self._schedule = schedule
        self._alphas_cumprod = schedule.alphas_cumprod
        self._labels = None if labels is None else np.asarray(labels, dtype=np.int64)
        self.num_classes = None if self._labels is None else int(self._labels.max()) + 1
        self._window = window
        if not callable(window):
            self.window_at(0)

    def window_at(self, t: int) -> int:
        """The side of the window at timestep t, odd.

        Raises:
            ValueError: if the window that was asked for is not an odd number from 1 on.
        """
        if self._window is None:
            _, height, width = self.image_shape
            return calibrated_window(float(self._schedule.log_snr()[t]), max(height, width))
        window = self._window(t) if callable(self._window) else self._window
        if window < 1 or window % 2 == 0:
            raise ValueError(f"a window has an odd number of pixels from 1 on, got {window}")
        return int(window)

    @torch.no_grad()
    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """The expected noise in x_t, if what each pixel sees comes from a training patch.

        Args:
            x_t: floating (N, C, H, W).
            t: int64 (N,), 0..T-1.
            labels: int64 (N,), only sprites of that kind count; -1 for all.

        Returns:
            eps, shape and dtype of x_t.

        Raises:
            ValueError: if there is no sprite of a requested kind.
        """
        alpha_bar = self._alphas_cumprod[t][:, None, None, None]
        eps = (x_t.to(torch.float64) - alpha_bar.sqrt() * self.predict_x0(x_t, t, labels)) / (1 - alpha_bar).sqrt()
        return eps.to(x_t.dtype)

    @torch.no_grad()
    def predict_x0(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """The expected sprite, float64 (N, C, H, W) in [-1, 1]; arguments and errors as for a call."""
        x0 = torch.empty(x_t.shape, dtype=torch.float64)
        kinds = torch.full_like(t, -1) if labels is None or self._labels is None else labels
        asked = torch.stack([t, kinds.to(t)], dim=1).unique(dim=0)
        for level, kind in asked.tolist():
            rows = self._rows(kind)
            which = torch.nonzero((t == level) & (kinds == kind))[:, 0]
            for part in blocks(len(which), _QUERIES):
                own = which[part]
                x0[own] = self._predict(x_t[own].to(torch.float64), level, rows)
        return x0

    @torch.no_grad()
    def sources(
        self, x_t: torch.Tensor, t: int, pixel: tuple[int, int], label: int | None = None, k: int = 8
    ) -> Sources:
        """Where a pixel of x0 comes from: the k heaviest training pixels in its mean.

        All weights are in memory at once: 8 bytes for each training sprite, or for each place in it.

        Args:
            x_t: floating (C, H, W), one sprite at timestep t, 0..T-1.
            pixel: its row and column.
            label: the kind that was asked for; None or -1 for any.
            k: at least 1; fewer come back if there are fewer. Of equal weights the lower row comes first.

        Raises:
            ValueError: if there is no such pixel, or no sprite of that kind.
        """
        _, height, width = self.image_shape
        if not (0 <= pixel[0] < height and 0 <= pixel[1] < width) or k < 1:
            raise ValueError(f"there is no pixel {pixel} in {height} rows of {width}, or k is below 1: {k}")
        rows = self._rows(-1 if label is None else label)
        window = self.window_at(t)
        query = place_of(*pixel, height, width, window, anywhere=False)
        places = place_of(*pixel, height, width, window, self.anywhere)
        asked = self._asked(query.windows(x_t[None].to(torch.float64)), t)
        logits = torch.cat(
            [(asked @ _known(places.windows(x0)).T)[0] for x0 in self._x0(rows, len(places))],
        )
        weights = torch.softmax(logits, dim=0)
        heaviest = torch.sort(weights, descending=True, stable=True).indices[:k].numpy()
        sprite, place = np.divmod(heaviest, len(places))
        row, column = np.divmod(place, len(places.columns))
        return Sources(
            rows=rows[sprite],
            places=np.stack([row + places.rows.start, column + places.columns.start], axis=1),
            weights=weights.numpy()[heaviest],
            effective=float(1 / weights.square().sum()),
        )

    def _rows(self, kind: int) -> np.ndarray:
        if self._labels is None or kind < 0:
            return np.arange(len(self._images))
        rows = np.flatnonzero(self._labels == kind)
        if not len(rows):
            raise ValueError("there is no training sprite of a kind that is asked for")
        return rows

    def _x0(self, rows: np.ndarray, logits_per_sprite: int) -> Iterator[torch.Tensor]:
        """The training sprites, float64 (B, C, H, W), in blocks that fit the memory."""
        for part in blocks(len(rows), max(1, _LOGITS // logits_per_sprite)):
            yield to_float(self._images[rows[part]]).to(torch.float64)

    def _asked(self, windows: torch.Tensor, t: int) -> torch.Tensor:
        """Windows of x_t, so that the product with :func:`_known` is the logarithm of the likelihood.

        That is -|x - sqrt(alpha_bar) x0|^2 / (2 (1 - alpha_bar)) without |x|^2, which is the same for all candidates.
        In float64: with little noise the exponents are large, and small differences decide.
        """
        alpha_bar = self._alphas_cumprod[t]
        norm_factor = (-0.5 * alpha_bar).expand(len(windows), 1)
        return torch.cat([windows * alpha_bar.sqrt(), norm_factor], dim=1) / (1 - alpha_bar)

    def _predict(self, x_t: torch.Tensor, t: int, rows: np.ndarray) -> torch.Tensor:
        """float64 (N, C, H, W) both; all of one timestep and one kind."""
        _, height, width = self.image_shape
        window = self.window_at(t)
        if self.anywhere and window == 1:
            return self._any_pixel(x_t, t, rows)
        groups = [group for group in places_alike(height, width, window) if len(group) > 1] if self.anywhere else []
        # Places that may be compared with themselves alone.
        x0 = self._same_place(x_t, t, window, rows)
        for places in groups:
            own = x0[:, :, places.rows.start : places.rows.stop, places.columns.start : places.columns.stop]
            found = self._any_place(x_t, t, places, rows)
            own.copy_(found.reshape(len(x_t), len(places.rows), len(places.columns), -1).permute(0, 3, 1, 2))
        return x0

    def _any_pixel(self, x_t: torch.Tensor, t: int, rows: np.ndarray) -> torch.Tensor:
        """float64 (N, C, H, W): each pixel compared with all pixels of all sprites.

        With each colour, as often as it occurs: there are few, so this is many times faster than :meth:`_any_place`.
        """
        colours, counts = _colours(self._images, rows)
        known, often = _known(colours), torch.from_numpy(counts).to(torch.float64).log()
        asked = self._asked(_by_pixel(x_t).flatten(0, 1), t)
        mean = PosteriorMean((len(asked),), x_t.shape[1])
        for part in blocks(len(colours), max(1, _LOGITS // len(asked))):
            mean.add(asked @ known[part].T + often[part], colours[part])
        return mean.mean().reshape(-1, len(x_t), x_t.shape[1]).permute(1, 2, 0).reshape(x_t.shape)

    def _any_place(self, x_t: torch.Tensor, t: int, places: Places, rows: np.ndarray) -> torch.Tensor:
        """float64 (N * len(places), C): each of these pixels, compared with all of them in every sprite."""
        asked = self._asked(places.windows(x_t), t)
        found = []
        # Large sprites have so many places that not even one of them could be compared with all queries at once.
        for part in blocks(len(asked), max(1, _LOGITS_AT_MOST // len(places))):
            mean = PosteriorMean((len(asked[part]),), x_t.shape[1])
            for x0 in self._x0(rows, len(asked[part]) * len(places)):
                mean.add(asked[part] @ _known(places.windows(x0)).T, places.pixels(x0))
            found.append(mean.mean())
        return torch.cat(found)

    def _same_place(self, x_t: torch.Tensor, t: int, window: int, rows: np.ndarray) -> torch.Tensor:
        """float64 (N, C, H, W): every pixel compared with the same place, whatever the window in the same time.

        The logarithm of a window's likelihood is the sum of those of its pixels.
        """
        channels, height, width = self.image_shape
        down, across = band(height, window), band(width, window).expand(height, -1, -1)
        asked = torch.stack([self._asked(pixels, t) for pixels in _by_pixel(x_t)])
        mean = PosteriorMean((height * width, len(x_t)), channels)
        for x0 in self._x0(rows, len(x_t) * height * width):
            pixels = _by_pixel(x0)
            logits = torch.bmm(asked, torch.cat([pixels, pixels.square().sum(-1, keepdim=True)], -1).transpose(1, 2))
            logits = torch.bmm(across, (down @ logits.reshape(height, -1)).reshape(height, width, -1))
            mean.add(logits.reshape(height * width, len(x_t), len(x0)), pixels)
        return mean.mean().permute(1, 2, 0).reshape(x_t.shape)


def _colours(images: np.ndarray, rows: np.ndarray) -> tuple[torch.Tensor, np.ndarray]:
    """The colours of some images, float64 (U, C), and how many pixels have each, int64 (U,)."""
    codes = np.empty(0, np.int64)
    counts = np.empty(0, np.int64)
    for part in blocks(len(rows)):
        found, often = np.unique(pack_rgb(images[rows[part]]), return_counts=True)
        codes, which = np.unique(np.concatenate([codes, found]), return_inverse=True)
        counts = np.bincount(which, np.concatenate([counts, often])).astype(np.int64)
    colours = to_float(unpack_rgb(codes, images.shape[-1])[:, None, None])
    return colours.to(torch.float64).flatten(1), counts


def _by_pixel(x: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W) to (H * W, N, C)."""
    return x.flatten(2).permute(2, 0, 1).contiguous()


def _known(windows: torch.Tensor) -> torch.Tensor:
    """Windows of training sprites, (M, K), with their squared norms in a last column."""
    return torch.cat([windows, windows.square().sum(dim=1, keepdim=True)], dim=1)
