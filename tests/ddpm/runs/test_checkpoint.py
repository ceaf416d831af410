"""Step folders: what is saved comes back, and nothing that is damaged or hostile gets in."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as tensors_to_bytes

from ddpm import CheckpointError, UNet, load_checkpoint
from ddpm.runs.checkpoint import SavedGuide, can_use_raw, load_state, save_checkpoint, step_folder
from ddpm.runs.names import step_name
from ddpm.runs.run import Run
from ddpm.runs.step_files import drawing_digest
from ddpm.training.loop import TrainingState, new_state, train
from tests.ddpm.helpers import ROOT, TINY, Rows, environment, simple_sprites, state_bytes, tiny_schedule, trained_state

CONFIG = {"schedule": {"num_timesteps": 1000, "kind": "cosine"}, "label_names": ["a", "b"], "note": "ü"}
FILES = ["model.safetensors", "config.json", "state.safetensors", "manifest.json"]


@pytest.fixture(scope="module")
def trained() -> TrainingState:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    state = trained_state(2, num_classes=2)
    torch.set_num_threads(before)
    return state


@pytest.fixture(scope="module")
def original(trained: TrainingState, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("original"), trained, CONFIG)


@pytest.fixture
def saved(original: Path, tmp_path: Path) -> Path:
    """A step folder of this test alone: a copy is quicker than to wait for the disk."""
    return Path(shutil.copytree(original, tmp_path / "run" / "steps" / original.name))


def reseal(folder: Path) -> None:
    """Make the manifest agree with the files again: whoever forges one can forge the other."""
    names = [path.name for path in folder.iterdir() if path.name != "manifest.json"]
    entries = {}
    for name in names:
        data = (folder / name).read_bytes()
        entries[name] = {"size": len(data), "sha256": sha256(data).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps({"format_version": 1, "files": entries}))


def refused(path: Path, weights: str = "ema", words: str = "") -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, weights)  # type: ignore[arg-type]
    message = str(caught.value)
    assert words in message
    assert len(message) < 700
    return message


def state_refused(folder: Path, words: str = "") -> None:
    """``load_state`` refuses, and what it was to overwrite is as before."""
    state = new_state(TINY, 2, seed=5)
    before = state_bytes(state)
    with pytest.raises(CheckpointError) as caught:
        load_state(folder, state)
    assert words in str(caught.value)
    assert state_bytes(state) == before


# What is saved comes back


def test_a_step_folder(saved: Path, trained: TrainingState) -> None:
    assert saved.name == "000002"
    assert sorted(path.name for path in saved.iterdir()) == sorted(FILES)
    assert [path.name for path in saved.parent.iterdir()] == ["000002"]
    config = json.loads((saved / "config.json").read_text())
    assert config == CONFIG | {"format_version": 1, "step": 2, "network": trained.model.arguments}


@pytest.mark.parametrize("weights", ["ema", "raw"])
def test_the_network_comes_back(weights: Any, saved: Path, trained: TrainingState) -> None:
    checkpoint = load_checkpoint(saved, weights)
    original = trained.ema.model if weights == "ema" else trained.model
    assert checkpoint.model.arguments == original.arguments
    assert not checkpoint.model.training
    for name, value in original.state_dict().items():
        assert torch.equal(checkpoint.model.state_dict()[name], value), name
    assert checkpoint.schedule.kind == "cosine"
    assert torch.equal(checkpoint.schedule.alphas_cumprod, tiny_schedule().alphas_cumprod)
    assert checkpoint.config["label_names"] == ["a", "b"]
    assert checkpoint.config["note"] == "ü"
    assert checkpoint.path == saved
    assert not torch.equal(trained.ema.model.state_dict()["stem.weight"], trained.model.state_dict()["stem.weight"])


def test_the_training_comes_back(saved: Path, trained: TrainingState) -> None:
    state = new_state(TINY, 2, seed=5)
    load_state(saved, state)
    assert state_bytes(state) == state_bytes(trained)


def test_a_training_that_has_not_begun_comes_back(tmp_path: Path) -> None:
    fresh = new_state(TINY, 2, seed=1)
    folder = save_checkpoint(tmp_path, fresh, CONFIG)
    assert folder.name == "000000"
    state = new_state(TINY, 2, seed=2)
    load_state(folder, state)
    for a, b in ((state.model, fresh.model), (state.ema.model, fresh.ema.model)):
        assert all(torch.equal(value, b.state_dict()[name]) for name, value in a.state_dict().items())


def test_half_precision_on_disk_is_float32_in_memory(trained: TrainingState, tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, trained, CONFIG, resumable=False, half=True)
    stored = read_tensors((folder / "model.safetensors").read_bytes())
    assert {value.dtype for value in stored.values()} == {torch.float16}
    model = load_checkpoint(folder).model
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
    for name, value in trained.ema.model.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-3, atol=1e-6)


def test_without_state_there_are_no_raw_weights(trained: TrainingState, tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "steps", trained, CONFIG, resumable=False)
    assert not can_use_raw(folder)
    assert not can_use_raw(tmp_path / "none")
    refused(folder, "raw", "weights='ema'")
    state_refused(folder, "state.safetensors")
    load_checkpoint(folder)


def test_raw_weights_are_offered_where_they_are(saved: Path) -> None:
    assert can_use_raw(saved)
    Run(saved.parents[1]).set_latest(2)
    assert can_use_raw(saved.parents[1])


def test_a_run_folder_means_its_latest(saved: Path, trained: TrainingState) -> None:
    run = saved.parents[1]
    refused(run, words="not saved a step")
    (run / "latest").write_text("000002\n")
    assert step_folder(run) == saved
    assert load_checkpoint(run).path == saved
    assert load_checkpoint(str(run)).path == saved


@pytest.mark.parametrize("name", ["", "x", "../steps/000002", "-1", "9" * 5000, "²", "\0", "000003"])
def test_a_latest_that_leads_nowhere(name: str, saved: Path) -> None:
    run = saved.parents[1]
    (run / "latest").write_bytes(name.encode())
    refused(run)


@pytest.mark.parametrize("path", ["none", "\0", "x" * 300, "run/steps/000002/config.json", ""])
def test_paths_that_lead_nowhere(path: str, saved: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    refused(Path(path))


def test_unknown_weights(saved: Path) -> None:
    refused(saved, "best", "ema or raw")


def test_a_saved_step_never_changes(saved: Path) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in saved.iterdir()}
    other = trained_state(2, num_classes=2, seed=8)
    assert save_checkpoint(saved.parent, other, CONFIG) == saved
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in saved.iterdir()} == before


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_step_is_saved_anew(name: str, saved: Path, trained: TrainingState) -> None:
    path = saved / name
    path.write_bytes(path.read_bytes()[:-1])
    save_checkpoint(saved.parent, trained, CONFIG)
    state = new_state(TINY, 2, seed=5)
    load_state(saved, state)
    assert state_bytes(state) == state_bytes(trained)


def test_step_names_sort_and_grow() -> None:
    assert step_name(500) == "000500"
    assert step_name(12_345_678) == "12345678"


# What a weights file can be

Forgery = Callable[[bytes], bytes]
# The weight that is forged, as the two files call it.
STEMS = ("stem.weight", "raw.stem.weight")


def with_header(change: Callable[[dict[str, Any]], Any]) -> Forgery:
    def forge(data: bytes) -> bytes:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        changed = change(header)
        text = changed if isinstance(changed, bytes) else json.dumps(changed or header).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + length :]

    return forge


def with_tensors(change: Callable[[dict[str, torch.Tensor]], Any]) -> Forgery:
    def forge(data: bytes) -> bytes:
        tensors = read_tensors(data)
        change(tensors)
        return tensors_to_bytes(tensors)

    return forge


def first(header: dict[str, Any]) -> dict[str, Any]:
    return next(entry for name, entry in header.items() if name in STEMS)


def key(tensors: dict[str, torch.Tensor]) -> str:
    return next(name for name in tensors if name in STEMS)


def twice(header: dict[str, Any]) -> bytes:
    text = json.dumps(header)
    name = next(name for name in header if name in STEMS)
    return (text[:-1] + f", {json.dumps(name)}: {json.dumps(header[name])}}}").encode()


def move(by: int) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        entry = first(header)
        entry["data_offsets"] = [offset + by for offset in entry["data_offsets"]]

    return change


def reshape(shape: list[int]) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        first(header)["shape"] = shape

    return change


def retype(dtype: str) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        first(header)["dtype"] = dtype

    return change


def poison(value: float) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors[key(tensors)].view(-1)[3] = value

    return change


def misshape(tensors: dict[str, torch.Tensor]) -> None:
    tensors[key(tensors)] = torch.zeros(8, 3, 3, 2)


def transpose(tensors: dict[str, torch.Tensor]) -> None:
    tensors[key(tensors)] = torch.zeros(3, 8, 3, 3)


def whole_numbers(tensors: dict[str, torch.Tensor]) -> None:
    tensors[key(tensors)] = torch.zeros(8, 3, 3, 3, dtype=torch.int32)


def rename(tensors: dict[str, torch.Tensor]) -> None:
    name = key(tensors)
    tensors[name + "x"] = tensors.pop(name)


class Malice:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def deflated_pt(data: bytes) -> bytes:
    file = io.BytesIO()
    torch.save({"stem.weight": torch.zeros(1).expand(1 << 20)}, file)
    packed = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return packed.getvalue()


def stride_0_pt(data: bytes) -> bytes:
    file = io.BytesIO()
    torch.save({"stem.weight": torch.zeros(1).expand(1 << 30)}, file)
    return file.getvalue()


FORGERIES: dict[str, Forgery] = {
    "empty": lambda data: b"",
    "7 bytes": lambda data: data[:7],
    "garbage": lambda data: np.random.default_rng(0).bytes(len(data)),
    "text": lambda data: b"<html>not found</html>" * 20,
    "header longer than the file": lambda data: struct.pack("<Q", len(data) - 7) + data[8:],
    "header over 100 MB": lambda data: struct.pack("<Q", 101 << 20) + data[8:],
    "header of 2^63": lambda data: struct.pack("<Q", 1 << 63) + data[8:],
    "header of 2^64 - 1": lambda data: struct.pack("<Q", (1 << 64) - 1) + data[8:],
    "no header": lambda data: struct.pack("<Q", 0) + data[8:],
    "bad UTF-8": lambda data: data[:10] + b"\xff\xfe" + data[12:],
    "bad JSON": lambda data: data[:8] + b"!" + data[9:],
    "JSON that is no object": with_header(lambda header: b"[1, 2, 3]"),
    "5,000-deep JSON": with_header(lambda header: b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "overlap": with_header(move(-4)),
    "hole": with_header(move(4)),
    "beyond the end": with_header(move(1 << 40)),
    "negative offsets": with_header(move(-(1 << 40))),
    "trailing bytes": lambda data: data + b"\0\0\0\0",
    "short": lambda data: data[:-4],
    "shape overflow": with_header(reshape([1 << 62, 4, 3, 3])),
    "shape of 2^64": with_header(reshape([1 << 64])),
    "wrapping product": with_header(reshape([1 << 32, 1 << 32, 3, 3])),
    "negative shape": with_header(reshape([-8, -3, 3, 3])),
    "shape of fractions": with_header(reshape([8, 3, 3, 2.5])),  # type: ignore[list-item]
    "unknown dtype": with_header(retype("F33")),
    "another dtype": with_header(retype("I32")),
    "complex": with_header(retype("C64")),
    "a key twice": with_header(twice),
    "NaN": with_tensors(poison(math.nan)),
    "Inf": with_tensors(poison(math.inf)),
    "minus Inf": with_tensors(poison(-math.inf)),
    "whole numbers": with_tensors(whole_numbers),
    "missing key": with_tensors(lambda tensors: tensors.pop(key(tensors))),
    "extra key": with_tensors(lambda tensors: tensors.update({"extra": torch.zeros(1)})),
    "renamed key": with_tensors(rename),
    "misshapen": with_tensors(misshape),
    "transposed": with_tensors(transpose),
    "no tensors": with_tensors(lambda tensors: tensors.clear()),
    "deflated .pt": deflated_pt,
    "stride-0 .pt": stride_0_pt,
}


@pytest.mark.parametrize("sealed", [True, False], ids=["manifest forged too", "manifest left"])
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_forged_weights(forgery: Forgery, sealed: bool, saved: Path) -> None:
    path = saved / "model.safetensors"
    path.write_bytes(forgery(path.read_bytes()))
    if sealed:
        reseal(saved)
    message = refused(saved)
    assert "model.safetensors" in message
    if not sealed:
        assert "damaged" in message
    state_refused(saved, "model.safetensors")


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_forged_state(forgery: Forgery, saved: Path) -> None:
    path = saved / "state.safetensors"
    path.write_bytes(forgery(path.read_bytes()))
    reseal(saved)
    assert "state.safetensors" in refused(saved, "raw")
    state_refused(saved, "state.safetensors")
    load_checkpoint(saved)


def test_a_forgery_that_changes_nothing_is_fine(saved: Path) -> None:
    """The tests above refuse for what was changed, not for having been rewritten."""
    path = saved / "model.safetensors"
    path.write_bytes(with_header(lambda header: header)(with_tensors(lambda tensors: None)(path.read_bytes())))
    reseal(saved)
    load_checkpoint(saved)


@pytest.mark.parametrize("name", ["model.safetensors", "state.safetensors", "config.json", "manifest.json"])
@pytest.mark.parametrize("form", ["pickle", "torch"])
def test_a_pickle_is_never_executed(form: str, name: str, saved: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    if form == "pickle":
        data = pickle.dumps(Malice(mark))
    else:
        file = io.BytesIO()
        torch.save(Malice(mark), file)
        data = file.getvalue()
    (saved / name).write_bytes(data)
    if name != "manifest.json":
        reseal(saved)
    if name != "state.safetensors":
        refused(saved)
    refused(saved, "raw") if name != "model.safetensors" else None
    state_refused(saved)
    assert not mark.exists()
    # It would have worked.
    pickle.loads(pickle.dumps(Malice(mark)))
    assert mark.exists()


# The optimizer


def misshape_moment(tensors: dict[str, torch.Tensor]) -> None:
    tensors["exp_avg.stem.weight"] = torch.zeros(2, 2)


def misshape_count(tensors: dict[str, torch.Tensor]) -> None:
    tensors["optimizer.step"] = torch.zeros(3)


OPTIMIZERS: dict[str, Callable[[dict[str, torch.Tensor]], Any]] = {
    "misshapen": misshape_moment,
    "missing": lambda tensors: tensors.pop("exp_avg_sq.head.2.bias"),
    "extra": lambda tensors: tensors.update({"exp_avg.other": torch.zeros(1)}),
    "no count": lambda tensors: tensors.pop("optimizer.step"),
    "misshapen count": misshape_count,
    "NaN": lambda tensors: tensors["exp_avg.stem.weight"].fill_(math.nan),
}


@pytest.mark.parametrize("change", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_broken_optimizer_is_found_when_it_is_loaded(
    change: Callable[[dict[str, torch.Tensor]], Any], saved: Path
) -> None:
    path = saved / "state.safetensors"
    path.write_bytes(with_tensors(change)(path.read_bytes()))
    reseal(saved)
    state_refused(saved, "state.safetensors")


def test_state_of_another_network(saved: Path) -> None:
    state = new_state(TINY, 5, seed=0)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_state(saved, state)


# One flipped bit


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0.0, 0.3, 0.5, 0.999])
def test_one_flipped_bit(name: str, where: float, saved: Path) -> None:
    path = saved / name
    data = bytearray(path.read_bytes())
    # In the manifest, a digit or a letter that carries meaning.
    at = data.index(b'"sha256"') + 14 if name == "manifest.json" else int(where * len(data))
    data[at] ^= 1
    path.write_bytes(data)
    if name == "state.safetensors":
        load_checkpoint(saved)
        refused(saved, "raw")
    else:
        refused(saved)
    state_refused(saved)


def test_any_flipped_bit_of_a_manifest_is_survived(saved: Path) -> None:
    path = saved / "manifest.json"
    sound = path.read_bytes()
    for at in range(0, len(sound), 3):
        data = bytearray(sound)
        data[at] ^= 1 << at % 8
        path.write_bytes(data)
        # It may hit white space, or a file that is not asked for; never is it another error.
        try:
            load_checkpoint(saved)
        except CheckpointError:
            continue


# Config and manifest


def config_with(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda config: config.update(values)


def network_with(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda config: config["network"].update(values)


def schedule_with(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda config: config["schedule"].update(values)


CONFIGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no network": lambda config: config.pop("network"),
    "no schedule": lambda config: config.pop("schedule"),
    "no step": lambda config: config.pop("step"),
    "negative step": config_with(step=-1),
    "step of another type": config_with(step="2"),
    "step that is a bool": config_with(step=True),
    "no version": lambda config: config.pop("format_version"),
    "version 0": config_with(format_version=0),
    "version in words": config_with(format_version="one"),
    "network of another type": config_with(network=[1]),
    "no channels": lambda config: config["network"].pop("channels"),
    "channels of another type": network_with(channels="8888"),
    "channels of fractions": network_with(channels=[8.0, 8.0]),
    "empty channels": network_with(channels=[]),
    "negative channels": network_with(channels=[-8, 8]),
    "other channels": network_with(channels=[16, 16, 16, 16]),
    "fewer channels": network_with(channels=[8, 8, 8]),
    "huge channels": network_with(channels=[1 << 40]),
    "many channels": network_with(channels=[8] * 1000),
    "huge time embedding": network_with(time_embedding_dim=1 << 40),
    "time embedding of another type": network_with(time_embedding_dim=[32]),
    "odd time embedding": network_with(time_embedding_dim=31),
    "no classes": network_with(num_classes=None),
    "huge classes": network_with(num_classes=1 << 40),
    "classes in words": network_with(num_classes="many"),
    "negative classes": network_with(num_classes=-2),
    "other classes": network_with(num_classes=7),
    "unknown prediction": network_with(prediction_type="x0"),
    "prediction of another type": network_with(prediction_type={"v": 1}),
    "unknown argument": network_with(attention=True),
    "dropout in words": network_with(dropout="some"),
    "infinite dropout": network_with(dropout=math.inf),
    "unknown schedule": schedule_with(kind="sigmoid"),
    "schedule of another type": config_with(schedule="cosine"),
    "huge schedule": schedule_with(num_timesteps=1 << 60),
    "endless schedule": schedule_with(num_timesteps=math.inf),
    "empty schedule": schedule_with(num_timesteps=0),
    "unknown schedule argument": schedule_with(beta=1),
}


@pytest.mark.parametrize("change", CONFIGS.values(), ids=CONFIGS)
def test_forged_config(change: Callable[[dict[str, Any]], Any], saved: Path) -> None:
    path = saved / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))
    reseal(saved)
    refused(saved)
    refused(saved, "raw")


TEXTS = {
    "empty": b"",
    "garbage": bytes(range(256)),
    "bad UTF-8": b'{"a": "\xff\xff"}',
    "bad JSON": b"{'a': 1}",
    "5,000-deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a list": b"[]",
    "null": b"null",
    "twice": b'{"format_version": 1, "format_version": 1}',
    "huge number": b'{"format_version": ' + b"9" * 5000 + b"}",
    "infinite version": b'{"format_version": Infinity}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", ["config.json", "manifest.json"])
def test_what_is_no_json(name: str, text: bytes, saved: Path) -> None:
    (saved / name).write_bytes(text)
    if name == "config.json":
        reseal(saved)
    refused(saved)
    refused(saved, "raw")
    state_refused(saved)


@pytest.mark.parametrize("name", ["config.json", "manifest.json"])
def test_a_newer_version(name: str, saved: Path) -> None:
    value = json.loads((saved / name).read_text()) | {"format_version": 2}
    (saved / name).write_text(json.dumps(value))
    if name == "config.json":
        reseal(saved)
    assert "update the program" in refused(saved, words="newer version")
    state_refused(saved, "newer version")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(name: str, saved: Path) -> None:
    (saved / name).unlink()
    if name == "state.safetensors":
        load_checkpoint(saved)
        assert not can_use_raw(saved)
        refused(saved, "raw", "no raw weights")
    else:
        refused(saved)
    state_refused(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file(name: str, saved: Path) -> None:
    (saved / name).unlink()
    (saved / name).mkdir()
    if name != "state.safetensors":
        refused(saved)
    refused(saved, "raw") if name != "model.safetensors" else None
    state_refused(saved)


@pytest.mark.parametrize(
    "files",
    [None, [], 3, {}, {"model.safetensors": 3}, {"model.safetensors": {"size": "1"}}, {"model.safetensors": {}}],
)
def test_a_manifest_that_lists_nothing(files: Any, saved: Path) -> None:
    (saved / "manifest.json").write_text(json.dumps({"format_version": 1, "files": files}))
    refused(saved, words="does not list")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_hang(saved: Path) -> None:
    (saved / "model.safetensors").unlink()
    os.mkfifo(saved / "model.safetensors")
    refused(saved, words="not a file")


# Files that change while they are read


def test_a_file_that_is_truncated_while_it_is_read(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes

    def cut(path: Path) -> bytes:
        data = real(path)
        return data[:-100] if path.name == "model.safetensors" else data

    monkeypatch.setattr(Path, "read_bytes", cut)
    refused(saved, words="damaged")


# Writing


@pytest.mark.parametrize("call", range(1, 6))
def test_a_full_disk_leaves_nothing_behind(
    call: int, saved: Path, trained: TrainingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = os.fsync

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == call:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    state = trained_state(1, num_classes=2)
    if call <= 4:
        with pytest.raises(OSError, match="No space left"):
            save_checkpoint(saved.parent, state, CONFIG)
        assert [path.name for path in saved.parent.iterdir()] == ["000002"]
    else:
        # Only the wish that the folder's entry be on the disk at once was not granted.
        save_checkpoint(saved.parent, state, CONFIG)
        assert sorted(path.name for path in saved.parent.iterdir()) == ["000001", "000002"]
    load_checkpoint(saved)


def test_a_folder_that_cannot_be_written(trained: TrainingState, tmp_path: Path) -> None:
    (tmp_path / "steps").write_text("a file")
    with pytest.raises(OSError):
        save_checkpoint(tmp_path / "steps", trained, CONFIG)


def test_leftovers_are_neither_steps_nor_kept(saved: Path) -> None:
    run = Run(saved.parents[1])
    leftover = saved.parent / ".000004.0123abcd.tmp"
    leftover.mkdir()
    (leftover / "model.safetensors").write_bytes(b"half")
    (run.folder / ".status.json.0123.tmp").write_bytes(b"half")
    (saved.parent / "000006").mkdir()
    assert run.steps() == [2]
    run.sweep()
    assert not leftover.exists()
    assert not (run.folder / ".status.json.0123.tmp").exists()
    load_checkpoint(saved)


_SAVING = """
import os, random, signal, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from ddpm.base import files
from ddpm.runs.checkpoint import load_checkpoint, load_state, save_checkpoint
from ddpm.runs.run import Run
from ddpm.training.loop import new_state
from tests.ddpm.helpers import TINY

