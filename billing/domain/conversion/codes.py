"""Activation codes as people copy them: letters nobody mixes up, and one that checks the others.

A code that the portal makes has 25 letters in groups of five, drawn from 31; the last of them is
a weighted sum of the others, so that one wrong letter or two that changed places are told as a
typing error. That says nothing of any code: it is arithmetic on what was typed.
"""

from __future__ import annotations

import secrets
import unicodedata

from django.utils.translation import gettext as _

from credits.exceptions import InvalidCommand

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 and O, no 1, I and L. Its length is a prime, by which the check finds every swap."""

LETTERS = 25
GROUP = 5
SHORTEST, LONGEST = 10, 33
"""Letters of an imported code, which other systems made; with its hyphens it fits the column."""

BETWEEN = " -\t\r\n\u2010\u2011\u2013\u00ad"
"""What may stand between the letters, as spreadsheets and mails write it."""

SHOWN = 5


def new_code() -> str:
    """A new code: 24 letters at random, and the one that checks them."""
    drawn = "".join(secrets.choice(ALPHABET) for _letter in range(LETTERS - 1))
    return grouped(drawn + check_letter(drawn))


def check_letter(drawn: str) -> str:
    """The letter that ends a code."""
    weighted = sum(place * ALPHABET.index(letter) for place, letter in enumerate(drawn, start=1))
    return ALPHABET[weighted % len(ALPHABET)]


def grouped(letters: str) -> str:
    """Letters in groups of five, joined by hyphens."""
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def clean_code(typed: str) -> str:
    """A code as it is stored, however it was typed: in capitals, in groups of five.

    Raises InvalidCommand at `code` for what can be no code at all.
    """
    folded = unicodedata.normalize("NFKC", typed[:200]).upper()
    letters = "".join(letter for letter in folded if letter not in BETWEEN)
    if not letters:
        raise InvalidCommand(_("Enter the activation code."), field="code")
    if not (letters.isascii() and letters.isalnum() and SHORTEST <= len(letters) <= LONGEST):
        raise InvalidCommand(
            _(
                "An activation code has letters and digits in groups, like "
                "7KQ2M-X9DRT-4HVNB-C8WPE-3FGYA. Copy it once more."
            ),
            field="code",
        )
    if is_ours(letters) and check_letter(letters[:-1]) != letters[-1]:
        raise InvalidCommand(
            _("There is a typing error in this code. Compare it letter by letter."), field="code"
        )
    return grouped(letters)


def is_ours(letters: str) -> bool:
    """Whether letters have the form of a code that the portal makes."""
    return len(letters) == LETTERS and all(letter in ALPHABET for letter in letters)


def masked(code: str) -> str:
    """A code of which only the last letters can be read."""
    hidden, shown = code[:-SHOWN], code[-SHOWN:]
    return "".join("\N{BULLET}" if letter.isalnum() else letter for letter in hidden) + shown
