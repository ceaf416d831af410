"""Files of sprites that a visitor uploads, and how they are to be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import streamlit as st

from ddpm.sprites import SpriteDataset, SpriteError
from ddpm.sprites.readers.reading import AUTO, Reading
from ddpm.sprites.readers.sheets.sheet_layout import Grid, GridQuestion
from ddpm.sprites.uploads import keep_upload
from pages.parts.shared.store import sprites as stored_sprites
from pages.parts.shared.uploading.sheet_cut import ask_grid, by_hand, find_sheet, show_cut
from pages.parts.shared.words import plain, problem

UPLOAD = "Pictures, a sheet, a .zip of folders, or .npy"
_KEEP, _WHITE, _OWN = "keep", "white", "own"
_ALPHA = {_KEEP: "Keep", AUTO: "Auto colour", _WHITE: "White", _OWN: "Own colour"}
_SMALLER = "smaller than the others"
_OPTIONS = re.compile(r" \([^()]*--[^()]*\)")


def ask_for_file(key: str, text: str = UPLOAD) -> str | None:
    """Ask for files of sprites, and return the source for ``load_sprites``; None as long as there is none.

    The last upload under a key that could be used is remembered when the page is left, and when another is refused;
    so is how its sheet was cut. Whatever is wrong is told here.
    """
    # Any type of file is accepted: if the browser refused one, the file before it would stay chosen.
    uploads = st.file_uploader(
        text, accept_multiple_files=True, key=f"{key}-files", on_change=_note_change, args=(key,)
    )
    st.session_state.pop(f"{key}-asks", None)
    path = st.session_state.get(f"{key}-path")
    try:
        if uploads:
            path = None  # if it is refused, no path is its own
            path = str(_keep(key, uploads))
        if path is None:
            return None
        source = _as_read(key, path)
    except SpriteError as error:
        if not uploads:
            problem(for_page(error))
            _forget(key)
            return None
        return _refused(key, path, error)
    st.session_state[f"{key}-path"], st.session_state[f"{key}-source"] = path, source
    return source


def is_asked(key: str) -> bool:
    """Whether the upload under a key waits for an answer."""
    return bool(st.session_state.get(f"{key}-asks"))


def for_page(text: object) -> str:
    """A message without the options of the command line in brackets."""
    return _OPTIONS.sub("", str(text))


def show_notes(notes: Sequence[str]) -> None:
    """What was left out, cut or assumed when sprites were read."""
    if notes:
        st.caption("  \n".join(f":material/info: {plain(for_page(note))}" for note in notes))


def _note_change(key: str) -> None:
    """Note which of the files are new: those that were dropped last go together, with the earlier ones or without."""
    ids = [upload.file_id for upload in st.session_state[f"{key}-files"] or []]
    seen = st.session_state.get(f"{key}-seen") or []
    st.session_state[f"{key}-new"] = [one for one in ids if one not in seen]
    st.session_state[f"{key}-seen"] = ids
    if not ids:
        _forget(key)  # the visitor took it away


def _forget(key: str) -> None:
    for name in ("path", "source"):
        st.session_state.pop(f"{key}-{name}", None)


def _keep(key: str, uploads: Sequence[Any]) -> Path:
    """Store the uploads: all of them, or the newest alone if they do not go with the others."""
    new = [upload for upload in uploads if upload.file_id in (st.session_state.get(f"{key}-new") or [])]
    try:
        return _store(uploads)
    except SpriteError:
        if len(new) == len(uploads):
            raise
        path = _store(new or uploads[-1:])
    st.caption(":material/info: Only the newest is used: it does not go with the files before it.")
    return path


def _store(uploads: Sequence[Any]) -> Path:
    return keep_upload([(upload.name, upload.getvalue()) for upload in uploads])


def _as_read(key: str, path: str) -> str:
    """The source with all that was chosen on how it is read.

    Raises:
        GridQuestion: if it must first be said how it is cut.
        SpriteError: if it cannot be used.
    """
    grid = _grids(key).get(path, Grid())
    mark = _mark(key, path)
    read = stored_sprites(Reading(grid).name(path))
    show_cut(path, grid)
    if told := st.session_state.pop(f"{mark}-told", None):
        problem(told)
    if find_sheet(path) is not None:
        title = "The sheet is cut the wrong way?"
        by_hand(path, grid, partial(_choose_grid, key, path), mark, title=title, is_open=bool(told))
    elif grid.asked or any("cut into" in row.what or "in doubt" in row.what for row in read.tally):
        title = "Sheets in it are cut the wrong way?"
        by_hand(path, grid, partial(_choose_grid, key, path), mark, title=title, is_open=bool(told))
    centre = _ask_centre(mark, read)
    if centre:
        read = stored_sprites(Reading(grid, centre=True).name(path))
    reading = Reading(grid, _ask_background(mark, read), centre)
    source = reading.name(path)
    laid = stored_sprites(source)
    if reading.background == AUTO and laid.background:
        st.caption(f"Auto picked {plain(laid.background)}: the drawings stand out best on it.")
    return source


def _ask_centre(mark: str, read: SpriteDataset) -> bool:
    """Whether smaller drawings are put in the middle; asked only where there are some."""
    smaller = sum(row.files for row in read.tally if not row.taken and _SMALLER in row.what)
    if not smaller:
        return False
    label = f"Centre the {smaller:,} smaller drawings" if smaller > 1 else "Centre the smaller drawing"
    return st.toggle(
        label, key=f"{mark}-centre", persist_state="session", help="Put them in the middle instead of leaving them out."
    )


def _ask_background(mark: str, read: SpriteDataset) -> str | None:
    """The colour that transparent pixels are laid on; asked only where there are some."""
    if read.shape[0] != 4:
        return None
    chosen = st.segmented_control(
        "Transparent pixels",
        list(_ALPHA),
        default=_KEEP,
        required=True,
        format_func=lambda name: _ALPHA[name],
        key=f"{mark}-alpha",
        persist_state="session",
        help="Kept, the model learns where sprites are transparent. Or they are laid on a colour; auto picks the one "
        "on which the drawings stand out best.",
    )
    if chosen == _OWN:
        return st.color_picker("Colour", "#808080", key=f"{mark}-colour", persist_state="session")
    return None if chosen == _KEEP else str(chosen)


def _refused(key: str, path: str | None, error: SpriteError) -> str | None:
    """Ask how a sheet is cut, or say what is wrong; what was chosen before stays."""
    choose = partial(_choose_grid, key, path or "")
    if path is not None and isinstance(error, GridQuestion) and error.cuts:
        st.session_state[f"{key}-asks"] = True
        mark = _mark(key, path)
        ask_grid(path, error.cuts, choose, mark)
        if told := st.session_state.pop(f"{mark}-told", None):
            problem(told)
        grid = _grids(key).get(path, Grid())
        by_hand(path, grid, choose, mark, title="None of these? Say it yourself", is_open=bool(told))
        return None
    problem(for_page(error))
    if path is not None and find_sheet(path) is not None:
        by_hand(path, Grid(), choose, _mark(key, path), title="Say how the sheet is cut", is_open=True)
    before = st.session_state.get(f"{key}-source")
    if before is not None:
        st.caption(f":material/info: Still chosen: {plain(_name(before))}, as before.")
    return str(before) if before is not None else None


def _choose_grid(key: str, path: str, grid: Grid | None) -> None:
    """Remember how an upload is cut, if it can be cut so."""
    if grid is None:
        _grids(key).pop(path, None)
        return
    try:
        stored_sprites(Reading(grid).name(path))
    except SpriteError as error:
        st.session_state[f"{_mark(key, path)}-told"] = for_page(error)
        return
    _grids(key)[path] = grid


def _grids(key: str) -> dict[str, Grid]:
    """How uploads are cut, as the visitor said, by their paths."""
    return st.session_state.setdefault(f"{key}-grids", {})


def _mark(key: str, path: str) -> str:
    """The beginning of the keys of an upload's own controls."""
    return f"{key}-{blake2b(path.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}"


def _name(source: str) -> str:
    try:
        return stored_sprites(source).name
    except SpriteError:
        return "the set"
