"""The security log: who tried to get in, from where, and what was refused."""

from __future__ import annotations

from django.db import models

from credits.models.people import User


class SecurityEventKind(models.TextChoices):
    """What the security log tells apart."""

    LOGGED_IN = "logged_in", "Logged in"
    LOG_IN_REFUSED = "log_in_refused", "Log-in refused"
    LOG_IN_DELAYED = "log_in_delayed", "Log-in delayed after too many tries"
    LOGGED_OUT = "logged_out", "Logged out"
    RESET_ASKED = "reset_asked", "Password reset asked for"
    PASSWORD_SET = "password_set", "Password set"
    CODE_REFUSED = "code_refused", "Activation code refused"
    MARKETPLACE_REFUSED = "marketplace_refused", "Link from a marketplace refused"
    LINK_REFUSED = "link_refused", "Link to an estimate refused"


class SecurityEvent(models.Model):
    """One thing that happened at the door. Throttling counts these rows, by account and address.

    `account` is the mail address as typed, in lower case and cut to its column; it need not
    exist.
    """

    kind = models.CharField(max_length=20, choices=SecurityEventKind)
    at = models.DateTimeField()
    account = models.CharField(max_length=254, blank=True)
    address = models.GenericIPAddressField(null=True)
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="security_events"
    )
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (
            # The tries of the last minutes, by account and by address.
            models.Index(fields=("account", "at"), name="credits_event_account"),
            models.Index(fields=("address", "at"), name="credits_event_address"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.account}"
