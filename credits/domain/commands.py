"""What the writer is asked: a command, who asks it and how, and what it decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from credits.models import Customer, Fact, Operation, User

if TYPE_CHECKING:
    from credits.domain.books import Books


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asks, through what, and under which key. Only `source` and `key` identify a repeat."""

    source: str
    key: str
    actor: User | None = None
    on_behalf_of: User | None = None
    reason: str = ""
    request_id: str = ""
    confirmed_shortfall: int | None = None


@dataclass(kw_only=True)
class Decision:
    """What a command makes of the books: new facts, withdrawn facts, and its own rows."""

    facts: list[Fact] = field(default_factory=list)
    withdraws: Operation | None = None
    save_rows: Callable[[], None] = lambda: None
    answer: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing asked of one customer's books. Subclasses say what, and decide."""

    kind: ClassVar[str]
    judged: ClassVar[bool] = False
    """Whether a net increase of allocated is judged against the balance (a person's act)."""
    while_parked: ClassVar[bool] = False
    """Whether it is carried out on parked books: what no person asks, and what unparks them."""
    with_broken_books: ClassVar[bool] = False
    """Whether it leaves out whatever reads facts and rates, since those may be what is broken."""

    customer: Customer
    asked: Asked

    @property
    def passes_parked(self) -> bool:
        """Whether this one is carried out on parked books."""
        return self.while_parked

    def content(self) -> Mapping[str, Any]:
        """What is compared when the key comes again: what was asked, nothing else."""
        raise AssertionError("each command states its content")

    def decide(self, books: Books) -> Decision:
        """Turn the command into facts, reading the books under the lock."""
        raise AssertionError("each command decides")


@dataclass(frozen=True, kw_only=True)
class OfficeCommand:
    """One thing asked of the catalogue or the staff, which belongs to no customer."""

    kind: ClassVar[str]

    asked: Asked

    def content(self) -> Mapping[str, Any]:
        """What is compared when the key comes again."""
        raise AssertionError("each command states its content")

    def decide(self, now: datetime) -> Decision:
        """Turn the command into facts and rows, under the office's lock."""
        raise AssertionError("each command decides")


@dataclass(frozen=True)
class Answer:
    """What became of a command. `repeated`: an earlier one with this key did it already."""

    operation: Operation
    repeated: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """The first answer, as it was given then."""
        return dict(self.operation.answer)


def canonical(value: Any) -> str:
    """One text for one meaning, so that it can be hashed and compared."""
    return ENCODER.encode(value)


def plain(value: Any) -> Any:
    """Instants, days, decimals and ids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical text")


# Made once: every operation, fact and entry passes through it, a million in one verification.
ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=plain)


def digest(*parts: str) -> str:
    """SHA-256 of texts, as hexadecimal."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def fingerprint(command: Command | OfficeCommand) -> str:
    """The digest of what a command asks."""
    customer = str(command.customer.public_id) if isinstance(command, Command) else ""
    return digest(command.kind, customer, canonical(command.content()))