folder, kills, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
run, state, target = Run(folder), new_state(TINY, 2, 0), new_state(TINY, 2, 1)
config = {"schedule": {"num_timesteps": 1000, "kind": "cosine"}}

def save():
    save_checkpoint(folder / "steps", state, config)
    run.set_latest(state.step)
    run.prune()

def killed_at(call):
    # Each time that anything reaches the disk is a moment to die at, before it or after it.
    made = 0
    def watch(function):
        def watched(*arguments, **options):
            nonlocal made
            made += 1
            if made == call: os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments, **options)
            made += 1
            if made == call: os.kill(os.getpid(), signal.SIGKILL)
            return result
        return watched
    for name in ("fsync", "replace", "rename", "mkdir", "unlink", "rmdir"):
        setattr(os, name, watch(getattr(os, name)))

# As many as are kept, so that every further save also removes one.
for state.step in range(4):
    save()
survived = 0
for kill in range(kills):
    before = run.latest()
    child = os.fork()
    if child == 0:
        if how == "calls": killed_at(kill + 1)
        for _ in range(1 if how == "calls" else 100_000):
            state.step += 1
            save()
        os._exit(7)
    if how == "random":
        time.sleep(random.Random(kill).uniform(0.0, 0.15))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if how == "calls" and os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 7
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
    survived += 1
    assert run.latest() >= before
    load_checkpoint(folder)
    # Whole or absent, whatever a reader may think of one that is half there.
    for path in sorted((folder / "steps").glob("[0-9]*")):
        load_state(path, target)
    assert target.step >= run.latest()
    state.step = target.step
    run.sweep()
    assert not [p for f in (folder, folder / "steps") for p in f.iterdir() if p.name.endswith(".tmp")]
