"""HTTP requests of clients to nodes, by connections that are kept."""

import asyncio
import json
import re

MOST_HEAD_BYTES = 65536
HEAD_END = b"\r\n\r\n"


async def end_all_tasks():
    """All but the one that calls it, and what they have open."""
    # More than once: wait_for of Python 3.11 can lose a cancellation.
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=0.2)
    await asyncio.sleep(0.01)


class Lost(Exception):
    """There was no answer: the request may have been carried out."""


class Reply:
    def __init__(self, head, body):
        line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        self.status = int(line.split(" ")[1])
        self.fields = {name.lower(): value.strip()
                       for name, _, value in (field.partition(":") for field in fields)}
        self.body = body

    def data(self):
        return json.loads(self.body, parse_float=str)["data"]

    def error_type(self):
        try:
            return json.loads(self.body)["error"]["type"]
        except (ValueError, LookupError, TypeError):
            return ""

    @property
    def location_port(self):
        """The port of the node that a redirection names, or None."""
        found = re.match(r"http://127\.0\.0\.1:(\d+)/", self.fields.get("location", ""))
        return int(found[1]) if self.status == 307 and found else None


def request_bytes(method, target, body=b"", key=None):
    fields = ["Host: 127.0.0.1"]
    if key:
        fields.append(f"Idempotency-Key: {key}")
    if method == "POST":
        fields += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *fields])
    return head.encode() + HEAD_END + body


class Connection:
    """To one port. It is made when it is needed, and again after it was lost."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def ask(self, request, timeout_s):
        """Raises Lost."""
        try:
            return await asyncio.wait_for(self._ask(request), timeout_s)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as why:
            self.close()
            raise Lost(str(why)) from None
        except BaseException:
            self.close()
            raise

    async def _ask(self, request):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.port, limit=MOST_HEAD_BYTES)
        self.writer.write(request)
        head = await self.reader.readuntil(HEAD_END)
        reply = Reply(head[:-len(HEAD_END)], b"")
        if reply.fields.get("transfer-encoding") == "chunked":
            reply.body = await self._chunks()
        else:
            reply.body = await self.reader.readexactly(int(reply.fields.get("content-length", 0)))
        if reply.fields.get("connection", "").lower() == "close":
            self.close()
        return reply

    async def _chunks(self):
        body, size = b"", -1
        while size != 0:
            size = int(await self.reader.readline(), 16)
            body += (await self.reader.readexactly(size + 2))[:-2]
        return body

    def close(self):
        if self.writer is not None:
            self.writer.transport.abort()
            self.reader = self.writer = None
