"""What only a development installation has: the page of sent mails, and a clock that moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client

from config.development.travel import stops_between
from config.management.commands.travel import Command, ahead
from credits import clock
from credits.domain.jobs import jobs, missing_slots
from credits.domain.mail import LINK, draft_mail, relay, save_mail
from credits.models import Boundary, Customer, OutgoingMail, User
from credits.roles import StaffRole
from tests.factories import credits as make

PAGE = "/dev/mails/"
DAY = timedelta(days=1)
IN_DEVELOPMENT = pytest.mark.urls("config.development.urls")


@pytest.fixture
def clock_file(settings: Any, tmp_path: Path) -> Path:
    """The file that keeps how far the clock is moved, as a development installation has one."""
    settings.CLOCK_FILE = str(tmp_path / "clock_offset")
    return tmp_path / "clock_offset"


@pytest.fixture
def mail(customer: Customer, alice: User) -> OutgoingMail:
    """A mail to a customer's admin, with a link that is still to be made, and a calendar file."""
    save_mail(
        draft_mail(
            key="password-reset/1",
            kind="password-reset",
            recipient=alice,
            subject="Choose a <password>",
            template="credits/mail/password_reset",
            context={"days": 3},
            customer=customer,
            calendar="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        )
    )
    return OutgoingMail.objects.get(key="password-reset/1")


def pages_of(mail: OutgoingMail) -> list[str]:
    """The list, and the mail in its words, as HTML, and its calendar file."""
    own = f"{PAGE}{mail.public_id}/"
    return [PAGE, own, f"{own}html/", f"{own}dates.ics"]


@pytest.fixture
def staff(client_of: Callable[[User], Client]) -> Callable[[str], Client]:
    """Logs somebody of a staff role in."""
    return lambda role: client_of(make.make_staff(make.make_user(), role))


def test_the_portal_itself_has_no_such_page(
    mail: OutgoingMail, support: User, client_of: Callable[[User], Client]
) -> None:
    assert {client_of(support).get(page).status_code for page in pages_of(mail)} == {404}


@IN_DEVELOPMENT
@pytest.mark.parametrize("role", list(StaffRole))
def test_any_of_the_vendors_people_may_read_all_mail(
    mail: OutgoingMail, customer: Customer, staff: Callable[[str], Client], role: StaffRole
) -> None:
    client = staff(role)
    answers = [client.get(page) for page in pages_of(mail)]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert customer.name in answers[0].content.decode()
    assert "Choose a &lt;password&gt;" in answers[0].content.decode()
    assert answers[3].content.decode() == mail.calendar
    assert all("unsafe" not in answer["Content-Security-Policy"] for answer in answers)


@IN_DEVELOPMENT
def test_nobody_else_may(
    mail: OutgoingMail,
    alice: User,
    staff: Callable[[str], Client],
    client_of: Callable[[User], Client],
) -> None:
    root = User.objects.create_superuser("root@example.org", make.PASSWORD)

    for page in pages_of(mail):
        assert Client().get(page).status_code == 302
        assert client_of(alice).get(page).status_code == 404
        assert client_of(root).get(page).status_code == 404
        assert staff(StaffRole.SUPPORT).post(page).status_code == 405


@IN_DEVELOPMENT
def test_a_link_that_sets_a_password_is_not_shown(
    mail: OutgoingMail, staff: Callable[[str], Client]
) -> None:
    relay(clock.now())
    mail.refresh_from_db()
    assert mail.sent_at is not None

    for page in pages_of(mail)[1:3]:
        text = staff(StaffRole.OPERATOR).get(page).content.decode()
        assert LINK in text
        assert "set-password/" not in text


@IN_DEVELOPMENT
def test_mails_are_found_and_say_whether_they_went_out(
    mail: OutgoingMail, staff: Callable[[str], Client]
) -> None:
    client = staff(StaffRole.SALES_REP)
    assert "waits" in client.get(PAGE).content.decode()

    relay(clock.now())

    assert "waits" not in client.get(PAGE, {"q": "password-r"}).content.decode()
    assert "No mail was written yet." in client.get(PAGE, {"q": "nobody"}).content.decode()


def test_the_clock_is_moved_by_the_file_and_not_by_a_broken_one(clock_file: Path) -> None:
    assert clock.moved_by() == timedelta(0)

    clock.store_offset(91 * DAY)
    assert clock.now() - clock.machine() > 90 * DAY

    clock_file.write_text("soon", encoding="utf-8")
    with pytest.raises(ImproperlyConfigured, match="must hold seconds"):
        clock.now()


def test_without_a_file_nothing_moves_the_clock() -> None:
    with pytest.raises(ImproperlyConfigured, match="names no file"):
        clock.store_offset(DAY)


def test_every_day_has_its_stops_in_order() -> None:
    begun = datetime(2028, 2, 28, 3, 0, tzinfo=UTC)
    stops = list(stops_between(begun, begun + 2 * DAY))

    assert [f"{stop:%m-%d %H:%M}" for stop in stops] == [
        "02-28 06:05", "02-29 00:05", "02-29 06:05", "03-01 00:05",
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["-1d", "-91", "--back"])
def test_there_is_no_way_back(
    clock_file: Path, capsys: pytest.CaptureFixture[str], way: str, db: None
) -> None:
    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", "travel", way, "--skip-checks"])

    assert re.search("The clock goes ahead only.*start afresh", capsys.readouterr().err)
    assert not clock_file.exists()


def test_a_day_that_is_over_is_no_goal(clock_file: Path, db: None) -> None:
    with pytest.raises(CommandError, match="The clock goes ahead only"):
        call_command("travel", "--to", "2026-01-01")


def test_ten_years_are_the_most(clock_file: Path, db: None) -> None:
    with pytest.raises(CommandError, match="more than ten years"):
        call_command("travel", "+3651d")


@pytest.mark.parametrize("text", ["91", "+91", "+d", "1.5d", "1 d", "+1m"])
def test_what_is_no_way_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is no way through time"):
        ahead(text)


def test_real_time_is_nobodys_to_move(settings: Any, clock_file: Path, db: None) -> None:
    settings.CLOCK_MAY_MOVE = False
    with pytest.raises(CommandError, match="runs on real time"):
        call_command("travel", "+1d")

    settings.CLOCK_MAY_MOVE, settings.CLOCK_FILE = True, ""
    with pytest.raises(CommandError, match="runs on real time"):
        call_command("travel", "+1d")

    assert Boundary.objects.count() == 0


def test_every_job_has_done_its_slots_on_the_way(clock_file: Path, mail: OutgoingMail) -> None:
    said = StringIO()
    call_command("travel", "+30h", stdout=said)

    assert clock.moved_by() == timedelta(hours=30)
    for job in jobs():
        assert missing_slots(job, clock.now()) == []
    assert Boundary.objects.count() >= 30
    mail.refresh_from_db()
    assert mail.sent_at is not None
    assert f"{OutgoingMail.objects.count()}  mails sent" in said.getvalue()
