"""What a file is, by its bytes and its name together: neither alone is believed."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from pathlib import PurePosixPath

MAX_NAME = 120
TEXT = "text/plain"
MAIL = "message/rfc822"
BEGINNINGS = {
    "application/pdf": (b"%PDF-", (".pdf",)),
    "image/png": (b"\x89PNG\r\n\x1a\n", (".png",)),
    "image/jpeg": (b"\xff\xd8\xff", (".jpg", ".jpeg")),
}
OFFICE = "application/vnd.openxmlformats-officedocument."
PACKAGES = {
    ".docx": (f"{OFFICE}wordprocessingml.document", "word/document.xml"),
    ".xlsx": (f"{OFFICE}spreadsheetml.sheet", "xl/workbook.xml"),
}
"""By ending, what a package is and the part that makes it one."""

TEXTS = {".txt": TEXT, ".csv": TEXT, ".eml": MAIL}
HEADER = re.compile(rb"^[A-Za-z][A-Za-z0-9-]*:", re.MULTILINE)
ENDINGS = (".pdf", ".png", ".jpg", ".jpeg", ".docx", ".xlsx", *TEXTS)
FORBIDDEN = '<>:"|?*/\\'


def kind_of(name: str, content: bytes) -> str | None:
    """The content type of a file that is taken; None for one that is not what its name says."""
    ending = PurePosixPath(name.lower()).suffix
    for content_type, (beginning, endings) in BEGINNINGS.items():
        if ending in endings:
            return content_type if content.startswith(beginning) else None
    if ending in PACKAGES:
        content_type, part = PACKAGES[ending]
        return content_type if part in parts_of(content) else None
    if ending in TEXTS and is_text(content):
        if ending == ".eml" and not HEADER.match(content):
            return None
        return TEXTS[ending]
    return None


def parts_of(content: bytes) -> list[str]:
    """The names of a package's parts; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return package.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return []


def is_text(content: bytes) -> bool:
    """Whether it is text, in UTF-8 or the older encoding mail still comes in."""
    if not content or b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return not re.search(rb"[\x01-\x08\x0e-\x1a\x7f]", content)
    return True


def safe_name(name: str) -> str:
    """A file's own name without a path, without what a system or a page could take wrongly."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = "".join(sign for sign in base if sign.isprintable() and sign not in FORBIDDEN)
    clean = " ".join(clean.split()).strip(". ") or "file"
    path = PurePosixPath(clean)
    room = MAX_NAME - len(path.suffix)
    return f"{path.stem[:room]}{path.suffix}"[:MAX_NAME]
