"""The picture of who imports whom: the apps down a diagonal, from the highest layer to the lowest.

A line leaves the importing app sideways and enters the imported app from above or, where that is
the higher one, from below. A dot joins the two and says how many imports there are; lines that
cross without a dot have nothing to do with each other.
"""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from tools.structure.graph import Structure

_COLUMN, _ROW, _LEGEND_ROW, _MARGIN = 64, 44, 26, 12  # pixels
_HALF_WIDTH, _HALF_HEIGHT = 51, 14  # of an app's box
_DOT, _TIP = 10, 8
# By the side on which the line leaves its app: 1 for the right, towards the lower apps.
_CSS_CLASSES = {1: "down", -1: "up"}
_LEGEND = {
    1: "Any module may import the apps below its own.",
    -1: "Only faces (pages, API, forms, serializers, filters, admin) import apps above.",
}
_STYLE = """
text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #1f2328 }
path { fill: none; stroke-width: 1.2 }
.paper, circle { fill: #fff }
.app rect { fill: #ddf4e4; stroke: #2f7d4f }
.app text { text-anchor: middle; font-size: 12px; font-weight: 600 }
.count text { text-anchor: middle; font-size: 11px }
.down { stroke: #57606a }
.up { stroke: #bc4c00 }
path.up { stroke-dasharray: 5 3 }
.down.tip { fill: #57606a; stroke: none }
.up.tip { fill: #bc4c00; stroke: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .paper, circle { fill: #0d1117 }
  .app rect { fill: #12311f; stroke: #56b37f }
  .down { stroke: #9198a1 }
  .up { stroke: #f0883e }
  .down.tip { fill: #9198a1 }
  .up.tip { fill: #f0883e }
}
"""

# The places of an importing and an imported app in the order of the layers.
Pair = tuple[int, int]


def draw(structure: Structure) -> str:
    """The picture as SVG, legible in light and dark, with its content in words as description."""
    place = structure.apps.index
    counts = {(place(a), place(b)): n for (a, b), n in sorted(structure.imports.items())}
    last = len(structure.apps) - 1
    width = _x(last) + _HALF_WIDTH + _MARGIN
    height = _y(last) + _HALF_HEIGHT + _MARGIN + _LEGEND_ROW * len(_LEGEND)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
            'aria-labelledby="title description">',
            '<title id="title">Which app imports which</title>',
            f'<desc id="description">{escape(in_words(structure))}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
            *(line for side in _LEGEND for line in _lines(counts, side)),
            *(_dot(pair, count) for pair, count in counts.items()),
            *(_box(index, app) for index, app in enumerate(structure.apps)),
            *_legend(height - _LEGEND_ROW * len(_LEGEND)),
            "</svg>\n",
        ]
    )


def in_words(structure: Structure) -> str:
    """What the picture shows, for those who do not see it."""
    sentences = [f"From the highest layer to the lowest: {', '.join(structure.apps)}."]
    for importer, pairs in groupby(sorted(structure.imports), key=lambda pair: pair[0]):
        counts = (f"{imported} {structure.imports[importer, imported]}" for _, imported in pairs)
        sentences.append(f"{importer} imports {', '.join(counts)}.")
    return " ".join(sentences)


def _x(index: int) -> int:
    return _MARGIN + _HALF_WIDTH + _COLUMN * index


def _y(index: int) -> int:
    return _MARGIN + _HALF_HEIGHT + _ROW * index


def _side(pair: Pair) -> int:
    importer, imported = pair
    return 1 if importer < imported else -1


def _lines(pairs: Iterable[Pair], side: int) -> Iterator[str]:
    """All lines of one direction; those of several imports of one app are drawn once."""
    css = _CSS_CLASSES[side]
    drawn = [pair for pair in pairs if _side(pair) == side]
    for importer, end in _farthest(drawn).items():
        start = _x(importer) + side * _HALF_WIDTH
        yield f'<path class="{css}" d="M{start} {_y(importer)}H{_x(end)}"/>'
    for imported, start in _farthest((b, a) for a, b in drawn).items():
        x, edge = _x(imported), _y(imported) - side * _HALF_HEIGHT
        yield f'<path class="{css}" d="M{x} {_y(start)}V{edge - side * _TIP}"/>'
        yield f'<path class="{css} tip" d="M{x} {edge}l-4 {-side * _TIP}h8z"/>'


def _farthest(pairs: Iterable[Pair]) -> dict[int, int]:
    """For each first element of the pairs, the second one that is farthest from it."""
    farthest: dict[int, int] = {}
    for first, second in pairs:
        farthest[first] = max(second, farthest.get(first, first), key=lambda i: abs(i - first))
    return farthest


def _dot(pair: Pair, count: int) -> str:
    x, y, css = _x(pair[1]), _y(pair[0]), _CSS_CLASSES[_side(pair)]
    return (
        f'<g class="count"><circle class="{css}" cx="{x}" cy="{y}" r="{_DOT}"/>'
        f'<text x="{x}" y="{y + 4}">{count}</text></g>'
    )


def _box(index: int, app: str) -> str:
    x, y = _x(index), _y(index)
    return (
        f'<g class="app"><rect x="{x - _HALF_WIDTH}" y="{y - _HALF_HEIGHT}" '
        f'width="{2 * _HALF_WIDTH}" height="{2 * _HALF_HEIGHT}" rx="6"/>'
        f'<text x="{x}" y="{y + 4}">{app}</text></g>'
    )


def _legend(top: int) -> Iterator[str]:
    for row, (side, text) in enumerate(_LEGEND.items()):
        css, y = _CSS_CLASSES[side], top + _LEGEND_ROW * row
        yield f'<path class="{css}" d="M{_MARGIN} {y}h32"/>'
        yield f'<path class="{css} tip" d="M{_MARGIN + 32 + _TIP} {y}l-{_TIP} -4v8z"/>'
        yield f'<text x="{_MARGIN + 52}" y="{y + 4}">{escape(text)}</text>'
