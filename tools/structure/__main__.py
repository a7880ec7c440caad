"""`make structure` draws docs/structure.svg and prints how large each app is.

`python -m tools.structure TREE` prints the sizes of another checkout instead, and draws nothing.
"""

import sys
from pathlib import Path

from tools.structure.graph import read_structure
from tools.structure.picture import draw
from tools.structure.sizes import size_table

HERE = Path(__file__).parents[2]
PICTURE = HERE / "docs" / "structure.svg"


def main(arguments: list[str]) -> None:
    """Report on the tree named, or on this one, whose picture is kept."""
    tree = Path(arguments[0]).resolve() if arguments else HERE
    structure = read_structure(tree)
    if tree == HERE:
        PICTURE.write_text(draw(structure))
    print(size_table(tree, structure))


if __name__ == "__main__":
    main(sys.argv[1:])
