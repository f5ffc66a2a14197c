"""The calendar file: whole days, lasting names, text that no line of it can be broken by."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.calendar_text import escaped, folded
from credits.models import Customer
from tests.billing.reading import read
from tests.billing.story import NOON, Story


def file_of(story: Story, now: str = NOON) -> Any:
    return read(story.admin, f"/c/{story.customer.slug}/forecast/calendar.ics", now)


def unfolded(answer: Any) -> list[str]:
    """The file's lines as a calendar reads them."""
    text: str = answer.content.decode()
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def values(answer: Any, name: str) -> list[str]:
    return [line[len(name) :] for line in unfolded(answer) if line.startswith(name)]


def test_what_happens_is_a_whole_day_in_the_calendar(halden: Story) -> None:
    answer = file_of(halden)
    lines = unfolded(answer)

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"].endswith('-forecast.ics"')
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-1] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") > 0
    assert "DTSTART;VALUE=DATE:20270401" in lines
    assert "DTEND;VALUE=DATE:20270402" in lines
    assert "SUMMARY:Halden Energy: L-201 ends\\, last day 31 Mar 2027" in lines
    assert "DTSTAMP:20261124T112000Z" in lines
    assert "balance −2\\,110." in "".join(values(answer, "DESCRIPTION:"))


def test_an_event_keeps_its_name_when_its_license_is_extended(story: Story) -> None:
    license = story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-31")
    before = values(file_of(story), "UID:")
    story.extend("2026-11-24T11:30", license, "2027-07-01T00:00")
    after = file_of(story, "2026-11-24T11:40")

    assert values(after, "UID:") == before
    assert values(after, "DTSTART;VALUE=DATE:") == ["20270701"]


def test_names_differ_between_events_and_between_customers(halden: Story) -> None:
    names = values(file_of(halden), "UID:")

    assert len(names) == len(set(names)) > 1


def test_a_name_cannot_add_lines_to_the_file(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-31")
    name = "A; B, C\\D\r\nATTACH:https://elsewhere.example/" + "ü" * 60
    Customer.objects.filter(pk=story.customer.pk).update(name=name)
    answer = file_of(story)

    assert not values(answer, "ATTACH")
    assert values(answer, "SUMMARY:")[0].startswith("A\\; B\\, C\\\\D\\nATTACH:https:")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a,b;c", "a\\,b\\;c"),
        ("a\\,b", "a\\\\\\,b"),
        ("a\nb", "a\\nb"),
        ("a\r\nb\x00\x07", "a\\nb"),
    ],
)
def test_text_is_escaped(text: str, written: str) -> None:
    assert escaped(text) == written


@pytest.mark.parametrize("char", ["a", "é", "€", "😀"])
def test_long_lines_are_folded_between_characters(char: str) -> None:
    line = "SUMMARY:" + char * 200
    pieces = folded(line).split("\r\n")

    assert len(pieces) > 2
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert "".join([pieces[0], *(piece[1:] for piece in pieces[1:])]) == line
    assert all(piece.startswith(" ") for piece in pieces[1:])


def test_a_short_line_stays_whole() -> None:
    assert folded("A" * 75) == "A" * 75
