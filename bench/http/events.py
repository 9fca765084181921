#!/usr/bin/env python3
"""Measures GET /events: how fast one reader catches up, and what a hundred cost postings.

  bench/http/events.py [--coffer build/coffer] [--data DIR] [--rounds 5] [--seconds 4]

A server with one thread gets a million deposits, and curl reads them as lines, as server-sent
events, and once more, from what is kept. Then wrk posts to 1000 accounts, in turn without readers
and with 100 readers of which 10 do not read; printed are postings a second, and the median of the
ratios of neighbours. Needs wrk and curl.
"""

import argparse
import http.client
import os
import pathlib
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from bench.http.account_stream import FIRST, POSTED, Postings, write_accounts  # noqa: E402

RECORDS = 1_000_000
READERS, STUCK = 100, 10


def start(coffer, accounts, data):
    server = subprocess.Popen(
        [coffer, "serve", "--listen", "127.0.0.1:0", "--threads", "1", "--accounts", accounts,
         "--snapshot-every", "0", "--data", data], stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return server, int(found[1])
    raise SystemExit("the server did not start")


def fill(port, count):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    lines = "".join(f'{{"operation":"deposit","account_number":"{FIRST + i % POSTED}",'
                    '"amount":0.01}\n' for i in range(10_000)).encode()
    for _ in range(count // 10_000):
        connection.request("POST", "/batch", lines, {"Content-Type": "application/x-ndjson"})
        connection.getresponse().read()
    connection.close()


def catch_up(port, accept):
    """Events a second to one reader."""
    begin = time.monotonic()
    with subprocess.Popen(["curl", "-sN", f"http://127.0.0.1:{port}/events?after={POSTED}",
                           "-H", "Accept: " + accept], stdout=subprocess.PIPE) as curl:
        seen = 0
        while seen < RECORDS:
            piece = curl.stdout.read1(1 << 20)
            if not piece:
                raise SystemExit("the stream ended")
            seen += piece.count(b'"record":')  # but for those that are cut
            if b'"record":%d,' % (POSTED + RECORDS) in piece:
                break
        took = time.monotonic() - begin
        curl.kill()
    return RECORDS / took


class Readers(threading.Thread):
    """Streams of what comes from now on, all read by one thread but for those that are stuck."""

    def __init__(self, port):
        super().__init__()
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(READERS)]
        for i, one in enumerate(self.sockets):
            accept = ("application/x-ndjson", "text/event-stream")[i % 2]
            one.sendall(f"GET /events?after=end HTTP/1.1\r\nHost: localhost\r\n"
                        f"Accept: {accept}\r\n\r\n".encode())
        self.bytes = 0
        self.stopping = threading.Event()
        self.start()

    def run(self):
        buffer = bytearray(1 << 20)
        with selectors.DefaultSelector() as ready:
            for one in self.sockets[STUCK:]:
                ready.register(one, selectors.EVENT_READ)
            while not self.stopping.is_set():
                for key, _ in ready.select(0.1):
                    self.bytes += key.fileobj.recv_into(buffer)

    def end(self):
        self.stopping.set()
        self.join()
        for one in self.sockets:
            one.close()


def processor_seconds(server):
    """What all threads of the server have used."""
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def measure(server, port, seconds):
    """Postings a second, and the server's microseconds for each."""
    before = processor_seconds(server)
    posting = Postings(f"http://127.0.0.1:{port}")
    time.sleep(seconds)
    rate = posting.stop()
    return rate, (processor_seconds(server) - before) / (rate * seconds) * 1e6


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--coffer", default="build/coffer")
    options.add_argument("--data")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=4)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="coffer-events-") as folder:
        accounts = f"{folder}/accounts.json"
        write_accounts(accounts, POSTED)
        server, port = start(chosen.coffer, accounts, chosen.data or f"{folder}/data")
        try:
            fill(port, RECORDS)
            for accept in ("application/x-ndjson", "text/event-stream"):
                print(f"{accept}: {catch_up(port, accept):,.0f} events/s to one reader")
            ratios = []
            for _ in range(chosen.rounds):
                alone, alone_us = measure(server, port, chosen.seconds)
                readers = Readers(port)
                beside, beside_us = measure(server, port, chosen.seconds)
                readers.end()
                ratios.append(beside / alone)
                print(f"postings/s: {alone:,.0f} alone, {beside:,.0f} beside {READERS} readers of "
                      f"which {STUCK} are stuck: {ratios[-1]:.2f}; processor time of the server "
                      f"{alone_us:.1f} and {beside_us:.1f} us a posting; "
                      f"{readers.bytes / chosen.seconds / 2**20:.1f} MiB/s read")
            print(f"median of the ratios: {statistics.median(ratios):.2f}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
