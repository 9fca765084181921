"""How soon it is ready, and how much memory it takes. The figures are printed."""

import pathlib
import re
import tempfile
import unittest

from server import Server, balance

MOST_READY_S = 3.0
MOST_RESIDENT_MB = 150
MOST_READY_EMPTY_S = 0.1


def resident_mb(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


class Scale(unittest.TestCase):
    def test_a_million_accounts_are_ready_in_3_s_and_150_mb(self):
        with tempfile.TemporaryDirectory() as folder:
            accounts = pathlib.Path(folder) / "accounts.json"
            with accounts.open("w") as out:
                out.write('{"accounts":[\n{"account_number":"1","balance":0.01}')
                for i in range(2, 1_000_001):
                    out.write(f',\n{{"account_number":"{i}","balance":{i // 100}.{i % 100:02}}}')
                out.write("\n]}\n")
            ready_s, memory_mb = [], []
            for _ in range(2):
                with Server("--accounts", accounts, "--snapshot-every", "0") as server:
                    self.assertEqual("10000.0", balance(server, 1_000_000))
                    self.assertEqual("5000.01", balance(server, 500_001))
                    ready_s.append(server.ready_after_s)
                    memory_mb.append(resident_mb(server))
        print(f"\n    ready after {min(ready_s):.2f} s, {max(memory_mb):.0f} MB resident", end=" ")
        self.assertLess(min(ready_s), MOST_READY_S)
        self.assertLessEqual(max(memory_mb), MOST_RESIDENT_MB)

    def test_an_empty_start_takes_no_tenth_of_a_second(self):
        ready_s = []
        for _ in range(7):
            with Server("--accounts", "none") as server:
                ready_s.append(server.ready_after_s)
        print(f"\n    ready after {min(ready_s) * 1000:.1f} ms at best", end=" ")
        self.assertLess(min(ready_s), MOST_READY_EMPTY_S)


if __name__ == "__main__":
    unittest.main()
