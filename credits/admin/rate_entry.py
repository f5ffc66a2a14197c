"""Entering a rate: the form, whom it would touch, and then the entry itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from credits import clock
from credits.admin.forms import MakingForm
from credits.admin.making import MakingAdmin
from credits.admin.rate_forms import RateForm, from_rate
from credits.domain.commands import Asked
from credits.domain.post import post_office
from credits.domain.rate_entry import EnterRate
from credits.domain.rate_preview import effect_words, preview_rate
from credits.models import FeatureRate
from credits.tasks import start_applying_rates
from credits.web.asking import FIELD, form_key

STEP, ENTER, CHANGE = "step", "enter", "change"


class RateMaking(MakingAdmin):
    """Rates are entered in two steps: first what it would do, then the entry."""

    making_form = RateForm
    making_title = "Enter a rate"
    making_sentence = (
        "A rate follows the one before it from a day on, for every customer. "
        "First you see whom it would touch; nothing is entered before you say so."
    )
    making_button = "Show whom it touches"

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        """The form as the feature's newest rate has it."""
        given = super().initial(request)
        rates = FeatureRate.objects.standing().filter(feature__key=given.get("feature", ""))
        newest = rates.select_related("feature").order_by("-at", "-operation_id").first()
        return given if newest is None else from_rate(newest)

    def show_first(self, request: HttpRequest, form: MakingForm, ask: Asked) -> HttpResponse | None:
        """Whom the rate would touch; None once the person has seen it and enters the rate."""
        step = request.POST.get(STEP)
        if step == ENTER:
            return None
        if step == CHANGE:
            return self.show_form(request, form, 200)
        now = clock.now()
        command = EnterRate(asked=ask, row=form.cleaned_data["row"])
        rate, is_correction = command.checked(now)
        effect = preview_rate(rate, now)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": f"{rate.feature.name} ({rate.feature.key}) from {rate.at:%Y-%m-%d}",
            "rate": rate,
            "is_correction": is_correction,
            "effect": effect,
            "sentence": effect_words(effect),
            "form": form,
            "key_field": FIELD,
            "key": form_key(request, self.form_name),
        }
        return TemplateResponse(request, "admin/rate_preview.html", context)

    def carry_out(self, request: HttpRequest, form: Any, ask: Asked) -> FeatureRate:
        answer = post_office(EnterRate(asked=ask, row=form.cleaned_data["row"]))
        transaction.on_commit(start_applying_rates)
        rate = answer.operation.rates.select_related("feature").get()
        messages.success(
            request,
            f"The rate of {rate.feature.name} ({rate.feature.key}) from {rate.at:%Y-%m-%d} is "
            "entered. "
            "The customers' books follow by themselves.",
        )
        return rate
