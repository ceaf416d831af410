"""``python -m tests.ddpm.judging.families [name ...]``: print the table of known answers on six kinds of sets."""

from __future__ import annotations

import sys

from tests.ddpm.judging.families.sets import FAMILIES, family, with_checkerboards
from tests.ddpm.judging.families.table import lines

if __name__ == "__main__":
    for name in sys.argv[1:] or FAMILIES:
        print("\n".join(lines(family(name))), end="\n\n", flush=True)
    if len(sys.argv) == 1:
        print("\n".join(lines(with_checkerboards(family("dark ground")))), flush=True)
