"""Passes HTTP requests on, from nodes to members of etcd, and loses, delays, repeats and cuts them.

As a program: proxy.py SEED PORT:TARGET... listens on each port and passes requests on to the port
TARGET. A line of JSON on standard input changes what happens to the requests of links, by their
places: {"links": [0, 1], "faults": {"drop": 0.1}}. It ends when standard input does.

Faults are the chances of a request, 0 to 1:
  drop       it is not passed on, and never answered
  late       likewise, but it is passed on within seconds by another connection
  duplicate  it is also passed on by another connection: before, or within seconds after
  delay      it is passed on after up to delay_s (0.5)
  cut        its connection ends once it has been passed on: the answer is lost
or, for the whole link, "down": all connections end, and new ones are refused.
"""

import asyncio
import json
import random
import re
import subprocess
import sys

MOST_BYTES = 8 << 20  # of a head, and of a body that is waited for
LATE_S = 4
DELAY_S = 0.5
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
KINDS = ("drop", "late", "duplicate", "delay", "cut")


class Link:
    def __init__(self, port, target, chance):
        self.port, self.target, self.random = port, target, chance
        self.faults = {}
        self.writers = set()
        self.tasks = set()

    def set(self, faults):
        self.faults = faults
        if faults.get("down"):
            for one in self.writers:
                one.transport.abort()

    def happens(self, kind):
        return self.random.random() < self.faults.get(kind, 0)

    def later(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve(self, reader, writer):
        self.writers.add(writer)
        upstream = None
        try:
            if self.faults.get("down"):
                return
            answers, upstream = await asyncio.open_connection("127.0.0.1", self.target)
            self.later(relay(answers, writer))
            while await self._pass_on(await request_from(reader), upstream):
                pass
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort()
            if upstream is not None:
                upstream.transport.abort()

    async def _pass_on(self, request, upstream):
        """Returns False if the connection is to end."""
        if self.happens("drop"):
            return True
        if self.happens("late"):
            self.later(self._send_alone(request, self.random.uniform(0, LATE_S)))
            return True
        if self.happens("duplicate"):
            if self.random.random() < 0.5:
                await self._send_alone(request, 0)
            else:
                self.later(self._send_alone(request, self.random.uniform(0, LATE_S)))
        if self.happens("delay"):
            await asyncio.sleep(self.random.uniform(0, self.faults.get("delay_s", DELAY_S)))
        upstream.write(request)
        await upstream.drain()
        if self.happens("cut"):
            if self.random.random() < 0.5:  # otherwise at once
                await asyncio.sleep(self.random.uniform(0, 0.005))
            return False
        return True

    async def _send_alone(self, request, after_s):
        """By a connection of its own, to the end of its answer or for a while."""
        await asyncio.sleep(after_s)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
            writer.write(request)
            await asyncio.wait_for(reader.readuntil(HEAD_END), LATE_S)
            writer.transport.abort()
        except (OSError, EOFError, asyncio.TimeoutError):
            pass


async def request_from(reader):
    head = await reader.readuntil(HEAD_END)
    length = LENGTH.search(head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


async def relay(reader, writer):
    try:
        while more := await reader.read(65536):
            writer.write(more)
            await writer.drain()
    except OSError:
        pass
    writer.transport.abort()


async def follow_orders(links):
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        for place in order["links"]:
            links[place].set(order["faults"])
        print("done", flush=True)


async def run(seed, pairs):
    chance = random.Random(seed)
    links = [Link(*map(int, pair.split(":")), chance) for pair in pairs]
    for one in links:
        await asyncio.start_server(one.serve, "127.0.0.1", one.port, limit=MOST_BYTES)
    print("ready", flush=True)
    await follow_orders(links)


class Proxies:
    """The program, for links from `ports` to `targets`. A context manager."""

    def __init__(self, seed, ports, targets):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(seed), *(f"{port}:{target}" for port, target
                                                    in zip(ports, targets))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._wait_for("ready")

    def _wait_for(self, word):
        if self.process.stdout.readline() != f"{word}\n":
            raise RuntimeError("the proxy has ended")

    def set(self, places, **faults):
        """Of these links; without faults they pass everything on."""
        print(json.dumps({"links": list(places), "faults": faults}), file=self.process.stdin,
              flush=True)
        self._wait_for("done")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2:]))
