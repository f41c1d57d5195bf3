"""What the databases spell differently within a statement."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Hexadecimal(FunctionElement[str]):
    """The lower-case digits of a column of bytes."""

    type = sa.String()
    inherit_cache = True


@compiles(Hexadecimal, "sqlite")
def _on_sqlite(element: Hexadecimal, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower(hex({compiler.process(element.clauses, **options)}))"


@compiles(Hexadecimal, "postgresql")
def _on_postgresql(element: Hexadecimal, compiler: SQLCompiler, **options: Any) -> str:
    return f"encode({compiler.process(element.clauses, **options)}, 'hex')"
