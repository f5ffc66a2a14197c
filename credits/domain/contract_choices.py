"""What a contract's new end makes of the features that are paid under it (docs/rules.md#r12)."""

from __future__ import annotations

from datetime import datetime

from credits.domain.books import Books
from credits.domain.requirements import on_contract
from credits.models import FeatureChoice


def prolonged(books: Books, ends_at: datetime, new_end: datetime) -> list[FeatureChoice]:
    """One choice for each feature whose contract ends at `ends_at`: as it is, until `new_end`.

    It is no switch: the day from which a person may switch the feature again stays as it was.
    """
    in_force = FeatureChoice.objects.filter(customer=books.customer).first_in_force(books.now)
    return [
        FeatureChoice(
            customer=books.customer,
            feature=choice.feature,
            at=books.now,
            is_on=choice.is_on,
            billing_model=choice.billing_model,
            until=new_end,
        )
        for choice in in_force.select_related("feature")
        if on_contract(choice, books.now) and choice.until == ends_at
    ]
