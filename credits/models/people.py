"""People and customers: who may log in, for whom, and as what."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """Makes users; the mail address is the log-in and is kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user; without a password the account waits for its set-password link."""
        user = self.model(email=self.clean_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user with every right in the admin, for the first installation."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    @staticmethod
    def clean_email(email: str) -> str:
        return email.strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.clean_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in with a mail address. Staff roles are groups (credits.roles)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(
        max_length=254,
        unique=True,
        error_messages={"unique": "This address has an account."},
    )
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=16, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the admin.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                name="credits_user_email_unique",
                violation_error_message="This address has an account.",
            ),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def initials(self) -> str:
        """Two letters for the round badge in the frame."""
        words = self.name.split() or [self.email]
        return "".join(word[0] for word in words[:2]).upper()


class OverAllocation(models.TextChoices):
    """What happens when a person's act would take the balance below zero (docs/rules.md)."""

    CONFIRM = "confirm", "Ask for confirmation"
    REFUSE = "refuse", "Refuse"


class Customer(models.Model):
    """An organization that holds credits. Never deleted: a purge erases what is personal."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True, help_text="For reading: C-1001.")
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    domain = models.CharField(max_length=253, blank=True, help_text="Mail domain, for finding.")
    over_allocation = models.CharField(
        max_length=8, choices=OverAllocation, default=OverAllocation.CONFIRM
    )
    created_at = models.DateTimeField()
    held_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when a legal hold forbids to erase anything."
    )
    people = models.ManyToManyField(User, through="Membership", related_name="customers")

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(over_allocation__in=OverAllocation.values),
                name="credits_customer_over_allocation_known",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The customer's number as people say it."""
        return f"C-{self.number}"


class Role(models.TextChoices):
    """What a member may do for a customer (docs/rules.md, roles)."""

    VIEWER = "viewer", "Viewer"
    ADMIN = "admin", "Admin"


class Membership(models.Model):
    """One person's role with one customer."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.VIEWER)
    since = models.DateTimeField(null=True, help_text="When the person was last invited.")
    invited_as = models.CharField(
        max_length=120, blank=True, help_text="The name that was typed with the invitation."
    )
    gets_notices = models.BooleanField(
        default=False, help_text="A chosen recipient; while none is chosen, all admins are told."
    )

    class Meta:
        ordering = ("user__email", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "user"),
                name="credits_membership_person_once",
                violation_error_message="This person is a member already.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="credits_membership_role_known",
            ),
            models.CheckConstraint(
                condition=models.Q(gets_notices=False) | models.Q(role=Role.ADMIN),
                name="credits_membership_notices_to_admins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.customer_id}"

    @property
    def has_come(self) -> bool:
        """Whether the person has logged in since the invitation.

        Before that nothing of the account is told to the customer's people: whoever types an
        address must not learn whether it has an account elsewhere.
        """
        came = self.user.last_login
        return self.since is None or (came is not None and came > self.since)

    @property
    def label(self) -> str:
        """What the person is called among the customer's people."""
        return self.user.name if self.has_come else self.invited_as or self.user.email


class Assignment(models.Model):
    """A sales rep who looks after a customer; a rep sees assigned customers only."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="assignments")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")

    class Meta:
        ordering = ("customer__name", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "user"), name="credits_assignment_rep_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} looks after {self.customer_id}"
