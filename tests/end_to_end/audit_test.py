"""The commands that read a data directory: audit, export, backup and restore."""

import csv
import decimal
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest

from load_test import LOAD
from server import BINARY, Server, balance, environment, post, run

ACCOUNTS = [*range(10001, 10010), 100000]


def deposit(server, account, amount, *arguments):
    return post(server, f"/accounts/{account}/deposit", f'{{"amount":{amount}}}', *arguments)


def withdraw(server, account, amount, *arguments):
    return post(server, f"/accounts/{account}/withdraw", f'{{"amount":{amount}}}', *arguments)


def summary(directory):
    """What an audit says as JSON, without what two equal directories differ in."""
    done = run("audit", directory, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["holds"] else 1), done
    del found["directory"], found["seconds"]
    return found


def segments(directory):
    return sorted((directory / "journal").glob("*.journal"))


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


class OfOneServer(unittest.TestCase):
    """A server has made the directory and stopped; each test gets a copy of it."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory(prefix="coffer-test-")
        cls.addClassCleanup(cls.made.cleanup)
        with Server(data=cls.made.name) as server:
            for amount in (1, 2.5, 0.25):
                deposit(server, 10001, amount)
            withdraw(server, 10002, 50, "--header", "Idempotency-Key: rent,11")
            withdraw(server, 10001, 99999, "--header", "Idempotency-Key: refused")
            assert server.stop() == 0, server.stderr()

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"
        shutil.copytree(self.made.name, self.data, symlinks=True)

    def assert_fails(self, status, *arguments, says):
        done = run(*arguments)
        self.assertEqual(status, done.returncode, done)
        self.assertRegex(done.stderr, r"\Acoffer: [^\n]+\n\Z")
        self.assertIn(says, done.stderr)

    def test_audit_tells_people_in_its_last_line(self):
        done = run("audit", self.data)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual("audit: all holds", done.stdout.splitlines()[-1])

    def test_audit_tells_programs_what_there_is(self):
        found = summary(self.data)
        self.assertTrue(found["holds"])
        self.assertEqual(10, found["accounts"])
        self.assertEqual(54953.75, found["total"])
        self.assertEqual({"count": 10, "total": 55000.0}, found["openings"])
        self.assertEqual({"count": 3, "total": 3.75}, found["deposits"])
        self.assertEqual({"count": 1, "total": 50.0}, found["withdrawals"])
        self.assertEqual((1, 2), (found["refusals"], found["keys"]))
        self.assertEqual(15, found["journal"]["records"])
        self.assertTrue(found["snapshots"])
        self.assertTrue(all(snapshot["compared"] for snapshot in found["snapshots"]))

    def test_audit_works_on_what_cannot_be_written(self):
        for path in sorted(self.data.rglob("*"), reverse=True):
            if not path.is_symlink():
                path.chmod(0o500 if path.is_dir() else 0o400)
        self.data.chmod(0o500)
        before = {path: path.stat().st_mtime_ns for path in self.data.rglob("*")}
        self.assertTrue(summary(self.data)["holds"])
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in self.data.rglob("*")})
        self.data.chmod(0o700)
        for path in self.data.rglob("*"):
            if path.is_dir():
                path.chmod(0o700)

    def test_audit_names_the_file_and_the_offset_of_a_flipped_bit(self):
        path = segments(self.data)[0]
        flip(path, 4096 + 100)
        done = run("audit", self.data)
        self.assertEqual(1, done.returncode, done)
        self.assertIn(f"fault: {path}, offset 4096: ", done.stdout)
        self.assertRegex(done.stdout.splitlines()[-1], r"^audit: \d+ faults?$")

    def test_audit_tells_programs_what_is_wrong(self):
        path = sorted((self.data / "snapshots").glob("[0-9]*.json"))[-1]
        flip(path, 200)
        found = summary(self.data)
        self.assertFalse(found["holds"])
        self.assertEqual([str(path)], [fault["file"] for fault in found["faults"]])

    def test_what_is_no_data_directory_is_one_line(self):
        for command in (["audit"], ["export", "--format", "csv"]):
            self.assert_fails(1, *command, self.folder, says="has no journal")
            self.assert_fails(1, *command, self.folder / "nowhere", says="No such file")
        self.assert_fails(1, "backup", self.folder, self.folder / "to", says="has no journal")
        self.assert_fails(1, "restore", self.folder, self.folder / "to", says="has no journal")

    def test_what_it_does_not_understand_is_one_line_and_status_2(self):
        self.assert_fails(2, "audit", says="DIR is required")
        self.assert_fails(2, "audit", self.data, "--jsn", says="--jsn")
        self.assert_fails(2, "export", self.data, says="--format is required")
        self.assert_fails(2, "export", self.data, "--format", "xml", says="ndjson or csv")
        self.assert_fails(2, "export", self.data, "--format", "csv", "--since", "noon", says="noon")
        self.assert_fails(2, "export", self.data, "--format", "csv", "--since", "2026-11-24",
                          "--until", "2026-11-24", says="--until: must be after --since")
        self.assert_fails(2, "export", self.data, "--format", "csv", "--account", "0",
                          says="account number")
        self.assert_fails(2, "backup", self.data, says="DEST is required")
        self.assert_fails(2, "restore", self.data, says="DIR is required")

    def test_export_has_every_posting_in_both_formats(self):
        csv_text = run("export", self.data, "--format", "csv").stdout
        from_csv = list(csv.DictReader(io.StringIO(csv_text)))
        ndjson = run("export", self.data, "--format", "ndjson").stdout
        from_json = [json.loads(line, parse_float=decimal.Decimal)
                     for line in ndjson.splitlines()]
        self.assertEqual(14, len(from_json))
        self.assertEqual(
            [{name: value for name, value in row.items() if value} for row in from_csv],
            [{name: str(value) for name, value in row.items()} for row in from_json])
        self.assertEqual(
            ("withdrawal", "10002", "2", "50.0", "1950.0", "rent,11"),
            tuple(next(row for row in from_csv if row["operation"] == "withdrawal")[name]
                  for name in ("operation", "account_number", "sequence", "amount", "balance",
                               "key")))

    def test_export_has_what_is_asked_for(self):
        def rows(*selection):
            text = run("export", self.data, "--format", "csv", *selection).stdout
            return list(csv.DictReader(io.StringIO(text)))
        of_one = rows("--account", 10001)
        self.assertEqual(["1000.0", "1001.0", "1003.5", "1003.75"],
                         [row["balance"] for row in of_one])
        since = of_one[2]["time"]
        later = [row for row in rows() if row["time"] >= since]
        self.assertEqual(later, rows("--since", since))
        self.assertEqual(14, len(later) + len(rows("--until", since)))
        self.assertEqual([], rows("--until", "2000-01-01"))
        self.assertEqual([], rows("--since", "0001-01-01", "--until", "1969-12-31t23:59:59.5z"))
        self.assertEqual([], rows("--since", "9999-12-31T23:59:60Z"))
        self.assertEqual(rows(), rows("--since", "2016-12-31T18:59:60.0000000000001-05:00",
                                      "--until", "9999-12-31"))

    def test_export_writes_to_a_file(self):
        path = self.folder / "history.csv"
        done = run("export", self.data, "--format", "csv", "--output", path)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))
        self.assertEqual(run("export", self.data, "--format", "csv").stdout, path.read_text())

    def test_export_writes_to_what_is_no_file(self):
        plain = run("export", self.data, "--format", "csv").stdout
        for target, written in (("/dev/null", ""), ("/dev/stdout", plain), (">(cat)", plain)):
            done = subprocess.run(
                ["bash", "-c", f'set -o pipefail; "$0" export "$1" --format csv --output {target} '
                               "| cat", BINARY, self.data],
                capture_output=True, text=True, timeout=20, check=False, env=environment())
            self.assertEqual((0, written, ""), (done.returncode, done.stdout, done.stderr))

    def test_output_that_cannot_be_written_is_one_line_and_status_1(self):
        for command in (["audit", self.data], ["export", self.data, "--format", "csv"]):
            closed, pipe = os.pipe()
            os.close(closed)
            with open("/dev/full", "wb") as full, open(pipe, "wb") as broken:
                for output, reason in ((full, "No space left"), (broken, "Broken pipe")):
                    done = subprocess.run(
                        [BINARY, *map(str, command)], stdout=output, stderr=subprocess.PIPE,
                        text=True, timeout=20, check=False, env=environment())
                    self.assertEqual(1, done.returncode, done)
                    self.assertRegex(done.stderr, rf"\Acoffer: [^\n]*{reason}[^\n]*\n\Z")

    def test_what_is_restored_from_a_backup_is_equal_and_goes_on(self):
        backup, restored = self.folder / "backup", self.folder / "restored"
        self.assertEqual(0, run("backup", self.data, backup).returncode)
        done = run("restore", backup, restored)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual(f"restored to {restored}", done.stdout.splitlines()[-1])
        self.assertEqual(summary(self.data), summary(backup))
        self.assertEqual(summary(backup), summary(restored))
        with Server(data=restored) as server:
            self.assertEqual("1950.0", balance(server, 10002))
            self.assertEqual(200, deposit(server, 10002, 1).status)
            self.assertEqual(0, server.stop())
        self.assertTrue(summary(restored)["holds"])

    def test_backup_and_restore_overwrite_nothing(self):
        for command in ("backup", "restore"):
            self.assert_fails(1, command, self.data, self.made.name, says="is not overwritten")
        self.assertEqual(["data"], os.listdir(self.folder))

    def test_what_does_not_hold_is_not_restored(self):
        flip(segments(self.data)[0], 4096 + 100)
        self.assert_fails(1, "restore", self.data, self.folder / "to", says="does not hold")
        self.assertEqual(["data"], os.listdir(self.folder))


class BesideAServer(unittest.TestCase):
    """The server takes postings and snapshots while its files are read."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.server = self.enterContext(Server("--snapshot-every", "50ms", "--snapshot-keep", 3))
        self.stop = threading.Event()
        self.posted = 0
        poster = threading.Thread(target=self.keep_posting)
        poster.start()
        self.addCleanup(poster.join)
        self.addCleanup(self.stop.set)

    def keep_posting(self):
        body = b'{"amount":0.01}'
        with self.server.connect() as connection:
            while not self.stop.is_set():
                account = ACCOUNTS[self.posted % len(ACCOUNTS)]
                connection.sendall(
                    b"POST /accounts/%d/deposit HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                    b"application/json\r\nContent-Length: %d\r\n\r\n%b"
                    % (account, len(body), body) * 16)
                received = b""
                while received.count(b"HTTP/1.1 200 OK\r\n") < 16 or received[-1:] != b"}":
                    received += connection.recv(65536)
                self.posted += 16

    def test_audit_holds_again_and_again(self):
        records = 0
        for _ in range(20):
            found = summary(self.server.data)
            self.assertTrue(found["holds"], found)
            self.assertGreaterEqual(found["journal"]["records"], records)
            records = found["journal"]["records"]
        self.assertGreater(records, 10)
        self.assertTrue(found["snapshots"])

    def test_backups_hold_and_have_what_was_acknowledged_before(self):
        for number in range(3):
            posted = self.posted
            backup = self.folder / str(number)
            done = run("backup", self.server.data, backup)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertGreaterEqual(summary(backup)["deposits"]["count"], posted)

    def test_export_has_what_was_acknowledged_before(self):
        for _ in range(5):
            posted = self.posted
            lines = run("export", self.server.data, "--format", "ndjson").stdout.splitlines()
            self.assertGreaterEqual(len(lines), posted + len(ACCOUNTS))
            self.assertEqual(len(lines), json.loads(lines[-1])["record"])


