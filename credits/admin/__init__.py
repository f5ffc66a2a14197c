"""The support desk's view of this app: every record readable, nothing editable."""

from credits.admin import (
    books,
    catalogue,
    jobs,
    licenses,
    mail,
    people,
    security,
    sources,
    viewings,
)

__all__ = [
    "books",
    "catalogue",
    "jobs",
    "licenses",
    "mail",
    "people",
    "security",
    "sources",
    "viewings",
]
