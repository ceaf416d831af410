"""``python -m ddpm``."""

import sys

from ddpm.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
