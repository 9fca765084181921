#!/usr/bin/env python3
"""Imitates a node: a small ledger over a log in etcd, with bugs on demand, to test fault_rounds.

It takes the flags of `coffer serve` that the tests give, and understands `audit` and `export`. It
keeps nothing but what is in etcd. FAKE_BUG names a bug: "lease" (answers reads for as long as it
is not told that another node leads), "keys" (a leader forgets the keys of those before).
"""

import argparse
import asyncio
import base64
import json
import os
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.money_text import minor_of, text_of  # noqa: E402
from http_calls import Connection, Lost  # noqa: E402

BUG = os.environ.get("FAKE_BUG", "")
PREFIX = "coffer/cluster/"
LEADER = PREFIX + "leader"
READ_LEASE_S, BEAT_S, LEASE_S, POLL_S, TIMEOUT_S = 1.0, 0.3, 2, 0.05, 1.0
STAND_BACK_S = 3  # after it has stepped down: another node is to lead
HEAD = re.compile(rb"(\w+) (/[^ ?]*)(\?[^ ]*)? ")
KEY = re.compile(rb"\r\nIdempotency-Key: ([^\r]+)")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def entry_key(number):
    return f"{PREFIX}log/{number:020}"


class Store:
    """etcd, at any of its members."""

    def __init__(self, urls):
        self.ports = [int(url.rpartition(":")[2]) for url in urls]
        self.turn = 0

    async def call(self, path, body):
        """The reply, or None: it may have been carried out."""
        text = json.dumps(body).encode()
        connection = Connection(self.ports[self.turn % len(self.ports)])
        try:
            reply = await connection.ask(
                f"POST {path} HTTP/1.1\r\nHost: etcd\r\nContent-Length: {len(text)}\r\n\r\n"
                .encode() + text, TIMEOUT_S)
            if reply.status == 200:
                return json.loads(reply.body)
        except (Lost, ValueError):
            pass
        finally:
            connection.close()
        self.turn += 1
        return None

    async def transact(self, compare, success, failure=()):
        return await self.call("/v3/kv/txn", {"compare": [
            {"target": target, "key": encoded(key), "result": result, names[target]: str(value)}
            for key, target, result, value in compare],
            "success": list(success), "failure": list(failure)})


names = {"CREATE": "create_revision", "VERSION": "version"}


def put(key, value, lease=0):
    return {"request_put": {"key": encoded(key), "value": encoded(value), "lease": str(lease)}}


def read(key):
    return {"request_range": {"key": encoded(key)}}


class Ledger:
    def __init__(self, accounts):
        self.states, self.lines, self.keys, self.record = {}, [], {}, 0
        for one in accounts:
            self.post(None, [(int(one["account_number"]), round(one["balance"] * 100))])

    def post(self, key, effects):
        self.record += 1
        for account, effect in effects:
            balance, sequence = self.states.get(account, (0, 0))
            self.states[account] = balance + effect, sequence + 1
            self.lines.append({"record": self.record, "account_number": str(account),
                               "sequence": sequence + 1,
                               "operation": "transaction" if key else "opening",
                               "amount": f"{'-' if effect < 0 else ''}{text_of(abs(effect))}",
                               "balance": text_of(balance + effect), "key": key})
        if key:
            self.keys[key] = self.answer(effects)

    def answer(self, effects):
        ends = [f'{{"new_balance":{text_of(self.states[one][0])}}}' for one, _ in effects]
        data = ends[0] if len(ends) == 1 else f'{{"from":{ends[0]},"to":{ends[1]}}}'
        return 200, f'{{"data":{data}}}', f'ETag: "{self.states[effects[0][0]][1]}"\r\n'


