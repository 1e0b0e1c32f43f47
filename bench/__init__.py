"""Benchmarks and long suites, runnable by name."""
