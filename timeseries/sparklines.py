"""A small line of recent values as an SVG path; pure."""

from collections.abc import Sequence

WIDTH = 110
HEIGHT = 24
_MARGIN = 2


def sparkline_path(values: Sequence[float | None]) -> str:
    """The path of `values` at even steps, scaled to the box; unknown values leave a gap.

    Returns "" when fewer than two values are known: a single point makes no line.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = WIDTH / (len(values) - 1)
    drawn: list[str] = []
    pen = "M"
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        height = HEIGHT - _MARGIN - (value - low) / span * (HEIGHT - 2 * _MARGIN)
        drawn.append(f"{pen}{index * step:.1f} {height:.1f}")
        pen = "L"
    return "".join(drawn)
