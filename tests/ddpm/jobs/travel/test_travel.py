"""A run that travels as one file draws the same pixels elsewhere; a hostile or damaged file changes nothing."""

from __future__ import annotations

import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ddpm.cli.main import main
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.travel.contents import LIMITS, MOST_FILES, MOST_PREVIEWS, portable_source
from ddpm.jobs.travel.exporting import export_run
from ddpm.jobs.travel.importing import import_run
from ddpm.runs.checkpoint import can_use_raw, load_checkpoint
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.runs.samples import draw_samples
from tests.ddpm.cli.small_runs import train_small
from tests.ddpm.helpers import simple_sprites

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of 3 steps, which no test here changes."""
    place = tmp_path_factory.mktemp("travel")
    np.save(place / "tiny.npy", simple_sprites(40))
    train_small(place, {"mine": str(place / "tiny.npy")})
    return Run(place / "checkpoints" / "mine")


@pytest.fixture(scope="module")
def packed(run: Run) -> bytes:
    return export_run(run.folder).data


def taken(data: bytes, place: Path, name: str | None = None) -> Run:
    """The run that is made of a file in ``checkpoints`` of a folder."""
    (place / "file.zip").write_bytes(data)
    with open(place / "file.zip", "rb") as file:
        return import_run(file, "file.zip", place / "checkpoints", name).run


def unzipped(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return made.getvalue()


def test_an_imported_run_draws_the_same_pixels(run: Run, packed: bytes, tmp_path: Path) -> None:
    found = taken(packed, tmp_path)
    assert (found.name, found.latest(), found.state(), found.id()) == ("mine", 3, "finished", run.id())
    ours, theirs = (draw_samples(load_checkpoint(one.folder), 6, "fast") for one in (run, found))
    assert np.array_equal(ours, theirs)
    assert np.array_equal(found.trained_on(), run.trained_on())
    assert found.metrics() == run.metrics()
    assert found.film() == run.film()
    assert found.damage() == []
    assert not can_use_raw(found.folder)
    assert not [path.name for path in found.folder.rglob("*") if "state." in path.name or "lock" in path.name]
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["mine"]
    assert (found.folder / "README.md").read_text().startswith("# mine\n")
    # And again from there, under another name.
    again = taken(export_run(found.folder).data, tmp_path, "other")
    assert (again.id(), again.name) == (run.id(), "other")


def test_no_folder_of_this_computer_travels(run: Run, packed: bytes) -> None:
    assert packed == export_run(run.folder).data, "the same run gives the same file"
    for name, data in unzipped(packed).items():
        assert str(run.folder.parent.parent).encode() not in data, name
        assert name.startswith("mine/")
    for source, expected in {
        "/home/anna/cats.npz?tile=32x32": "cats.npz?tile=32x32",
        r"C:\cats\c.npz": "c.npz",
        r"\\server\share\..\c.npz": "c.npz",
        "C:c.npz": "c.npz",
        "/": "sprites",
        "../..": "sprites",
        "builtin:40000:7": "builtin:40000:7",
        "kaggle": "kaggle",
    }.items():
        assert portable_source(source) == expected


def test_an_imported_run_cannot_go_on(packed: bytes, tmp_path: Path) -> None:
    found = taken(packed, tmp_path)
    before = (found.folder / "run.json").read_bytes()
    with pytest.raises(RunError, match="Resume it where it was trained"):
        run_training(TrainingRequest(found.folder, steps=9, resume=True), lambda progress: None)
    assert (found.folder / "run.json").read_bytes() == before
    assert found.state() == "finished"
    assert load_checkpoint(found.folder).config["step"] == 3


def test_a_taken_name_costs_nothing(packed: bytes, tmp_path: Path) -> None:
    first = taken(packed, tmp_path)
    (first.folder / "mark").touch()
    for _ in range(2):
        with pytest.raises(RunError, match=r"already a run called 'mine'.*such as 'mine-2'"):
            taken(packed, tmp_path)
    with pytest.raises(RunError, match="cannot be the name"):
        taken(packed, tmp_path, "../mine")
    assert (first.folder / "mark").exists()
    assert taken(packed, tmp_path, "mine-2").folder.is_dir()


def test_a_shipped_run_becomes_ones_own(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "shipped")
    config = json.loads((run.folder / "run.json").read_text())
    del config["id"]
    (tmp_path / "shipped" / "run.json").write_text(json.dumps({**config, "shipped": True}))
    shipped = Run(tmp_path / "shipped")
    found = taken(export_run(shipped.folder).data, tmp_path)
    assert found.id() == shipped.id()
    assert not found.is_shipped()
    found.rename("x").delete()


def test_on_the_command_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", "--run", str(run.folder), "--out", "a.zip"]) == 0
    told = capsys.readouterr().err
    assert "Left out: what only a training needs to go on after step 3; the folder of its sprites" in told
    assert main(["import", "a.zip", "--run", "hers"]) == 0
    assert "put tiny.npy beside checkpoints" in capsys.readouterr().err
    assert main(["sample", "--checkpoint", "checkpoints/hers", "--n", "2", "--steps", "2", "--out", "x.npy"]) == 0
    assert main(["import", "a.zip", "--run", "hers"]) == 1
    assert main(["import", "nowhere.zip"]) == 1
    assert main(["export", "--run", "nowhere", "--out", "b.zip"]) == 1
    assert main(["export", "--run", "hers", "--out", "b.png"]) == 1
    assert not (tmp_path / "b.zip").exists()


def test_what_is_damaged_stays_at_home(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "hurt")
    (tmp_path / "hurt" / "trained_on.npy").write_bytes(b"x")
    exported = export_run(tmp_path / "hurt")
    assert "what is damaged (trained_on.npy)" in exported.told
    assert taken(exported.data, tmp_path).damage() == []
    (tmp_path / "hurt" / "run.json").write_text("{")
    with pytest.raises(RunError, match=r"run\.json"):
        export_run(tmp_path / "hurt")


# Hostile files


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    return lambda files: {**files, name: change(files[name])}


def with_json(name: str, **values: object) -> Callable[[Files], Files]:
    return changed(name, lambda data: json.dumps({**json.loads(data), **values}).encode())


def added(name: str, data: bytes = b"x") -> Callable[[Files], Files]:
    return lambda files: {**files, name: data}


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {path: data for path, data in files.items() if path != name}


_STEP = "mine/steps/000003"
HOSTILE: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a path upwards": (added("../evil.txt"), "which no exported run has"),
    "a path upwards inside": (added("mine/../../evil.txt"), "which no exported run has"),
    "a path upwards to a known name": (added("mine/previews/../run.json"), "which no exported run has"),
    "an absolute path": (added("/etc/evil"), "which no exported run has"),
    "a Windows path": (added("mine\\..\\evil"), "which no exported run has"),
    "a drive": (added("C:/run.json"), "several folders"),
    "another folder": (added("other/metrics.jsonl"), "several folders"),
    "the folder in capitals": (added("Mine/latest"), "several folders"),
    "a name in capitals": (added("mine/RUN.JSON"), "which no exported run has"),
    "a pickle": (added("mine/steps/000003/model.pt", b"\x80\x04."), "which no exported run has"),
    "the state": (added(f"{_STEP}/state.safetensors"), "which no exported run has"),
    "a guide of which nothing else knows": (added(f"{_STEP}/guide.safetensors"), "does not know"),
    "a guide of another step": (added("mine/steps/000001/guide.safetensors"), "2 steps"),
    "a lock": (added("mine/lock"), "which no exported run has"),
    "control": (added("mine/control.json", b"{}"), "which no exported run has"),
    "a second step": (added("mine/steps/000004/manifest.json", b"{}"), "2 steps"),
    "a step spelled twice": (added("mine/steps/0000003/manifest.json", b"{}"), "which no exported run has"),
    "no run.json": (without("mine/run.json"), "run.json is missing"),
    "no weights": (without(f"{_STEP}/model.safetensors"), "model.safetensors is missing"),
    "nothing": (lambda files: {}, "lists more files|empty|no zip"),
    "one flipped bit in the weights": (
        changed(f"{_STEP}/model.safetensors", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        "SHA-256",
    ),
    "weights that are a pickle": (changed(f"{_STEP}/model.safetensors", lambda data: b"\x80\x04."), "damaged"),
    "another config": (with_json(f"{_STEP}/config.json", step=4), "damaged"),
    "broken JSON": (changed("mine/run.json", lambda data: b"{"), "run.json cannot be read"),
    "deep JSON": (changed("mine/run.json", lambda data: b"[" * 5000), "run.json cannot be read"),
    "odd fields": (with_json("mine/run.json", recipe=3), r"run.json \(recipe\) cannot be read"),
    "an id that is a path": (with_json("mine/run.json", id="../../x"), "run.json"),
    "no id": (changed("mine/run.json", lambda data: data.replace(b'"id"', b'"di"')), "does not say its id"),
    "a newer version": (with_json("mine/run.json", format_version=99), "newer version"),
    "hashes that are objects": (changed("mine/trained_on.npy", lambda data: b"\x93NUMPYx"), "trained_on.npy"),
    "damaged metrics": (changed("mine/metrics.jsonl", lambda data: data + b"{]\n"), "metrics.jsonl"),
    "a damaged verdict": (added("mine/verdict.json", b"{}"), "verdict.json"),
    "a preview that is a page": (added("mine/previews/000009.png", b"<html>"), "previews"),
    "a preview that is cut short": (
        lambda files: {**files, (p := next(n for n in files if n.endswith("png"))): files[p][:60]},
        "preview",
    ),
    "a bomb": (added("mine/metrics.jsonl", b"\n" * (63 << 20)), "would unpack"),
    "too large a file": (added("mine/run.json", b" " * (LIMITS["run.json"] + 1)), "at most"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_changes_nothing(packed: bytes, tmp_path: Path, kind: str) -> None:
    twist, words = HOSTILE[kind]
    with pytest.raises(RunError, match=words) as told:
        taken(zipped(twist(unzipped(packed))), tmp_path)
    assert str(tmp_path) not in str(told.value)
    assert ".building" not in str(told.value)
    assert {path.name for path in tmp_path.rglob("*")} <= {"file.zip", "checkpoints"}


def test_as_many_files_as_can_be_exported_arrive(packed: bytes, tmp_path: Path) -> None:
    files = unzipped(packed)
    (picture,) = {data for name, data in files.items() if name.endswith("000003.png")}
    full = {f"mine/previews/{step:06d}.png": picture for step in range(MOST_PREVIEWS)}
    # Those of its kind that this run lacks are damaged, and so are looked at only after all have been counted.
    lacking = {f"mine/{name}": b"" for name in LIMITS} | {f"{_STEP}/guide.safetensors": b""}
    most = {**lacking, **files, **full}
    assert len(most) == MOST_FILES
    with pytest.raises(RunError, match="cannot be read"):
        taken(zipped(most), tmp_path)
    with pytest.raises(RunError, match="more files than a run"):
        taken(zipped({**most, "mine/previews/000999.png": picture}), tmp_path)


def test_links_odd_packing_and_damage(packed: bytes, tmp_path: Path) -> None:
    def refused(data: bytes, words: str) -> None:
        with pytest.raises(RunError, match=words):
            taken(data, tmp_path)
        assert not list(tmp_path.glob("checkpoints/*"))

    files = unzipped(packed)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK if name.endswith("run.json") else stat.S_IFREG) << 16
            archive.writestr(info, b"/etc/passwd" if name.endswith("run.json") else data)
    refused(made.getvalue(), "is a link")
    with zipfile.ZipFile(made := io.BytesIO(packed), "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("mine/run.json", files["mine/run.json"])
    refused(made.getvalue(), "twice")
    refused(zipped({**files, "mine/run.json@x": b""}).replace(b"@x", b"\0x"), "which no exported run has")
    refused(zipped(files, zipfile.ZIP_LZMA), "packed in a way")
    refused(b"", "no zip file")
    refused(packed[:-30], "no zip file|damaged")
    refused(zipped({f"mine/{i}": b"" for i in range(400)}), "more files than a run")
    middle = len(packed) // 2
    refused(packed[:middle] + bytes([packed[middle] ^ 255]) + packed[middle + 1 :], "damaged|cannot be read")
    # A size that lies, in the table of contents.
    at = packed.rfind(b"mine/run.json") - 46 + 24
    refused(packed[:at] + (10).to_bytes(4, "little") + packed[at + 4 :], "damaged")


def test_a_source_that_leads_elsewhere_is_cut(packed: bytes, tmp_path: Path) -> None:
    files = unzipped(packed)
    config = json.loads(files["mine/run.json"])
    config["data"]["source"] = r"\\evil\share\x.npz"
    files["mine/run.json"] = json.dumps({**config, "shipped": True}).encode()
    files["mine/status.json"] = json.dumps(
        {"state": "failed", "log": "/etc/passwd", "error": {"message": "x"}}
    ).encode()
    found = taken(zipped(files), tmp_path)
    assert found.config()["data"]["source"] == "x.npz"
    assert not found.is_shipped()
    assert found.status().keys() == {"state", "step", "start"}
