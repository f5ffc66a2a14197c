"""Files that are none, are too large, or are made to do harm: a sentence, and nothing read."""

from __future__ import annotations

import tracemalloc
from io import BytesIO
from zipfile import ZIP_LZMA, ZipFile

import pytest

from credits.exceptions import InvalidCommand
from estimator.domain.importing.archive import MAX_ELEMENTS, MAX_UNPACKED
from estimator.domain.importing.reading import MAX_BYTES
from tests.estimator.unit_files import part_of, problems_in, read, repacked, units_in, workbook

pytestmark = pytest.mark.usefixtures("catalogue")

SHEET, TYPES = "xl/worksheets/sheet1.xml", "[Content_Types].xml"
DAMAGED = "The file cannot be read as a workbook. Save it again as XLSX, or as CSV UTF-8."
MACROS = "The workbook holds macros. Save it as XLSX without macros."
LOCKED = "The file is protected by a password. Remove the password, and choose it again."
OTHER = "This kind of workbook is not read. Save it as XLSX, or as CSV UTF-8."
OLD = "The old format XLS is not read. Save the workbook as XLSX, or as CSV UTF-8."
LARGE = "The workbook is too large unpacked. Keep only the sheet with the units."
DOCTYPE = "The workbook holds an XML document type, which no spreadsheet program writes."
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
PASSWORD = "EncryptedPackage".encode("utf-16-le")


def plan() -> bytes:
    return workbook(["Feature key", "Units"], ["email-core", 5])


def with_sheet(xml: str | bytes) -> bytes:
    """A workbook whose sheet is this XML."""
    content = xml.encode() if isinstance(xml, str) else xml
    return repacked(plan(), {SHEET: content})


def refusal(name: str, data: bytes) -> str:
    with pytest.raises(InvalidCommand) as refused:
        read(data, name)
    return refused.value.message


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("plan.csv", b"", "The file is empty."),
        ("plan.xlsx", b"", "The file is empty."),
        ("plan.pdf", b"%PDF-1.7", "Choose an XLSX or a CSV file."),
        ("plan", b"a,b", "Choose an XLSX or a CSV file."),
        ("plan.xlsx", b"Feature key,Units\nemail-core,5", DAMAGED),
        ("plan.xlsx", b"PK\x03\x04 and no more", DAMAGED),
        ("plan.xlsx", COMPOUND + PASSWORD, LOCKED),
        ("plan.xls", COMPOUND, OLD),
        ("plan.xlsx", COMPOUND, OLD),
        ("plan.xls", b"<html><table>", OLD),
        ("plan.xlsm", b"PK\x03\x04", MACROS),
        ("plan.ods", b"PK\x03\x04", OTHER),
        ("plan.xlsb", b"PK\x03\x04", OTHER),
        ("plan.csv", b"x" * (MAX_BYTES + 1), "The file is larger than 2 MB."),
    ],
    ids=[
        "empty text",
        "empty workbook",
        "PDF",
        "no ending",
        "text as workbook",
        "broken archive",
        "password",
        "XLS",
        "XLS as XLSX",
        "HTML as XLS",
        "XLSM",
        "ODS",
        "XLSB",
        "too large",
    ],
)
def test_what_is_no_file_of_units_is_answered_in_a_sentence(
    name: str, data: bytes, said: str
) -> None:
    assert refusal(name, data).startswith(said)


def test_a_workbook_named_as_text_is_answered_in_a_sentence() -> None:
    said = "The file is a workbook, though its name ends in .csv. Rename it."

    assert refusal("plan.csv", plan()) == said


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"xl/vbaProject.bin": b"x"}, MACROS),
        ({"xl/workbook.bin": b"x"}, OTHER),
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, OTHER),
        ({TYPES: None}, DAMAGED),
        ({TYPES: b"<broken"}, DAMAGED),
        ({SHEET: b"<worksheet>"}, DAMAGED),
        ({"xl/workbook.xml": b"<workbook/>"}, "The file is empty."),
        ({f"part-{n}": b"" for n in range(1_001)}, LARGE),
    ],
    ids=["macros", "binary", "other office", "no types", "types", "sheet", "book", "parts"],
)
def test_a_workbook_with_odd_parts_is_refused(parts: dict[str, bytes | None], said: str) -> None:
    assert refusal("plan.xlsx", repacked(plan(), parts)) == said


def test_macros_are_known_by_the_content_type_as_well() -> None:
    types = part_of(plan(), TYPES).replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )

    assert refusal("plan.xlsx", repacked(plan(), {TYPES: types})) == MACROS


ENTITIES = """<!DOCTYPE worksheet [
<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY file SYSTEM "file:///etc/hostname">
]><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/>
</worksheet>"""


