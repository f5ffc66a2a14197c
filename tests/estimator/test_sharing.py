"""Links for people without an account: what makes one, what closes one, what opens one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from django.db import connection, transaction
from django.test import override_settings

from credits import clock
from credits.domain import door
from credits.domain.access_state import access_state
from credits.domain.activity_words import words_of
from credits.domain.members import NoLongerAllowed
from credits.domain.parking import parking
from credits.domain.post import post
from credits.exceptions import (
    CreditsError,
    InvalidCommand,
    KeyConflict,
    NotAllowed,
    UnknownObject,
)
from credits.models import Customer, LedgerEntry, Operation, SecurityEvent, User
from estimator.domain.erasing import erase
from estimator.domain.link_limit import visit
from estimator.domain.sharing import (
    CHOICES,
    MOST_OPEN,
    LinkEnded,
    LinkRefused,
    LinkState,
    links_of,
    open_link,
    secret_of,
    share,
    state_of,
)
from estimator.models import Estimate, EstimateLink
from tests.access.probing import stored
from tests.estimator.handing import plan
from tests.estimator.page import NOW
from tests.estimator.sharing import revoked, share_command, shared
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
ADDRESS = "192.0.2.7"


@pytest.fixture
def saved(customer: Customer, alice: User) -> Estimate:
    return plan(customer, alice)


@pytest.fixture
def link(saved: Estimate) -> EstimateLink:
    return shared(saved)


def refusal(secret: str, now: datetime | None = None) -> CreditsError:
    with pytest.raises(LinkRefused) as caught:
        open_link(secret, now or clock.now())
    return caught.value


@pytest.mark.parametrize(
    ("days", "last_day"),
    [(7, date(2026, 12, 2)), (30, date(2026, 12, 25)), (90, date(2027, 2, 23))],
)
def test_a_link_is_open_to_the_end_of_its_last_day(
    saved: Estimate, days: int, last_day: date
) -> None:
    link = shared(saved, days=days)

    assert days in CHOICES
    assert link.expires_at == clock.start_of(last_day + DAY)
    assert open_link(secret_of(link), link.expires_at - MICROSECOND) == link
    late = refusal(secret_of(link), link.expires_at)
    assert isinstance(late, LinkEnded)
    assert f"open through {last_day.day} {last_day:%b %Y}, UTC" in late.message
    assert state_of(link, link.expires_at - MICROSECOND) == LinkState.OPEN
    assert state_of(link, link.expires_at) == LinkState.EXPIRED


def test_sharing_is_an_operation_that_books_nothing(saved: Estimate, alice: User) -> None:
    entries = LedgerEntry.objects.count()

    link = shared(saved, alice)

    assert (link.version.number, link.shared_by) == (1, alice)
    assert link.shared_at == link.operation.recorded_at
    assert link.operation.kind == "share-estimate"
    assert (link.operation.actor, link.operation.subject) == (alice, "E-1")
    assert LedgerEntry.objects.count() == entries


def test_each_act_stands_in_the_books_in_words(saved: Estimate, link: EstimateLink) -> None:
    revoked(link)

    told = {
        operation.kind: words_of(
            operation, terms=(), reports=(), choices=(), entries=(), person="", reversed_words=""
        )
        for operation in Operation.objects.filter(customer=saved.customer, kind__contains="estim")
    }
    assert told == {
        "share-estimate": "Made a link to version 1 of estimate E-1, open through 25 Dec 2026",
        "revoke-estimate-link": "Revoked a link to version 1 of estimate E-1",
    }


@pytest.mark.parametrize("days", [-1, 0, 1, 31, 10**9])
def test_other_days_are_refused_at_their_field(saved: Estimate, days: int) -> None:
    with pytest.raises(InvalidCommand, match="how many days") as caught:
        shared(saved, days=days)

    assert caught.value.field == "days"
    assert not EstimateLink.objects.exists()


@pytest.mark.parametrize("version", [-1, 0, 2])
def test_a_version_that_is_not_there_is_refused_at_its_field(saved: Estimate, version: int) -> None:
    with pytest.raises(UnknownObject, match="E-1 has no version") as caught:
        shared(saved, version=version)

    assert caught.value.field == "version"


def test_an_older_version_can_be_shared(saved: Estimate, alice: User) -> None:
    plan(saved.customer, alice)
    newer = saved.versions.get()
    newer.pk, newer.number, newer.key = None, 2, "second"
    newer.save()

    links = [shared(saved, version=number) for number in (1, 2)]

    assert [open_link(secret_of(link), NOW).version.number for link in links] == [1, 2]


def test_only_who_may_save_shares_and_revokes(
    saved: Estimate, link: EstimateLink, bob: User, carol: User, rep: User
) -> None:
    for stranger in (bob, carol):
        with pytest.raises(NoLongerAllowed):
            shared(saved, stranger)
        with pytest.raises(NoLongerAllowed):
            revoked(link, stranger)
    with pytest.raises(InvalidCommand, match="by a person"):
        share(share_command(saved, None))

    assert EstimateLink.objects.get().revoked is None
    assert shared(saved, rep).shared_by == rep


def test_anothers_estimate_and_link_are_as_absent(
    saved: Estimate, link: EstimateLink, other_customer: Customer, carol: User
) -> None:
    with pytest.raises(UnknownObject):
        shared(saved, carol, customer=other_customer)
    other = plan(other_customer, carol)
    with pytest.raises(UnknownObject):
        revoked(EstimateLink(public_id=link.public_id, version=other.versions.get()), carol)

    assert open_link(secret_of(link), clock.now()) == link


def test_nobody_shares_once_access_has_ended(saved: Estimate, rep: User) -> None:
    today = clock.day_of(NOW)
    make.grant(saved.customer, 5, today, today + DAY)

    with clock.moved_to(NOW + 40 * DAY), pytest.raises(NotAllowed, match="Access has ended"):
        shared(saved, rep)


def test_as_many_are_open_as_may_be(saved: Estimate) -> None:
    links = [shared(saved, days=7) for _ in range(MOST_OPEN)]

    with pytest.raises(InvalidCommand, match="20 links are open"):
        shared(saved)
    revoked(links[0])
    shared(saved)
    with clock.moved_to(links[1].expires_at):
        shared(saved)


def test_the_same_form_makes_one_link(saved: Estimate) -> None:
    first, second = (shared(saved, key="form-1") for _ in range(2))

    assert first == second
    assert EstimateLink.objects.count() == 1
    with pytest.raises(KeyConflict):
        shared(saved, key="form-1", days=90)
    assert EstimateLink.objects.count() == 1


def test_a_link_is_revoked_once(link: EstimateLink) -> None:
    revoked(link, key="form-2")
    revoked(link, key="form-2")

    with pytest.raises(NotAllowed, match="revoked before"):
        revoked(link)
    found = links_of(link.version.estimate).get()
    assert state_of(found, clock.now()) == LinkState.REVOKED
    assert found.revoked is not None
    assert found.revoked.kind == "revoke-estimate-link"
    assert Operation.objects.filter(kind="revoke-estimate-link").count() == 1


def test_what_has_expired_is_not_revoked(link: EstimateLink) -> None:
    with clock.moved_to(link.expires_at), pytest.raises(NotAllowed, match="was open through"):
        revoked(link)


def test_parked_books_still_close_a_link(saved: Estimate, link: EstimateLink) -> None:
    post(parking(saved.customer, NOW, ["The sum of the entries is another."]))

    with pytest.raises(NotAllowed, match="parked"):
        shared(saved)
    revoked(link)

    assert isinstance(refusal(secret_of(link)), LinkEnded)


def test_a_revoked_link_says_no_more_than_that_it_is_closed(
    saved: Estimate, link: EstimateLink
) -> None:
    other = shared(saved)
    revoked(link)

    closed = refusal(secret_of(link))

    assert isinstance(closed, LinkEnded)
    assert closed.message == refusal(secret_of(link), link.expires_at + DAY).message
    assert closed.message.startswith("This link is no longer open.")
    assert open_link(secret_of(other), clock.now()) == other


Change = Callable[[str], str]
CHANGES: dict[str, Change] = {
    "nothing": lambda secret: "",
    "cut-by-one": lambda secret: secret[:-1],
    "signature-cut-off": lambda secret: secret.partition(".")[0],
    "signature-alone": lambda secret: secret.partition(".")[2],
    "without-its-first": lambda secret: secret[1:],
    "one-more": lambda secret: secret + "A",
    "a-newline-more": lambda secret: secret + "\n",
    "a-space-before": lambda secret: " " + secret,
    "twice": lambda secret: secret * 2,
    "other-separator": lambda secret: secret.replace(".", ":"),
    "id-in-capitals": lambda secret: secret[:32].upper() + secret[32:],
    "id-with-hyphens": lambda secret: "-".join((secret[:8], secret[8:])),
    "wide-digits": lambda secret: chr(0xFF10) * 32 + secret[32:],
    "another-id": lambda secret: ("1" if secret[0] != "1" else "2") + secret[1:],
    "another-signature": lambda secret: secret[:33] + "A" * 43,
    "same-bits-other-letter": lambda secret: secret[:-1] + next_letter(secret[-1]),
    "other-salt": lambda secret: Signer(salt="credits.form", sep=".").sign(secret[:32]),
    "no-salt-of-its-own": lambda secret: Signer(sep=".").sign(secret[:32]),
    "other-key": lambda secret: Signer(key="x" * 50, salt="estimator.link", sep=".").sign(
        secret[:32]
    ),
    "shorter-digest": lambda secret: Signer(salt="estimator.link", sep=".", algorithm="sha1").sign(
        secret[:32]
    ),
}


def next_letter(letter: str) -> str:
    """The letter after in base64; of the last one of a signature it says two bits that say
    nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(letter) + 1]


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_not_given_out_opens_nothing(link: EstimateLink, name: str) -> None:
    wrong = refusal(CHANGES[name](secret_of(link)))

    assert type(wrong) is LinkRefused
    assert wrong.message.startswith("This address opens nothing.")


