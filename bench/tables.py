"""Numbers and tables as Markdown."""

from collections.abc import Iterable, Sequence


def ms(duration: float) -> str:
    """Seconds as milliseconds."""
    return f"{duration * 1000:.1f}"


def times(ratio: float) -> str:
    """A ratio as a factor."""
    return f"{ratio:.2f} ×" if ratio < 10 else f"{ratio:.0f} ×"


def share(ratio: float) -> str:
    """A ratio in percent."""
    return f"{ratio:.0%}"


def target(text: str, met: bool) -> str:
    """A target, and whether it is met."""
    return f"{text}: {'met' if met else '**missed**'}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first and the last one hold numbers."""
    rules = ["---", *["---:"] * (len(head) - 2), "---"]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rules, *rows))
