"""Benchmarks: each prints its ratio to a named peer in the same run. Never part of the tests."""
