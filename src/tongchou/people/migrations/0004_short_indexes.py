"""The blind indexes keep 20 of their 64 digits: what stands is cut, new values are made so."""

from django.db import migrations

COLUMNS = {"people_person": ("id_no_index", "phone_index", "address_index"), "people_household": ("address_index",)}


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0003_name_index'),
    ]

    operations = [
        migrations.RunSQL(
            f"UPDATE {table} SET {', '.join(f'{column} = substr({column}, 1, 20)' for column in columns)}",  # noqa: S608
            migrations.RunSQL.noop,
        )
        for table, columns in COLUMNS.items()
    ]
