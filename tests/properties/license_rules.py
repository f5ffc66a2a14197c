"""Rules of the stateful test: grant, extend, reduce and void licenses."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from credits.domain.commands import Command
from credits.domain.licenses import ExtendLicense, GrantLicenses, Lot, ReduceLicense, VoidLicense
from credits.exceptions import NotAllowed
from credits.models import License
from tests.oracle import Oracle, Term
from tests.properties.checks import FAR, Book
from tests.properties.lab import DAY, midnight
from tests.properties.stage import Stage, has_history, recently, whose

offsets = st.sampled_from((-400, -30, -1, 0, 1, 90, 366))
terms = st.tuples(st.integers(1, 20_000), offsets, st.integers(1, 400))


class LicenseRules(Stage):
    """What sales and support do."""

    @rule(who=whose, wanted=terms)
    def grant(self, who: int, wanted: tuple[int, int, int]) -> None:
        self.grant_all(self.of(who), [wanted])

    @rule(who=whose, wanted=st.lists(terms, min_size=2, max_size=3))
    def purchase_several_licenses(self, who: int, wanted: list[tuple[int, int, int]]) -> None:
        """One operation: it is undone as a whole, and its licenses are corrected one by one."""
        self.grant_all(self.of(who), wanted)

    def grant_all(self, book: Book, wanted: list[tuple[int, int, int]]) -> None:
        today = midnight(self.driver.now.date())
        lots = [
            Lot(credits=n, starts_at=today + DAY * offset, ends_at=today + DAY * (offset + days))
            for n, offset, days in wanted
        ]
        command = GrantLicenses(customer=book.customer, asked=self.asked(), lots=lots)
        answer = self.driver.attempt(book, command, lambda *_: None)
        assert answer is not None
        for public_id, lot in zip(answer.data["licenses"], lots, strict=True):
            book.oracle.state(
                Term(
                    operation=len(book.operations) - 1,
                    recorded_at=answer.operation.recorded_at,
                    at=lot.starts_at,
                    about=str(License.objects.get(public_id=public_id).pk),
                    credits=lot.credits,
                    until=lot.ends_at,
                )
            )

    @precondition(has_history)
    @rule(who=whose, back=recently, days=st.integers(1, 400))
    def extend(self, who: int, back: int, days: int) -> None:
        book = self.of(who)
        for license in self.license(book, back):
            now = self.current(book, license)
            until = (now.until if now else None) or midnight(self.driver.now.date())
            command = ExtendLicense(
                customer=book.customer,
                asked=self.asked(),
                license=license,
                ends_at=until + DAY * days,
            )
            credits = now.credits if now else 1
            self.post_correction(book, license, command, (credits, until + DAY * days))

    @precondition(has_history)
    @rule(who=whose, back=recently)
    def reduce(self, who: int, back: int) -> None:
        book = self.of(who)
        for license in self.license(book, back):
            now = self.current(book, license)
            if now is not None and now.credits == 1:
                continue
            half, until = (now.credits // 2, now.until) if now else (1, None)
            command = ReduceLicense(
                customer=book.customer, asked=self.asked(), license=license, credits=half
            )
            self.post_correction(book, license, command, (half, until))

    @precondition(has_history)
    @rule(who=whose, back=recently)
    def void(self, who: int, back: int) -> None:
        book = self.of(who)
        for license in self.license(book, back):
            command = VoidLicense(customer=book.customer, asked=self.asked(), license=license)
            self.post_correction(book, license, command, (0, None))

    def license(self, book: Book, back: int) -> list[License]:
        """A license as it was read before, if there is any; the newest ones are the nearest."""
        licenses = list(License.objects.filter(customer=book.customer).order_by("-pk"))
        return licenses[back % len(licenses) :][:1] if licenses else []

    def current(self, book: Book, license: License) -> Term | None:
        """The newest statement that stands, unless it says that the license is over."""
        at = book.next_instant(self.driver.now)
        stated = book.oracle.known(Term, str(license.pk), FAR, at)
        term = max(stated, key=lambda fact: fact.operation, default=None)
        assert term is None or isinstance(term, Term)
        return term if term and term.until and term.until > at else None

    def post_correction(
        self, book: Book, license: License, command: Command, term: tuple[int, datetime | None]
    ) -> None:
        """A correction goes through exactly while the license is neither voided nor over."""
        credits, until = term

        def state(oracle: Oracle, number: int, at: datetime) -> None:
            oracle.state(
                Term(
                    operation=number,
                    recorded_at=at,
                    at=at if credits == 0 else max(at, license.starts_at),
                    about=str(license.pk),
                    credits=credits,
                    until=until,
                )
            )

        is_over = self.current(book, license) is None
        answer = self.driver.attempt(book, command, state, refusals=(NotAllowed,))
        assert (answer is None) == is_over
