"""What the player sends to the browser, and what it refuses."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
from PIL import Image

from ddpm.diffusion.chain import Chain
from ddpm.sprites.builtin import generate
from pages.parts.shared.player import _settings, pack
from pages.parts.shared.player.packing import end_id

PLAIN = {"address": "p", "titles": ("", ""), "names": ()}


def chain(frames: int = 4, sprites: int = 18, seed: int = 0, shape: tuple[int, int, int] = (16, 16, 3)) -> Chain:
    pixels = np.random.default_rng(seed).integers(0, 256, (2, frames, sprites, *shape), dtype=np.uint8)
    t = np.linspace(99, -1, frames).round().astype(np.int64)
    return Chain(t, pixels[0], pixels[1], (t + 1) / 100)


def unpack(data: bytes) -> tuple[dict, list[list[np.ndarray]]]:
    """The header, and for each chain its pictures in the order in which they travel."""
    (length,) = struct.unpack("<I", data[:4])
    header, at = json.loads(data[4 : 4 + length]), 4 + length
    reels = []
    for frames in header["reels"]:
        reels.append([])
        for size in (size for frame in frames for size in frame["sizes"]):
            reels[-1].append(np.asarray(Image.open(io.BytesIO(data[at : at + size]))))
            at += size
    assert at == len(data)
    return header, reels


def cut(atlas: np.ndarray, index: int, height: int = 16, width: int = 16) -> np.ndarray:
    row, column = divmod(index, 16)
    return atlas[row * height : (row + 1) * height, column * width : (column + 1) * width]


def test_both_chains_travel_whole() -> None:
    left, right = chain(4), chain(7, seed=1)
    header, reels = unpack(pack(left, PLAIN, right))
    assert header["compare"]
    assert header["count"] == 18
    for source, frames, pictures in zip((left, right), header["reels"], reels, strict=True):
        assert [frame["t"] for frame in frames] == source.t.tolist()
        assert [frame["noise"] for frame in frames] == pytest.approx(source.noise_level)
        for i in range(len(frames)):
            for index in (0, 15, 16, 17):
                assert np.array_equal(cut(pictures[2 * i], index), source.x_t[i, index])
                assert np.array_equal(cut(pictures[2 * i + 1], index), source.x0[i, index])


@pytest.mark.parametrize("shape", [(24, 16, 4), (16, 24, 3), (8, 64, 4), (64, 64, 4)])
def test_every_size_travels_whole_with_its_alpha(shape: tuple[int, int, int]) -> None:
    height, width, channels = shape
    source = chain(2, shape=shape)
    header, ((noisy, guess, *_),) = unpack(pack(source, PLAIN))
    assert (header["size"], header["alpha"]) == ([width, height], channels == 4)
    for index in (0, 15, 16, 17):
        assert np.array_equal(cut(noisy, index, height, width), source.x_t[0, index])
        assert np.array_equal(cut(guess, index, height, width), source.x0[0, index])


def test_equal_bytes_of_another_shape_are_other_sprites() -> None:
    wide, tall = (np.zeros((1, 2, *size, 3), np.uint8) for size in ((16, 24), (24, 16)))
    pictures = []
    for pixels in (wide, tall):
        one = Chain(np.array([-1]), pixels, pixels, np.array([0.0]))
        pictures.append(unpack(pack(one, PLAIN))[1][0][0].shape)
        assert end_id(one) == unpack(pack(one, PLAIN))[0]["reels"][0][0]["id"]
    assert pictures == [(16, 48, 3), (24, 32, 3)]


def test_only_sprites_of_one_size_are_compared() -> None:
    with pytest.raises(ValueError, match="16 x 24 RGBA"):
        pack(chain(shape=(24, 16, 4)), PLAIN, chain())


def test_one_chain_alone_shows_both_pictures_and_titles_keep_a_place_for_another() -> None:
    header, reels = unpack(pack(chain(), PLAIN))
    assert (header["compare"], len(reels)) == (False, 1)
    header, reels = unpack(pack(chain(), {**PLAIN, "titles": ("ours", "theirs")}))
    assert (header["compare"], len(reels)) == (True, 1)


def test_equal_input_gives_equal_bytes() -> None:
    assert pack(chain(), PLAIN, chain(5)) == pack(chain(), PLAIN, chain(5))


def test_only_chains_of_the_same_sprites_are_compared() -> None:
    with pytest.raises(ValueError, match="18 and 17"):
        pack(chain(), PLAIN, chain(sprites=17))


def test_names_travel_one_for_each_sprite_or_none() -> None:
    names = tuple(f"kind {i}" for i in range(18))
    assert unpack(pack(chain(), {**PLAIN, "names": names}))[0]["names"] == list(names)
    assert unpack(pack(chain(), {**PLAIN, "names": ()}))[0]["names"] == []
    with pytest.raises(ValueError, match="names"):
        pack(chain(), {**PLAIN, "names": names[:5]})


def test_three_by_three_is_offered_for_finished_sprites_without_a_background() -> None:
    full, clear = chain(2), chain(2, shape=(16, 16, 4))
    drawn = Chain(full.t, full.x_t, np.stack([full.x0[0], generate(18, 0).images]), full.noise_level)
    unfinished = Chain(full.t[:1], full.x_t[:1], full.x0[:1], full.noise_level[:1])
    for one, offered in ((full, True), (clear, False), (drawn, False), (unfinished, False), (None, False)):
        assert _settings("p", {}, one)["tiles"] is offered
        # The page knows more of a seamless model's.
        assert _settings("p", {"tiles": True}, one)["tiles"] is True
        assert _settings("p", {"tiles": None}, one)["tiles"] is offered
