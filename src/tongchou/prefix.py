"""``field__prefix="张"``: rows whose text begins so, through the plain index on either database.

SQLite turns ``startswith`` into LIKE with an ESCAPE clause and then scans; a half-open range on
the column's own order uses the index. PostgreSQL compares by locale, where such a range would not
hold, but its pattern index serves LIKE.
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Lookup, TextField

_LAST = "\U0010ffff"


@CharField.register_lookup
@TextField.register_lookup
class Prefix(Lookup):
    lookup_name = "prefix"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"({column} >= %s AND {column} < %s)", [*params, self.rhs, *params, self.rhs + _LAST]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        escaped = str(self.rhs).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"{column} LIKE %s", [*params, escaped + "%"]
