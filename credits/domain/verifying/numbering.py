"""Numbers, instants and owners: what the rows of one customer's books have in common."""

from __future__ import annotations

from collections.abc import Iterator

from credits.domain.verifying.checks import Batch, Problem, Seen, rows

ENTRIES = "SELECT count(*) FROM credits_ledgerentry WHERE customer_id = ANY(%(customers)s)"
OPERATIONS = "SELECT count(*) FROM credits_operation WHERE customer_id = ANY(%(customers)s)"

GAPS = """
SELECT customer_id, seq, before FROM (
    SELECT customer_id, seq,
        lag(seq, 1, 0::bigint) OVER (PARTITION BY customer_id ORDER BY seq) AS before
    FROM credits_ledgerentry WHERE customer_id = ANY(%(customers)s)
) numbered WHERE seq <> before + 1 ORDER BY customer_id, seq
"""

PLACES = """
SELECT customer_id, kind, public_id, position, before, recorded_at <= earlier FROM (
    SELECT customer_id, kind, public_id, position, recorded_at,
        lag(position, 1, 0::bigint) OVER chain AS before, lag(recorded_at) OVER chain AS earlier
    FROM credits_operation WHERE customer_id = ANY(%(customers)s)
    WINDOW chain AS (PARTITION BY customer_id ORDER BY position)
) placed WHERE position <> before + 1 OR recorded_at <= earlier ORDER BY customer_id, position
"""

OWNERS = """
SELECT entry.customer_id, entry.seq, operation.customer_id IS DISTINCT FROM entry.customer_id,
    operation.recorded_at <> entry.recorded_at, license.customer_id <> entry.customer_id
FROM credits_ledgerentry entry
JOIN credits_operation operation ON operation.id = entry.operation_id
LEFT JOIN credits_license license ON license.id = entry.license_id
WHERE entry.customer_id = ANY(%(customers)s) AND (
    operation.customer_id IS DISTINCT FROM entry.customer_id
    OR operation.recorded_at <> entry.recorded_at OR license.customer_id <> entry.customer_id)
ORDER BY entry.customer_id, entry.seq
"""

FACT_OWNERS = """
SELECT fact.customer_id, operation.kind, operation.public_id FROM (
    SELECT license.customer_id, term.operation_id FROM credits_licenseterm term
    JOIN credits_license license ON license.id = term.license_id
    WHERE license.customer_id = ANY(%(customers)s)
    UNION ALL SELECT customer_id, operation_id FROM credits_usagereport
    WHERE customer_id = ANY(%(customers)s)
    UNION ALL SELECT customer_id, operation_id FROM credits_featurechoice
    WHERE customer_id = ANY(%(customers)s)
) fact JOIN credits_operation operation ON operation.id = fact.operation_id
WHERE operation.customer_id IS DISTINCT FROM fact.customer_id
"""

UNEXPLAINED = """
SELECT operation.customer_id, operation.kind, operation.public_id,
    array_remove(ARRAY[
        CASE WHEN operation.source = '' THEN 'source' END,
        CASE WHEN operation.key = '' THEN 'key' END,
        CASE WHEN operation.kind = '' THEN 'kind' END,
        CASE WHEN operation.fingerprint = '' THEN 'fingerprint' END], NULL)
FROM credits_operation operation
WHERE operation.customer_id = ANY(%(customers)s)
    AND '' IN (operation.source, operation.key, operation.kind, operation.fingerprint)
ORDER BY operation.customer_id, operation.position
"""

UNDONE = """
SELECT undo.customer_id, undo.kind, undo.public_id,
    count(*) OVER (PARTITION BY undo.reverses_id) > 1,
    undone.customer_id IS DISTINCT FROM undo.customer_id,
    undone.reverses_id IS NOT NULL AND undone.kind <> 'restate-grant',
    undone.position >= undo.position
FROM credits_operation undo JOIN credits_operation undone ON undone.id = undo.reverses_id
WHERE undo.customer_id = ANY(%(customers)s) ORDER BY undo.customer_id, undo.position
"""

KEYS = """
SELECT source, key, count(*), min(public_id::text) FROM credits_operation
GROUP BY source, key HAVING count(*) > 1 ORDER BY source, key
"""


def count(statement: str, batch: Batch) -> int:
    """How many rows of a kind the customers of a batch have."""
    return int(next(rows(statement, customers=batch.ids))[0])


def owned(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """Entries and facts belong to an operation, and a license, of their own customer."""
    seen["entries"] += count(ENTRIES, batch)
    for customer, seq, operation, instant, license in rows(OWNERS, customers=batch.ids):
        name = batch.entry(customer, seq)
        if operation:
            yield Problem(customer, f"{name} belongs to an operation of another customer.")
        if instant:
            yield Problem(customer, f"{name} is not recorded when its operation was.")
        if license:
            yield Problem(customer, f"{name} is about a license of another customer.")
    for customer, kind, public_id in rows(FACT_OWNERS, customers=batch.ids):
        sentence = f"{kind} {public_id} brought a fact of another customer."
        yield Problem(customer, sentence)


def numbered(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """Entries and operations count 1, 2, 3 for each customer, and their instants only rise."""
    seen["entries"] += count(ENTRIES, batch)
    seen["operations"] += count(OPERATIONS, batch)
    for customer, seq, before in rows(GAPS, customers=batch.ids):
        name = batch.entry(customer, seq)
        yield Problem(customer, f"{name} has seq {seq}, but the one before has {before}.")
    for customer, kind, public_id, position, before, is_early in rows(PLACES, customers=batch.ids):
        if position != before + 1:
            yield Problem(
                customer,
                f"{kind} {public_id} is at position {position}, but the one before at {before}.",
            )
        if is_early:
            yield Problem(
                customer,
                f"{kind} {public_id} is recorded no later than the operation before it.",
            )


def explained(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """Every operation, and with it every entry, says what it was, through what and by which key."""
    seen["operations"] += count(OPERATIONS, batch)
    for customer, kind, public_id, missing in rows(UNEXPLAINED, customers=batch.ids):
        yield Problem(customer, f"{kind} {public_id} has no {' and no '.join(missing)}.")


def undone_once(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """An operation is undone at most once, by its own customer, later; an undo never is."""
    for customer, kind, public_id, again, foreign, is_undo, early in rows(
        UNDONE, customers=batch.ids
    ):
        seen["undos"] += 1
        name = f"{kind} {public_id}"
        if again:
            yield Problem(customer, f"{name} undoes what another undo undid as well.")
        if foreign:
            yield Problem(customer, f"{name} undoes an operation of another customer.")
        if is_undo:
            yield Problem(customer, f"{name} undoes an undo.")
        if early and not foreign:
            yield Problem(customer, f"{name} undoes an operation that came later.")


def keys_used_once(_: Batch, seen: Seen) -> Iterator[Problem]:
    """No key of a source made two operations, over all customers and the office."""
    seen["operations"] += int(next(rows("SELECT count(*) FROM credits_operation"))[0])
    for source, key, times, public_id in rows(KEYS):
        yield Problem(None, f"Key {key!r} of {source} was used {times} times, once by {public_id}.")
