"""The built-in roles: they hold what features declare and nothing else, and nothing is left to nobody."""

from __future__ import annotations

from common.access_control.needs import permissions_in
from common.access_control.rights import Permission
from common.core import KIT_NEEDS, KIT_READING
from common.operators.built_in import ADMINISTRATOR, ADMINISTRATOR_ALONE, BUILT_IN
from common.operators.roles import read_role
from hq_node.core import NEEDS as HQ_NEEDS
from hq_node.directory.permissions import READING as DIRECTORY_READING
from province_node.core import NEEDS as PROVINCE_NEEDS
from province_node.customers.permissions import READING as CUSTOMER_READING
from province_node.subscriptions.permissions import READING as SUBSCRIPTION_READING

DECLARED = permissions_in({**KIT_NEEDS, **HQ_NEEDS, **PROVINCE_NEEDS}) | KIT_READING
DECLARED |= DIRECTORY_READING | CUSTOMER_READING | SUBSCRIPTION_READING


def test_every_permission_of_a_built_in_role_is_declared_by_a_feature() -> None:
    for role in BUILT_IN.values():
        assert set(role.permissions) <= DECLARED, role.role


def test_a_permission_that_the_administrator_alone_holds_has_a_written_reason() -> None:
    others = {given for role in BUILT_IN.values() if role.role != ADMINISTRATOR for given in role.permissions}
    alone = {Permission.parse(text) for text in ADMINISTRATOR_ALONE}
    assert DECLARED - others == alone
    assert alone <= set(BUILT_IN[ADMINISTRATOR].permissions)
    assert all(len(reason) > 20 for reason in ADMINISTRATOR_ALONE.values())


def test_who_administers_reads_no_customers() -> None:
    assert Permission("customer", "read") not in BUILT_IN[ADMINISTRATOR].permissions


def test_a_role_is_read_as_it_was_written() -> None:
    for role in BUILT_IN.values():
        assert read_role(role.document()) == role
