from typing import Any

from django.core.management import call_command
from django.db import migrations

TABLE = "accounts_cache"


def make(apps: Any, schema_editor: Any) -> None:
    """The table of the settings' cache, in which attempts to sign in are counted."""
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