class BesideAServerThatTrims(unittest.TestCase):
    """The server forgets its journal as soon as it may, and keeps one snapshot."""

    def test_audits_and_backups_hold(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        server = self.enterContext(Server(
            "--segment-size", "8MiB", "--snapshot-every", "50ms", "--snapshot-keep", 1,
            "--retain", "1ms", "--idempotency-ttl", "1ms", "--max-idempotency-keys", 0))
        load = subprocess.Popen(
            [LOAD, "--url", server.url(""), "--pipeline", "64", "--mix", "deposit=1,withdraw=1",
             "--duration", "60s"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, env=environment())
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        begins = set()
        while len(begins) < 4:
            self.assertIsNone(load.poll(), "a minute was not enough")
            found = summary(server.data)
            self.assertTrue(found["holds"], found)
            begins.add(found["journal"]["first_record"])
            backup = f"{folder}/{len(begins)}"
            shutil.rmtree(backup, ignore_errors=True)
            done = run("backup", server.data, backup)
            self.assertEqual((0, ""), (done.returncode, done.stderr))


class AfterAKill(unittest.TestCase):
    def test_audit_holds(self):
        with Server() as server:
            for _ in range(5):
                self.assertEqual(200, deposit(server, 10001, 1).status)
            server.kill()
            found = summary(server.data)
            self.assertTrue(found["holds"], found)
            self.assertEqual(5, found["deposits"]["count"])


if __name__ == "__main__":
    unittest.main()
