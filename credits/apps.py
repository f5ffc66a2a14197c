from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CreditsConfig(AppConfig):
    """What is true: people, catalogue, licenses, facts, the ledger and its figures."""

    name = "credits"
    label = "credits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from credits.grants import apply_grants
        from credits.roles import create_staff_roles
        from credits.web.door_log import listen

        post_migrate.connect(create_staff_roles, dispatch_uid="credits.staff_roles")
        post_migrate.connect(apply_grants, dispatch_uid="credits.grants")
        listen()
