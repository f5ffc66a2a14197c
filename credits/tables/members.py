"""The table of a customer's members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.models import Membership, Role
from credits.templatetags.figures import day, instant
from credits.web.cells import without_markup
from credits.web.tables import BaseTable, cell


class MemberTable(BaseTable):
    """Everybody who may log in for a customer, by address unless sorted otherwise."""

    key = "members"
    is_adjustable = True
    default_columns = ("role", "notices", "seen")
    file_columns = {"email": ("email", "name")}

    email = tables.Column(
        verbose_name=gettext_lazy("Member"),
        accessor="user__email",
        order_by="user__email",
        orderable=True,
        attrs=cell("name"),
    )
    name = tables.Column(
        verbose_name=gettext_lazy("Name"),
        accessor="label",
        attrs=cell("hide", header="nb"),
    )
    role = tables.Column(
        verbose_name=gettext_lazy("Role"), orderable=True, attrs=cell("nb amount", header="nb")
    )
    notices = tables.Column(
        verbose_name=gettext_lazy("Notices"),
        accessor="gets_notices",
        attrs=cell("nb muted", header="nb"),
    )
    seen = tables.Column(
        verbose_name=gettext_lazy("Last log-in"),
        accessor="pk",
        attrs=cell("muted", header="nb"),
    )
    change = tables.Column(verbose_name="", accessor="pk", attrs=cell("n do", header="n"))

    class Meta:
        model = Membership
        fields = ("email", "name", "role", "notices", "seen", "change")
        order_by = "email"

    def __init__(self, data: Any, *, may_manage: bool, **kwargs: Any) -> None:
        self.may_manage = may_manage
        self.chosen = list(
            data.filter(gets_notices=True, user__is_active=True).values_list("pk", flat=True)
        )
        super().__init__(data, exclude=() if may_manage else ("change",), **kwargs)

    def render_email(self, record: Membership) -> SafeString:
        email = record.user.email
        if record.label == email:
            return format_html("{}", email)
        return format_html('{}<div class="sub">{}</div>', record.label, email)

    def value_email(self, record: Membership) -> str:
        return record.user.email

    def value_seen(self, record: Membership) -> datetime | str:
        return record.user.last_login or without_markup(self.render_seen(record))

    def render_role(self, record: Membership) -> str:
        return str(record.get_role_display())

    def render_notices(self, record: Membership) -> str:
        """Chosen ones are told; while nobody is chosen, every admin is."""
        is_told = record.pk in self.chosen or (not self.chosen and record.role == Role.ADMIN)
        return _("gets notices") if is_told else ""

    def render_seen(self, record: Membership) -> SafeString | str:
        if record.since is not None and not record.has_come:
            return format_html(_("invited {}, not logged in since"), day(record.since))
        if not record.user.is_active:
            return _("the account is locked")
        came = record.user.last_login
        return instant(came) if came else _("not logged in yet")

    def render_change(self, record: Membership) -> SafeString:
        url = reverse(
            "credits:member-edit",
            kwargs={"slug": record.customer.slug, "member": record.user.public_id},
        )
        said = _("Change %(name)s") % {"name": record.label}
        return format_html(
            '<a class="btn slim" href="{0}" data-drawer hx-get="{0}" hx-target="#drawer"'
            ' aria-label="{1}">{2}</a>',
            url,
            said,
            _("Change"),
        )
