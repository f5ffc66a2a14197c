"""What a boundary made visible: the rows and heads of one window, their hash, and their record.

The rows are streamed and hashed here; the heads are gathered, hashed and kept by the database
itself. So an hour in which every customer was busy takes no more memory than a quiet one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from credits.domain.commands import canonical
from credits.models import Boundary, Publication

DAWN = datetime(1, 1, 1, tzinfo=UTC)
"""Before everything: where the first publication of an installation begins."""

OFFICE = "office"
"""The chain of catalogue and staff changes, which belong to no customer."""

# Text comes out the same in every connection. A table that was never analyzed must not tempt the
# planner to read all of it: the windows have their indexes. An hour is sorted in memory, once.
SETTINGS = """
    SET LOCAL statement_timeout = '5min';
    SET LOCAL TIME ZONE 'UTC';
    SET LOCAL datestyle = 'ISO';
    SET LOCAL enable_seqscan = off;
    SET LOCAL jit = off;
    SET LOCAL work_mem = '32MB'
"""

# What became visible in (before, through], in two disjoint parts with an index each: recorded
# since and effective by then; booked ahead, recorded earlier and due since. IS TRUE keeps the
# second part from asking the index of the first for all that was ever recorded.
ROWS = """
    COPY (
        SELECT customer_id, seq, operation_id, side, license_id, feature_id, credits,
               effective_at, recorded_at
          FROM credits_ledgerentry
         WHERE recorded_at > %(before)s AND recorded_at <= %(through)s
           AND effective_at <= %(through)s
        UNION ALL
        SELECT customer_id, seq, operation_id, side, license_id, feature_id, credits,
               effective_at, recorded_at
          FROM credits_ledgerentry
         WHERE effective_at > recorded_at
           AND effective_at > %(before)s AND effective_at <= %(through)s
           AND (recorded_at <= %(before)s) IS TRUE
         ORDER BY customer_id, seq
    ) TO STDOUT
"""

# The newest operation of each chain in the window: operations that brought facts alone count as
# well. A writer may be further by now, hence not the head of the journal. The window is read on
# its own: the order of the chains would tempt the planner to walk all operations by their places.
HEADS = """
    WITH recent AS MATERIALIZED (
        SELECT customer_id, position, hash FROM credits_operation
         WHERE recorded_at > %(before)s AND recorded_at <= %(through)s
    )
    SELECT customer.public_id, coalesce(customer.public_id::text, %(office)s) AS chain, head.hash
      FROM (
            SELECT DISTINCT ON (customer_id) customer_id, hash FROM recent
             ORDER BY customer_id, position DESC
           ) AS head
      LEFT JOIN credits_customer AS customer ON customer.id = head.customer_id
"""

# The heads as canonical JSON (ids are in the order of their text, and the office comes after all
# hexadecimal digits), and SHA-256 over the hash before, the boundary with the heads, and
# the hash of the rows: what `digest(previous, canonical(...), rows_hash)` makes of them.
MADE = f"""
    WITH head AS ({HEADS}), gathered AS (
        SELECT '{{' || coalesce(string_agg(
                   to_json(chain)::text || ':' || to_json(hash::text)::text,
                   ',' ORDER BY public_id NULLS LAST
               ), '') || '}}' AS heads
          FROM head
    ), made AS (
        SELECT heads::jsonb AS heads,
               encode(sha256(convert_to(concat_ws(E'\\n',
                   %(previous)s::text,
                   '{{"entries":' || %(entries)s::bigint || ',"heads":' || heads
                       || ',"through":' || %(said)s::text || '}}',
                   %(rows)s::text
               ), 'UTF8')), 'hex') AS hash
          FROM gathered
    )
"""  # noqa: S608

RECORD = f"""
    {MADE}
    INSERT INTO credits_publication
                (boundary_id, entries, heads, previous_hash, hash, recorded_at)
    SELECT %(boundary)s, %(entries)s, heads, %(previous)s, hash, %(now)s FROM made
    RETURNING id, hash
"""  # noqa: S608

COMPARED = f"""
    {MADE}
    SELECT made.heads = recorded.heads, made.hash = recorded.hash
      FROM made, credits_publication AS recorded WHERE recorded.id = %(record)s
"""  # noqa: S608

DIFFERENT = f"""
    WITH head AS ({HEADS})
    SELECT coalesce(head.chain, recorded.chain)
      FROM head
      FULL JOIN (
            SELECT said.key AS chain, said.value AS hash
              FROM credits_publication, jsonb_each_text(heads) AS said
             WHERE credits_publication.id = %(record)s
           ) AS recorded ON recorded.chain = head.chain
     WHERE head.hash IS DISTINCT FROM recorded.hash
     ORDER BY 1 LIMIT %(most)s
"""  # noqa: S608


@dataclass(frozen=True)
class Content:
    """What became visible between two boundaries: how many rows, and their hash."""

    before: datetime
    through: datetime
    entries: int
    rows_hash: str

    def asked(self, previous_hash: str) -> dict[str, Any]:
        """The parameters from which the database makes heads and hash."""
        return {
            "before": self.before,
            "through": self.through,
            "office": OFFICE,
            "previous": previous_hash,
            "entries": self.entries,
            "said": canonical(self.through),
            "rows": self.rows_hash,
        }


def content_between(before: datetime, through: datetime) -> Content:
    """What became visible after one boundary and up to another.

    Needs a transaction, for which it sets how the database reads.
    """
    rows = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        # The driver's own cursor, for the wrapper that logs statements takes no parameters here.
        with cursor.cursor.copy(ROWS, {"before": before, "through": through}) as copy:
            for piece in copy:
                rows.update(piece)
        return Content(before, through, cursor.rowcount, rows.hexdigest())


def record(
    boundary: Boundary, content: Content, *, previous_hash: str, now: datetime
) -> Publication:
    """Write the record of a closed boundary, in the transaction that read its content.

    What is given back is without the heads, which nobody needs to carry about.
    """
    asked = content.asked(previous_hash) | {"boundary": boundary.pk, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(RECORD, asked)
        pk, made = cursor.fetchone()
    names = ("id", "boundary_id", "entries", "previous_hash", "hash", "recorded_at")
    values = (pk, boundary.pk, content.entries, previous_hash, made, now)
    return Publication.from_db(connection.alias, names, values)


def compare(publication: Publication, content: Content) -> tuple[bool, bool]:
    """Whether the heads and the hash that are recorded are those of the content."""
    asked = content.asked(publication.previous_hash) | {"record": publication.pk}
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, asked)
        are_heads_same, is_hash_same = cursor.fetchone()
    return are_heads_same, is_hash_same


def different_chains(publication: Publication, content: Content, most: int) -> list[str]:
    """The first chains whose head is not the recorded one, as the record names them."""
    asked = content.asked(publication.previous_hash) | {"record": publication.pk, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT, asked)
        return [chain for (chain,) in cursor.fetchall()]
