"""The door: who may try to get in, and the log of who did (docs/rules.md#r21).

A try takes its place in the log before the password is looked at: under a lock on account and
address the refused tries are counted, and one more row stands there as refused until it is found
right. So tries that come at once cannot exceed the limit, and no lock is held while a password is
checked. Nobody is locked out for good: the count is of the last minutes, and the owner of an
account clears it by logging in or by setting a password with a link from the mailbox.
"""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from math import ceil

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from credits import clock
from credits.domain.door_mail import delay_mail, moment, reset_mail
from credits.domain.mail import save_mail
from credits.exceptions import CreditsError
from credits.models import SecurityEvent, SecurityEventKind, User

logger = logging.getLogger(__name__)

ACCOUNT_LOCK, ADDRESS_LOCK = 7101, 7102
"""Families of advisory locks; an account's is taken before an address's."""

ONE_HOUSEHOLD = 64
"""Bits of an IPv6 address by which it is counted: whoever has one has all below them."""

TOLD_AGAIN_AFTER = timedelta(minutes=1)
"""A storm of delayed tries writes one row a minute, so that it cannot fill the disk."""

ACCOUNT_LENGTH = 254
MINUTE = timedelta(minutes=1)


class Delayed(CreditsError):
    """Too many tries: this one was not looked at. `until` is when the next will be."""

    code = "delayed"

    def __init__(self, message: str, *, until: datetime, seconds: int) -> None:
        super().__init__(message)
        self.until = until
        self.seconds = seconds


@dataclass(frozen=True)
class Visitor:
    """Who stands at the door: the account as typed, and the address they come from."""

    account: str
    address: str | None

    @property
    def of_account(self) -> Q:
        return Q(account=self.account)

    @property
    def of_address(self) -> Q:
        """Everything from the same address; of IPv6, from the same network of a household."""
        network = network_of(self.address)
        if network is None:
            return Q(address=self.address)
        return Q(address__range=network)


def visitor(typed: str, address: str | None) -> Visitor:
    """A visitor by what was typed as mail address.

    What is no mail address may be a password in the wrong field: it is counted by a keyed digest,
    and stands nowhere.
    """
    account = User.objects.clean_email(typed)
    try:
        validate_email(account)
    except ValidationError:
        account = "no-address-" + salted_hmac("credits.door", account).hexdigest()[:24]
    return Visitor(account[:ACCOUNT_LENGTH], address)


def knock(who: Visitor) -> SecurityEvent:
    """Take a place for one try at a password; it stands as refused until `let_in`.

    Raises Delayed if the account or the address has too many refused tries behind it; then the
    password must not be looked at.
    """
    return take_place(who, SecurityEventKind.LOG_IN_REFUSED)


def let_in(event: SecurityEvent, user: User) -> None:
    """The try was right: the log says so, and the account's count begins anew."""
    SecurityEvent.objects.filter(pk=event.pk).update(
        kind=SecurityEventKind.LOGGED_IN, user=user, at=clock.now()
    )
    logger.info("logged_in user=%s", user.public_id)


def take_back(event: SecurityEvent) -> None:
    """The password was right, and nobody came in by it: no refused try stands."""
    SecurityEvent.objects.filter(pk=event.pk).delete()


def ask_for_reset(who: Visitor) -> None:
    """Write the mail with a link to set a password, if the account exists and is not locked.

    An account that does not exist is looked up and counted like any other; the moment that
    writing a mail takes cannot be told from so few tries as may be made. Raises Delayed.
    """
    event = take_place(who, SecurityEventKind.RESET_ASKED)
    with transaction.atomic():
        user = User.objects.filter(email=who.account, is_active=True).first()
        SecurityEvent.objects.filter(pk=event.pk).update(user=user)
        if user is not None:
            save_mail(reset_mail(user, f"password-reset/{event.pk}"))


