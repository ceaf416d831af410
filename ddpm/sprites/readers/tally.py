"""What became of the files of a source: taken or left out, why, and how many sprites they gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ddpm.base.json_values import has_fields, is_count, is_name, list_of
from ddpm.base.text import counted, listed

_LISTED = 200
_MOST_KINDS = 40
_TOLD_KINDS = 6


@dataclass(frozen=True)
class Kind:
    """What files are, or why they are left out, in words that follow their number.

    Attributes:
        one: for a single file: "strip cut into {}".
        many: for several: "strips cut into {}".
        unit: what ``{}`` counts: "frame"; empty if there is none.
    """

    one: str
    many: str
    unit: str = ""

    def words(self, files: int, sprites: int) -> str:
        """ "strips cut into 480 frames"."""
        text = self.one if files == 1 else self.many
        return text.replace("{}", counted(sprites, self.unit)) if self.unit else text


OTHERS = Kind("file left out for another reason", "files left out for other reasons")
BLANK_CELLS = Kind("blank cell", "blank cells")


@dataclass(frozen=True)
class TallyRow:
    """Files of which the same became.

    Attributes:
        taken: whether sprites came of them.
        what: what they are, or why they were left out, in words that follow the number of files.
        files: how many files; 0 in the row that counts blank cells.
        sprites: how many sprites they gave, or would have given. Cells that are blank are counted here, in 0 files.
        names: the files, at most 200 of them, each with the folders in which it lies.
    """

    def __str__(self) -> str:
        """ "62 strips cut into 480 frames"; files that are left out are named, the first three of them."""
        named = f" ({listed(list(self.names))})" if self.names and not self.taken else ""
        return f"{self.files or self.sprites:,} {self.what}{named}"

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
class _Collected:
    names: list[str] = field(default_factory=list)
    files: int = 0
    sprites: int = 0

    def add(self, names: Sequence[str], files: int, sprites: int) -> None:
        self.names += names[: max(0, _LISTED - len(self.names))]
        self.files += files
        self.sprites += sprites


@dataclass
class Tally:
    """Collects the rows of a source while it is read."""

    blank_cells: int = 0
    """Cells of sheets and frames of animations that hold a single colour, or nothing."""
    _taken: dict[Kind, _Collected] = field(default_factory=dict)
    _left: dict[Kind, _Collected] = field(default_factory=dict)

    def take(self, kind: Kind, name: str, sprites: int) -> None:
        """Count a file of which sprites came. Names may be equal: each call counts."""
        self._taken.setdefault(kind, _Collected()).add([name], 1, sprites)

    def leave_out(self, kind: Kind, name: str, sprites: int = 0) -> None:
        """Count a file that is left out, and the sprites that it would have given."""
        self._left.setdefault(kind, _Collected()).add([name], 1, sprites)

    def rows(self) -> tuple[TallyRow, ...]:
        """What was taken first; more files first. Of very many kinds the rarest are counted together."""
        by_size = sorted(self._left.items(), key=lambda item: -item[1].files)
        left = dict(by_size[:_MOST_KINDS])
        for _, rare in by_size[_MOST_KINDS:]:
            left.setdefault(OTHERS, _Collected()).add(rare.names, rare.files, rare.sprites)
        rows = [
            TallyRow(taken, kind.words(one.files, one.sprites), one.files, one.sprites, tuple(one.names))
            for taken, kinds in ((True, self._taken), (False, left))
            for kind, one in kinds.items()
        ]
        if self.blank_cells:
            rows.append(TallyRow(False, BLANK_CELLS.words(self.blank_cells, 0), 0, self.blank_cells))
        return tuple(sorted(rows, key=lambda row: (not row.taken, -row.files)))


def in_words(rows: Iterable[TallyRow]) -> str:
    """One line: "1,041 of 1,111 files: 979 drawings of 16 x 16, 62 strips cut into 480 frames; left out: 8 of ..."."""
    rows = list(rows)
    files = sum(row.files for row in rows if row.taken)
    total = files + sum(row.files for row in rows if not row.taken)
    taken = ", ".join(str(row) for row in rows if row.taken)
    left = [row for row in rows if not row.taken]
    told = [str(row) for row in left[:_TOLD_KINDS]]
    if rest := sum(row.files for row in left[_TOLD_KINDS:]):
        told.append(f"{rest:,} more for other reasons")
    return f"{files:,} of {counted(total, 'file')}: {taken}" + (f"; left out: {', '.join(told)}" if told else "") + "."
