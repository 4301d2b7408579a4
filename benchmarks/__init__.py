"""Measurements with peers in the same run; each is `python -m benchmarks.NAME`."""
