"""How fast the product is, beside other ways of doing the same: `python -m tests.benchmarks`."""
