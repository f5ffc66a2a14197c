"""Whether what was published can be made again from the ledger, and comes out the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from billing.domain.publication_content import DAWN, compare, content_between, different_chains
from credits.domain.boundaries import DELAY, HOUR
from credits.models import GENESIS, Boundary, Publication

NAMED = 3
"""So many chains with another head are named."""


def verify_publications(hour: datetime | None = None) -> Iterator[str]:
    """A sentence for each published hour that is not what the ledger makes of it today.

    All hours, or only the one whose boundary is given. Each names its hour by the boundary (UTC).
    """
    before: Boundary | None = None
    boundaries = Boundary.objects.order_by("at").select_related("publication")
    boundaries = boundaries.defer("publication__heads")
    if hour is not None:
        before = boundaries.filter(at__lt=hour).last()
        boundaries = boundaries.filter(at=hour)
        if not boundaries.exists():
            yield f"{hour:%Y-%m-%d %H:%M} was never closed."
    for boundary in boundaries.iterator(chunk_size=1000):
        for problem in problems_of(boundary, before):
            yield f"{boundary.at:%Y-%m-%d %H:%M}: {problem}."
        before = boundary


def problems_of(boundary: Boundary, before: Boundary | None) -> Iterator[str]:
    """What differs between one record and the ledger, or the record before."""
    publication, previous = record_of(boundary), record_of(before)
    if before is not None and boundary.at != before.at + HOUR:
        yield "the hours before it were never closed"
    if boundary.closed_at < boundary.at + DELAY:
        yield f"closed at {boundary.closed_at:%Y-%m-%d %H:%M:%S}, before it was due"
    if publication is None:
        yield "closed, and not recorded"
        return
    if publication.previous_hash != (previous.hash if previous else GENESIS):
        yield "it does not follow the record before"
    yield from differences(publication, before.at if before else DAWN, boundary.at)


@transaction.atomic
def differences(publication: Publication, before: datetime, through: datetime) -> list[str]:
    """What differs between one record and what became visible between two boundaries."""
    found = []
    content = content_between(before, through)
    if publication.entries != content.entries:
        found.append(
            f"{content.entries} entries became visible, {publication.entries} were recorded"
        )
    are_heads_same, is_hash_same = compare(publication, content)
    if not are_heads_same:
        chains = ", ".join(different_chains(publication, content, NAMED))
        found.append(f"the heads of the chains are not those recorded ({chains})")
    if not is_hash_same:
        found.append("the hash is not the one recorded")
    return found


def record_of(boundary: Boundary | None) -> Publication | None:
    """The record of a boundary, if there is one."""
    return getattr(boundary, "publication", None)
