"""The benchmark: the product's requests compared with the least possible, in one run."""
