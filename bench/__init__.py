"""The benchmark: the product's requests beside the least that could be done, in one run."""
