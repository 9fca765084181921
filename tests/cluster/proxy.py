"""Passes HTTP requests on, from nodes to members of etcd, and loses, delays, repeats and cuts them.

As a program: proxy.py SEED TARGET... listens on a port for each of these ports, prints `ready` and
its ports, and passes requests on to the targets. A line of JSON on standard input changes what
happens to the requests of links, by their places: {"links": [0, 1], "faults": {"drop": 0.1}}. It
ends when standard input does.

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
    def __init__(self, target, chance):
        self.target, self.random = target, chance
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


async def run(seed, targets):
    chance = random.Random(seed)
    links = [Link(int(target), chance) for target in targets]
    servers = [await asyncio.start_server(one.serve, "127.0.0.1", 0, limit=MOST_BYTES)
               for one in links]
    print("ready", *(one.sockets[0].getsockname()[1] for one in servers), flush=True)
    await follow_orders(links)


class Proxies:
    """The program, for links from `ports`, which it chooses, to `targets`. A context manager."""

    def __init__(self, seed, targets):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(seed), *map(str, targets)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.ports = [int(port) for port in self._words_after("ready")]

    def _words_after(self, word):
        first, *others = self.process.stdout.readline().split() or [""]
        if first != word:
            raise RuntimeError("the proxy has ended")
        return others

    def set(self, places, **faults):
        """Of these links; without faults they pass everything on."""
        print(json.dumps({"links": list(places), "faults": faults}), file=self.process.stdin,
              flush=True)
        self._words_after("done")

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
