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
from credits.models.ledger import (
    LedgerEntry,
    Operation,
    OperationNote,
    Side,
    subject_of,
)
from credits.models.licenses import License, LicenseKind
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

__all__ = [
    "GENESIS",
    "AllocationGroup",
    "AllocationModel",
    "Assignment",
    "Balance",
    "BillingModel",
    "Customer",
    "DailyChange",
    "Fact",
    "Feature",
    "FeatureChoice",
    "FeatureRate",
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
    "OverAllocation",
    "Role",
    "Side",
    "Solution",
    "UsageReport",
    "User",
    "subject_of",
]