def take_place(who: Visitor, kind: str) -> SecurityEvent:
    """Write the row of one try, unless as many of its kind stand there as may be.

    Raises Delayed; then it has written that, and a mail to the owner of the account.
    """
    with transaction.atomic():
        lock(who)
        now = clock.now()
        by_account = free_again(
            who.of_account & since_success(who, now), kind, now, settings.DOOR_TRIES_PER_ACCOUNT
        )
        by_address = None
        if who.address:
            by_address = free_again(who.of_address, kind, now, settings.DOOR_TRIES_PER_ADDRESS)
        until = max((instant for instant in (by_account, by_address) if instant), default=None)
        if until is None:
            return SecurityEvent.objects.create(
                kind=kind, at=now, account=who.account, address=who.address
            )
        note_delay(who, who.of_account if by_account else who.of_address, now)
        if by_account and kind == SecurityEventKind.LOG_IN_REFUSED:
            tell_owner(who, by_account, now)
    seconds = max(1, ceil((until - now).total_seconds()))
    raise Delayed(delayed_sentence(until, now), until=until, seconds=seconds)


def lock(who: Visitor) -> None:
    """Let the tries of one account, and those from one address, count one after the other."""
    network = network_of(who.address)
    place = f"{network[0]}" if network else f"{who.address}"
    with connection.cursor() as cursor:
        for family, name in ((ACCOUNT_LOCK, who.account), (ADDRESS_LOCK, place)):
            number = zlib.crc32(name.encode()) - 2**31
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [family, number])


def since_success(who: Visitor, now: datetime) -> Q:
    """What came after the account's owner last got in or set a password."""
    success = SecurityEvent.objects.filter(
        who.of_account,
        kind__in=(SecurityEventKind.LOGGED_IN, SecurityEventKind.PASSWORD_SET),
        at__gt=now - window(),
    )
    newest = success.aggregate(at=Max("at"))["at"]
    return Q(at__gt=newest) if newest else Q()


def free_again(whose: Q, kind: str, now: datetime, limit: int) -> datetime | None:
    """When the next try may be made, if as many as may be were made in the last minutes."""
    counted = SecurityEvent.objects.filter(whose, kind=kind, at__gt=now - window())
    instants = counted.order_by("-at", "-pk").values_list("at", flat=True)
    oldest = instants[limit - 1 : limit].first()
    return oldest + window() if oldest else None


def window() -> timedelta:
    return timedelta(minutes=settings.DOOR_WINDOW_MINUTES)


def note_delay(who: Visitor, whose: Q, now: datetime) -> None:
    """Log a try that was not looked at; of a storm of them, one a minute."""
    logger.warning("delayed address=%s", who.address)
    delayed = SecurityEventKind.LOG_IN_DELAYED
    if SecurityEvent.objects.filter(whose, kind=delayed, at__gt=now - TOLD_AGAIN_AFTER).exists():
        return
    SecurityEvent.objects.create(kind=delayed, at=now, account=who.account, address=who.address)


def tell_owner(who: Visitor, until: datetime, now: datetime) -> None:
    """Write to the owner of an account that somebody is trying passwords, once an hour."""
    user = User.objects.filter(email=who.account, is_active=True).first()
    if user is None:
        return
    save_mail(delay_mail(user, f"log-in-delayed/{user.public_id}/{now:%Y-%m-%dT%H}", until))


def delayed_sentence(until: datetime, now: datetime) -> str:
    """When to try again, for whoever was not looked at."""
    return _(
        "Too many tries, so this one was not looked at. "
        "Try again after %(moment)s (in %(minutes)d min)."
    ) % {"moment": moment(until), "minutes": max(1, -(-(until - now) // MINUTE))}


def record(kind: str, *, user: User, address: str | None = None) -> None:
    """Log something that a known person did."""
    SecurityEvent.objects.create(
        kind=kind, at=clock.now(), account=user.email, address=address, user=user
    )


def network_of(address: str | None) -> tuple[str, str] | None:
    """First and last address of the network an IPv6 address is counted by; None for others."""
    found = parsed(address)
    if not isinstance(found, IPv6Address):
        return None
    network = IPv6Network((int(found), ONE_HOUSEHOLD), strict=False)
    return str(network.network_address), str(network.broadcast_address)


def parsed(address: str | None) -> IPv4Address | IPv6Address | None:
    """An address without its zone, an IPv4 one unpacked from IPv6; None if it is none."""
    try:
        found = ip_address((address or "").strip().partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
