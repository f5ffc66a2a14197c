"""Allocating so that the person can be told what it made of the group's credits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from credits.domain.allocations import Allocate
from credits.domain.booking import GroupFacts, levels_at
from credits.domain.books import Books
from credits.domain.commands import Decision
from credits.models import FeatureChoice, UsageReport


@dataclass(frozen=True, kw_only=True)
class AllocateAndTell(Allocate):
    """The same act as Allocate; its answer also says the group's credits before and after.

    They come from the facts that were read to decide, so that telling costs no further look at
    the books, and a repeat is told what the first was.
    """

    def decide(self, books: Books) -> Decision:
        decision = super().decide(books)
        reports = [fact for fact in decision.facts if isinstance(fact, UsageReport)]
        choices = [fact for fact in decision.facts if isinstance(fact, FeatureChoice)]
        before = books.group_facts(reports[0].group_id, books.now)
        after = replace(
            before,
            reports=[*before.reports, *reports],
            choices=[*before.choices, *choices],
        )
        told = {"before": held(before, books), "after": held(after, books)}
        return replace(decision, answer={**decision.answer, **told})


def held(facts: GroupFacts, books: Books) -> int:
    """What a group holds now by its facts (credits)."""
    return sum(levels_at(facts, books.now).values())
