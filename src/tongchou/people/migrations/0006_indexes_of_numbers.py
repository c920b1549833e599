"""The blind indexes become numbers of 63 bits: the first 16 of their hex digits, without the last bit (``sealed.shortened``)."""

from django.db import migrations, models

COLUMNS = {"people_person": ("id_no_index", "phone_index", "address_index"), "people_household": ("address_index",)}
NUMBER = {
    "sqlite": "CASE WHEN {0} = '' THEN '0' ELSE shortened({0}) END",
    "postgresql": "CASE WHEN {0} = '' THEN '0' ELSE ((('x' || substr({0}, 1, 16))::bit(64) >> 1)::bigint)::text END",
}


def shortened(digits: str) -> str:
    return str(int(digits[:16], 16) >> 1)


def write_numbers(apps, schema_editor):
    """As text, in the columns as they are: changing their type reads it."""
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.create_function("shortened", 1, shortened, deterministic=True)
    for table, columns in COLUMNS.items():
        changes = ", ".join(f"{column} = {NUMBER[connection.vendor].format(column)}" for column in columns)
        schema_editor.execute(f"UPDATE {table} SET {changes}")  # noqa: S608


class Migration(migrations.Migration):

    dependencies = [
        ("people", "0005_short_index_columns"),
    ]

    operations = [
        migrations.RunPython(write_numbers),
        *(
            migrations.AlterField(model_name=model, name=name, field=models.BigIntegerField(default=0, editable=False))
            for model, table in (("household", "people_household"), ("person", "people_person"))
            for name in COLUMNS[table]
        ),
    ]
