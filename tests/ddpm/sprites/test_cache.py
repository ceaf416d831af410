"""The copies that we keep: made once, never stale, never half there, never in the way."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from ddpm.sprites import SpriteError, load_sprites
from ddpm.sprites.readers.numpy_files import array_store, arrays
from tests.ddpm.sprite_files import lay_out, noise_sprites, npy_bytes, png_bytes, write

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def home(ddpm_home: Path) -> Path:
    return ddpm_home


def contents(home: Path) -> list[Path]:
    return [path for path in (home / "sprites").iterdir() if path.name != "sources"]


def test_a_source_is_read_once(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(5)))
    first = load_sprites(path)

    def read(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(arrays, "_read_images", read)
    again = load_sprites(path)
    assert again.fingerprint == first.fingerprint
    np.testing.assert_array_equal(again.images, noise_sprites(5))
    np.testing.assert_array_equal(again.split_hashes(), first.split_hashes())
    np.testing.assert_array_equal(again.first_rows(), first.first_rows())
    assert Path(str(again.images.filename)).is_relative_to(home)  # type: ignore[attr-defined]


# Fault 49


@pytest.mark.parametrize("count", [4, 20_000])
@pytest.mark.parametrize("way", ["write", "map"])
def test_one_changed_pixel_is_seen_even_with_the_old_time(tmp_path: Path, count: int, way: str) -> None:
    images = np.tile(noise_sprites(4), (count // 4, 1, 1, 1))
    path = write(tmp_path / "x.npy", npy_bytes(images))
    before = load_sprites(path)
    old_pixel = int(before.images[-1, 15, 15, 2])
    times = path.stat()
    if way == "write":
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(bytes([old_pixel ^ 1]))
    else:
        mapped = np.load(path, mmap_mode="r+")
        mapped[-1, 15, 15, 2] ^= 1
        mapped.flush()
        del mapped
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_mtime_ns == times.st_mtime_ns
    after = load_sprites(path)
    assert after.images[-1, 15, 15, 2] == old_pixel ^ 1
    assert after.fingerprint != before.fingerprint
    assert before.images[-1, 15, 15, 2] == old_pixel  # what is open stays what it was


def test_changed_added_and_removed_labels_are_seen(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(3)))
    labels = tmp_path / "x_labels.npy"
    assert load_sprites(path).labels is None
    for values in ([0, 1, 2], [0, 1, 1]):
        np.save(labels, np.array(values))
        np.testing.assert_array_equal(load_sprites(path).labels, values)
    labels.unlink()
    assert load_sprites(path).labels is None


def test_the_way_a_sheet_is_cut_is_part_of_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "x.png", png_bytes(lay_out(noise_sprites(4), 2)))
    for _ in range(2):
        assert load_sprites(path, tile=16).images.shape == (4, 16, 16, 3)
        assert load_sprites(path, tile=8).images.shape == (16, 8, 8, 3)
        assert load_sprites(path, tile="16x32").images.shape == (2, 32, 16, 3)


def test_the_background_is_part_of_what_it_is(tmp_path: Path) -> None:
    pixels = np.dstack([noise_sprites(1)[0], np.full((16, 16), 255, np.uint8)])
    pixels[4:8, 4:8] = 0
    path = write(tmp_path / "x.png", png_bytes(pixels))
    for _ in range(2):
        found = {colour: load_sprites(path, background=colour) for colour in (None, "white", "#000000", "auto")}
        assert [one.background for one in found.values()][:3] == [None, "#ffffff", "#000000"]
        assert len({one.fingerprint for one in found.values()}) >= 3
        assert found["white"].images[0, 5, 5].tolist() == [255, 255, 255]
        assert found["#000000"].images[0, 5, 5].tolist() == [0, 0, 0]
        assert found[None].images[0, 5, 5].tolist() == [0, 0, 0, 0]


def test_what_an_older_version_noted_is_read_again(tmp_path: Path, home: Path) -> None:
    (tmp_path / "set").mkdir()
    for number, image in enumerate(noise_sprites(2)):
        write(tmp_path / "set" / f"{number}.png", png_bytes(image))
    write(tmp_path / "set" / "bad.png", b"bad")
    first = load_sprites(tmp_path / "set")
    (entry,) = (home / "sprites" / "sources").glob("*.json")
    whole = json.loads(entry.read_text())
    assert whole["tally"]
    wrong: list[dict[str, object]] = [
        {name: value for name, value in whole.items() if name != missing}
        for missing in ("tally", "notes", "background")
    ]
    wrong += [whole | {"tally": [{}]}, whole | {"tally": 3}, whole | {"tally": [7]}, whole | {"background": 3}]
    for old in wrong:
        entry.write_text(json.dumps(old))
        again = load_sprites(tmp_path / "set")
        assert again.tally == first.tally
        assert again.notes == first.notes
        assert again.fingerprint == first.fingerprint
        assert json.loads(entry.read_text()) == whole


def test_16x16_rgb_sets_keep_their_fingerprint() -> None:
    """It is in every checkpoint that there is: were it another one, their data would count as changed."""
    sprites = load_sprites("builtin:200")
    assert sprites.fingerprint == "845cba1787e611724f81e7c60b3aa3ac"
    pixels = hashlib.sha256(np.ascontiguousarray(sprites.images).tobytes()).hexdigest()
    assert pixels == "81da14a115e00a5f47ea4828ca3a3632aa34f4040845ffa32bbab63a2c97f371"


def test_other_sizes_and_alpha_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    flat = np.random.default_rng(0).integers(0, 256, 4 * 3072, dtype=np.uint8)
    shapes = [(4, 32, 32, 3), (8, 32, 16, 3), (8, 16, 32, 3), (16, 16, 16, 3), (12, 16, 16, 4)]
    found = set()
    for shape in shapes:
        np.save(tmp_path / "x.npy", flat.reshape(shape))
        found.add(load_sprites(tmp_path / "x.npy").fingerprint)
    assert len(found) == len(shapes)


def test_a_replaced_source_leaves_no_old_copy_behind(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(3)))
    other = write(tmp_path / "y.npy", npy_bytes(noise_sprites(3)))
    kept = load_sprites(other)
    load_sprites(path)
    assert len(contents(home)) == 1
    for seed in (1, 2):
        path.write_bytes(npy_bytes(noise_sprites(3, seed)))
        load_sprites(path)
        assert len(contents(home)) == 2
    np.testing.assert_array_equal(kept.images, noise_sprites(3))
    assert load_sprites(other).fingerprint == kept.fingerprint


# Fault 32


@pytest.mark.parametrize("what", ["truncated", "rewritten", "replaced", "unlinked"])
def test_nothing_that_happens_to_the_source_reaches_a_loaded_set(tmp_path: Path, what: str) -> None:
    images = noise_sprites(2000)
    path = write(tmp_path / "x.npy", npy_bytes(images))
    sprites = load_sprites(path)
    if what == "truncated":
        os.truncate(path, 10)
    elif what == "rewritten":
        path.write_bytes(npy_bytes(noise_sprites(1, 5)))
    elif what == "replaced":
        os.replace(write(tmp_path / "new.npy", npy_bytes(noise_sprites(7, 5))), path)
    else:
        path.unlink()
    np.testing.assert_array_equal(sprites.images, images)
    assert sprites[1999].shape == (3, 16, 16)
    if what in ("rewritten", "replaced"):
        assert len(load_sprites(path)) == (1 if what == "rewritten" else 7)
    else:
        with pytest.raises(SpriteError, match=r"x\.npy"):
            load_sprites(path)


def test_a_source_that_shrinks_while_it_is_read_is_refused(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(3000)))
    copy = array_store.ArrayStore.put

    def put(self: array_store.ArrayStore, *arguments: object, **named: object) -> np.ndarray:
        os.truncate(path, 5000)
        return copy(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(array_store.ArrayStore, "put", put)
    with pytest.raises(SpriteError, match="early"):
        load_sprites(path)
    assert not contents(home)


# Our own files


@pytest.mark.parametrize("name", ["images.npy", "labels.npy", "first_rows.npy", "split_hashes.npy", "facts.json"])
@pytest.mark.parametrize("damage", ["truncate", "empty", "garbage", "longer", "remove"])
def test_a_damaged_copy_is_made_anew(tmp_path: Path, home: Path, name: str, damage: str) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(4)))
    np.save(tmp_path / "x_labels.npy", np.arange(4))
    before = load_sprites(path).fingerprint
    (folder,) = contents(home)
    victim = folder / name
    data = victim.read_bytes()
    changed = {"truncate": data[:-3], "empty": b"", "garbage": b"\xa5" * len(data), "longer": data + b"x"}
    victim.unlink()  # a new file: shortening one that is mapped is what nobody may do
    if damage != "remove":
        victim.write_bytes(changed[damage])
    again = load_sprites(path)
    assert again.fingerprint == before
    np.testing.assert_array_equal(again.images, noise_sprites(4))
    np.testing.assert_array_equal(again.labels, np.arange(4))
    assert contents(home) == [folder]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"stamp": 1, "content": "../../x"}', b"\xff" * 100])
def test_a_damaged_note_of_sources_is_written_anew(tmp_path: Path, home: Path, data: bytes) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(4)))
    load_sprites(path)
    (note,) = (home / "sprites" / "sources").iterdir()
    note.write_bytes(data)
    np.testing.assert_array_equal(load_sprites(path).images, noise_sprites(4))
    assert b"stamp" in note.read_bytes()
    assert data != note.read_bytes()


def test_what_a_killed_builder_left_is_swept_away(tmp_path: Path, home: Path) -> None:
    for name, age in (("old", 7 * 3600), ("young", 60)):
        orphan = home / "sprites" / f".building-{name}"
        orphan.mkdir(parents=True)
        write(orphan / "images.npy", b"half")
        then = orphan.stat().st_mtime - age
        os.utime(orphan, (then, then))
    load_sprites(write(tmp_path / "x.npy", npy_bytes(noise_sprites(4))))
    left = [path.name for path in (home / "sprites").glob(".building-*")]
    assert left == [".building-young"]


# Faults 17 and 65


def test_without_a_home_small_data_is_kept_in_memory(tmp_path: Path, home: Path) -> None:
    home.write_bytes(b"a file where the folder should be")
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(4).astype(">f4")))
    np.save(tmp_path / "x_labels.npy", np.arange(4))
    sprites = load_sprites(path)
    np.testing.assert_array_equal(sprites.images, noise_sprites(4))
    np.testing.assert_array_equal(sprites.labels, np.arange(4))
    assert not sprites.images.flags.writeable
    assert len(sprites.split()[0]) + len(sprites.split()[1]) == 4
    assert len(load_sprites("builtin:50")) == 50
    assert len(load_sprites(write(tmp_path / "y.png", png_bytes(noise_sprites(1)[0])))) == 1


def test_without_a_home_large_data_is_refused_with_the_way_out(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write_bytes(b"a file where the folder should be")
    monkeypatch.setattr(array_store, "MEMORY_LIMIT", 10_000)
    with pytest.raises(SpriteError, match="DDPM_HOME"):
        load_sprites(write(tmp_path / "x.npy", npy_bytes(noise_sprites(20))))


@contextmanager
def _files_limited_to(size: int) -> Iterator[None]:
    """A disk that is full, as far as one file can tell."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("dtype", ["u1", "f8"])
