"""Measurements, each in one JSON line: python -m benchmarks.NAME."""
