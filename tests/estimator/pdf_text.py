"""What a reader copies out of a PDF: its texts in the order in which they are drawn."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)endobj", re.DOTALL)
FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
MAPPED = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")
DRAWN = re.compile(rb"/(f\d+) [\d.]+ Tf|(\[.*?\] ?TJ|\((?:\\.|[^\\)])*\) ?Tj)", re.DOTALL)
STRING = re.compile(rb"\(((?:\\.|[^\\)])*)\)", re.DOTALL)
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Pdf:
    """A PDF as the quote's typesetter writes it: plain objects, fonts that map to letters."""

    def __init__(self, content: bytes) -> None:
        assert content.startswith(b"%PDF-")
        self.content = content
        self.objects = {int(found[1]): found[2] for found in OBJECT.finditer(content)}

    @property
    def pages(self) -> list[str]:
        """The text of each page, runs one space apart."""
        found = [body for body in self.objects.values() if b"/Type/Page/" in body]
        return [" ".join(" ".join(self.runs(body)).split()) for body in found]

    @property
    def text(self) -> str:
        return " ".join(self.pages)

    @property
    def glued(self) -> str:
        """The text without any space, in which a name is whole although its line broke."""
        return "".join(self.text.replace("\u200b", "").split())

    def stream(self, number: int) -> bytes:
        packed = self.objects[number].partition(b"stream")[2].lstrip(b"\r\n")
        return zlib.decompressobj().decompress(packed)

    def runs(self, page: bytes) -> Iterator[str]:
        """The texts that are drawn on a page."""
        fonts = self.fonts(self.objects[referred(page, b"Resources")])
        letters: dict[bytes, str] = {}
        for font, drawn in DRAWN.findall(self.stream(referred(page, b"Contents"))):
            if font:
                letters = fonts[font]
                continue
            glyphs = b"".join(unescaped(string) for string in STRING.findall(drawn))
            yield "".join(letters.get(glyphs[i : i + 2], "") for i in range(0, len(glyphs), 2))

    def fonts(self, resources: bytes) -> dict[bytes, dict[bytes, str]]:
        """By a font's name: the letters of its glyphs."""
        return {
            name: {
                bytes.fromhex(glyph.decode()): bytes.fromhex(letters.decode()).decode("utf-16-be")
                for glyph, letters in MAPPED.findall(
                    self.stream(referred(self.objects[int(number)], b"ToUnicode"))
                )
            }
            for name, number in FONT.findall(resources)
        }


def referred(body: bytes, name: bytes) -> int:
    """The number of the object that a name refers to."""
    found = re.search(rb"/%s (\d+) 0 R" % name, body)
    assert found, name
    return int(found[1])


def unescaped(string: bytes) -> bytes:
    """A literal string's bytes."""

    def byte(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes([int(code, 8)]) if code.isdigit() else NAMED.get(code, code)

    return ESCAPED.sub(byte, string)
