"""What clients asked of a replicated ledger and what they were answered, and whether one ledger
could have answered so.

The journal has the order: each posting has its sequence in its account, and its record. So there is
nothing to search. What was answered must be as the journal has it, and where one request was
answered before another was sent, their places in the journal must be in that order too: a posting
is after all that was acknowledged or shown before it was sent, and a read shows no less.
"""

import bisect
import collections
import dataclasses
import math
import time

LOST, DOUBLED, STALE, WRONG = KINDS = ("lost", "doubled", "stale", "wrong")
MOST_FINDINGS = 20  # that are kept in words; all are counted


@dataclasses.dataclass(slots=True)
class Posting:
    """A request with a key. Its attempts are one: from the first on, until it is acknowledged."""

    effects: tuple  # (account, effect in minor units), that of the path's account first
    begun: int
    ended: float = math.inf  # not acknowledged yet
    balances: tuple = ()  # as answered, in the order of `effects`
    sequence: int | None = None  # likewise, of the first account


@dataclasses.dataclass(slots=True)
class Read:
    account: int
    begun: int
    ended: int
    balance: int
    sequence: int
    as_of: int | None = None  # a record: of a read that may be old, from a standby


class History:
    """For one thread. Times are time.monotonic_ns."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.postings = []
        self.reads = []
        self.acknowledged = 0

    def key_of(self, number):
        return f"{self.prefix}-{number}"

    def begin(self, effects):
        """Returns the number of a new request, which is sent now."""
        self.postings.append(Posting(tuple(effects), time.monotonic_ns()))
        return len(self.postings) - 1

    def acknowledge(self, number, balances, sequence=None):
        one = self.postings[number]
        one.ended, one.balances, one.sequence = time.monotonic_ns(), tuple(balances), sequence
        self.acknowledged += 1

    def read(self, account, begun, balance, sequence, as_of=None):
        self.reads.append(Read(account, begun, time.monotonic_ns(), balance, sequence, as_of))


@dataclasses.dataclass(slots=True)
class Line:
    """A posting as the journal has it."""

    record: int
    account: int
    sequence: int
    effect: int
    balance: int
    key: str = ""


class Findings:
    def __init__(self):
        self.counts = collections.Counter({kind: 0 for kind in KINDS})
        self.texts = []

    def add(self, kind, text):
        self.counts[kind] += 1
        if len(self.texts) < MOST_FINDINGS:
            self.texts.append(f"{kind}: {text}")

    def __bool__(self):
        return any(self.counts.values())

    def __str__(self):
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in KINDS)


class Journal:
    """The lines of an export by account and by key. Adds what contradicts itself to `findings`."""

    def __init__(self, lines, findings):
        self.accounts = collections.defaultdict(list)  # lines; that of sequence n is at n - 1
        self.by_key = collections.defaultdict(list)
        for line in lines:
            before = self.accounts[line.account]
            balance = before[-1].balance if before else 0
            if line.sequence != len(before) + 1 or line.balance != balance + line.effect:
                findings.add(WRONG, f"the journal: {line} follows {before[-1:]}")
            before.append(line)
            if line.key:
                self.by_key[line.key].append(line)

    def at(self, account, sequence):
        """The line of a sequence, or None."""
        lines = self.accounts.get(account, ())
        return lines[sequence - 1] if 0 < sequence <= len(lines) else None

    def sequence_at(self, account, record):
        """The last sequence of an account up to a record."""
        return bisect.bisect_right(self.accounts.get(account, ()), record,
                                   key=lambda line: line.record)


def check(history, lines):
    """Returns Findings about a history, by the lines of an export that was made afterwards."""
    findings = Findings()
    journal = Journal(lines, findings)
    found = [_find(history, journal, number, findings) for number in range(len(history.postings))]
    known = {history.key_of(number) for number in range(len(history.postings))}
    for key in journal.by_key:
        if key.startswith(history.prefix) and key not in known:
            findings.add(WRONG, f"the journal has {key}, which nobody has sent")
    for one in history.reads:
        _check_read(one, journal, findings)
    _check_order(history, found, findings)
    return findings


def _find(history, journal, number, findings):
    """The lines of a request, in the order of its effects; none if it was not posted."""
    key, one = history.key_of(number), history.postings[number]
    lines = journal.by_key.get(key, ())
    if not lines:
        if one.ended < math.inf:
            findings.add(LOST, f"{key} was acknowledged with {one.balances}")
        return ()
    if len(lines) > len(one.effects):
        findings.add(DOUBLED, f"{key}: records {[line.record for line in lines]}")
        return ()
    by_account = {line.account: line for line in lines}
    ours = tuple(by_account.get(account) for account, _ in one.effects)
    if (None in ours or len({line.record for line in ours}) > 1
            or any(line.effect != effect for line, (_, effect) in zip(ours, one.effects))):
        findings.add(WRONG, f"{key} was {one.effects}, and the journal has {lines}")
        return ()
    if one.ended < math.inf:
        if tuple(line.balance for line in ours) != one.balances:
            findings.add(WRONG, f"{key} was answered {one.balances}, and the journal has {ours}")
        if one.sequence is not None and one.sequence != ours[0].sequence:
            findings.add(WRONG, f"{key} was answered sequence {one.sequence}: {ours[0]}")
    return ours


def _check_read(one, journal, findings):
    line = journal.at(one.account, one.sequence)
    if line is None:
        findings.add(LOST, f"{one}: the journal has no such posting")
    elif line.balance != one.balance:
        findings.add(WRONG, f"{one}: the journal has {line}")
    elif one.as_of is not None and one.sequence < journal.sequence_at(one.account, one.as_of):
        findings.add(STALE, f"{one}: it is older than the record that it names")


def _check_order(history, found, findings):
    """What ended before another request began is before it."""
    events = collections.defaultdict(list)  # by account: begun, ended, place, is a read, text
    for number, lines in enumerate(found):
        one = history.postings[number]
        for line in lines:
            events[line.account].append(
                (one.begun, one.ended, line.sequence, False, history.key_of(number)))
        if lines:
            events[None].append((one.begun, one.ended, lines[0].record, False,
                                 history.key_of(number)))
    for one in history.reads:
        if one.as_of is None:
            events[one.account].append((one.begun, one.ended, one.sequence, True, "a read"))
    for account, those in events.items():
        _check_places(account, those, findings)


def _check_places(account, events, findings):
    ends = sorted(events, key=lambda event: event[1])
    highest, next_end = None, 0
    for begun, _, place, is_read, text in sorted(events):
        while ends[next_end][1] < begun:
            if highest is None or ends[next_end][2] > highest[2]:
                highest = ends[next_end]
            next_end += 1
        if highest is None or place > highest[2] or (is_read and place == highest[2]):
            continue
        where = "record" if account is None else f"account {account}, sequence"
        findings.add(STALE if is_read else WRONG,
                     f"{text} began after {highest[4]} had ended with {where} {highest[2]}, "
                     f"and is {place}")
