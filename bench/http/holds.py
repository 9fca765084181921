#!/usr/bin/env python3
"""Measures open holds: the memory of each, and postings while very many expire at once.

  bench/http/holds.py [--coffer build/coffer] [--holds 1000000] [--data DIR]

A server with one thread gets so many holds over HTTP, spread over 1000 accounts, which all end in
the same second. wrk posts deposits to another 1000 accounts, in windows of a second: before, and
from before that second until nothing is held any more. Printed are the resident bytes of each hold,
how long they took to expire, and the p99 of the deposits in each window. Two bounds are printed
with the results, and whether they were met: 120 bytes for each hold, and twice the median p99.
Needs wrk, and takes at most five minutes.
"""

import argparse
import http.client
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT))

from bench.http.account_stream import SCRIPT, memory_mib, start, wait_until_ready  # noqa: E402

HOLDING, POSTED = 1000, 1000  # accounts
FIRST = 10_001
WARM_UP = 10_000  # holds
AT_ONCE = 500  # requests on their way
CONNECTIONS = 64
BEFORE = 5  # windows of a second, before holds expire
MOST_PLACING_S, MOST_EXPIRING_S = 120, 60
REST_S = 3 + BEFORE  # from the last hold until they expire, if they are placed in time
BOUND_BYTES, BOUND_P99 = 120, 2.0


class Failed(Exception):
    """The server refused, or did not do it in time."""


def write_accounts(path):
    path.write_text(json.dumps({"accounts": [
        {"account_number": str(FIRST + i), "balance": 1e9} for i in range(HOLDING + POSTED)]}))


def hold_request(account, expires_in_ms):
    body = f'{{"amount":0.01,"expires_in":"{expires_in_ms}ms"}}'
    return (f"POST /accounts/{account}/holds HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")


def send_batch(connection, first, count, expires_in_ms):
    connection.sendall("".join(hold_request(FIRST + (first + i) % HOLDING, expires_in_ms)
                               for i in range(count)).encode())
    received = b""
    while received.count(b'"code":') < count:
        more = connection.recv(1 << 20)
        if not more:
            raise Failed("the server closed the connection")
        received += more
    if received.count(b'"code":201}') != count:
        raise Failed(received[:1000].decode())


def place(port, count, until):
    """Places so many holds, which expire together when the clock is `until`."""
    with socket.create_connection(("127.0.0.1", port), timeout=MOST_PLACING_S) as connection:
        for first in range(0, count, AT_ONCE):
            left_s = until - time.monotonic()
            if left_s < 1:
                raise Failed(f"only {first} holds could be placed in {MOST_PLACING_S} s")
            send_batch(connection, first, min(AT_ONCE, count - first), round(left_s * 1000))


def deposits(url):
    """Rate and p99 in us of a second of deposits to accounts without holds."""
    said = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", "-d1s", "-s", str(SCRIPT), url, "--", "deposit", "1",
         str(FIRST + HOLDING), str(POSTED), str(CONNECTIONS)], capture_output=True, text=True,
        check=True).stdout
    figures = json.loads(said.splitlines()[-1])
    if figures["status"] or figures["failed"]:
        raise Failed(f"wrk: {figures}")
    return figures["requests"] / figures["seconds"], figures["p99_us"]


def is_anything_held(port):
    """Of one account after the other, until one has a hold."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for account in range(FIRST, FIRST + HOLDING):
        connection.request("GET", f"/accounts/{account}/balance")
        if b'"held"' in connection.getresponse().read():
            return True
    return False


def median_p99(windows):
    return statistics.median(p99 for _, p99 in windows)


def show(what, windows):
    print(f"{what}: p99 {median_p99(windows):,.0f} us "
          f"({', '.join(f'{p99:,}' for _, p99 in windows)}), "
          f"{statistics.median(rate for rate, _ in windows):,.0f} deposits/s")


def expire(port, url, until):
    """Windows of deposits until all has expired, and how long that took."""
    windows = []
    while True:
        windows.append(deposits(url))
        late_s = time.monotonic() - until
        if late_s > 0 and not is_anything_held(port):
            return windows, late_s
        if late_s > MOST_EXPIRING_S:
            raise Failed(f"holds are held {MOST_EXPIRING_S} s after they were to expire")


def verdict(value, bound):
    return f"<= {bound:g}: {'met' if value <= bound else 'MISSED'}"


def warm_up(port, url):
    """Has each account hold something once. Returns how long a hold takes to be placed."""
    begin = time.monotonic()
    until = begin + 3
    place(port, WARM_UP, until)
    each_s = (time.monotonic() - begin) / WARM_UP
    expire(port, url, until)
    return each_s


def measure(server, url, count):
    port = int(url.rpartition(":")[2])
    wait_until_ready(url)
    each_s = warm_up(port, url)
    memory = memory_mib(server, "VmRSS")
    begin = time.monotonic()
    until = begin + min(2 * each_s * count, MOST_PLACING_S) + REST_S
    place(port, count, until)
    each = (memory_mib(server, "VmRSS") - memory) * 2**20 / count
    print(f"{count:,} holds placed in {time.monotonic() - begin:.1f} s")
    print(f"resident bytes of each: {each:.1f} ({verdict(each, BOUND_BYTES)})")
    windows = []
    while time.monotonic() < until - 1.5:
        windows.append(deposits(url))
    show("before", windows)
    beside, late_s = expire(port, url, until)
    show("while they expire", beside)
    ratio = median_p99(beside) / median_p99(windows)
    print(f"all had expired within {late_s:.1f} s; the p99 meanwhile is {ratio:.2f} x that before "
          f"({verdict(ratio, BOUND_P99)})")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coffer", default="build/coffer")
    parser.add_argument("--holds", type=int, default=1_000_000)
    parser.add_argument("--data", help="a durable server with its journal here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        accounts = pathlib.Path(folder) / "accounts.json"
        write_accounts(accounts)
        server, url = start(chosen.coffer, str(accounts), chosen.data)
        try:
            measure(server, url, chosen.holds)
        except Failed as failure:
            sys.exit(f"bench/http/holds.py: {failure}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
