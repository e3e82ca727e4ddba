"""Measures what `make bench` promises: see BENCHMARKS.md."""
