"""Questions about the history of Metrics: a window, raw or in buckets, and its answer."""
