"""The customers of the demonstration: made up, or a file's, and which province takes which rows."""

import contextlib
import json
import os
import sys

import make_customers
from _demo_processes import CommandFailed

SEED = 1
OUR_MAPPING = "quanwang"
ENCODINGS = ("utf-8-sig", "gb18030")
TELCO_COLUMNS = {"customerid", "churn"}
OUR_COLUMNS = {"customer_number", "客户编号"}
PROVINCE_COLUMNS = {"province", "省份代码"}
DELIMITERS = ",\t;|"
HEADING_SECONDS = 120
"""Telling a file's encoding may take reading it whole."""


class FileNotUnderstood(Exception):
    """The heading is none that is known."""


class HeadingRefused(Exception):
    """A province could not take the file in; the message says why."""


class Extract:
    """A file of customers. `files`: the file that each province takes."""

    def __init__(self, path, mapping, rows, files):
        self.path = path
        self.mapping = mapping
        self.rows = rows
        self.files = files


def made_up(place, provinces, customers):
    """Writes a file of made-up customers, shared out over the provinces."""
    path = place.file("customers.csv")
    rows = make_customers.write_customers(path, customers, sorted(provinces), SEED)
    return Extract(path, OUR_MAPPING, rows, dict.fromkeys(provinces, path))


def mapping_of(path, mapping, processes):
    """The mapping by which a file is read, once a province's program has said that it can read the heading.
    Raises FileNotUnderstood, HeadingRefused, OSError, Stopped."""
    mapping = mapping or mapping_for(headings_of_file(path))
    if mapping is None:
        raise FileNotUnderstood
    program = os.path.join(os.path.dirname(sys.executable), "province-node")
    try:
        processes.run([program, "customers", "columns", path, "--mapping", mapping, "--json"], HEADING_SECONDS)
    except CommandFailed as failure:
        raise HeadingRefused(_reason_in(failure.errors)) from failure
    return mapping


def _reason_in(errors):
    """What a program's error says, in words."""
    try:
        return json.loads(errors)["reason"]
    except (ValueError, KeyError):
        return errors.strip()


def from_file(place, path, mapping, provinces):
    """The customers of a file. Where it names provinces each takes its own rows of it; where it names none, the rows
    are dealt out. Raises OSError."""
    if headings_of_file(path) & PROVINCE_COLUMNS:
        with open(path, "rb") as file:
            _heading(file)
            rows = sum(1 for line in file if line.strip())
        return Extract(path, mapping, rows, dict.fromkeys(provinces, path))
    files = {province: place.file("customers-" + province + ".csv") for province in provinces}
    return Extract(path, mapping, deal_out(path, files), files)


def mapping_for(headings):
    """The built-in mapping that fits these headings; None where none does."""
    if headings >= TELCO_COLUMNS:
        return "telco"
    return OUR_MAPPING if headings & OUR_COLUMNS else None


def headings_of_file(path):
    """The headings in a file's first line that is not empty. Raises OSError."""
    with open(path, "rb") as file:
        return headings_of(_heading(file))


def headings_of(line):
    """The headings in a file's first line, in small letters."""
    for encoding in ENCODINGS:
        with contextlib.suppress(UnicodeDecodeError):
            text = line.decode(encoding)
            break
    else:
        return set()
    delimiter = max(DELIMITERS, key=text.count)
    return {part.strip().strip('"').lower() for part in text.split(delimiter)}


def deal_out(path, files):
    """Writes each row of a file into the next province's file; every row into exactly one. Returns how many."""
    rows = 0
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(open(path, "rb"))
        heading = _heading(source)
        targets = [stack.enter_context(open(name, "wb")) for name in files.values()]
        for target in targets:
            target.write(heading.rstrip(b"\r\n") + b"\n")
        # A row is a line: the reader of extracts knows no fields over several lines either.
        for line in source:
            if line.strip():
                targets[rows % len(targets)].write(line.rstrip(b"\r\n") + b"\n")
                rows += 1
    return rows


def _heading(file):
    return next((line for line in file if line.strip()), b"")