class Node:
    def __init__(self, flags):
        self.flags = flags
        self.store = Store(flags.replicate.split(","))
        self.port = int(flags.listen.rpartition(":")[2])
        accounts = json.loads(pathlib.Path(flags.accounts).read_text())["accounts"]
        self.ledger = Ledger(accounts)
        self.number = self.term = self.until = self.answer_from = 0
        self.last_is_released = False
        self.leader_url, self.waiting, self.stepping_down = "", [], False

    def leads(self):
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        return self.term and now >= self.answer_from and (now < self.until or BUG == "lease")

    async def run(self):
        await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        while True:
            await self.follow()
            if self.term:
                await self.lead()
                if self.last_is_released:
                    await asyncio.sleep(STAND_BACK_S)

    async def follow(self):
        found = await self.store.call("/v3/kv/range", {
            "key": encoded(entry_key(self.number + 1)), "range_end": encoded(PREFIX + "log0"),
            "limit": "100"})
        if found is None:
            return await asyncio.sleep(POLL_S)
        for one in found.get("kvs", []):
            self.take(base64.b64decode(one["value"]))
        if found.get("kvs"):
            return None
        at = await self.store.call("/v3/kv/range", {"key": encoded(LEADER)})
        if at is not None and "kvs" in at:
            self.leader_url = base64.b64decode(at["kvs"][0]["value"]).decode()
        elif at is not None:
            self.leader_url = ""
            await self.stand()
        return await asyncio.sleep(POLL_S)

    def take(self, value):
        entry = json.loads(value)
        self.number += 1
        self.last_is_released = entry["kind"] == "released"
        if entry["kind"] == "begins" and BUG == "keys":
            self.ledger.keys = {}
        for key, effects in entry["records"]:
            self.ledger.post(key, effects)

    async def stand(self):
        lease = await self.store.call("/v3/lease/grant", {"TTL": str(LEASE_S)})
        if lease is None:
            return
        self.lease = lease["ID"]
        url = f"http://127.0.0.1:{self.port}"
        won = await self.store.transact([(LEADER, "CREATE", "EQUAL", 0)],
                                        [put(LEADER, url, self.lease)])
        if won is None or not won.get("succeeded"):
            return
        self.term, self.until = int(won["header"]["revision"]), 0
        was_released = self.last_is_released
        if await self.append("begins", []) != "there":
            self.term = 0
            return
        wait = 0 if was_released else 1.1 * READ_LEASE_S
        self.answer_from = time.clock_gettime(time.CLOCK_BOOTTIME) + wait
        self.leader_url = ""

    async def append(self, kind, records):
        """"there", or "over": it is another's term."""
        value = json.dumps({"kind": kind, "term": self.term, "nonce": os.urandom(8).hex(),
                            "records": records})
        while True:
            key, sent = entry_key(self.number + 1), time.clock_gettime(time.CLOCK_BOOTTIME)
            compare = [(LEADER, "CREATE", "EQUAL", self.term), (key, "CREATE", "EQUAL", 0)]
            if self.number:
                compare.append((entry_key(self.number), "CREATE", "GREATER", 0))
            found = await self.store.transact(compare, [put(key, value)], [read(key), read(LEADER)])
            if found is None:
                continue
            if found.get("succeeded"):
                break
            there, leader = [one["response_range"].get("kvs", [])
                             for one in found["responses"]]
            if there:
                if base64.b64decode(there[0]["value"]).decode() == value:
                    break
                return "over"
            if not leader or int(leader[0]["create_revision"]) != self.term:
                return "over"
        self.take(value)
        self.until = sent + READ_LEASE_S
        return "there"

    async def lead(self):
        beat = asyncio.ensure_future(self.keep_lease())
        while self.term:
            kind = "released" if self.stepping_down else "batch" if self.waiting else "beat"
            waiting = [] if kind == "released" else self.waiting[:100]
            del self.waiting[:len(waiting)]
            if kind == "beat" and time.clock_gettime(
                    time.CLOCK_BOOTTIME) < self.until - READ_LEASE_S + BEAT_S:
                await asyncio.sleep(0.002)
                continue
            records = [] if kind == "beat" else list(
                {key: (key, effects) for key, effects, _ in waiting
                 if key not in self.ledger.keys}.values())
            if await self.append(kind, records) != "there":
                break
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            await asyncio.sleep(max(0, self.answer_from - now))
            for key, _, answered in waiting:
                if not answered.done():
                    answered.set_result(self.ledger.keys[key])
            if kind == "released":
                await self.store.call("/v3/lease/revoke", {"ID": self.lease})
                break
        beat.cancel()
        # What it takes from the log is right; it has posted nothing else.
        self.term, self.stepping_down = 0, False
        for _, _, answered in self.waiting:
            if not answered.done():
                answered.set_result((503, "{}", ""))
        self.waiting = []

    async def keep_lease(self):
        while True:
            await asyncio.sleep(LEASE_S / 4)
            await self.store.call("/v3/lease/keepalive", {"ID": self.lease})

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                status, text, fields = await self.answer(head, body)
                writer.write((f"HTTP/1.1 {status} x\r\nContent-Length: {len(text)}\r\n{fields}"
                              f"\r\n{text}").encode())
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        writer.transport.abort()

    async def answer(self, head, body):
        method, path, query = (one.decode() if one else "" for one in HEAD.match(head).groups())
        role = "leader" if self.term else "standby"
        if path == "/readyz":
            return (200 if self.leads() else 503), f'{{"role":"{role}"}}', ""
        is_old = query.endswith("stale=ok")
        if not self.leads() and not is_old:
            if self.leader_url:
                return 307, "{}", f"Location: {self.leader_url}{path}\r\n"
            return 503, "{}", ""
        if path == "/admin/step-down":
            self.stepping_down = True
            return 200, "{}", ""
        if path == "/accounts":
            return 200, json.dumps(sorted(self.ledger.states.items())), ""
        account = int(path.split("/")[2])
        if method == "GET":
            balance, sequence = self.ledger.states[account]
            as_of = f"Coffer-As-Of: {self.ledger.record}\r\n" if is_old else ""
            return 200, f'{{"data":{{"balance":{text_of(balance)},"sequence":{sequence}}}}}', as_of
        said, what = json.loads(body, parse_float=str), path.split("/")[3]
        amount = minor_of(said["amount"])
        effects = [(account, amount if what == "deposit" else -amount)]
        if what == "transfer":
            effects.append((int(said["to"]), amount))
        key = KEY.search(head)[1].decode()
        if key in self.ledger.keys:
            return self.ledger.keys[key]
        answered = asyncio.get_running_loop().create_future()
        self.waiting.append((key, effects, answered))
        return await answered


def main():
    if sys.argv[1] != "serve":
        if sys.argv[1] == "export":
            sys.stdout.write((pathlib.Path(sys.argv[2]) / "lines").read_text())
        return
    words = argparse.ArgumentParser()
    for name in ("replicate", "ledger", "node", "listen", "advertise", "data", "accounts"):
        words.add_argument(f"--{name}")
    flags, _ = words.parse_known_args(sys.argv[2:])
    node = Node(flags)
    data = pathlib.Path(flags.data)
    data.mkdir(exist_ok=True)

    def end(*_):
        (data / "lines").write_text("".join(
            json.dumps(one, separators=(",", ":")) + "\n" for one in node.ledger.lines))
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    asyncio.run(node.run())


main()
