"""What the templates of links ask for: the links of an estimate, and what a link opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext_lazy

from credits.domain.links import portal_url
from credits.models import Customer
from estimator.domain.price_list import read_price_list
from estimator.domain.repricing import Repricing, reprice
from estimator.domain.sharing import LinkState, links_of, secret_of, state_of
from estimator.domain.statement import version_statement
from estimator.files import FILES
from estimator.models import Estimate, EstimateLink, EstimateVersion

SHOWN = 50
"""Versions to choose from, and links listed: the newest."""

FILE_NAMES = {
    "pdf": gettext_lazy("Quote (PDF)"),
    "xlsx": gettext_lazy("Spreadsheet (XLSX)"),
    "csv": gettext_lazy("CSV"),
}


@dataclass(frozen=True)
class LinkRow:
    """A link as its list shows it."""

    link: EstimateLink
    state: LinkState
    key: str
    """The key of the form that revokes it."""
    revoke_url: str

    @property
    def is_open(self) -> bool:
        return self.state == LinkState.OPEN

    @property
    def url(self) -> str:
        """The whole address to give away."""
        return portal_url(reverse("estimator:shared-estimate", args=[secret_of(self.link)]))


class Links:
    """The links of an estimate, and what can be shared of it."""

    def __init__(self, customer: Customer, estimate: Estimate, now: datetime) -> None:
        self.customer = customer
        self.estimate = estimate
        self.now = now

    @cached_property
    def versions(self) -> list[EstimateVersion]:
        """The newest versions, the newest first."""
        return list(self.estimate.versions.order_by("-number")[:SHOWN])

    @cached_property
    def links(self) -> list[tuple[EstimateLink, LinkState]]:
        """The newest links with how each stands, those that are open first."""
        found = [(link, state_of(link, self.now)) for link in links_of(self.estimate)[:SHOWN]]
        return sorted(found, key=lambda pair: pair[1] != LinkState.OPEN)


class Shared:
    """What a link opens: a version as it was saved, and what became of its rates."""

    def __init__(self, link: EstimateLink, secret: str, now: datetime) -> None:
        self.link = link
        self.secret = secret
        self.now = now
        self.statement = version_statement(link.version)

    @cached_property
    def today(self) -> Repricing:
        """The same at the rates in force now."""
        own = self.statement
        return reprice(own.draft, own.prices, read_price_list(self.now))

    @property
    def left_out(self) -> list[str]:
        """The names of features that take no allocations any more."""
        rows = (row for row in self.today.rows if row.is_stated)
        return [row.feature.name for row in rows if row.cause in ("closed", "gone")]

    @property
    def files(self) -> Iterator[tuple[str, str]]:
        """What can be taken along: name and address."""
        for kind, name in FILE_NAMES.items():
            if kind in FILES:
                args = [self.secret, kind]
                yield str(name), reverse("estimator:shared-estimate-file", args=args)