def test_links_to_the_same_version_have_secrets_of_their_own(saved: Estimate) -> None:
    one, other = secret_of(shared(saved)), secret_of(shared(saved))

    assert one[:32] != other[:32]
    mixed = one[:33] + other[33:]
    assert type(refusal(mixed)) is LinkRefused


def test_the_signature_has_256_bits(link: EstimateLink) -> None:
    name, _, signature = secret_of(link).partition(".")

    assert (len(name), len(signature)) == (32, 43)


def test_a_signature_for_a_link_that_is_gone_is_closed(link: EstimateLink) -> None:
    secret = secret_of(link)
    erase(link.version.estimate.customer)

    assert not EstimateLink.objects.exists()
    assert isinstance(refusal(secret), LinkEnded)


def test_a_link_closes_with_its_customers_access_and_opens_with_it(
    saved: Estimate, link: EstimateLink
) -> None:
    today = clock.day_of(NOW)
    make.grant(saved.customer, 5, today - 30 * DAY, today - 10 * DAY)
    ends_at = access_state(saved.customer, NOW).ends_at
    assert ends_at is not None
    assert ends_at < link.expires_at

    assert open_link(secret_of(link), ends_at - MICROSECOND) == link
    closed = refusal(secret_of(link), ends_at)
    assert isinstance(closed, LinkEnded)
    assert closed.message.startswith("This link is no longer open.")
    make.grant(saved.customer, 5, today, today + 100 * DAY)
    assert open_link(secret_of(link), ends_at) == link


