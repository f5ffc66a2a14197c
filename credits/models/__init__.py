"""The one schema's foundation: people, catalogue, licenses, facts, ledger, projections."""

from credits.models.catalogue import AllocationGroup, Feature, Solution
from credits.models.facts import (
    AllocationModel,
    BillingModel,
    Fact,
    FeatureChoice,
    FeatureRate,
    LicenseTerm,
    UsageReport,
)
from credits.models.jobs import JobRun, RunState
from credits.models.ledger import (
    LedgerEntry,
    Operation,
    OperationNote,
    Side,
    subject_of,
)
from credits.models.licenses import License, LicenseKind
from credits.models.outbox import OutgoingMail
from credits.models.people import (
    Assignment,
    Customer,
    Membership,
    OverAllocation,
    Role,
    User,
)
from credits.models.projections import (
    GENESIS,
    Balance,
    DailyChange,
    Journal,
    Level,
    OfficeJournal,
)
from credits.models.publication import Boundary, Publication
from credits.models.security import SecurityEvent, SecurityEventKind
from credits.models.sources import UsageSource
from credits.models.viewing import Viewing

__all__ = [
    "GENESIS",
    "AllocationGroup",
    "AllocationModel",
    "Assignment",
    "Balance",
    "BillingModel",
    "Boundary",
    "Customer",
    "DailyChange",
    "Fact",
    "Feature",
    "FeatureChoice",
    "FeatureRate",
    "JobRun",
    "Journal",
    "LedgerEntry",
    "Level",
    "License",
    "LicenseKind",
    "LicenseTerm",
    "Membership",
    "OfficeJournal",
    "Operation",
    "OperationNote",
    "OutgoingMail",
    "OverAllocation",
    "Publication",
    "Role",
    "RunState",
    "SecurityEvent",
    "SecurityEventKind",
    "Side",
    "Solution",
    "UsageReport",
    "UsageSource",
    "User",
    "Viewing",
    "subject_of",
]
