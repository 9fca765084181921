"""Nodes that imitate a replicated ledger, right or with a bug: to test clients and checker."""

import asyncio
import json
import random
import re
import socket
import threading

from customers import ACCOUNTS, FIRST_ACCOUNT, OPENING
from faults.money_text import minor_of, text_of
from history import Line
from http_calls import end_all_tasks

HEAD = re.compile(rb"(\w+) (/accounts/(\d+)(?:/(\w+))?[^ ]*) ")
KEY = re.compile(rb"\r\nIdempotency-Key: ([^\r]+)")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")
UNANSWERED = 0.02  # of the postings
LATE_LOSSES = 5  # what a leader with the bug "lost" loses at its end


class FakeNodes:
    """`bug` is of "lost", "doubled", "stale" or None. A context manager."""

    def __init__(self, seed, bug=None):
        self.bug, self.chance = bug, random.Random(seed)
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        self.ports = [one.getsockname()[1] for one in self._sockets]
        self.leader = 0
        self.lines, self.keys = [], {}
        self.states = {}  # of accounts: balance and sequence
        self.old_states = [{} for _ in self.ports]  # what each had as a leader
        self.record = 0
        for account in range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS):
            self._post("", [(account, OPENING)])
        self._loop = None
        self._ends = False
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve_all()), daemon=True)

    def take_over(self):
        self._loop.call_soon_threadsafe(self._take_over)

    def _take_over(self):
        self.old_states[self.leader] = dict(self.states)
        self.leader = (self.leader + self.chance.randrange(1, 3)) % 3
        if self.bug == "lost":
            for line in self.lines[-LATE_LOSSES:]:
                self.keys.pop(line.key, None)
            kept, self.lines, self.states = self.lines[:-LATE_LOSSES], [], {}
            for line in kept:
                self._put(line.record, line.key, line.account, line.effect)
        if self.bug == "doubled":
            self.keys = {}

    def _post(self, key, effects):
        self.record += 1
        for account, effect in effects:
            self._put(self.record, key, account, effect)

    def _put(self, record, key, account, effect):
        balance, sequence = self.states.get(account, (0, 0))
        self.states[account] = balance + effect, sequence + 1
        self.lines.append(Line(record, account, sequence + 1, effect, balance + effect, key))

    async def _serve_all(self):
        self._loop = asyncio.get_running_loop()
        servers = [await asyncio.start_server(
            lambda reader, writer, place=place: self._serve(place, reader, writer),
            sock=listening) for place, listening in enumerate(self._sockets)]
        self._is_ready.set()
        while not self._ends:
            await asyncio.sleep(0.02)
        for one in servers:
            one.close()
        await end_all_tasks()

    async def _serve(self, place, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                answer = self._answer(place, head, body)
                if answer is None:
                    break
                writer.write(answer)
        except (OSError, EOFError):
            pass
        writer.transport.abort()

    def _answer(self, place, head, body):
        method, target, account, what = HEAD.match(head).groups()
        account, is_stale_ok = int(account), target.endswith(b"?stale=ok")
        may_answer = place == self.leader or is_stale_ok or (
            self.bug == "stale" and method == b"GET" and self.old_states[place])
        if not may_answer:
            port = self.ports[self.leader]
            return reply(307, "{}", f"Location: http://127.0.0.1:{port}{target.decode()}\r\n")
        if method == b"GET":
            states = self.states if place == self.leader else (
                self.old_states[place] or self.states)
            balance, sequence = states[account]
            as_of = "Coffer-As-Of: 0\r\n" if is_stale_ok else ""
            return success(f'{{"balance":{text_of(balance)},"sequence":{sequence}}}', sequence,
                           as_of)
        key = KEY.search(head)[1].decode()
        if key not in self.keys:
            self.keys[key] = self._do(key, account, what, json.loads(body, parse_float=str))
        return self.keys[key] if self.chance.random() > UNANSWERED else None

    def _do(self, key, account, what, body):
        amount = minor_of(str(body["amount"]))
        effects = [(account, amount if what == b"deposit" else -amount)]
        if what == b"transfer":
            effects.append((int(body["to"]), amount))
        self._post(key, effects)
        ends = [f'{{"new_balance":{text_of(self.states[one][0])}}}' for one, _ in effects]
        data = ends[0] if len(ends) == 1 else f'{{"from":{ends[0]},"to":{ends[1]}}}'
        return success(data, self.states[account][1])

    def __enter__(self):
        self._thread.start()
        self._is_ready.wait()
        return self

    def __exit__(self, *_):
        self._ends = True
        self._thread.join()


def success(data, sequence, fields=""):
    return reply(200, f'{{"success":true,"data":{data},"code":200}}',
                 f'ETag: "{sequence}"\r\n{fields}')


def reply(status, body, fields):
    return (f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
            f"{body}").encode()
