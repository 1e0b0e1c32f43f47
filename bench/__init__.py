"""Benchmarks and trials, run by name. Nothing here is shipped or timed by the tests."""
