"""A workbook's file before it is parsed: how large it is unpacked, and whether it is harmless.

An XLSX is an archive of XML. The parser reads what it is told to read, so the archive is walked
first, part by part, up to a bound that what it declares of itself cannot raise.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from estimator.domain.importing.cells import Unreadable

MAX_UNPACKED = 30_000_000
"""Bytes of all parts together; an estimate's own workbook of 400 lines and ten years has 25 MB."""

MAX_PARTS = 1_000
MAX_ELEMENTS = 400_000
"""XML elements of all parts together; each takes the parser some hundred bytes."""

CHUNK = 65_536
IS_ENCRYPTED = 0x1
CONTENT_TYPES = "[Content_Types].xml"

BROKEN = (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
"""What unpacking raises for bytes that are no archive, or a damaged one."""


def check_archive(data: bytes) -> None:
    """Refuse what is no workbook, too large unpacked, or able to do harm. Raises Unreadable."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            check_parts(parts)
            walk = Walk()
            for part in parts:
                walk.through(archive, part)
            if b"macroEnabled" in archive.read(CONTENT_TYPES):
                raise Unreadable(macros())
    except BROKEN as error:
        raise Unreadable(damaged()) from error


def check_parts(parts: list[ZipInfo]) -> None:
    """Refuse an archive by what it declares: kind, password, macros, number and size of parts."""
    names = {part.filename.casefold() for part in parts}
    if any(part.flag_bits & IS_ENCRYPTED for part in parts):
        raise Unreadable(locked())
    if any(name.endswith("vbaproject.bin") for name in names):
        raise Unreadable(macros())
    if "xl/workbook.bin" in names or "mimetype" in names:
        raise Unreadable(other_kind())
    if all(part.filename != CONTENT_TYPES for part in parts):
        raise Unreadable(damaged())
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Unreadable(too_large())
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise Unreadable(damaged())


class Walk:
    """A walk through the parts of an archive that keeps count of what it meets."""

    def __init__(self) -> None:
        self.size = 0
        self.elements = 0

    def through(self, archive: ZipFile, part: ZipInfo) -> None:
        """Unpack a part in pieces, and read it as XML for as long as it is XML.

        A document type is refused whatever it declares: only with one can XML name other files,
        or make much of little. A part that turns out to be no XML is as dead to the parser.
        """
        parser = expat.ParserCreate()
        is_xml = True
        parser.StartDoctypeDeclHandler = self.refuse_doctype
        parser.StartElementHandler = self.count
        with archive.open(part) as unpacked:
            while piece := unpacked.read(CHUNK):
                self.size += len(piece)
                if self.size > MAX_UNPACKED:
                    raise Unreadable(too_large())
                try:
                    if is_xml:
                        parser.Parse(piece)
                except expat.ExpatError:
                    is_xml = False

    def refuse_doctype(self, *_declared: object) -> None:
        """Stop at a document type."""
        raise Unreadable(
            _("The workbook holds an XML document type, which no spreadsheet program writes.")
        )

    def count(self, _name: str, _attributes: object) -> None:
        """Count an element."""
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise Unreadable(too_large())


def damaged() -> str:
    return _("The file cannot be read as a workbook. Save it again as XLSX, or as CSV UTF-8.")


def macros() -> str:
    return _("The workbook holds macros. Save it as XLSX without macros.")


def locked() -> str:
    return _("The file is protected by a password. Remove the password, and choose it again.")


def other_kind() -> str:
    return _("This kind of workbook is not read. Save it as XLSX, or as CSV UTF-8.")


def too_large() -> str:
    return _("The workbook is too large unpacked. Keep only the sheet with the units.")
