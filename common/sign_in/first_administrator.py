"""The first administrator of a new node: without one, nobody could let anybody in."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from common.access_control.version import begin_change
from common.clock import Clock
from common.db.unit_of_work import UnitOfWork
from common.ids import IdSource
from common.operators.built_in import ADMINISTRATOR
from common.operators.commands import Post
from common.operators.model import new_operator
from common.operators.repository import OperatorBook, operators
from common.organisations.model import root_of
from common.organisations.repository import OrganisationTree
from common.program.data_directory import DataDirectory
from common.program.initialising import run_once
from common.sign_in.desk import ONE_TIME_BYTES
from common.sign_in.passwords import Passwords
from common.sign_in.repository import CREDENTIALS, CredentialRow
from common.sign_in.second_factor import grouped
from common.sign_in.settings import HOUR_US, SignInSettings

FIRST = "admin"
NAME = "系统管理员"


def found_administrator(
    data: DataDirectory, node: str, settings: SignInSettings, entropy: Callable[[int], bytes], clock: Clock
) -> str:
    """Makes the operator `admin` where the node has no operators yet. Returns their one-time password, told this once;
    empty where there are operators already."""
    ids, now_us = IdSource(clock, entropy), clock.now_us()

    def found(uow: UnitOfWork) -> str:
        if uow.query(sa.select(operators.c.operator).limit(1)).scalar() is not None:
            return ""
        begin_change(uow)
        if OrganisationTree(uow).find(node) is None:
            OrganisationTree(uow).add(root_of(node, now_us))
        book = OperatorBook(uow)
        book.find(FIRST)
        book.save(new_operator(FIRST, NAME, node, (Post(node, ADMINISTRATOR),), now_us))
        password = grouped(entropy(ONE_TIME_BYTES))
        hashed = Passwords(settings, entropy).hashed(password)
        expires_at_us = now_us + settings.one_time_password_hours * HOUR_US
        uow.rows(CREDENTIALS).insert(CredentialRow(FIRST, hashed, expires_at_us, now_us))
        return password

    password: str = run_once(data, lambda connection: UnitOfWork(connection, ids, now_us), found)
    return password
