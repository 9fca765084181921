"""Restores to random moments, of a history with every operation, each equal to a model of it."""

import bisect
import concurrent.futures
import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

from asking import Client
from server import BINARY, Server, run, wait_until

from history_model import Model

RECORDS = 100
MOMENTS = 20
AT_ONCE = 4
FLAGS = ("--threads", "1", "--segment-size", "4MiB")
SEGMENTS = 2  # full ones, at least
MIX = "deposit=15,withdraw=10,transfer=25,transaction=15,hold=18,capture=10,release=7"
LAST_SAMPLE = 10009  # the load keeps away from it: its holds expire


def load(server, duration="700ms"):
    program = pathlib.Path(BINARY).resolve().parent / "coffer-load"
    done = subprocess.run(
        [program, "--url", server.url(""), "--accounts", "10001-10008", "--mix", MIX, "--warmup",
         "0s", "--duration", duration, "--pipeline", "8", "--quiet"], capture_output=True,
        text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)


def do_the_rest(server, turn):
    """What the load does not do: accounts are opened, closed and reopened, holds expire, keys are
    repeated, and requests are refused."""
    with Client(server) as client:
        own = 500 + turn
        client.post("/accounts", json.dumps({"account_number": str(own)}))
        client.post(f"/accounts/{own}/deposit", '{"amount":1}', f"deposit-{turn}")
        client.post(f"/accounts/{own}/deposit", '{"amount":1}', f"deposit-{turn}")
        client.post(f"/accounts/{own}/withdraw", '{"amount":2}', f"much-{turn}")
        client.post(f"/accounts/{own}/withdraw", '{"amount":1}')
        client.post(f"/accounts/{own}/close")
        if turn % 2:
            client.post(f"/accounts/{own}/reopen")
        for _ in range(20):
            client.place(LAST_SAMPLE, 1, expires_in="1ms")
        client.place(LAST_SAMPLE, 1, expires_in="1h")


def lines_of(data, after=0):
    """The lines of an export, from the record after that one on."""
    done = subprocess.run([BINARY, "export", data, "--format", "ndjson"], capture_output=True,
                          check=True, timeout=60)
    lines = done.stdout.splitlines(keepends=True)
    return [line for line in lines if record_of(line) > after] if after else lines


def record_of(line):
    return int(line[len('{"record":'):line.index(b",")])


class Restored:
    """A data directory that is restored to a random moment, and what it should have then."""

    def __init__(self, data, lines, earliest=1):
        self.data, self.lines = data, lines
        self.records = [record_of(line) for line in lines]
        self.parsed = [json.loads(line, parse_float=str) for line in lines]
        self.summary = json.loads(run("audit", data, "--json").stdout)
        self.first, self.last = (self.summary["journal"][f"{one}_record"]
                                 for one in ("first", "last"))
        self.earliest = earliest

    def random_records(self, count):
        """Among them the first and the last."""
        return [self.earliest, self.last,
                *(random.randint(self.earliest, self.last) for _ in range(count - 2))]

    def compare(self, test, until, record, *increments):
        """`record` is the last one up to the moment, where it has a posting."""
        with tempfile.TemporaryDirectory() as folder:
            restored = f"{folder}/restored"
            done = run("restore", self.data, *increments, restored, "--until", until)
            test.assertEqual(0, done.returncode, (until, done.stdout, done.stderr))
            begin = bisect.bisect_left(self.records, self.first)
            end = bisect.bisect_right(self.records, record)
            test.assertTrue(b"".join(self.lines[begin:end]) == b"".join(lines_of(restored)), until)
            audited = run("audit", restored, "--json")
            test.assertEqual(0, audited.returncode, (until, audited.stdout))
            if until == record:
                test.assertEqual(record, json.loads(audited.stdout)["journal"]["last_record"])
            with Server(*FLAGS, data=restored) as server, Client(server) as client:
                Model(self.parsed[:end]).compare(test, client, expiring=LAST_SAMPLE)
                self.go_on(test, client, self.parsed[begin:end] if self.first == 1 else ())

    @staticmethod
    def go_on(test, client, lines):
        """Postings go on, and the keys of these are alive."""
        done = client.post("/accounts/10001/deposit", '{"amount":1}')
        test.assertEqual(200, done.status, done.body)
        for said in [said for said in lines if said.get("key", "").startswith("deposit-")][-2:]:
            done = client.post(f"/accounts/{said['account_number']}/deposit", '{"amount":1}',
                               said["key"])
            test.assertTrue(client.replayed, said)
            test.assertEqual(1, done.data()["new_balance"])


class RandomMoments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seed = random.randrange(1_000_000_000)
        print(f"\n    seed {cls.seed}", end=" ")
        random.seed(cls.seed)
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.data = cls.folder / "data"
        with Server(*FLAGS, "--snapshot-every", "300ms", data=cls.data) as server:
            turn = 0
            while len(list((cls.data / "journal").glob("*.journal"))) <= SEGMENTS:
                do_the_rest(server, turn)
                load(server)
                turn += 1
            do_the_rest(server, turn)
            assert server.stop() == 0, server.stderr()
        cls.whole = Restored(cls.data, lines_of(cls.data))

    def compare_all(self, where, moments):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(where.compare, self, *one) for one in moments]:
                done.result()

    def test_a_random_record(self):
        self.compare_all(self.whole, [(record, record)
                                      for record in self.whole.random_records(RECORDS)])

    def test_a_random_moment(self):
        lines = self.whole.lines
        times = [json.loads(line)["time"] for line in lines]
        moments = []
        for index in random.sample(range(len(lines)), MOMENTS):
            last = bisect.bisect_right(times, times[index]) - 1
            moments.append((times[index], self.whole.records[last]))
        self.compare_all(self.whole, moments)

    def test_a_random_record_of_a_trimmed_journal(self):
        trimmed = self.folder / "trimmed"
        shutil.copytree(self.data, trimmed, symlinks=True)
        first = min((trimmed / "journal").glob("*.journal"))
        # So seldom that older snapshots are kept until it has trimmed.
        with Server(*FLAGS, "--snapshot-every", "1100ms", "--retain", "1s", "--idempotency-ttl",
                    "1s", data=trimmed) as server, Client(server) as client:
            def has_trimmed():
                client.post("/accounts/10001/deposit", '{"amount":1}')
                return not first.exists()
            wait_until(has_trimmed)
            assert server.stop() == 0, server.stderr()
        lines = self.whole.lines + lines_of(trimmed, self.whole.last)
        known = Restored(trimmed, lines)
        self.assertTrue(1 < known.first <= self.whole.last)
        known.earliest = min(one["until_record"] for one in known.summary["snapshots"]
                             if one["compared"])
        refused = run("restore", trimmed, self.folder / "refused", "--until", known.earliest - 1)
        self.assertEqual(1, refused.returncode)
        self.assertIn(f"the earliest record that it can be restored to is {known.earliest}\n",
                      refused.stderr)
        self.compare_all(known, [(record, record)
                                 for record in known.random_records(RECORDS // 4)])


if __name__ == "__main__":
    unittest.main()
