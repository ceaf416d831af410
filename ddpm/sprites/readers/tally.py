"""What became of the files of a source: taken or left out, why, and how many sprites they gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ddpm.base.json_values import has_fields, is_count, is_name, list_of
from ddpm.base.text import counted, display_name

_LISTED = 200


@dataclass(frozen=True)
class TallyRow:
    """Files of which the same became.

    Attributes:
        taken: whether sprites came of them.
        what: what they are, or why they were left out.
        files: how many files.
        sprites: how many sprites they gave, or would have given. Cells that are blank are counted here, in 0 files.
        names: the files, at most 200 of them.
    """

    taken: bool
    what: str
    files: int
    sprites: int
    names: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**vars(self), "names": list(self.names)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TallyRow:
        """The inverse of :meth:`to_dict`. Raises ValueError for anything else."""
        if not has_fields(values, _FIELDS):
            raise ValueError("not a row of a tally")
        return cls(**{name: values[name] for name in _FIELDS if name != "names"}, names=tuple(values["names"]))


_FIELDS = {
    "taken": lambda value: isinstance(value, bool),
    "what": is_name,
    "files": is_count,
    "sprites": is_count,
    "names": list_of(lambda value: isinstance(value, str)),
}


@dataclass
class Tally:
    """Collects the rows of a source while it is read."""

    blank_cells: int = 0
    """Cells of sheets and frames of animations that hold a single colour, or nothing."""
    _rows: dict[tuple[bool, str], tuple[list[str], int]] = field(default_factory=dict)

    def take(self, what: str, name: str, sprites: int) -> None:
        self._add(True, what, name, sprites)

    def leave_out(self, what: str, name: str, sprites: int = 1) -> None:
        self._add(False, what, name, sprites)

    def _add(self, taken: bool, what: str, name: str, sprites: int) -> None:
        names, before = self._rows.setdefault((taken, what), ([], 0))
        names.append(name)
        self._rows[taken, what] = (names, before + sprites)

    def rows(self) -> tuple[TallyRow, ...]:
        """What was taken first; more sprites first."""
        rows = [
            TallyRow(taken, what, len(dict.fromkeys(names)), sprites, tuple(map(display_name, names[:_LISTED])))
            for (taken, what), (names, sprites) in self._rows.items()
        ]
        if self.blank_cells:
            rows.append(TallyRow(False, "blank cells", 0, self.blank_cells))
        return tuple(sorted(rows, key=lambda row: (not row.taken, -row.sprites)))


def in_words(rows: Iterable[TallyRow]) -> str:
    """One line: "1,041 of 1,111 files: 979 of 16 x 16, 62 strips cut into 480; left out: 8 of 32 x 32"."""
    rows = list(rows)
    files = sum(row.files for row in rows if row.taken)
    total = files + sum(row.files for row in rows if not row.taken)
    taken = ", ".join(_words(row) for row in rows if row.taken)
    left = ", ".join(_words(row) for row in rows if not row.taken)
    return f"{files:,} of {counted(total, 'file')}: {taken}" + (f"; left out: {left}" if left else "") + "."


def _words(row: TallyRow) -> str:
    if not row.files:
        return f"{row.sprites:,} {row.what}"
    return f"{row.files:,} {row.what}" + (f" ({row.sprites:,} sprites)" if row.sprites != row.files else "")


def listed_rows(rows: Sequence[TallyRow]) -> list[dict[str, Any]]:
    """All rows as JSON values."""
    return [row.to_dict() for row in rows]
