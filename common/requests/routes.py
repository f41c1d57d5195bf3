"""Service requests over HTTP: submit, list, show, wait, trace, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Protocol

import sqlalchemy.engine
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from common.ids import format_id, parse_id
from common.node_context import NodeContext
from common.program.reads import Reads
from common.requests.commands import ActingFor, CancelServiceRequest, SubmitServiceRequest
from common.requests.queries import has_ended, list_requests, show_request
from common.requests.watch import RequestWatch
