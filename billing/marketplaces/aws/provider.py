"""AWS Marketplace as the portal asks it (billing.domain.marketplaces.providers)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from billing.domain.marketplaces.providers import (
    Item,
    Message,
    RefusedToken,
    Truth,
    Unavailable,
    UnknownAgreement,
    Unsettled,
    Vanished,
)
from billing.marketplaces.aws import truth as reading
from billing.marketplaces.aws.calls import AGREEMENT, ENTITLEMENT, METERING, call, client, pages
from billing.marketplaces.aws.configuration import Configuration
from billing.marketplaces.aws.events import ACCOUNT, CATALOG, LICENSE
from billing.marketplaces.aws.queue import UNREADABLE, collect, read_again
from billing.marketplaces.aws.renewing import carry_on
from billing.models import AgreementState, Marketplace, MarketplaceAgreement
from credits import clock

PAGE, AGREEMENT_PAGE = 25, 50
"""Rows of one page; as many as AWS gives."""


class AwsMarketplace:
    """One seller's products on AWS Marketplace."""

    name: str = Marketplace.AWS

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def resolve(self, token: str) -> Truth:
        """The license that a buyer's registration token stands for.

        Raises RefusedToken, with what the buyer can do, where AWS does not know the token, the
        product is another one, or the agreement is over; UnknownAgreement while AWS does not show
        the purchase yet.
        """
        metering = client(self.configuration, METERING, self.configuration.endpoint)
        answer = call(metering.resolve_customer, RegistrationToken=token)
        reference = str(answer.get("LicenseArn") or "")
        account = str(answer.get("CustomerAWSAccountId") or "")
        product = str(answer.get("ProductCode") or "")
        if product not in self.configuration.products:
            raise RefusedToken(
                _("This product of AWS Marketplace is not sold through this portal.")
            )
        if not LICENSE.fullmatch(reference) or not ACCOUNT.fullmatch(account):
            raise RefusedToken(
                _(
                    "AWS Marketplace names no license for this purchase, so it cannot be linked. "
                    "Please write to the vendor."
                )
            )
        found, is_known = self.look(reference, account, product)
        if found.state != AgreementState.ENDED:
            return found
        if is_known:
            raise RefusedToken(_("This purchase has ended in AWS Marketplace."))
        raise UnknownAgreement(
            _(
                "AWS Marketplace does not show this purchase yet. Wait a few minutes, then open "
                "the product in AWS Marketplace and choose to set up your account again."
            )
        )

    def truth(self, reference: str, account: str, product: str) -> Truth:
        """What holds of a license now.

        Raises UnknownAgreement for what is no license, no buyer, none of the products, or never
        was known; Vanished where AWS tells nothing any more of what should go on.
        """
        is_ours = not product or product in self.configuration.products
        if not (is_ours and LICENSE.fullmatch(reference) and ACCOUNT.fullmatch(account)):
            raise UnknownAgreement(_("AWS Marketplace knows no such agreement of this buyer."))
        found, is_known = self.look(reference, account, product)
        return found if is_known else self.as_remembered(found)

    def look(self, reference: str, account: str, product: str) -> tuple[Truth, bool]:
        """What holds of a license, and whether AWS knows anything of it."""
        where, rows = self.entitlements_of(reference, account, product)
        buyer = reading.one_account(rows, account)
        if buyer != account:
            raise UnknownAgreement(_("AWS Marketplace knows no such agreement of this buyer."))
        agreement = reading.newest(self.agreements_of(reference, account))
        found = reading.licensed(reference, buyer, where, rows, agreement, clock.now())
        return found, bool(rows) or agreement is not None

    def entitlements_of(
        self, reference: str, account: str, product: str
    ) -> tuple[str, list[reading.Entitled]]:
        """The entitlements of a license, and the product they are of."""
        products = [product] if product else self.configuration.products
        for code in products:
            rows = self.entitlements(code, {"CUSTOMER_AWS_ACCOUNT_ID": [account]})
            own = [one for one in rows if one.license_arn == reference]
            if own:
                return code, own
        return product or (products[0] if len(products) == 1 else ""), []

    def entitlements(
        self, product: str, narrowed: dict[str, Sequence[str]]
    ) -> list[reading.Entitled]:
        """The entitlements of a product."""
        asked = client(self.configuration, ENTITLEMENT, self.configuration.endpoint)
        rows = pages(
            asked.get_entitlements,
            "NextToken",
            "Entitlements",
            ProductCode=product,
            MaxResults=PAGE,
            **({"Filter": narrowed} if narrowed else {}),
        )
        return [one for one in map(reading.entitled, rows) if one is not None]

    def agreements_of(self, reference: str, account: str) -> list[reading.Agreed]:
        """The agreements that a license has gone through; none where a partner sold it."""
        rows = self.searched(LicenseArn=reference, AcceptorAccountId=account)
        return [reading.agreed(row) for row in rows]

    def chain_of(self, reference: str, account: str) -> list[str]:
        """The licenses of all agreements in the chain of one license, itself not included."""
        found: set[str] = set()
        rows = list(self.searched(LicenseArn=reference, AcceptorAccountId=account))
        for first in {str(row.get("initialAgreementId") or "") for row in rows} - {""}:
            for row in self.searched(InitialAgreementId=first, AcceptorAccountId=account):
                licenses = row.get("entitlements") or ()
                found |= {str(one.get("licenseArn") or "") for one in licenses}
        return sorted(found - {reference, ""})

    def searched(self, **filters: str) -> Iterator[dict[str, Any]]:
        """The agreements that the seller proposed."""
        asked = client(self.configuration, AGREEMENT, self.configuration.endpoint)
        wanted = {"PartyType": "Proposer", "AgreementType": "PurchaseAgreement"} | filters
        return pages(
            asked.search_agreements,
            "nextToken",
            "agreementViewSummaries",
            catalog=CATALOG,
            filters=[{"name": name, "values": [value]} for name, value in wanted.items()],
            maxResults=AGREEMENT_PAGE,
        )

    def as_remembered(self, found: Truth) -> Truth:
        """A license of which AWS knows nothing any more ended when it was said to, if that is past.

        Without this, one that ran out at noon would count as cancelled, and lose its last day.
        One that should go on is not cancelled by an empty answer, which AWS may give for a moment:
        raises Vanished, and UnknownAgreement for one that never was there, since AWS may not show
        it yet.
        """
        known = (
            MarketplaceAgreement.objects.filter(marketplace=Marketplace.AWS)
            .exclude(state=AgreementState.PENDING)
            .filter(reference=found.reference)
            .first()
        )
        if known is None:
            raise UnknownAgreement(_("AWS Marketplace knows no such agreement of this buyer."))
        is_past = known.ends_at is not None and known.ends_at <= clock.now()
        if known.state != AgreementState.ENDED and not is_past:
            raise Vanished(
                _(
                    "AWS Marketplace tells nothing of this agreement any more, which is no proof "
                    "that it ended, so nothing was changed. If that lasts it is listed in the "
                    "night; repair the difference to end it."
                ),
                found,
            )
        return replace(found, ends_at=known.ends_at) if is_past else found

    def settle(self, message: Message) -> None:
        """Link a renewed license as the one before it was; nothing is owed to AWS.

        Raises Unsettled for a message that says nothing to look at, and UnknownAgreement.
        """
        if message.action == UNREADABLE:
            raise Unsettled(read_again(message, self.configuration))
        if message.product and message.product not in self.configuration.products:
            raise Unsettled(
                _("The product %(product)s is none of those that are sold here.")
                % {"product": message.product}
            )
        if not LICENSE.fullmatch(message.reference) or not ACCOUNT.fullmatch(message.account):
            raise Unsettled(_("The message names no license or no buyer."))
        carry_on(self, message)

    def activate(self, reference: str, items: Sequence[Item]) -> None:
        """AWS does not wait to be told that a buyer was let in."""

    def agreements(self) -> Iterable[Truth]:
        """Every license of every product, with its agreement where the seller proposed it."""
        now = clock.now()
        agreed = self.agreements_by_license()
        for product in self.configuration.products:
            by_license: dict[str, list[reading.Entitled]] = defaultdict(list)
            for one in self.entitlements(product, {}):
                by_license[one.license_arn].append(one)
            for reference, rows in by_license.items():
                if LICENSE.fullmatch(reference):
                    account = reading.one_account(rows, "")
                    found = reading.newest(one for _buyer, one in agreed.pop(reference, ()))
                    yield reading.licensed(reference, account, product, rows, found, now)
        yield from self.without_entitlements(agreed)

    def agreements_by_license(self) -> dict[str, list[tuple[str, reading.Agreed]]]:
        """Buyer and agreement of every license that the seller's own offers led to."""
        found: dict[str, list[tuple[str, reading.Agreed]]] = defaultdict(list)
        for row in self.searched(ResourceType="SaaSProduct"):
            buyer = str((row.get("acceptor") or {}).get("accountId", ""))
            for one in row.get("entitlements") or ():
                found[str(one.get("licenseArn") or "")].append((buyer, reading.agreed(row)))
        return found

    def without_entitlements(
        self, agreed: dict[str, list[tuple[str, reading.Agreed]]]
    ) -> Iterator[Truth]:
        """Licenses that have an agreement alone: billed by usage, not provided yet, or over.

        An agreement does not say its product code, so those that the portal never heard of are
        left out; their first event brings them in.
        """
        known = MarketplaceAgreement.objects.filter(
            marketplace=Marketplace.AWS, reference__in=list(agreed)
        )
        now = clock.now()
        for one in known:
            buyers = {buyer for buyer, _agreement in agreed[one.reference]}
            if buyers != {one.account}:
                raise Unavailable("a license with two buyers")
            newest = reading.newest(found for _buyer, found in agreed[one.reference])
            yield reading.licensed(one.reference, one.account, one.product, [], newest, now)

    def collect(self) -> int:
        """Fetch what waits in the queue of events and store it; how many events."""
        return collect(self.configuration) if self.configuration.queue_url else 0
