"""Files in blocks of lines, and lines of CSV, as pure functions."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import files
from ingest.csv_lines import parse_header, parse_lines
from ingest.files import Line, read_blocks
from tests.support.importing import write

TEXT = st.characters(exclude_characters="\r\n\ufeff", codec="utf-8")


@given(
    lines=st.lists(st.text(TEXT, max_size=30)),
    block_lines=st.integers(1, 7),
    packed=st.booleans(),
)
def test_blocks_can_be_taken_up_again_at_any_end(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], block_lines: int, packed: bool
) -> None:
    file = tmp_path_factory.mktemp("blocks") / "lines"
    content = "".join(f"{line}\n" for line in lines).encode()
    file.write_bytes(gzip.compress(content) if packed else content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK_LINES", block_lines)
        whole = list(read_blocks(file))
        assert [line for block in whole for line in block.lines] == [
            Line(number, text) for number, text in enumerate(lines, 1)
        ]
        for taken, block in enumerate(whole, 1):
            rest = list(read_blocks(file, block.end, block.lines[-1].number))
            assert [b.lines for b in rest] == [b.lines for b in whole[taken:]]


def test_a_block_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BLOCK_BYTES", 100)
    file = write(tmp_path, *["x" * 60] * 10)
    assert [len(block.lines) for block in read_blocks(file)] == [2] * 5


@given(st.lists(st.text(max_size=40), max_size=10))
def test_no_text_breaks_the_parser(texts: list[str]) -> None:
    lines = [Line(number, text) for number, text in enumerate(texts, 2)]
    parsed = parse_lines(parse_header("metric,timestamp,value"), lines)
    spoken_of = [rejection.index for rejection in parsed.malformed] + parsed.positions.tolist()
    assert sorted(spoken_of) == [line.number for line in lines if (line.text or "").strip()]
