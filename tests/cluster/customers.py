"""Clients of a replicated ledger, in a thread of their own. They repeat each posting with its key,
at any node, until it is acknowledged, and read."""

import asyncio
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.money_text import minor_of, text_of  # noqa: E402
from history import History  # noqa: E402
from http_calls import Connection, Lost, end_all_tasks, request_bytes  # noqa: E402

FIRST_ACCOUNT = 10_001
ACCOUNTS = 24
OPENING = 100_000_000  # more than can be withdrawn
MOST_AMOUNT = 500
READS, TRANSFERS, WITHDRAWALS = 0.25, 0.2, 0.2  # of all requests; the others are deposits
ELSEWHERE = 0.1  # of reads: at any node
TIMEOUT_S = 1.5
AGAIN_AFTER_S = 0.05
REDIRECTED_S = 0.005
PINNED_EVERY_S = 0.1
PINNED_TIMEOUT_S = 60
MOST_PINNED = 400  # unanswered ones of a node
EXPECTED_REFUSALS = ("request_in_progress",)


class Customers:
    """To nodes at `ports`. A context manager: begins them, and ends them at once."""

    def __init__(self, ports, seed, connections=16, pause_s=0.0):
        self.ports, self.pause_s = ports, pause_s
        self.history = History(f"cluster-{seed}")
        self.chance = random.Random(seed)
        self.connections = connections
        self.complaints = []
        self.last_ack = dict.fromkeys(ports, 0)  # monotonic_ns, by the port that has answered
        self.unfinished = 0
        self._pauses = self._ends = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)

    def accounts(self):
        return {"accounts": [{"account_number": str(number), "balance": OPENING / 100}
                             for number in range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS)]}

    def settle(self, timeout_s=60):
        """Sends nothing new, and waits until all is acknowledged. False if it is not in time."""
        self._pauses = True
        deadline = time.monotonic() + timeout_s
        while self.unfinished and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.unfinished == 0

    def go_on(self):
        self._pauses = False

    def wait_for_ack(self, after_ns, others_than=(), timeout_s=60):
        """Seconds from a moment to the first posting that was acknowledged after it, by other nodes
        than those at these ports; None if there was none in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            acks = [at for port, at in self.last_ack.items()
                    if port not in others_than and at > after_ns]
            if acks:
                return (min(acks) - after_ns) / 1e9
            time.sleep(0.005)
        return None

    async def _all(self):
        tasks = [asyncio.ensure_future(self._customer()) for _ in range(self.connections)]
        for port in self.ports:
            tasks += [asyncio.ensure_future(self._pinned(port, suffix))
                      for suffix in ("", "?stale=ok")]
        while not self._ends:
            await asyncio.sleep(0.05)
            for task in tasks:
                if task.done():
                    self.complaints.append(repr(task.exception()))
                    self._ends = True
        await end_all_tasks()

    async def _customer(self):
        one = Customer(self)
        try:
            while True:
                while self._pauses:
                    await asyncio.sleep(0.02)
                await (one.read() if self.chance.random() < READS else one.post())
                if self.pause_s:
                    await asyncio.sleep(self.pause_s)
        finally:
            one.close()

    async def _pinned(self, port, suffix):
        """Reads at one node alone, whatever becomes of it, each time by a new connection: what
        waits while the node is stopped is answered when it goes on."""
        reads = set()
        while True:
            if len(reads) < MOST_PINNED:
                read = asyncio.ensure_future(self._pinned_read(port, suffix))
                reads.add(read)
                read.add_done_callback(reads.discard)
            await asyncio.sleep(PINNED_EVERY_S)

    async def _pinned_read(self, port, suffix):
        connection, account = Connection(port), self.account()
        begun = time.monotonic_ns()
        try:
            reply = await connection.ask(request_bytes("GET", f"/accounts/{account}{suffix}"),
                                         PINNED_TIMEOUT_S)
            if reply.status == 200:
                self.take_read(account, begun, reply)
        except Lost:
            pass
        finally:
            connection.close()

    def account(self):
        return FIRST_ACCOUNT + self.chance.randrange(ACCOUNTS)

    def take_read(self, account, begun, reply):
        data = reply.data()
        as_of = reply.fields.get("coffer-as-of")
        self.history.read(account, begun, minor_of(data["balance"]), data["sequence"],
                          None if as_of is None else int(as_of))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends = True
        self._thread.join()


class Customer:
    """One client, which does one thing at a time."""

    def __init__(self, all_of):
        self.all, self.chance, self.history = all_of, all_of.chance, all_of.history
        self.connections = {port: Connection(port) for port in all_of.ports}
        self.port = self.chance.choice(all_of.ports)

    def close(self):
        for connection in self.connections.values():
            connection.close()

    async def read(self):
        account = self.all.account()
        request = request_bytes("GET", f"/accounts/{account}")
        if self.chance.random() < ELSEWHERE:
            self.port = self.chance.choice(self.all.ports)
        begun, _, reply = await self._ask(request)
        if reply is not None and reply.status == 200:
            self.all.take_read(account, begun, reply)
        elif reply is not None and reply.status not in (307, 503):
            self.all.complaints.append(f"a read: {reply.status} {reply.body}")

    async def post(self):
        """Until it is acknowledged."""
        effects, target, body = self._choose()
        number = self.history.begin(effects)
        request = request_bytes("POST", target, body, self.history.key_of(number))
        self.all.unfinished += 1
        while not self._take(number, effects, *await self._ask(request)):
            pass
        self.all.unfinished -= 1

    def _choose(self):
        account, kind = self.all.account(), self.chance.random()
        amount = self.chance.randrange(1, MOST_AMOUNT)
        if kind < TRANSFERS:
            payee = FIRST_ACCOUNT + (account - FIRST_ACCOUNT
                                     + self.chance.randrange(1, ACCOUNTS)) % ACCOUNTS
            body = f'{{"to":"{payee}","amount":{text_of(amount)}}}'
            return (((account, -amount), (payee, amount)), f"/accounts/{account}/transfer",
                    body.encode())
        what, effect = (("withdraw", -amount) if kind < TRANSFERS + WITHDRAWALS
                        else ("deposit", amount))
        return (((account, effect),), f"/accounts/{account}/{what}",
                f'{{"amount":{text_of(amount)}}}'.encode())

    def _take(self, number, effects, _, port, reply):
        """Returns whether the request is acknowledged."""
        if reply is None or reply.status in (307, 503):
            return False
        if reply.status != 200:
            if reply.error_type() not in EXPECTED_REFUSALS:
                self.all.complaints.append(f"{self.history.key_of(number)} at {port}: "
                                           f"{reply.status} {reply.body}")
            return False
        data = reply.data()
        ends = [data["from"], data["to"]] if len(effects) > 1 else [data]
        self.history.acknowledge(number, (minor_of(one["new_balance"]) for one in ends),
                                 int(reply.fields["etag"].strip('"')))
        self.all.last_ack[port] = time.monotonic_ns()
        return True

    async def _ask(self, request):
        """When it was sent, to which port, and the reply or None. Afterwards the client goes to
        where it was sent, or to another node."""
        begun, port = time.monotonic_ns(), self.port
        try:
            reply = await self.connections[port].ask(request, TIMEOUT_S)
        except Lost:
            reply = None
        if reply is None or reply.status == 503:
            self.port = self.chance.choice(self.all.ports)
            await asyncio.sleep(AGAIN_AFTER_S)
        elif reply.status == 307:
            self.port = reply.location_port or self.port
            await asyncio.sleep(REDIRECTED_S)
        elif reply.status != 200:
            await asyncio.sleep(AGAIN_AFTER_S)
        return begun, port, reply
