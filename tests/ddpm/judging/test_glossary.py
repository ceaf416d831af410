"""Every word of a report is explained, and nothing else is."""

from __future__ import annotations

from ddpm.judging.copying.memorization import LABELS, RATES
from ddpm.judging.glossary import LABEL_WORDS, RATE_WORDS, TERM_WORDS


def test_each_word_has_its_line() -> None:
    assert tuple(RATE_WORDS) == RATES
    assert tuple(LABEL_WORDS) == LABELS
    for words in (*RATE_WORDS.values(), *LABEL_WORDS.values(), *TERM_WORDS.values()):
        assert words.endswith(".")
        assert "\n" not in words
