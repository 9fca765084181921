#!/usr/bin/env python3
"""Measures GET /accounts as a stream beside postings.

  bench/http/account_stream.py [--coffer build/coffer] [--accounts 10000000] [--data DIR]

A server with one thread opens so many accounts, wrk posts to 1000 of them all the time, and curl
reads streams to their ends. Printed are postings a second without a stream and with one, each
stream's time, its last line, and the server's memory beyond what it had before. Needs wrk and curl,
and a file of accounts of 45 bytes an account for its time.
"""

import argparse
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import time

SCRIPT = pathlib.Path(__file__).parent / "wrk" / "coffer.lua"
FIRST = 10001
POSTED = 1000
ALONE_S = 8
STREAMS = 3


def write_accounts(path, count):
    with open(path, "w", encoding="ascii") as out:
        out.write('{"accounts":[\n')
        for start in range(0, count, 100_000):
            out.write(",\n".join(f'{{"account_number":"{FIRST + i}","balance":10.25}}'
                                 for i in range(start, min(start + 100_000, count))))
            out.write(",\n" if start + 100_000 < count else "\n]}\n")


def start(coffer, accounts, data):
    where = ["--data", data] if data else ["--in-memory"]
    server = subprocess.Popen(
        [coffer, "serve", "--listen", "127.0.0.1:0", "--threads", "1", "--accounts", accounts,
         "--snapshot-every", "0", *where], stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return server, f"http://127.0.0.1:{found[1]}"
    raise SystemExit("the server did not start")


def wait_until_ready(url):
    while subprocess.run(["curl", "-sf", f"{url}/readyz"], capture_output=True,
                         check=False).returncode:
        time.sleep(0.2)


def memory_mib(server, name):
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024


class Postings:
    """wrk until it is stopped; then how many a second there were."""

    def __init__(self, url):
        self.process = subprocess.Popen(
            ["wrk", "-t1", "-c64", "-d3600s", "-s", str(SCRIPT), url, "--", "deposit", "1",
             str(FIRST), str(POSTED), "64"], stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.process.send_signal(2)
        printed = self.process.communicate()[0]
        found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
        return float(found[1])


def read_stream(url):
    begin = time.monotonic()
    read = subprocess.run(
        f"curl -sN {url}/accounts -H 'Accept: application/x-ndjson' | tail -n 1", shell=True,
        capture_output=True, text=True, check=True)
    return time.monotonic() - begin, json.loads(read.stdout)


def watch_memory(server, stopping, highest):
    while not stopping.wait(0.05):
        highest[0] = max(highest[0], memory_mib(server, "VmRSS"))


def measure(server, url):
    wait_until_ready(url)
    postings = Postings(url)
    time.sleep(ALONE_S)
    alone = postings.stop()
    before = memory_mib(server, "VmRSS")
    # Postings beside the first cut give accounts a second word: memory of the ledger, and not of a
    # stream.
    postings = Postings(url)
    print(f"first stream: {read_stream(url)}")
    postings.stop()
    with_words = memory_mib(server, "VmRSS")
    highest, stopping = [with_words], threading.Event()
    watch = threading.Thread(target=watch_memory, args=(server, stopping, highest))
    watch.start()
    postings = Postings(url)
    for _ in range(STREAMS):
        taken_s, last = read_stream(url)
        print(f"stream: {taken_s:.1f} s, {last}")
    beside = postings.stop()
    stopping.set()
    watch.join()
    print(f"postings a second: {alone:.0f} alone, {beside:.0f} beside streams, "
          f"{beside / alone:.2f} x")
    print(f"resident: {before:.0f} MiB, {with_words:.0f} after a first cut, "
          f"{highest[0] - with_words:.1f} more at most beside streams")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coffer", default="build/coffer")
    parser.add_argument("--accounts", type=int, default=10_000_000)
    parser.add_argument("--data", help="a durable server with its journal here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        accounts = f"{folder}/accounts.json"
        write_accounts(accounts, chosen.accounts)
        server, url = start(chosen.coffer, accounts, chosen.data)
        try:
            measure(server, url)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
