"""Notices: what a customer's people are told without asking (docs/rules.md#r23)."""

from billing.domain.notices.sending import send_notices

__all__ = ["send_notices"]
