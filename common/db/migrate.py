"""Brings a database to the schema of this release: Alembic, run from code, without a file of settings.

Each kind of node has two branches, the kit's and its own, in directories of their own; a database has one revision of
each. Migrations are written out (`op.create_table`), so that they say what they did whatever becomes of the tables
later. Everything that is due runs in one transaction: a database has its old schema or the new one.

Where several processes serve one database, they are replaced one by one: first the `pre` steps run, with which the
release before can work as well; when no process of that release is left, the rest (see schema.Branch). A step may wait
for work that the programs do while they serve: its file says `may_run(connection)`; migrating again does it later.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from common.db.engine import store_at, writing
from common.db.schema import Schema, current_revisions, is_post


def migrate(url: str, schema: Schema, before_programs: bool = False, to: Iterable[str] = ()) -> frozenset[str]:
    """Runs the migrations that the database lacks; an empty one gets all. Returns the revisions it has then.

    `before_programs`: of each branch only the steps up to the first one that must wait until the programs of the
    release before are gone. `to`: up to these revisions alone, one a branch; all
    without any.

    Of several that begin at once, one migrates and the others find it done. Raises what the database raises, having
    changed nothing.
    """
    script = _script_directory(schema)
    store = store_at(url)
    with writing(url) as connection:
        store.begin_migration(connection)
        try:
            _upgrade(connection, script, before_programs, tuple(to) or "heads")
            revisions = current_revisions(connection)
            store.commit(connection)
        except BaseException:
            store.roll_back(connection)
            raise
        return revisions


def _script_directory(schema: Schema) -> ScriptDirectory:
    locations = [str(branch.directory) for branch in schema.branches]
    config = Config()
    config.set_main_option("script_location", locations[0].replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(locations).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _upgrade(connection: Any, script: ScriptDirectory, before_programs: bool, to: Any) -> None:
    def steps(current: Any, _context: Any) -> Iterable[Any]:
        return _those_that_may_run(script._upgrade_revs(to, current), connection, before_programs)

    options = {"fn": steps, "script": script, "destination_rev": to}
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()


def _those_that_may_run(due: Iterable[Any], connection: Any, before_programs: bool) -> Iterable[Any]:
    """The steps, each looked at when those before it are done. With a step that must wait wait all of its branch
    behind it."""
    held_back: set[str] = set()
    for step in due:
        branch = step.revision.revision.rpartition("_")[0]
        may_run = getattr(step.revision.module, "may_run", None)
        if (before_programs and is_post(step.revision.path)) or (may_run is not None and not may_run(connection)):
            held_back.add(branch)
        if branch not in held_back:
            yield step
