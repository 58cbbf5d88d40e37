"""Runs the benchmarks of `make bench`, or any by name with its options: `python -m benchmarks nation --sizes 0.01`."""

from __future__ import annotations

import importlib
import sys

NAMES = ("assign", "fires", "other_fires", "bring_in", "totals", "map", "budget", "zonal", "effects", "danger", "brief")


def main() -> None:
    """Run the benchmark that is named, with the options after its name, or those of `NAMES`."""
    for name in sys.argv[1:2] or NAMES:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