@pytest.mark.parametrize("part", [SHEET, TYPES, "xl/styles.xml", "xl/media/picture.png"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_part_and_encoding(part: str, encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>{ENTITIES}'

    assert refusal("plan.xlsx", repacked(plan(), {part: declared.encode(encoding)})) == DOCTYPE


def test_a_part_that_unpacks_to_much_is_refused_before_it_is_unpacked() -> None:
    bomb = repacked(plan(), {"xl/media/zeros.bin": bytes(2 * MAX_UNPACKED)})
    assert len(bomb) < MAX_BYTES

    tracemalloc.start()
    said = refusal("plan.xlsx", bomb)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert said == LARGE
    assert most < MAX_UNPACKED // 4


def test_a_part_that_declares_less_than_it_holds_is_refused() -> None:
    data = bytearray(with_sheet(b"<a>" + b" " * 50_000 + b"</a>"))
    size = (50_007).to_bytes(4, "little")
    while (place := data.find(size)) >= 0:
        data[place : place + 4] = (10).to_bytes(4, "little")

    assert refusal("plan.xlsx", bytes(data)) == DAMAGED


def test_more_elements_than_a_sheet_of_units_has_are_refused() -> None:
    data = with_sheet("<a>" + "<b/>" * MAX_ELEMENTS + "</a>")
    assert len(data) < MAX_BYTES

    assert refusal("plan.xlsx", data) == LARGE


def test_an_unusual_way_of_packing_is_refused() -> None:
    out = BytesIO()
    with ZipFile(BytesIO(plan())) as old, ZipFile(out, "w", ZIP_LZMA) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))

    assert refusal("plan.xlsx", out.getvalue()) == DAMAGED


def test_parts_with_a_password_are_refused() -> None:
    data = bytearray(plan())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + flags] |= 0x1
            place = data.find(mark, place + 4)

    assert refusal("plan.xlsx", bytes(data)) == LOCKED


def sheet_of(rows: str, head: str = "") -> bytes:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return with_sheet(
        f'<worksheet xmlns="{namespace}">{head}<sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Feature key</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>Units</t></is></c></row>'
        f"{rows}</sheetData></worksheet>"
    )


def line(row: int, units: str, kind: str = "n") -> str:
    return (
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>email-core</t></is></c>'
        f'<c r="B{row}" t="{kind}"><v>{units}</v></c></row>'
    )


def test_a_sheet_is_not_believed_about_its_own_size() -> None:
    data = sheet_of(line(7, "5"), '<dimension ref="A1:A1"/>')

    assert units_in(read(data, "plan.xlsx")) == {"email-core": ["5"]}


def test_a_row_far_below_is_found_and_one_beyond_all_sheets_is_not_waited_for() -> None:
    far = read(sheet_of(line(9_000, "x", "str")), "plan.xlsx")
    beyond = sheet_of(line(3, "5") + line(10**15, "7"))

    assert [problem.split(":")[0] for problem in problems_in(far)] == ["B9000"]
    assert refusal("plan.xlsx", beyond).startswith("The sheet goes on below row 100,000.")


@pytest.mark.parametrize(
    ("units", "kind"),
    [("9" * 5_000, "n"), ("99", "s"), ("maybe", "b"), ("soon", "d"), ("NaN", "n")],
)
def test_a_cell_that_is_not_what_it_says_is_no_error_of_ours(units: str, kind: str) -> None:
    data = sheet_of(line(2, units, kind))

    try:
        found = problems_in(read(data, "plan.xlsx"))
    except InvalidCommand as refused:
        found = [refused.message]

    assert found == [DAMAGED] or found[0].startswith("B2: ")


@pytest.mark.parametrize("units", ["1e999", "9" * 300])
def test_numbers_beyond_all_numbers_are_said_at_their_cell(units: str) -> None:
    (problem,) = problems_in(read(sheet_of(line(2, units)), "plan.xlsx"))

    assert problem.startswith("B2: ")
    assert len(problem) < 200


def test_columns_and_rows_beyond_the_most_are_refused() -> None:
    header = ["Feature key", "Units", *(f"c{n}" for n in range(48))]
    fits = workbook(header, ["email-core", 5])
    wide = workbook([*header, "x"], ["email-core", 5])
    long = sheet_of("".join(line(n, "1") for n in range(2, 4_003)))

    assert units_in(read(fits, "plan.xlsx")) == {"email-core": ["5"]}
    assert refusal("plan.xlsx", wide).startswith("A file has up to 50 columns.")
    assert refusal("plan.xlsx", long).startswith("A file has up to 4,000 rows")


def test_formulas_as_texts_stay_texts() -> None:
    found = read(b'Feature,Units\n"\'=1+1",5\n"=HYPERLINK(""x"")",6', "plan.csv")

    none = "There is no such feature in the catalogue. Write its name or its key."
    assert problems_in(found) == [
        f"line 2, Feature: =1+1: {none}",
        f'line 3, Feature: =HYPERLINK("x"): {none}',
    ]


def test_unknown_names_are_compared_for_the_first_only() -> None:
    rows = "\n".join(f"Emial Sensor {n},1" for n in range(500))

    texts = [problem.text for problem in read(f"Feature,Units\n{rows}".encode()).problems]

    assert len(texts) == 500
    assert sum("nearest" in text for text in texts) == 30
