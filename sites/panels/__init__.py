"""What pages of Sites show, made of the figures of `metrics`."""