print(survived)
"""


def killed_while_saving(folder: Path, kills: int, how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _SAVING, str(folder), str(kills), how],
        cwd=ROOT,
        env=environment(folder.parent / "home"),
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_each_moment_of_saving_the_last_checkpoint_loads(tmp_path: Path) -> None:
    # When a child survives, there is no later moment left: every one has been tried.
    assert 25 < killed_while_saving(tmp_path / "run", 1000, "calls") < 1000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_random_while_saving_the_last_checkpoint_loads(tmp_path: Path) -> None:
    assert killed_while_saving(tmp_path / "run", 10, "random") == 10


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_fifty_times_while_saving_the_last_checkpoint_loads(tmp_path: Path) -> None:
    assert killed_while_saving(tmp_path / "run", 50, "random") == 50


def test_what_the_config_says_survives(trained: TrainingState, tmp_path: Path) -> None:
    config = CONFIG | {
        "data": {"class_frequencies": [0.1, 0.9], "fingerprint": "f"},
        "nested": {"deep": [1, {"x": None}]},
    }
    loaded = load_checkpoint(save_checkpoint(tmp_path, trained, config)).config
    assert {name: loaded[name] for name in config} == config
    assert loaded["step"] == 2
    assert UNet(**loaded["network"]).arguments == trained.model.arguments


def test_a_config_that_is_no_json_writes_nothing(trained: TrainingState, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        save_checkpoint(tmp_path / "steps", trained, CONFIG | {"loss": math.nan})
    assert not (tmp_path / "steps").exists()


def test_training_goes_on_from_what_was_loaded(saved: Path) -> None:
    """Sound state is not only loaded, it also trains."""
    state = new_state(TINY, 2, seed=5)
    load_state(saved, state)
    sprites = Rows(simple_sprites(12), np.arange(12) % 2)
    steps = list(train(state, sprites, np.arange(12), tiny_schedule(), TINY, 4))
    assert [step.step for step in steps] == [3, 4]
    assert not any(step.skipped for step in steps)


# A guide


@pytest.fixture
def guided(trained: TrainingState, tmp_path: Path) -> Path:
    earlier = new_state(TINY, 2, seed=9).model
    guide = SavedGuide(1, earlier, 1.5, -1.0)
    return save_checkpoint(tmp_path / "led" / "steps", trained, CONFIG, resumable=False, half=True, guide=guide)


def test_a_guide_comes_back(guided: Path, trained: TrainingState) -> None:
    guide = load_checkpoint(guided).model.guide
    assert guide is not None
    assert (guide.scale, guide.max_log_snr) == (1.5, -1.0)
    assert isinstance(guide.model, UNet)
    assert guide.model.guide is None
    for ours, theirs in zip(new_state(TINY, 2, seed=9).model.parameters(), guide.model.parameters(), strict=True):
        torch.testing.assert_close(ours.half().float(), theirs)
    for ours, theirs in zip(trained.ema.model.parameters(), load_checkpoint(guided).model.parameters(), strict=True):
        torch.testing.assert_close(ours.half().float(), theirs)
    always = save_checkpoint(
        guided.parent.parent / "always",
        trained,
        CONFIG,
        resumable=False,
        guide=SavedGuide(1, trained.model, 2.0),
    )
    found = load_checkpoint(always).model.guide
    assert found is not None
    assert found.max_log_snr == math.inf


def test_other_guides_are_other_models(guided: Path, saved: Path, trained: TrainingState) -> None:
    assert (
        drawing_digest(saved)
        == json.loads((saved / "manifest.json").read_text())["files"]["model.safetensors"]["sha256"]
    )
    other = save_checkpoint(
        guided.parent.parent / "other", trained, CONFIG, half=True, guide=SavedGuide(1, trained.model, 1.5, -1.0)
    )
    alone = save_checkpoint(guided.parent.parent / "alone", trained, CONFIG, half=True)
    scaled = save_checkpoint(
        guided.parent.parent / "scaled", trained, CONFIG, half=True, guide=SavedGuide(1, trained.model, 2.0, -1.0)
    )
    folders = (guided, other, alone, scaled)
    assert len({drawing_digest(folder) for folder in folders}) == 4
    assert len({load_checkpoint(folder).digest() for folder in folders}) == 4


@pytest.mark.parametrize(
    "told",
    [
        None,
        3,
        {},
        {"step": 1, "scale": 1.5},
        *({"step": 1, "scale": scale, "max_log_snr": None} for scale in (1, 0.5, 9, "2", None, True)),
        *({"step": step, "scale": 2, "max_log_snr": None} for step in (-1, 2, 3)),
        {"step": 1, "scale": 2, "max_log_snr": "never"},
    ],
)
def test_a_damaged_guide_is_refused(guided: Path, told: Any) -> None:
    config = json.loads((guided / "config.json").read_text())
    (guided / "config.json").write_text(json.dumps({**config, "guide": told}))
    reseal(guided)
    refused(guided, words="guide")


def test_a_guide_that_is_missing_or_of_another_network_is_refused(guided: Path, saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    told = {"step": 1, "scale": 1.5, "max_log_snr": None}
    (saved / "config.json").write_text(json.dumps({**config, "guide": told}))
    reseal(saved)
    refused(saved, words="does not list guide.safetensors")
    data = tensors_to_bytes({"one": torch.zeros(3)})
    (guided / "guide.safetensors").write_bytes(data)
    refused(guided, words="is damaged")
    reseal(guided)
    refused(guided, words="guide.safetensors does not fit the network")


def test_a_guide_of_which_the_config_does_not_know_is_refused(guided: Path) -> None:
    config = json.loads((guided / "config.json").read_text())
    del config["guide"]
    (guided / "config.json").write_text(json.dumps(config))
    reseal(guided)
    refused(guided, words="does not say how guide.safetensors, which is there, acts")