def test_the_database_holds_nothing_that_opens_a_link(link: EstimateLink) -> None:
    secret = secret_of(link)
    visit(secret, ADDRESS, clock.now())
    with pytest.raises(LinkRefused):
        visit(secret[:33] + "A" * 43, ADDRESS, clock.now())

    with connection.cursor() as cursor:
        for table in stored():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s',  # noqa: S608
                [f"%{secret[33:]}%"],
            )
            assert cursor.fetchone() == (0,), table


def test_another_secret_key_closes_every_link(link: EstimateLink) -> None:
    secret = secret_of(link)

    with override_settings(SECRET_KEY="n" * 50):
        assert type(refusal(secret)) is LinkRefused
        assert open_link(secret_of(link), clock.now()) == link


@override_settings(DOOR_TRIES_PER_ADDRESS=3)
def test_guessing_is_slowed_down_and_who_has_a_link_is_not(link: EstimateLink) -> None:
    right = secret_of(link)
    wrong = [f"{number:032x}.{'A' * 43}" for number in range(4)]

    for secret in wrong[:3]:
        with pytest.raises(LinkRefused):
            visit(secret, ADDRESS, clock.now())
    with pytest.raises(door.Delayed, match="Too many tries"):
        visit(wrong[3], ADDRESS, clock.now())

    assert visit(right, ADDRESS, clock.now()) == link
    assert SecurityEvent.objects.filter(kind="link_refused", address=ADDRESS).count() == 3
    with pytest.raises(LinkRefused):
        visit(wrong[3], "192.0.2.8", clock.now())
    with clock.moved_to(NOW + DAY), pytest.raises(LinkRefused):
        visit(wrong[3], ADDRESS, clock.now())


def test_what_is_no_secret_or_a_closed_one_is_not_counted(link: EstimateLink) -> None:
    secret = secret_of(link)
    revoked(link)

    for tried in ("", "x", secret[:-1], secret, secret):
        with pytest.raises(LinkRefused):
            visit(tried, ADDRESS, clock.now())

    assert not SecurityEvent.objects.exists()


def elsewhere(act: Callable[[], Any], times: int = 1) -> list[Any]:
    """What becomes of an act done at once on connections of its own, at the same present."""
    ready = threading.Barrier(times)

    def run() -> Any:
        ready.wait()
        try:
            return act()
        except CreditsError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        begun = [pool.submit(copy_context().run, run) for _ in range(times)]
        return [one.result(timeout=30) for one in begun]


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_link_opens_until_its_revocation_stands_and_never_after(
    customer: Customer, alice: User
) -> None:
    link = shared(plan(customer, alice))
    secret = secret_of(link)

    with transaction.atomic():
        revoked(link)
        assert elsewhere(lambda: open_link(secret, NOW)) == [link]

    assert isinstance(elsewhere(lambda: open_link(secret, NOW))[0], LinkEnded)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_what_is_sent_at_once_is_done_once(customer: Customer, alice: User) -> None:
    estimate = plan(customer, alice)

    made = elsewhere(lambda: shared(estimate, key="form-3"), 4)
    link = EstimateLink.objects.get()
    closed = elsewhere(lambda: revoked(link), 4)

    assert made == [link] * 4
    assert sorted(type(one).__name__ for one in closed) == ["NoneType"] + ["NotAllowed"] * 3
    assert Operation.objects.filter(kind="revoke-estimate-link").count() == 1
