"""What the adapter asks of AWS Marketplace, and what it makes of the answers and of none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.domain.marketplaces.providers import (
    Item,
    RefusedToken,
    Unavailable,
    UnknownAgreement,
    Vanished,
)
from billing.marketplaces.aws.provider import AwsMarketplace
from billing.models import AgreementState, Marketplace, MarketplaceAgreement
from tests.billing.marketplaces.aws.conftest import BUYER, NOW, PRODUCT, license_arn
from tests.billing.marketplaces.aws.standin_aws import Held, Refusal, Standin

Hold = Callable[..., Held]
pytestmark = pytest.mark.django_db
THROTTLED = Refusal("ThrottlingException", "Rate exceeded")


@pytest.fixture(autouse=True)
def now(at: Any) -> Any:
    with at(NOW):
        yield


def test_a_license_is_what_its_entitlements_and_its_agreement_say(
    marketplace: AwsMarketplace, hold: Hold
) -> None:
    held = hold(dimensions={"credits_1000": 5, "support": 1})
    hold(2, dimensions={"credits_1000": 70})

    truth = marketplace.truth(held.license_arn, BUYER, PRODUCT)

    assert (truth.marketplace, truth.reference) == ("aws", held.license_arn)
    assert (truth.account, truth.product) == (BUYER, PRODUCT)
    assert truth.state == AgreementState.ACTIVE
    assert truth.items == [Item("credits_1000", 5), Item("support", 1)]
    assert (truth.starts_at, truth.ends_at) == (held.starts_at, held.ends_at)
    assert not truth.must_activate


def test_without_a_product_every_product_is_looked_through(
    marketplace: AwsMarketplace, hold: Hold
) -> None:
    held = hold(product="other")
    both = replace(marketplace.configuration, products=(PRODUCT, "other"))

    assert AwsMarketplace(both).truth(held.license_arn, BUYER, "").product == "other"


def test_entitlements_come_in_pages(
    marketplace: AwsMarketplace, standin: Standin, hold: Hold
) -> None:
    standin.page = 2
    for number in range(1, 8):
        hold(number, dimensions={"credits_1000": number})

    truth = marketplace.truth(license_arn(7), BUYER, PRODUCT)

    assert truth.items == [Item("credits_1000", 7)]
    assert standin.asked.count("GetEntitlements") == 4


def test_pages_without_an_end_are_not_followed_for_ever(
    marketplace: AwsMarketplace, standin: Standin, hold: Hold
) -> None:
    standin.endless_pages = True

    with pytest.raises(Unavailable):
        marketplace.truth(hold().license_arn, BUYER, PRODUCT)
    assert len(standin.asked) < 4


@pytest.mark.parametrize(
    ("fields", "state", "items"),
    [
        ({"status": "CANCELLED"}, AgreementState.ENDED, []),
        ({"ends_at": NOW, "is_proposed": False}, AgreementState.ENDED, []),
        ({"is_entitled": False}, AgreementState.PENDING, []),
        ({"is_entitled": False, "ends_at": None}, AgreementState.ACTIVE, [Item("usage", 1)]),
        (
            {"is_entitled": False, "ends_at": datetime(9999, 1, 1, tzinfo=UTC)},
            AgreementState.ACTIVE,
            [Item("usage", 1)],
        ),
        ({"dimensions": {"a": 2.0}}, AgreementState.ACTIVE, [Item("a", 2)]),
        ({"dimensions": {"a": 2.5, "b": "x", "c": 1}}, AgreementState.ACTIVE, [Item("c", 1)]),
        ({"is_proposed": False}, AgreementState.ACTIVE, [Item("credits_1000", 5)]),
    ],
    ids=[
        "cancelled",
        "expired a moment ago, sold by a partner",
        "agreed and not provided yet",
        "billed by usage",
        "billed by usage, to the year 9999",
        "a whole number with a fraction's kind",
        "no whole number",
        "sold by a partner",
    ],
)
def test_what_is_left_decides_the_state(
    marketplace: AwsMarketplace, hold: Hold, fields: dict[str, Any], state: str, items: list[Item]
) -> None:
    truth = marketplace.truth(hold(**fields).license_arn, BUYER, PRODUCT)

    assert truth.state == state
    assert list(truth.items) == items


def known(number: int, state: str, ends_at: datetime | None = None) -> None:
    MarketplaceAgreement.objects.create(
        marketplace=Marketplace.AWS,
        reference=license_arn(number),
        account=BUYER,
        product=PRODUCT,
        state=state,
        ends_at=ends_at,
        found_at=NOW,
    )


def test_a_license_that_is_gone_ended_when_it_was_said_to(marketplace: AwsMarketplace) -> None:
    past, ahead = datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2027, 11, 24, 8, tzinfo=UTC)
    known(1, AgreementState.ACTIVE, past)
    known(2, AgreementState.ACTIVE, ahead)

    truth = marketplace.truth(license_arn(1), BUYER, PRODUCT)

    assert (truth.state, truth.ends_at) == (AgreementState.ENDED, past)
    with pytest.raises(Vanished) as gone:
        marketplace.truth(license_arn(2), BUYER, PRODUCT)
    assert (gone.value.ended.state, gone.value.ended.ends_at) == (AgreementState.ENDED, None)


def test_a_license_that_never_was_there_is_unknown(marketplace: AwsMarketplace) -> None:
    known(1, AgreementState.PENDING)

    for number in (1, 2):
        with pytest.raises(UnknownAgreement):
            marketplace.truth(license_arn(number), BUYER, PRODUCT)


@pytest.mark.parametrize(
    ("reference", "account", "product"),
    [
        ("agmt-2nehijlqfz9g7f2v6imgyjhmu", BUYER, PRODUCT),
        (license_arn(1), "", PRODUCT),
        (license_arn(1), BUYER, "of-somebody-else"),
        (license_arn(1) + "\n", BUYER, PRODUCT),
    ],
    ids=["an agreement", "no buyer", "another product", "more than a license"],
)
def test_what_cannot_be_ours_is_not_asked_about(
    marketplace: AwsMarketplace, standin: Standin, reference: str, account: str, product: str
) -> None:
    with pytest.raises(UnknownAgreement):
        marketplace.truth(reference, account, product)
    assert standin.asked == []


def test_a_license_of_another_buyer_is_not_given_away(
    marketplace: AwsMarketplace, hold: Hold
) -> None:
    held = hold(account="444455556666")

    with pytest.raises(UnknownAgreement):
        marketplace.truth(held.license_arn, BUYER, PRODUCT)


def test_a_token_stands_for_a_license(
    marketplace: AwsMarketplace, standin: Standin, hold: Hold
) -> None:
    standin.tokens["token"] = hold()

    truth = marketplace.resolve("token")

    assert (truth.reference, truth.account, truth.product) == (license_arn(1), BUYER, PRODUCT)
    assert standin.asked == ["ResolveCustomer", "GetEntitlements", "SearchAgreements"]


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"product": "other"}, RefusedToken, "not sold through this portal"),
        ({"license_arn": ""}, RefusedToken, "names no license"),
        ({"license_arn": "arn:aws:iam::1:user/x"}, RefusedToken, "names no license"),
        ({"status": "CANCELLED"}, RefusedToken, "has ended"),
        ({"is_entitled": False, "is_proposed": False}, UnknownAgreement, "does not show"),
    ],
    ids=["another product", "no license", "no license of a marketplace", "over", "not shown yet"],
)
def test_a_buyer_is_told_why_a_purchase_cannot_be_linked(
    marketplace: AwsMarketplace,
    standin: Standin,
    hold: Hold,
    fields: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    standin.tokens["token"] = hold(**fields)

    with pytest.raises(error, match=words):
        marketplace.resolve("token")


@pytest.mark.parametrize(
    ("code", "words"),
    [("InvalidTokenException", "does not know"), ("ExpiredTokenException", "has expired")],
)
def test_a_refused_token_has_its_own_words(
    marketplace: AwsMarketplace, standin: Standin, code: str, words: str
) -> None:
    standin.tokens["token"] = code

    with pytest.raises(RefusedToken, match=words):
        marketplace.resolve("token")


def test_expired_credentials_are_no_fault_of_the_buyers(
    marketplace: AwsMarketplace, standin: Standin
) -> None:
    standin.failures = [
        Refusal("ExpiredTokenException", "The security token included in the request is expired")
    ]

    with pytest.raises(Unavailable):
        marketplace.resolve("token")


@pytest.mark.parametrize(
    "failure",
    [
        THROTTLED,
        Refusal("InternalServiceErrorException", status=500),
        Refusal("AccessDeniedException", status=403),
        "drop",
        "still",
        "garbage",
    ],
    ids=["throttled", "a fault", "no right", "broken off", "no answer in time", "no answer at all"],
)
@pytest.mark.parametrize("asked", ["resolve", "truth"])
def test_without_an_answer_nothing_is_concluded(
    marketplace: AwsMarketplace, standin: Standin, hold: Hold, failure: Any, asked: str
) -> None:
    held = hold()
    standin.tokens["token"] = held
    standin.failures = [failure]

    ask: dict[str, Callable[[], object]] = {
        "resolve": lambda: marketplace.resolve("token"),
        "truth": lambda: marketplace.truth(held.license_arn, BUYER, PRODUCT),
    }

    with pytest.raises(Unavailable):
        ask[asked]()


def test_a_question_is_asked_again_when_that_may_help(
    patient: AwsMarketplace, standin: Standin, hold: Hold
) -> None:
    held = hold()
    standin.failures = [THROTTLED, "drop"]

    assert patient.truth(held.license_arn, BUYER, PRODUCT).state == AgreementState.ACTIVE
    assert standin.asked.count("GetEntitlements") == 3


def test_nobody_there_is_unavailable(marketplace: AwsMarketplace) -> None:
    nobody = AwsMarketplace(replace(marketplace.configuration, endpoint="http://127.0.0.1:9"))

    with pytest.raises(Unavailable):
        nobody.truth(license_arn(1), BUYER, PRODUCT)


def test_no_credentials_is_unavailable_and_asks_nobody(
    marketplace: AwsMarketplace,
    standin: Standin,
    other_credentials: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(Unavailable):
        marketplace.truth(license_arn(1), BUYER, PRODUCT)
    assert standin.asked == []


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_the_stand_in_refuses_what_is_signed_by_another(
    marketplace: AwsMarketplace,
    hold: Hold,
    other_credentials: None,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, "AKIASOMEBODYELSE0000")

    with pytest.raises(Unavailable, match=r"UnrecognizedClient|SignatureDoesNotMatch"):
        marketplace.truth(hold().license_arn, BUYER, PRODUCT)


def test_all_agreements_are_told_in_pages(
    marketplace: AwsMarketplace, standin: Standin, hold: Hold
) -> None:
    standin.page = 2
    for number in range(1, 6):
        hold(number, account=f"{number:012d}", is_proposed=number != 3)
    hold(6, product="other")

    told = list(marketplace.agreements())

    assert [one.reference for one in told] == [license_arn(number) for number in range(1, 6)]
    assert [one.account for one in told] == [f"{number:012d}" for number in range(1, 6)]
    assert [one.starts_at is None for one in told] == [False, False, True, False, False]


def test_an_agreement_without_entitlements_is_told_where_it_is_known(
    marketplace: AwsMarketplace, hold: Hold
) -> None:
    hold(1, is_entitled=False, ends_at=None)
    hold(2, is_entitled=False, ends_at=None)
    known(1, AgreementState.ACTIVE)

    told = list(marketplace.agreements())

    assert [(one.reference, one.items) for one in told] == [(license_arn(1), [Item("usage", 1)])]
