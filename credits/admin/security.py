"""The log of the door: who got in, who was refused, from where."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q

from credits.admin.keyset import KeysetAdmin
from credits.admin.links import record_link
from credits.domain.door import Visitor, parsed
from credits.models import SecurityEvent
from credits.templatetags.figures import NOTHING, instant


@admin.register(SecurityEvent)
class SecurityEventAdmin(KeysetAdmin):
    """Log-ins, refusals, delays and resets, newest first; of what was typed, the account alone."""

    list_display = ("what", "when", "account", "whence", "person")
    list_filter = ("kind", "at")
    list_select_related = ("user",)
    linked_by = ("user",)
    shelf = "Security"
    search_fields = ("account",)
    search_help_text = "Mail address as it was typed, or the network address."
    story = ("what", "when", "account", "whence", "person")

    def words(self, word: str) -> Q:
        address = parsed(word)
        if address is not None:
            return Visitor("", str(address)).of_address
        return Q(account__contains=word.lower())

    def told(self, record: Any) -> tuple[str, str]:
        return record.get_kind_display(), record.account

    @admin.display(description="what")
    def what(self, event: SecurityEvent) -> str:
        return event.get_kind_display()

    @admin.display(description="when")
    def when(self, event: SecurityEvent) -> str:
        return instant(event.at)

    @admin.display(description="from")
    def whence(self, event: SecurityEvent) -> str:
        return event.address or NOTHING

    @admin.display(description="person")
    def person(self, event: SecurityEvent) -> str:
        return record_link(event.user)
