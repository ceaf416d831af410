"""What became of the files, in words that read well for one and for many."""

from __future__ import annotations

import json

import pytest

from ddpm.sprites.readers.tally import Kind, Tally, TallyRow, in_words

DRAWINGS = Kind("drawing of 16 x 16", "drawings of 16 x 16")
STRIPS = Kind("strip cut into {}", "strips cut into {}", "frame")
ODD = Kind("of 32 x 32", "of 32 x 32")
NOT = Kind("file that is no picture", "files that are no pictures")


def test_one_line_for_many_files() -> None:
    tally = Tally()
    for number in range(979):
        tally.take(DRAWINGS, f"{number}.png", 1)
    for number in range(62):
        tally.take(STRIPS, f"strip{number}.png", 8 if number else 0)
    for number in range(70):
        tally.leave_out(ODD, f"large/{number}.png", 1)
    tally.blank_cells = 3
    assert in_words(tally.rows()) == (
        "1,041 of 1,111 files: 979 drawings of 16 x 16, 62 strips cut into 488 frames; left out: 70 of 32 x 32 "
        "(0.png, 1.png, 2.png, …), 3 blank cells."
    )


def test_one_line_for_one_file_of_each() -> None:
    tally = Tally(blank_cells=1)
    tally.take(STRIPS, "a.png", 1)
    tally.leave_out(NOT, "notes/a.txt")
    assert in_words(tally.rows()) == (
        "1 of 2 files: 1 strip cut into 1 frame; left out: 1 file that is no picture (a.txt), 1 blank cell."
    )
    alone = Tally()
    alone.take(DRAWINGS, "a.png", 1)
    assert in_words(alone.rows()) == "1 of 1 file: 1 drawing of 16 x 16."


def test_files_of_equal_names_are_as_many_files() -> None:
    tally = Tally()
    for _ in range(3):
        tally.take(DRAWINGS, "a.png", 1)
    (row,) = tally.rows()
    assert (row.files, row.sprites) == (3, 3)


def test_names_are_kept_up_to_a_limit_and_counted_beyond() -> None:
    tally = Tally()
    for number in range(1000):
        tally.leave_out(NOT, f"{number}.txt")
    (row,) = tally.rows()
    assert (row.files, len(row.names)) == (1000, 200)


def test_a_thousand_reasons_are_told_in_a_line() -> None:
    tally = Tally()
    tally.take(DRAWINGS, "a.png", 1)
    for number in range(1000):
        words = f"of {number} x 9"
        tally.leave_out(Kind(words, words), f"{number}.png", 1)
    rows = tally.rows()
    assert len(rows) < 50
    assert sum(row.files for row in rows) == 1001
    assert "left out for other reasons" in rows[1].what
    line = in_words(rows)
    assert line.startswith("1 of 1,001 files: 1 drawing of 16 x 16; left out: ")
    assert len(line) < 400
    counted = [int(part.split()[0].replace(",", "")) for part in line.split("left out: ")[1].split("), ")]
    assert sum(counted[:-1]) < 1000


@pytest.mark.parametrize("text", ["{}", "{0}", "%s", "a {} b"])
def test_braces_in_a_reason_are_text(text: str) -> None:
    assert Kind(text, text).words(1, 5) == text


def test_rows_are_json_there_and_back() -> None:
    tally = Tally(blank_cells=2)
    tally.take(STRIPS, "スライム.png", 4)
    tally.leave_out(NOT, "a\udcff.txt")
    for row in tally.rows():
        assert TallyRow.from_dict(json.loads(json.dumps(row.to_dict()))) == row
    for wrong in (
        {},
        {"taken": 1},
        {**tally.rows()[0].to_dict(), "files": -1},
        {**tally.rows()[0].to_dict(), "names": 3},
    ):
        with pytest.raises(ValueError, match="tally"):
            TallyRow.from_dict(wrong)
