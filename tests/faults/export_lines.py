"""Reads the lines of an export."""

import json

from faults.money_text import minor_of

# How an operation's amount changes the balance. A transaction's amounts have a sign themselves.
SIGNS = {"opening": 1, "deposit": 1, "withdrawal": -1, "transfer_out": -1, "transfer_in": 1,
         "transaction": 1, "capture": -1, "hold": 0, "release": 0, "expiry": 0, "closing": 0,
         "reopening": 0}


def is_of_a_request(said):
    """Whether a client has asked for it: not an opening from a file, nor an expiry."""
    return said["operation"] != "expiry" and (said["operation"] != "opening" or "key" in said)


def signed_minor_of(text):
    return -minor_of(text[1:]) if text.startswith("-") else minor_of(text)


def posting_of(said):
    """Key, account, effect and balance of a line."""
    return (said.get("key", ""), int(said["account_number"]),
            SIGNS[said["operation"]] * signed_minor_of(said["amount"]), minor_of(said["balance"]))


def postings_of(lines, expiries):
    """Yields the postings of requests, and appends expiries to the list as (account, hold)."""
    for said in (json.loads(line, parse_float=str) for line in lines):
        if is_of_a_request(said):
            yield posting_of(said)
        elif said["operation"] == "expiry":
            expiries.append((int(said["account_number"]), said["hold"]))
