"""How soon it is ready, beside what this machine needs for work of the same kind, and how much
memory it takes. The figures are printed."""

import json
import os
import pathlib
import re
import tempfile
import time
import unittest

from server import Server, balance, run

MOST_READY_IN_READINGS = 5
MOST_RESIDENT_MB = 240  # some 60 of it index the segment in use, which has all the openings
MOST_READY_IN_EMPTY_STARTS = 5


def resident_mb(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def start_and_write_files():
    """What no start can do without: a process that loads, and some files safe on the disk."""
    run("version")
    with tempfile.TemporaryDirectory() as folder:
        for name in range(8):
            file = os.open(f"{folder}/{name}", os.O_CREAT | os.O_WRONLY, 0o640)
            os.write(file, bytes(1 << 16))
            os.fsync(file)
            os.close(file)


class Scale(unittest.TestCase):
    def test_a_million_accounts_are_ready_in_five_times_what_reading_them_takes(self):
        with tempfile.TemporaryDirectory() as folder:
            accounts = pathlib.Path(folder) / "accounts.json"
            with accounts.open("w") as out:
                out.write('{"accounts":[\n{"account_number":"1","balance":0.01}')
                for i in range(2, 1_000_001):
                    out.write(f',\n{{"account_number":"{i}","balance":{i // 100}.{i % 100:02}}}')
                out.write("\n]}\n")
            reading_s = min(seconds(lambda: json.loads(accounts.read_text())) for _ in range(2))
            ready_s, memory_mb = [], []
            for _ in range(2):
                with Server("--accounts", accounts, "--snapshot-every", "0") as server:
                    self.assertEqual("10000.0", balance(server, 1_000_000))
                    self.assertEqual("5000.01", balance(server, 500_001))
                    ready_s.append(server.ready_after_s)
                    memory_mb.append(resident_mb(server))
        print(f"\n    ready after {min(ready_s):.2f} s, read by Python in {reading_s:.2f} s, "
              f"{max(memory_mb):.0f} MB resident", end=" ")
        self.assertLess(min(ready_s), MOST_READY_IN_READINGS * reading_s)
        self.assertLessEqual(max(memory_mb), MOST_RESIDENT_MB)

    def test_an_empty_start_waits_for_nothing_but_a_few_writes(self):
        ready_s, least_s = [], []
        for _ in range(7):
            least_s.append(seconds(start_and_write_files))
            with Server("--accounts", "none") as server:
                ready_s.append(server.ready_after_s)
        print(f"\n    ready after {min(ready_s) * 1000:.1f} ms at best, "
              f"a process and eight files take {min(least_s) * 1000:.1f} ms", end=" ")
        self.assertLess(min(ready_s), MOST_READY_IN_EMPTY_STARTS * min(least_s))


if __name__ == "__main__":
    unittest.main()
