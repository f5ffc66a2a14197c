from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credits", "0003_whole_books"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="since",
            field=models.DateTimeField(help_text="When the person was last invited.", null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="invited_as",
            field=models.CharField(
                blank=True,
                help_text="The name that was typed with the invitation.",
                max_length=120,
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="membership",
            name="gets_notices",
            field=models.BooleanField(
                default=False,
                help_text="A chosen recipient; while none is chosen, all admins are told.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("gets_notices", False), ("role", "admin"), _connector="OR"),
                name="credits_membership_notices_to_admins",
            ),
        ),
    ]
