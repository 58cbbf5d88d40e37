"""Faults on purpose: the desk's writing jobs killed at every write point, and on a disk that fills up at each of them.

`python -m benchmarks.faults` prints a table and ends with 1 when anything stored was lost or counted twice.
"""
