"""Every file that we write ourselves can be anything when we read it: what comes out is sound, or nothing."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm import CheckpointError, load_checkpoint, load_sprites
from ddpm.base.files import npy_bytes, read_json, replace_json
from ddpm.base.json_values import parse_json
from ddpm.diffusion.chain import Chain
from ddpm.jobs.launcher import log_tail
from ddpm.jobs.model_card import run_card
from ddpm.judging.choosing import CHOICE, VERDICT, bars, best_row, read_choice
from ddpm.judging.verdict import Verdict, damage, read_verdict
from ddpm.runs.album import Batch, is_there, keep_batch, load_batch
from ddpm.runs.checkpoint import Checkpoint, save_checkpoint
from ddpm.runs.errors import RunError
from ddpm.runs.favourites import Favourite, favourite_names, favourites, keep
from ddpm.runs.run import Run
from ddpm.sprites import SpriteError, cache
from ddpm.sprites.readers.numpy_files import npy
from ddpm.sprites.readers.numpy_files.arrays import load_npz
from tests.broken_files import json_values, mutated, quick, twisted
from tests.ddpm.helpers import ROOT, simple_sprites, trained_state
from tests.ddpm.runs.test_checkpoint import CONFIG as STEP_CONFIG
from tests.ddpm.runs.test_checkpoint import reseal
from tests.ddpm.sprite_files import chunk, npy_header, npz_bytes, png_bytes, raw_npy

FAST, SLOW = 20, 1000
SHIPPED = ROOT / "checkpoints" / "builtin"
HASHES = np.sort(np.random.default_rng(0).integers(0, 2**64, 20, dtype=np.uint64))
SPRITE = simple_sprites(1)[0]
METRICS = (
    b'{"step": 10, "start": "a", "loss": 0.5, "noise_error": 0.5, "quartiles": [0.1, null, 0.3, 0.4], "seconds": 2.5}\n'
    b'{"step": 20, "loss": 0.4, "heldout": 0.3, "heldout_raw": 0.3, "final_heldout": 0.2, "check": {"seconds": 1.0, '
    b'"near_copies": {"0.05": 0.01}, "frechet_ratio": 2.0, "real": {"haze": 0.1, "near_copies": {"0.05": 0.02}}}}\n'
)


def chain(seed: int = 0) -> Chain:
    random = np.random.default_rng(seed)
    x_t, x0 = random.integers(0, 256, (2, 3, 2, 16, 16, 3), dtype=np.uint8)
    return Chain(np.array([9, 4, -1]), x_t, x0, np.array([0.9, 0.5, 0.0]))


@dataclass(frozen=True)
class Format:
    """One of our files: where it is, what is sound in it, and what may come of it.

    Attributes:
        read: reads it, as those do who need it; raises nothing but what is documented.
        sound: whether what was read is something, not nothing.
    """

    path: Path
    read: Callable[[], Any]
    sound: Callable[[Any], bool]

    @property
    def valid(self) -> bytes:
        """The sound file."""
        return self.path.with_name(f"{self.path.name}.valid").read_bytes()

    def try_with(self, data: bytes) -> Any:
        """Read these bytes."""
        self.path.write_bytes(data)
        return self.read()


def _card(run: Run) -> str | None:
    damage(run)
    with contextlib.suppress(RunError):
        return run_card(run)
    return None


def _metrics(run: Run) -> list[dict[str, Any]]:
    found = run.metrics()
    steps = [record["step"] for record in found]
    assert steps == sorted(set(steps))
    run.best_step()
    _card(run)
    return found


def _status(run: Run) -> dict[str, Any]:
    found = run.status()
    run.state()
    run.pending()
    damage(run)
    if found.get("log"):
        assert len(log_tail(Path(found["log"]))) <= 8000
    return found


def _trained_on(run: Run) -> np.ndarray | None:
    found = run.trained_on()
    assert found is None or (found.dtype == np.uint64 and found.ndim == 1)
    assert (found is None) == ("trained_on.npy" in damage(run))
    return found


def _choice(run: Run) -> dict[str, Any] | None:
    found = read_choice(run.folder)
    if found is not None:
        assert all(isinstance(bar.held, bool) for row in found["rows"] for bar in bars(row))
        best_row(found["rows"])
    assert _card(run) is not None
    return found


def _verdict(run: Run) -> Verdict | None:
    found = read_verdict(run.folder)
    assert found is None or len(found.labels) <= 1_000_000
    return found


def _batch(name: str) -> Batch | None:
    found = load_batch(name)
    assert is_there(name)
    if found is not None:
        assert found.chain.x_t.shape[2:] == (16, 16, 3)
        assert found.chain.t.dtype == np.int64
    return found


def _favourites() -> list[Favourite]:
    found = favourites()
    assert len(favourite_names()) == 1
    assert all(one.image.shape == (16, 16, 3) and 0 <= one.kept < 1e301 for one in found)
    return found


def _cached(folder: Path) -> cache.StoredSprites | None:
    found = cache._open(folder)
    if found is not None:
        rows = np.arange(len(found.images))
        assert ((found.first_rows >= 0) & (found.first_rows <= rows)).all()
        assert found.labels is None or (found.label_names and found.labels.max() < len(found.label_names))
    return found


def _checkpoint(folder: Path) -> Checkpoint | None:
    reseal(folder)
    try:
        return load_checkpoint(folder)
    except CheckpointError:
        return None


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Format]:
    """All our files, sound, in a home and a run folder of this module; a test puts back what it changes."""
    place = tmp_path_factory.mktemp("formats")
    patch = pytest.MonkeyPatch()
    patch.setenv("DDPM_HOME", str(place / "home"))
    run = Run(place / "checkpoints" / "mine")
    run.folder.mkdir(parents=True)
    for name in ("run.json", "status.json", CHOICE, VERDICT):
        shutil.copyfile(SHIPPED / name, run.folder / name)
    (run.folder / "metrics.jsonl").write_bytes(METRICS)
    (run.folder / "trained_on.npy").write_bytes(npy_bytes(HASHES))
    run.pin(20)
    replace_json(run.folder / "control.json", {"start": "shipped", "stop": True, "threads": 2})
    run.set_latest(20)
    batch = keep_batch(chain(), {"name": "mine", "seed": 3, "like": [1]}, chain(1))
    keep(SPRITE, {"name": "mine", "step": 20, "seed": 3})
    np.savez(place / "some.npz", images=simple_sprites(12), labels=np.arange(12) % 3)
    load_sprites(place / "some.npz")
    kept = next(path.parent for path in (place / "home" / "sprites").glob("*/facts.json"))
    step = save_checkpoint(run.folder / "steps", trained_state(1, num_classes=2), STEP_CONFIG)
    home = place / "home"
    found = {
        "run.json": Format(run.folder / "run.json", lambda: (_card(run), run.config())[1], bool),
        "status.json": Format(run.folder / "status.json", lambda: _status(run), bool),
        "metrics.jsonl": Format(run.folder / "metrics.jsonl", lambda: _metrics(run), bool),
        "trained_on.npy": Format(run.folder / "trained_on.npy", lambda: _trained_on(run), lambda x: x is not None),
        "pinned.json": Format(run.folder / "pinned.json", lambda: (run.prune(), run.pinned())[1], bool),
        "control.json": Format(run.folder / "control.json", run.pending, bool),
        "latest": Format(run.folder / "latest", run.latest, lambda x: True),
        "choice.json": Format(run.folder / CHOICE, lambda: _choice(run), bool),
        "verdict.json": Format(run.folder / VERDICT, lambda: _verdict(run), bool),
        "chain.npz": Format(home / "batches" / batch.id / "chain.npz", lambda: _batch(batch.id), bool),
        "batch.json": Format(home / "batches" / batch.id / "batch.json", lambda: _batch(batch.id), bool),
        "favourite": Format(next((home / "favourites").iterdir()), _favourites, bool),
        "facts.json": Format(kept / "facts.json", lambda: _cached(kept), bool),
        "labels.npy": Format(kept / "labels.npy", lambda: _cached(kept), bool),
        "images.npy": Format(kept / "images.npy", lambda: _cached(kept), bool),
        "config.json": Format(step / "config.json", lambda: _checkpoint(step), bool),
        "model.safetensors": Format(step / "model.safetensors", lambda: _checkpoint(step), bool),
    }
    for one in found.values():
        shutil.copyfile(one.path, one.path.with_name(f"{one.path.name}.valid"))
    patch.undo()
    return found


@pytest.fixture
def at_home(formats: dict[str, Format], monkeypatch: pytest.MonkeyPatch) -> dict[str, Format]:
    """The formats, in their home, each of them sound."""
    home = next(folder for folder in formats["favourite"].path.parents if folder.name == "home")
    monkeypatch.setenv("DDPM_HOME", str(home))
    for one in formats.values():
        one.path.write_bytes(one.valid)
    return formats


NAMES = (
    *("run.json", "status.json", "metrics.jsonl", "trained_on.npy", "pinned.json", "control.json", "latest"),
    *("choice.json", "verdict.json", "chain.npz", "batch.json", "favourite", "facts.json", "labels.npy", "images.npy"),
    *("config.json", "model.safetensors"),
)
JSON = tuple(name for name in NAMES if name.endswith(".json"))


def fuzz(one: Format, strategy: st.SearchStrategy[bytes], examples: int) -> None:
    """Read what a strategy makes; afterwards the sound file is there again, and is read as ever."""

    @quick(examples)
    @given(strategy)
    def check(data: bytes) -> None:
        one.try_with(data)

    check()
    assert one.sound(one.try_with(one.valid))


@pytest.mark.parametrize("examples", [FAST, pytest.param(SLOW, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NAMES)
def test_bytes_of_any_kind(at_home: dict[str, Format], name: str, examples: int) -> None:
    one = at_home[name]
    fuzz(one, st.binary(max_size=200) | mutated(one.valid), examples)


@pytest.mark.parametrize("examples", [FAST, pytest.param(SLOW, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", JSON)
def test_json_of_any_kind(at_home: dict[str, Format], name: str, examples: int) -> None:
    fuzz(at_home[name], twisted(json.loads(at_home[name].valid)), examples)


@pytest.mark.parametrize("examples", [FAST, pytest.param(SLOW, marks=pytest.mark.slow)])
def test_lines_of_any_kind(at_home: dict[str, Format], examples: int) -> None:
    lines = [twisted(json.loads(line)) for line in METRICS.splitlines()]
    fuzz(at_home["metrics.jsonl"], st.lists(st.one_of(lines), max_size=4).map(b"\n".join), examples)


HEADERS = st.builds(
    npy_header,
    descr=st.sampled_from(["'<u8'", "'>u8'", "'|u1'", "'|O'", "[('a','<u8')]", "'<U99999'", "5", "'<f8'", "'<q'", "'"]),
    order=st.sampled_from(["False", "True", "0", "None"]),
    shape=st.sampled_from(
        [
            *("(20,)", "(1000000000000,)", "(0,)", "(-1,)", "(2, 10)", "()", "(20.0,)", "20", "(0, 10**30)", "(True,)"),
            *("(" + "9" * 60 + ",)", "(" + "1," * 100 + ")", "(" * 200, "(0, " + "9" * 40 + ")", "[20]", "("),
        ]
    ),
)


@pytest.mark.parametrize("examples", [FAST, pytest.param(SLOW, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["trained_on.npy", "labels.npy", "chain.npz"])
def test_arrays_with_any_header(at_home: dict[str, Format], name: str, examples: int) -> None:
    one = at_home[name]
    versions = st.sampled_from([(1, 0), (2, 0), (3, 0), (9, 9)])
    lengths = st.none() | st.sampled_from([0, 1, 50, 65_535])
    arrays = st.builds(raw_npy, HEADERS, st.sampled_from([b"", HASHES.tobytes()]), versions, lengths)
    if name != "chain.npz":
        fuzz(one, arrays, examples)
        return
    members = st.lists(st.tuples(st.sampled_from(["t.npy", "x_t.npy", "x0.npy", "../x", "t"]), arrays), max_size=4)
    methods = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # of names that come twice
        fuzz(one, st.builds(npz_bytes, members, methods), examples)


# There and back


@quick(50)
@given(st.dictionaries(st.text(max_size=6), json_values, max_size=4))
def test_json_comes_back_as_it_was(value: dict[str, Any]) -> None:
    assert parse_json(json.dumps(value).encode(), "x") == value


@quick(50)
@given(st.sampled_from(["<u8", ">i4", "|u1", "<f8", "|b1"]), st.lists(st.integers(0, 3), max_size=4), st.booleans())
def test_an_array_comes_back_as_it_was(dtype: str, shape: list[int], fortran: bool) -> None:
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    values = np.asfortranarray(values) if fortran else values
    found = npy.parse(npy_bytes(values), "x")
    assert found.dtype == values.dtype
    assert found.flags.f_contiguous == values.flags.f_contiguous
    assert np.array_equal(found, values)


def test_what_was_written_is_read_back(at_home: dict[str, Format]) -> None:
    read = {name: one.read() for name, one in at_home.items()}
    for name in ("run.json", "status.json", "choice.json"):
        assert read[name] == json.loads(at_home[name].valid), name
    assert read["metrics.jsonl"] == [json.loads(line) for line in METRICS.splitlines()]
    assert np.array_equal(read["trained_on.npy"], HASHES)
    assert read["pinned.json"] == [20]
    assert read["control.json"] == {"start": "shipped", "stop": True, "threads": 2}
    batch = read["chain.npz"]
    assert batch.info == {"name": "mine", "seed": 3, "like": [1]}
    for kept, drawn in ((batch.chain, chain()), (batch.other, chain(1))):
        assert all(np.array_equal(getattr(kept, part), getattr(drawn, part)) for part in ("t", "x_t", "x0"))
    (favourite,) = read["favourite"]
    assert favourite.info == {"name": "mine", "step": 20, "seed": 3}
    assert np.array_equal(favourite.image, SPRITE)
    assert np.array_equal(read["images.npy"].images, simple_sprites(12))
    assert np.array_equal(read["labels.npy"].labels, np.arange(12) % 3)
    assert read["config.json"].config["label_names"] == STEP_CONFIG["label_names"]
    assert damage(Run(at_home["run.json"].path.parent)) == []


# What is made to do harm


def _claims(size: int) -> bytes:
    """An archive whose list of contents claims that its first member unpacks to this."""
    data = bytearray(npz_bytes([("t.npy", npy_bytes(np.arange(9)))]))
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 24, size)
    return bytes(data)


def _version(data: bytes, version: int) -> bytes:
    at = data.rfind(b"PK\x01\x02") + 6
    return data[:at] + bytes([version]) + data[at + 1 :]


def _large_png(*sizes: tuple[int, int]) -> bytes:
    heads = [chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)) for size in sizes]
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(heads) + pixels + chunk(b"IEND", b"")


def _favourite(note: str) -> bytes:
    text = chunk(b"tEXt", b"ddpm:favourite\0" + note.encode())
    data = png_bytes(SPRITE)
    return data[:33] + text + data[33:]


def _array(shape: str, descr: str = "'<u8'") -> bytes:
    return raw_npy(npy_header(descr, "False", shape), HASHES.tobytes())


HARM: dict[str, tuple[str, Callable[[], bytes]]] = {
    "hashes that are an archive": ("trained_on.npy", lambda: npz_bytes([("t.npy", npy_bytes(HASHES))])),
    "hashes of 10^12 rows": ("trained_on.npy", lambda: _array("(1000000000000,)")),
    "hashes with a cut header": ("trained_on.npy", lambda: npy_bytes(HASHES)[:40]),
    "hashes with an open header": ("trained_on.npy", lambda: _array("(20,")),
    "hashes with a deep header": ("trained_on.npy", lambda: raw_npy("(" * 9000)),
    "hashes half an archive": ("trained_on.npy", lambda: b"PK\x03\x04 and no more"),
    "a count beyond float": ("verdict.json", lambda: b'{"sentence": "", "memorization": ' + b"9" * 400 + b"}"),
    "labels of 10^12 rows": ("labels.npy", lambda: _array("(1000000000000,)", "'<i8'")),
    "labels that are an archive": ("labels.npy", lambda: npz_bytes([("t.npy", npy_bytes(HASHES))])),
    "labels beyond the names": ("labels.npy", lambda: npy_bytes(np.full(12, 10**9))),
    "labels below 0": ("labels.npy", lambda: npy_bytes(np.full(12, -1))),
    "a picture of 900 megapixels": ("favourite", lambda: _large_png((30_000, 30_000))),
    "a picture of two sizes": ("favourite", lambda: _large_png((16, 16), (30_000, 30_000))),
    "a favourite kept in the year 10^400": ("favourite", lambda: _favourite('{"info": {}, "kept": ' + "9" * 400 + "}")),
    "a favourite kept at NaN": ("favourite", lambda: _favourite('{"info": {}, "kept": NaN}')),
    "a favourite kept at 1e999": ("favourite", lambda: _favourite('{"info": {}, "kept": 1e999}')),
    "a favourite with a deep note": ("favourite", lambda: _favourite('{"kept": 1, "info": ' + "[" * 9000)),
    "a chain that is no archive": ("chain.npz", lambda: npy_bytes(HASHES)),
    "a chain of a bad version": ("chain.npz", lambda: _version(npz_bytes([("t.npy", b"")]), 255)),
    "a chain of 4 GB": ("chain.npz", lambda: _claims(2**32 - 2)),
    "a chain that unpacks to 200 MB": ("chain.npz", lambda: npz_bytes([("t.npy", bytes(200 << 20))], 8)),
    "a chain of 10^15 bytes": ("chain.npz", lambda: npz_bytes([("t.npy", _array("(1000000000000000,)"))])),
    "a chain of many members": ("chain.npz", lambda: npz_bytes([(f"{i:0200}.npy", b"") for i in range(5000)])),
    "a network larger than its file": (
        "config.json",
        lambda: json.dumps(
            {
                **STEP_CONFIG,
                "format_version": 1,
                "step": 1,
                "network": {"channels": [3528], "time_embedding_dim": 4096, "num_classes": 10_000},
            }
        ).encode(),
    ),
}


@pytest.mark.parametrize("what", HARM)
def test_what_is_made_to_do_harm_is_nothing_and_takes_no_memory(at_home: dict[str, Format], what: str) -> None:
    name, make = HARM[what]
    one = at_home[name]
    one.path.write_bytes(make())
    tracemalloc.start()
    try:
        found = one.read()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not one.sound(found)
    assert peak < 32 << 20
    assert one.sound(one.try_with(one.valid))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "latest"])
def test_a_file_of_many_gigabytes_is_not_read(at_home: dict[str, Format], name: str) -> None:
    one = at_home[name]
    with open(one.path, "r+b") as file:
        file.truncate(40 << 30)
    if one.path.parent.name.isdigit():
        # Its manifest knows better how long it is.
        with pytest.raises(CheckpointError, match="bytes where"):
            load_checkpoint(one.path.parent)
    else:
        assert not one.sound(one.read())
    os.truncate(one.path, 0)
    assert one.sound(one.try_with(one.valid))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("latest", "config.json", "model.safetensors")])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(at_home: dict[str, Format], name: str) -> None:
    one = at_home[name]
    one.path.unlink()
    os.mkfifo(one.path)
    try:
        assert not one.sound(one.read())
    finally:
        one.path.unlink()
    assert one.sound(one.try_with(one.valid))


@pytest.mark.parametrize("depth", [33, 500, 5000])
def test_deep_json_is_refused_at_any_depth(at_home: dict[str, Format], depth: int) -> None:
    deep = b'{"step": 30, "more": ' + b"[" * depth + b"]" * depth + b"}\n"
    with pytest.raises(ValueError, match="nested too deep"):
        parse_json(deep, "x")
    found = at_home["metrics.jsonl"].try_with(METRICS + deep)
    assert [record["step"] for record in found] == [10, 20]


def test_deep_json_is_refused_where_there_is_little_room_to_call(at_home: dict[str, Format]) -> None:
    """As within Streamlit, which has called a hundred functions before a page is run."""

    def below(depth: int) -> list[dict[str, Any]]:
        return below(depth - 1) if depth else one.read()

    one = at_home["metrics.jsonl"]
    one.path.write_bytes(METRICS + b'{"step": 30, "more": ' + b"[" * 900 + b"]" * 900 + b"}\n")
    assert [record["step"] for record in below(800)] == [10, 20]


@pytest.mark.parametrize("text", ["9" * 400, "-" + "9" * 400, "9" * 5000, "1e999", "-1e999", "NaN", "Infinity"])
def test_numbers_that_no_float_holds_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(f'{{"a": {text}}}')
    with pytest.raises(ValueError, match="not valid JSON"):
        read_json(tmp_path / "x.json")


def test_too_many_lines_are_no_measurements(at_home: dict[str, Format]) -> None:
    assert at_home["metrics.jsonl"].try_with(b"\n" * 200_001) == []


@pytest.mark.parametrize("log", ["a\0b", "/dev/zero", "/nowhere/at/all", "."])
def test_a_log_that_is_none_has_no_last_lines(log: str) -> None:
    assert log_tail(Path(log)) == ""


def test_only_the_end_of_a_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with open(log, "wb") as file:
        file.truncate(40 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\nfirst\nlast\n")
    tracemalloc.start()
    tail = log_tail(log, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    os.truncate(log, 0)
    assert tail == "first\nlast"
    assert peak < 1 << 20


@pytest.mark.parametrize("missing", ["step", "samples", "real", "claim", "near_copies", "c_t"])
def test_a_card_leaves_a_table_out_that_lacks_something(at_home: dict[str, Format], missing: str) -> None:
    stored = json.loads(at_home["choice.json"].valid)
    del stored["rows"][0][missing]
    assert at_home["choice.json"].try_with(json.dumps(stored).encode()) is None
    run = Run(at_home["run.json"].path.parent)
    assert "What it draws" not in run_card(run)
    assert damage(run) == ["choice.json"]


def test_each_damage_is_named(at_home: dict[str, Format]) -> None:
    run = Run(at_home["run.json"].path.parent)
    stored = json.loads(at_home["run.json"].valid)
    at_home["run.json"].path.write_text(json.dumps({**stored, "preset": 5, "data": {**stored["data"], "name": []}}))
    at_home["status.json"].path.write_text("[1]")
    at_home["metrics.jsonl"].path.write_bytes(METRICS + b'garbage\n{"step": 30, "loss": "x"}\n{"step": 40, "lo')
    at_home["trained_on.npy"].path.write_bytes(b"PK")
    at_home["verdict.json"].path.write_text("{}")
    (run.folder / "previews").mkdir()
    (run.folder / "previews" / "000010.png").write_bytes(_large_png((30_000, 30_000)))
    (run.folder / "previews" / "000020.png").write_bytes(png_bytes(SPRITE))
    assert [step for step, _ in run.film()] == [20]
    assert damage(run) == [
        "run.json (preset, data)",
        "status.json",
        "metrics.jsonl (2 lines)",
        "trained_on.npy",
        "previews (1 file)",
        "verdict.json",
    ]
    shutil.rmtree(run.folder / "previews")


def test_the_index_of_a_source_may_be_anything(at_home: dict[str, Format], tmp_path: Path) -> None:
    np.save(tmp_path / "some.npy", simple_sprites(9))
    load_sprites(tmp_path / "some.npy")
    home = at_home["facts.json"].path.parent.parent
    entries = list((home / "sources").glob("*.json"))
    valid = [(entry, entry.read_bytes()) for entry in entries]

    @quick(10)
    @given(st.binary(max_size=60) | twisted({"stamp": "x", "content": "y"}))
    def check(data: bytes) -> None:
        for entry in entries:
            entry.write_bytes(data)
        assert np.array_equal(load_sprites(tmp_path / "some.npy").images, simple_sprites(9))

    check()
    for entry, data in valid:
        entry.write_bytes(data)


def test_an_archive_of_ours_raises_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=np.arange(3), b=np.ones((2, 2)))
    assert {name: values.tolist() for name, values in load_npz(path, 1 << 20).items()} == {
        "a": [0, 1, 2],
        "b": [[1, 1], [1, 1]],
    }
    with pytest.raises(SpriteError, match="larger"):
        load_npz(path, 100)
    with pytest.raises(FileNotFoundError):
        load_npz(tmp_path / "none.npz", 100)


# Links


def test_a_run_that_is_a_link_is_taken_away_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "run.json").write_text("{}")
    (tmp_path / "checkpoints").mkdir()
    link = tmp_path / "checkpoints" / "linked"
    link.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    Run(link).delete()
    assert list((tmp_path / "checkpoints").iterdir()) == []
    assert (tmp_path / "elsewhere" / "run.json").read_text() == "{}"


def test_a_step_that_is_a_link_is_thinned_out_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "manifest.json").write_text("{}")
    run = Run(tmp_path / "run")
    for step in (2, 3, 4):
        run.step_path(step).mkdir(parents=True)
        (run.step_path(step) / "manifest.json").write_text("{}")
    run.step_path(1).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    run.prune()
    assert sorted(entry.name for entry in (run.folder / "steps").iterdir()) == ["000002", "000003", "000004"]
    assert (tmp_path / "elsewhere" / "manifest.json").exists()


def test_why_a_run_cannot_be_deleted_is_always_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()

    def refuse(folder: Path) -> None:
        raise OSError("something is in the way")

    monkeypatch.setattr("ddpm.base.folders.remove_folder", refuse)
    with pytest.raises(RunError, match="something is in the way"):
        Run(tmp_path / "run").delete()
