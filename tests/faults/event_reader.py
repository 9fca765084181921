"""Follows GET /events over the lives of a server, and compares what it saw with an export."""

import contextlib
import http.client
import json
import threading

from faults.export_lines import SIGNS, signed_minor_of

ACCEPT = ("application/x-ndjson", "text/event-stream")
TIMEOUT_S = 60


class EventReader:
    """Reconnects in each life of the server with the number of the last record that it has seen."""

    def __init__(self, complain, headers=dict):
        self.headers = headers  # makes the fields that each request has beside its own
        self.complain = complain
        self.last = 0
        self.connections = 0
        self.seen = []  # (record, its postings)

    @contextlib.contextmanager
    def following(self, server):
        """Reads until the server ends."""
        thread = threading.Thread(target=self._read, args=(server.port,))
        thread.start()
        try:
            yield
        finally:
            if server.process.poll() is None:
                server.kill()
            thread.join()

    def wait_for_end(self, server):
        """Waits until it has seen all that was posted; nothing is posted meanwhile."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
        for _ in range(10 * TIMEOUT_S):
            connection.request("GET", f"/events?after={self.last}&limit=1",
                               headers=self.headers())
            if not json.loads(connection.getresponse().read())["data"]["events"]:
                break
            threading.Event().wait(0.1)
        else:
            self.complain(f"the reader of events stays behind, at record {self.last}")
        connection.close()

    def _read(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        try:
            accept = ACCEPT[self.connections % len(ACCEPT)]
            self.connections += 1
            connection.request("GET", f"/events?after={self.last}",
                               headers={"Accept": accept, **self.headers()})
            reply = connection.getresponse()
            if reply.status == 503:  # the server is starting
                return
            if reply.status != 200:
                self.complain(f"events after {self.last}: {reply.status}: {reply.read()}")
                return
            while line := reply.readline():
                if line.endswith(b"\n"):  # else it was cut off by the kill
                    self._take(line.decode().removeprefix("data: "))
        except (OSError, http.client.HTTPException):
            pass  # the server was killed
        finally:
            connection.close()

    def _take(self, line):
        if not line.startswith("{"):
            return  # the rest of a server-sent event
        event = json.loads(line, parse_float=signed_minor_of)
        if "error" in event:
            if event["error"]["type"] != "unavailable":  # else the server stops
                self.complain(f"the events end after {self.last}: {event['error']}")
            return
        if event["record"] <= self.last:
            self.complain(f"record {event['record']} comes after {self.last} in the events")
        self.last = event["record"]
        self.seen.append((self.last, tuple(
            (one["account_number"], one["sequence"], one["amount"], one["balance"])
            for one in event["postings"])))

    def check_export(self, lines):
        """Compares with the lines of `coffer export`: every record once, in order. Holds may have
        expired after wait_for_end, while the server stopped."""
        expected, expiries = [], set()
        for line in lines:
            one = json.loads(line, parse_float=signed_minor_of)
            if not expected or expected[-1][0] != one["record"]:
                expected.append((one["record"], ()))
            if one["operation"] == "expiry":
                expiries.add(one["record"])
            amount = SIGNS[one["operation"]] * one["amount"]
            expected[-1] = (one["record"], (*expected[-1][1], (
                one["account_number"], one["sequence"], amount, one["balance"])))
        for seen, due in zip(self.seen, expected):
            if seen != due:
                self.complain(f"the events have {seen} where the export has {due}")
                return
        missing = [record for record, _ in expected[len(self.seen):] if record not in expiries]
        if missing or len(self.seen) > len(expected):
            self.complain(f"there are {len(self.seen)} events, and {len(expected)} records that "
                          f"post; these are missing: {missing}")
