"""Runs every benchmark: `make bench`, or one by name: `python -m benchmarks assign`."""

from __future__ import annotations

import importlib
import sys

NAMES = ("assign", "fires", "bring_in", "totals", "map", "budget", "zonal", "effects", "danger")


def main() -> None:
    """Run the named benchmarks, or all."""
    for name in sys.argv[1:] or NAMES:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
