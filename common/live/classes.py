"""How message classes are called wherever they are counted."""

from __future__ import annotations

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb

OTHER = "other"

_NAMES = {value: name.removeprefix("MESSAGE_CLASS_").lower() for name, value in pb.MessageClass.items()}


def class_name(message_class: int) -> str:
    """ "work_order", "customer_data", "management", "control"; "other" for one that is not known."""
    return _NAMES.get(message_class, OTHER)
