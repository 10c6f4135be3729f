"""How fast the product is, as ratios to other ways of doing the same: `python -m tests.benchmarks`."""
