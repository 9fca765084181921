#!/usr/bin/env python3
"""Simulates a ledger in several parts, each with a replicated log of its own.

  bench/partitions/simulation.py [--parts 1,3,10,30,100] [--clients 32,1024] [--seconds 0.3]

Clients send transfers, each the next one after its answer, to parts chosen at random. A transfer
within a part is one record. One between two parts is three, one after the other: a hold at the
payer's part, a credit at the payee's, a capture at the payer's. A part appends one batch at a time
to its log, of all records that wait; how long that takes is what was measured with three members
of etcd on one machine. A random number of a fixed seed decides all that is random: the table is
the same each time. Not simulated: the processors of the nodes, and logs that share a disk.
"""

import argparse
import dataclasses
import heapq
import itertools
import math
import pathlib
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from bench.lib.text_table import aligned  # noqa: E402

# Measured: an append of few bytes, one of 64 KiB, and the rate of larger ones. 8 MB/s are about
# 125,000 postings of 64 bytes each.
SMALL_S, MEDIUM_S, MEDIUM_BYTES, BYTES_A_SECOND = 2.1e-3, 7.3e-3, 65536, 8e6
MOST_BATCH_BYTES = 1 << 20
HOP_S = 0.2e-3  # from one node to another: assumed
# Records with keys of 16 bytes, by journal/FORMAT.md.
TRANSFER_BYTES, HOLD_BYTES, CREDIT_BYTES, CAPTURE_BYTES = 112, 128, 80, 128
WARM_UP = 0.5  # this part of the seconds measured comes before them


def append_s(size):
    """How long an append of so many bytes takes."""
    if size <= MEDIUM_BYTES:
        return SMALL_S + (MEDIUM_S - SMALL_S) * size / MEDIUM_BYTES
    return MEDIUM_S + (size - MEDIUM_BYTES) / BYTES_A_SECOND


@dataclasses.dataclass(slots=True)
class Transfer:
    """What one client waits for."""

    begun: float
    payer: int
    payee: int
    step: int = 0  # of HOLD, CREDIT, CAPTURE


class Part:
    """A log: what waits for the next append, and what is being appended."""

    def __init__(self):
        self.waiting = []  # (size, transfer)
        self.is_appending = False

    def next_batch(self):
        """Takes as many records as fit into a batch."""
        size = count = 0
        for each, _ in self.waiting:
            if size + each > MOST_BATCH_BYTES:
                break
            size += each
            count += 1
        batch = [transfer for _, transfer in self.waiting[:count]]
        del self.waiting[:count]
        return size, batch


class Simulation:
    """`share` of the transfers are between two parts. Run it once."""

    def __init__(self, parts, clients, share, seed=16):
        self.parts = [Part() for _ in range(parts)]
        self.share = share if parts > 1 else 0.0
        self.random = random.Random(seed).random
        self.events = []  # (time, number, part, records that arrive, or None: its append is done)
        self.numbers = itertools.count()
        self.appending = [[] for _ in range(parts)]
        self.within, self.between = [], []  # seconds from the request to the answer
        self.counts_from = 0.0
        for each in range(parts * clients):
            self._begin(each * SMALL_S / (parts * clients))

    def run(self, seconds):
        """Returns transfers a second, after a warm-up."""
        self.counts_from = seconds * WARM_UP
        end = self.counts_from + seconds
        while self.events[0][0] < end:
            now, _, place, arriving = heapq.heappop(self.events)
            if arriving is None:
                self._answer(now, place)
            else:
                self.parts[place].waiting += arriving
            self._append(now, place)
        return (len(self.within) + len(self.between)) / seconds

    def _begin(self, now):
        payer = int(self.random() * len(self.parts))
        payee = payer
        if self.random() < self.share:
            payee = (payer + 1 + int(self.random() * (len(self.parts) - 1))) % len(self.parts)
        size = TRANSFER_BYTES if payee == payer else HOLD_BYTES
        self._send(now, payer, [(size, Transfer(now, payer, payee))])

    def _send(self, now, place, records):
        heapq.heappush(self.events, (now + HOP_S, next(self.numbers), place, records))

    def _append(self, now, place):
        part = self.parts[place]
        if part.is_appending or not part.waiting:
            return
        part.is_appending = True
        size, self.appending[place] = part.next_batch()
        heapq.heappush(self.events, (now + append_s(size), next(self.numbers), place, None))

    def _answer(self, now, place):
        """The batch is durable: what it had goes on with its next step, or is answered."""
        self.parts[place].is_appending = False
        further = {}
        for transfer in self.appending[place]:
            transfer.step += 1
            if transfer.payer == transfer.payee or transfer.step == 3:
                self._end(now, transfer)
            elif transfer.step == 1:
                further.setdefault(transfer.payee, []).append((CREDIT_BYTES, transfer))
            else:
                further.setdefault(transfer.payer, []).append((CAPTURE_BYTES, transfer))
        for other, records in further.items():
            self._send(now, other, records)

    def _end(self, now, transfer):
        if now >= self.counts_from:
            kind = self.within if transfer.payer == transfer.payee else self.between
            kind.append(now + HOP_S - transfer.begun)
        self._begin(now + HOP_S)


def shares(parts):
    """Of transfers between parts: as a hash spreads them, and as where customers pay mostly others
    of the same part."""
    return (1 - 1 / parts, 0.1) if parts > 1 else (0.0,)


def milliseconds(values, quantile):
    if not values:
        return "-"
    ordered = sorted(values)
    return f"{ordered[math.ceil(quantile * len(ordered)) - 1] * 1000:.1f}"


def rows(parts, clients, seconds):
    yield ("parts", "between parts", "clients a part", "transfers/s", "p50 ms within", "p99",
           "p50 ms between", "p99")
    for count in parts:
        for share in shares(count):
            for each in clients:
                one = Simulation(count, each, share)
                rate = one.run(seconds)
                yield (str(count), f"{share:.0%}", f"{each:,}", f"{rate:,.0f}",
                       *(milliseconds(kind, quantile) for kind in (one.within, one.between)
                         for quantile in (0.5, 0.99)))


def numbers(text):
    found = [int(each) for each in text.split(",")]
    if min(found) < 1:
        raise argparse.ArgumentTypeError("they begin at 1")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=numbers, default="1,3,10,30,100")
    parser.add_argument("--clients", type=numbers, default="32,1024", help="of each part")
    parser.add_argument("--seconds", type=float, default=0.3, help="simulated")
    chosen = parser.parse_args()
    print(aligned(list(rows(chosen.parts, chosen.clients, chosen.seconds)), left=()))


if __name__ == "__main__":
    main()
