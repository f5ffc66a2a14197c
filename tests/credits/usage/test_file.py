"""The file of units: read line by line, every problem named by its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.usage_file import (
    MAX_BYTES,
    MAX_LINES,
    Line,
    guarded,
    is_formula,
    read_file,
    unguarded,
    write_file,
)

HEADER = "feature,account,units,on\n"


def problems(data: bytes) -> list[tuple[int, str]]:
    lines, found = read_file(data)
    assert (lines == []) is bool(found)
    return [(problem.line, problem.text) for problem in found]


def one(text: str) -> Line:
    lines, found = read_file(text.encode())
    assert found == []
    (line,) = lines
    return line


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without BOM", "with BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_it_is_read_as_spreadsheets_write_it(mark: bytes, end: str, delimiter: str) -> None:
    text = f"Feature,Account,UNITS,on{end}email-core,,310,{end}cloud-risk,prod,501,Yes{end}"

    lines, found = read_file(mark + text.replace(",", delimiter).encode())

    assert found == []
    assert lines == [
        Line(2, "email-core", "", "310", ""),
        Line(3, "cloud-risk", "prod", "501", "yes"),
    ]


def test_quoted_cells_hold_the_delimiter_and_blank_lines_are_no_lines() -> None:
    line = one('feature,account,units\n\n,,\ncloud-risk,"prod, eu",5\n')

    assert (line.number, line.account, line.units) == (4, "prod, eu", "5")


def test_columns_come_in_any_order_and_some_are_for_people() -> None:
    line = one("units,name,counted in,feature\n7,Core package,users,email-core\n")

    assert (line.feature, line.units, line.account, line.on) == ("email-core", "7", "", "")


def test_a_group_may_be_named_in_place_of_a_feature() -> None:
    assert one("group;units\nztsa-internet-ai;7\n").feature == "ztsa-internet-ai"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 0, "empty"),
        (b"\xef\xbb\xbf \r\n", 0, "empty"),
        (HEADER.encode(), 0, "no lines with units"),
        (b"x" * (MAX_BYTES + 1), 0, "larger than 1,000 kB"),
        (HEADER.encode() + b"email-core,,1,\nemail-core,\xff,1,\n", 3, "no UTF-8 text"),
        ("feature,units\na,1\n".encode("utf-16"), 1, "no UTF-8 text"),
        (HEADER.encode() + b"email-core,a\0b,1,\n", 2, "NUL"),
        (HEADER.encode() + b'email-core,"open,1,\n', 2, "quotation mark"),
        (HEADER.encode() + b'email-core,"a"b,1,\n', 2, "quotation mark"),
        (HEADER.encode() + b"email-core,,1,,,9\n", 2, "6 cells, the header 4"),
        (HEADER.encode() + b"email-core," + b"x" * 401 + b",1\n", 2, "longer than 400"),
        (b"feature;amount\nemail-core;1\n", 1, "no column"),
        (b"feature\nemail-core\n", 1, "The column units is missing"),
        (b"units\n1\n", 1, "The column feature is missing"),
        (b"feature,group,units\na,b,1\n", 1, "The column feature is there twice"),
        (b"\nfeature,units,units\na,b,1\n", 2, "The column units is there twice"),
    ],
)
def test_a_bad_file_is_refused_at_its_line(data: bytes, line: int, words: str) -> None:
    found = problems(data)

    assert any(number == line and words in text for number, text in found), found


def test_every_bad_line_is_named() -> None:
    data = HEADER + "a,,1,,5\nb,,1,\nc,,1,,6\n"

    assert [number for number, _ in problems(data.encode())] == [2, 4]


def test_2000_lines_are_read_and_one_more_is_refused() -> None:
    text = HEADER + "cloud-risk,a,1,\n" * MAX_LINES

    assert len(read_file(text.encode())[0]) == MAX_LINES
    assert problems((text + "cloud-risk,a,1,\n").encode()) == [
        (0, "The file has more than 2,000 lines.")
    ]


def test_a_file_of_exactly_a_megabyte_is_read() -> None:
    text = HEADER + "cloud-risk,prod,1,\n"

    assert read_file(text.encode().ljust(MAX_BYTES, b"\n"))[1] == []


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_what_is_guarded_for_spreadsheets_is_read_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", " =1", "'=1", '"=1', "\t=1", "−1"])
def test_a_formula_is_recognized(text: str) -> None:
    assert is_formula(text)


cells = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40
).filter(lambda text: text.strip() == text)


@given(st.lists(cells, min_size=1, max_size=5))
def test_what_is_written_is_read_again(accounts: list[str]) -> None:
    text = write_file(["cloud-risk", "Name", name, "5", "resources", ""] for name in accounts)

    lines, found = read_file(text.encode())

    assert found == []
    assert [line.account for line in lines] == accounts


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for raw in (data, HEADER.encode() + data):
        lines, found = read_file(raw)
        assert bool(lines) is not bool(found)
