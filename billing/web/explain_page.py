"""What the template of an explanation asks for."""

from __future__ import annotations

from functools import cached_property

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.annual.words import grouped
from billing.domain.explanation import BALANCE, Explanation, Group, Question, Section
from billing.forms.explain import ExplainForm
from billing.web.links import Explain, explain_url, machine_url
from credits import clock
from credits.domain.boundaries import newest_boundary
from credits.models import Customer, Feature, License, Side, Solution

MANY = 3
"""More groups than this are shown closed."""


def question_of(customer: Customer, form: ExplainForm) -> Question:
    """The question a valid form asks. Raises Http404 for what the customer does not have."""
    asked = form.cleaned_data
    now = clock.now()
    known = asked["known"] or (now if asked["at"] else newest_boundary() or now)
    license = feature = solution = None
    if asked["license"]:
        license = License.objects.filter(customer=customer, public_id=asked["license"]).first()
    elif asked["feature"]:
        features = Feature.objects.select_related("group__solution")
        feature = features.filter(key=asked["feature"]).first()
    elif asked["solution"]:
        solution = Solution.objects.filter(key=asked["solution"]).first()
    if (asked["license"] or asked["feature"] or asked["solution"]) and not (
        license or feature or solution
    ):
        raise Http404("no such license, feature or solution")
    return Question(
        customer=customer,
        side=asked["side"],
        at=asked["at"] or known,
        known=known,
        license=license,
        feature=feature,
        solution=solution,
    )


class ExplainPage:
    """One figure, its rows, and where they lead."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.explanation = Explanation(question)
        self._explain = Explain(question.customer, question.at, question.known)

    @property
    def title(self) -> str:
        """The figure with its name."""
        total = self.explanation.total
        values = {"credits": grouped(total), "name": self.subject}
        if self.question.side == BALANCE:
            short = _("Balance %(credits)s short") if total < 0 else _("Balance %(credits)s")
            return short % values
        if self.question.side == Side.VALID:
            text = _("%(name)s: %(credits)s valid") if self.subject else _("%(credits)s valid")
            return text % values
        text = _("%(name)s: %(credits)s allocated") if self.subject else _("%(credits)s allocated")
        return text % values

    @property
    def subject(self) -> str:
        """The license, feature or solution asked about."""
        asked = self.question
        if asked.license is not None:
            return asked.license.label
        if asked.feature is not None:
            return asked.feature.name
        return asked.solution.name if asked.solution is not None else ""

    @property
    def known_then(self) -> bool:
        """Whether what was known is what was known at the figure's own instant."""
        return self.question.at == self.question.known

    @property
    def is_balance(self) -> bool:
        return self.question.side == BALANCE

    @cached_property
    def sections(self) -> list[tuple[Section, list[tuple[str, str]]]]:
        """Each side, with the name and own explanation of what nets to zero in it."""
        return [
            (section, [(group.name, self._url_of(group)) for group in section.settled])
            for section in self.explanation.sections
        ]

    @property
    def sides(self) -> dict[str, int]:
        """What each side sums to."""
        return {section.side: section.total for section, _links in self.sections}

    @property
    def is_open(self) -> bool:
        """Whether the rows of all groups are shown at once."""
        return sum(len(section.groups) for section, _links in self.sections) <= MANY

    @property
    def close_url(self) -> str:
        return reverse("billing:annual-credits", args=[self.question.customer.slug])

    @property
    def license_url(self) -> str:
        """The license's own page, where one is explained."""
        asked = self.question
        if asked.license is None:
            return ""
        return reverse(
            "billing:license-detail", args=[asked.customer.slug, asked.license.public_id]
        )

    @property
    def machine_url(self) -> str:
        """The time machine at the same two clocks."""
        return machine_url(self.question.customer, at=self.question.at, known=self.question.known)

    @property
    def own_url(self) -> str:
        """The page's address with both clocks."""
        asked = self.question
        return explain_url(
            asked.customer, asked.side, at=asked.at, known=asked.known, **self._subject
        )

    @property
    def export_url(self) -> str:
        """All rows as a file."""
        path = reverse("billing:explain-csv", args=[self.question.customer.slug])
        return f"{path}?{self.own_url.partition('?')[2]}"

    @property
    def _subject(self) -> dict[str, str]:
        asked = self.question
        if asked.license is not None:
            return {"license": str(asked.license.public_id)}
        if asked.feature is not None:
            return {"feature": asked.feature.key}
        return {"solution": asked.solution.key} if asked.solution is not None else {}

    def _url_of(self, group: Group) -> str:
        """A group's own explanation, with the same clocks."""
        side = group.subject[0]
        if side == Side.VALID:
            return self._explain(side, license=group.key)
        return self._explain(side, feature=group.key)
