"""What the clock did to a license: its recorded start and end, and what was told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.notices.inbox import told_of
from billing.domain.notices.words import told
from billing.models import LifeEvent, LifeEventKind
from credits.models import License

WORDS: Mapping[str, object] = {
    LifeEventKind.STARTED.value: gettext_lazy("It started"),
    LifeEventKind.EXPIRED.value: gettext_lazy("It ended"),
}


@dataclass(frozen=True)
class Moment:
    """Something that came by itself."""

    at: datetime
    words: str
    how: str


def clock_of(license: License) -> list[Moment]:
    """What came by itself, oldest first; two queries."""
    events = LifeEvent.objects.filter(license=license, kind__in=WORDS)
    moments = [Moment(event.at, str(WORDS[event.kind]), _("recorded")) for event in events]
    moments += [
        Moment(notice.at, told(notice).title, _("told the customer's people"))
        for notice in told_of(license)
    ]
    return sorted(moments, key=lambda moment: moment.at)
