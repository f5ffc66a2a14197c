"""What the template of an explanation asks for."""

from __future__ import annotations

from functools import cached_property

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.annual.outlook import Outlook, shortage
from billing.domain.annual.words import grouped
from billing.domain.explanation import BALANCE, Explanation, Group, Question
from billing.forms.explain import SUBJECTS, ExplainForm
from billing.tables.explain import RowTable
from billing.web.explain_sections import ShownSection, pages_of
from billing.web.links import Explain, explain_url, machine_url
from credits import clock
from credits.domain.boundaries import newest_boundary
from credits.domain.figures import crossing
from credits.models import AllocationGroup, Customer, Feature, License, Side, Solution

MANY = 3
"""More groups than this are shown closed."""


def question_of(customer: Customer, form: ExplainForm) -> Question:
    """The question a valid form asks. Raises Http404 for what the customer does not have."""
    asked = form.cleaned_data
    now = clock.now()
    known = asked["known"] or (now if asked["at"] else newest_boundary() or now)
    license = feature = solution = group = None
    if asked["license"]:
        license = License.objects.filter(customer=customer, public_id=asked["license"]).first()
    elif asked["feature"]:
        features = Feature.objects.select_related("group__solution")
        feature = features.filter(key=asked["feature"]).first()
    elif asked["solution"]:
        solution = Solution.objects.filter(key=asked["solution"]).first()
    elif asked["group"]:
        group = AllocationGroup.objects.filter(key=asked["group"]).first()
    if any(asked[name] for name in SUBJECTS) and not (license or feature or solution or group):
        raise Http404("no such license, feature, solution or group")
    return Question(
        customer=customer,
        side=asked["side"],
        at=asked["at"] or known,
        known=known,
        license=license,
        feature=feature,
        solution=solution,
        group=group,
    )


class ExplainPage:
    """One figure, its rows, and where they lead."""

    def __init__(self, question: Question, number: int = 1) -> None:
        self.question = question
        self.explanation = Explanation(question)
        self.asked_number = number
        self._explain = Explain(question.customer, question.at, question.known)

    @property
    def title_words(self) -> str:
        """What is explained, without the figure: it stands in a file's properties."""
        names = {Side.VALID.value: _("Valid credits"), Side.ALLOCATED.value: _("Allocated credits")}
        return names.get(self.question.side, _("Balance"))

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
        """The license, feature, group or solution asked about."""
        asked = self.question
        if asked.license is not None:
            return asked.license.label
        if asked.feature is not None:
            return asked.feature.name
        whole = asked.solution or asked.group
        return whole.name if whole is not None else ""

    @property
    def known_then(self) -> bool:
        """Whether what was known is what was known at the figure's own instant."""
        return self.question.at == self.question.known

    @property
    def is_balance(self) -> bool:
        return self.question.side == BALANCE

    @cached_property
    def shortage(self) -> Outlook | None:
        """Since when a balance is below zero and why; None of any other figure."""
        asked, total = self.question, self.explanation.total
        if not self.is_balance or total >= 0:
            return None
        crossed = crossing(asked.customer, at=asked.at, known=asked.known)
        return shortage(total, crossed, known=asked.known)

    @property
    def is_short_ahead(self) -> bool:
        """Whether the shortage begins after what is known."""
        begins = self.shortage.at if self.shortage else None
        return begins is not None and begins > self.question.known

    @cached_property
    def sections(self) -> list[ShownSection]:
        """Each side, as much of it as one page holds, with the addresses of its groups."""
        number = self.number
        return [ShownSection(s, self._url_of, number) for s in self.explanation.sections]

    @property
    def sides(self) -> dict[str, int]:
        """What each side sums to."""
        return {section.side: section.total for section in self.explanation.sections}

    @property
    def pages(self) -> int:
        """On how many pages the groups stand."""
        return max(pages_of(section) for section in self.explanation.sections)

    @property
    def number(self) -> int:
        """Which of the pages it is: what the address says, as far as there are so many."""
        return max(1, min(self.asked_number, self.pages))

    @property
    def turns(self) -> list[tuple[str, str, str]]:
        """From page to page: relation, words and address."""
        ways = [("prev", _("Previous"), self.number - 1), ("next", _("Next"), self.number + 1)]
        return [
            (relation, words, f"{self.own_url}&page={number}")
            for relation, words, number in ways
            if 1 <= number <= self.pages
        ]

    @property
    def is_open(self) -> bool:
        """Whether the rows of all groups are shown at once."""
        return sum(len(section.groups) for section in self.explanation.sections) <= MANY

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

    @cached_property
    def all_rows(self) -> RowTable:
        """Every row, older ones included, as a file has them."""
        asked = self.question
        about = [(_("The figure at"), asked.at), (_("As known at"), asked.known)]
        return RowTable(self.explanation, caption=self.title_words, about=about, totals={"adds": 0})

    @property
    def files(self) -> list[tuple[str, str]]:
        """All rows as a file: its format and address."""
        joint = "&" if "?" in self.own_url else "?"
        return [
            (name, f"{self.own_url}{joint}_export={kind}")
            for kind, name in (("csv", "CSV"), ("xlsx", _("Excel")))
        ]

    @property
    def _subject(self) -> dict[str, str]:
        asked = self.question
        if asked.license is not None:
            return {"license": str(asked.license.public_id)}
        if asked.feature is not None:
            return {"feature": asked.feature.key}
        if asked.group is not None:
            return {"group": asked.group.key}
        return {"solution": asked.solution.key} if asked.solution is not None else {}

    def _url_of(self, group: Group) -> str:
        """A group's own explanation, with the same clocks."""
        side = group.subject[0]
        if side == Side.VALID:
            return self._explain(side, license=group.key)
        return self._explain(side, feature=group.key)
