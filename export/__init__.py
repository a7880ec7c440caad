"""The history of Metrics as files: streamed, whatever the window, and never truncated."""
