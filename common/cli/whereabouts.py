"""Where the open legs of a request are, in a sentence each: what is waited for, since when, what it depends on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from common.cli import display
from common.cli.session import Session


def show_whereabouts(session: Session, request: Mapping[str, Any]) -> None:
    """Says of each open leg where it is; the legs of which the same is to be said, together."""
    by_sentence: dict[str, list[str]] = {}
    for leg in request["legs"]:
        if leg.get("whereabouts"):
            sentence = whereabouts(session, leg, request.get("hub_link") or {})
            by_sentence.setdefault(sentence, []).append(display.node_name(session, leg["destination"]))
    for sentence, nodes in by_sentence.items():
        session.out.print()
        said = session.words("requests.whereabouts", nodes=", ".join(nodes), text=sentence)
        session.out.print(said, markup=False)


def whereabouts(session: Session, leg: Mapping[str, Any], hub_link: Mapping[str, Any]) -> str:
    """Where one open leg is, in words."""
    words, found = session.words, leg["whereabouts"]
    key = str(found["at"])
    since = display.when(session, found["since_us"])
    sentences = [words(f"whereabouts.{key}", since=since)]
    if key in ("outbox", "sent") and hub_link.get("state") == "closed":
        sentences.append(_link_away(session, hub_link))
    expires_at_us = found["expires_at_us"]
    if key != "overdue" and expires_at_us:
        over = expires_at_us <= time.time() * 1e6
        sentences.append(
            words(f"whereabouts.time_{'over' if over else 'left'}", at=display.when(session, expires_at_us))
        )
    if leg.get("cancel_asked_at_us"):
        asked = "waits" if found["cancel_waits"] else "asked"
        at = display.when(session, leg["cancel_asked_at_us"])
        sentences.append(words(f"whereabouts.cancel_{asked}", at=at))
    return (" " if session.language == "en" else "").join(sentences)


def _link_away(session: Session, hub_link: Mapping[str, Any]) -> str:
    if not hub_link["since_us"]:
        return session.words("whereabouts.never_linked")
    return session.words("whereabouts.no_link", since=display.when(session, hub_link["since_us"]))