def test_a_full_disk_is_said_and_nothing_is_left(tmp_path: Path, home: Path, dtype: str) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(500).astype(dtype)))
    with _files_limited_to(100_000), pytest.raises(SpriteError, match="disk is full"):
        load_sprites(path)
    assert not contents(home)
    np.testing.assert_array_equal(load_sprites(path).images, noise_sprites(500))


def test_a_full_disk_does_not_stop_the_builtin_set(home: Path) -> None:
    with _files_limited_to(50_000):
        assert len(load_sprites("builtin:200")) == 200
    assert not list((home / "builtin").iterdir())


# Several processes


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_processes_may_load_at_once(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path / "x.npy", npy_bytes(noise_sprites(20_000)))
    code = """
        import os, sys, time
        from ddpm.sprites import load_sprites
        open(sys.argv[2], "w").close()
        while not all(os.path.exists(name) for name in sys.argv[2:]):
            time.sleep(0.001)
        print(load_sprites(sys.argv[1]).fingerprint)
    """
    signs = [str(tmp_path / name) for name in "ab"]
    both = [run(code, str(path), *signs), run(code, str(path), *reversed(signs))]
    said = [process.communicate(timeout=600)[0] for process in both]
    assert said[0] == said[1] == load_sprites(path).fingerprint + "\n"
    assert len(contents(home)) == 1


@pytest.mark.slow
def test_a_million_sprites_cost_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (1_000_000, 16, 16, 3))
    random = np.random.default_rng(0)
    for start in range(0, len(images), 50_000):
        images[start : start + 50_000] = random.integers(0, 256, (50_000, 16, 16, 3), dtype=np.uint8)
    images.flush()
    del images
    code = """
        import sys, threading, time
        import numpy as np
        from ddpm.pixels.conversion import to_float
        from ddpm.sprites import load_sprites

        def anonymous():
            lines = open("/proc/self/status").read().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024

        def watch():
            global most
            while True:
                most = max(most, anonymous())
                time.sleep(0.005)

        to_float(np.zeros((64, 16, 16, 3), np.uint8))
        most = before = anonymous()
        threading.Thread(target=watch, daemon=True).start()
        sprites = load_sprites(sys.argv[1])
        random = np.random.default_rng(0)
        for _ in range(200):
            sprites.batch(random.integers(0, len(sprites), 64))
        print(len(sprites.distinct()), most - before)
    """
    for _ in range(2):
        said, _ = run(code, str(path)).communicate(timeout=300)
        distinct, added = (int(word) for word in said.split())
        assert distinct == 1_000_000
        assert added < 150
