"""Backup and restore on a machine that interrupts them, or has prepared a place for them."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from server import BINARY, DidNotStart, Server, environment, post, run, wait_until


class Copy(unittest.TestCase):
    """A server has made a data directory and stopped. Its journal has many segments, so that to
    copy it takes a while."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory(prefix="coffer-test-")
        cls.addClassCleanup(cls.made.cleanup)
        cls.data = pathlib.Path(cls.made.name) / "data"
        accounts = pathlib.Path(cls.made.name) / "accounts.json"
        accounts.write_text('{"accounts":[%s]}' % ",".join(
            '{"account_number":"%d","balance":1.0}' % number for number in range(1, 1_000_001)))
        with Server("--accounts", accounts, "--segment-size", "8MiB", "--snapshot-every", "0",
                    data=cls.data) as server:
            post(server, "/accounts/1/deposit", '{"amount":1}')
            assert server.stop() == 0, server.stderr()

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.to = self.folder / "copy"

    def begun(self, command):
        """A copy that is under way, and where it is made."""
        part = self.to / ".partial" if self.to.exists() else self.folder / "copy.partial"
        process = subprocess.Popen([BINARY, command, self.data, self.to], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=environment())
        self.addCleanup(process.communicate)
        wait_until(lambda: (part / "snapshots").exists())
        return process, part

    def test_one_that_is_interrupted_takes_its_part_away_and_ends_by_the_signal(self):
        for command in ("backup", "restore"):
            for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(command, signal=how.name):
                    process, _ = self.begun(command)
                    process.send_signal(how)
                    self.assertEqual(-how, process.wait(20), process.stderr.read())
                    self.assertEqual([], os.listdir(self.folder))

    def test_one_that_is_interrupted_twice_takes_its_part_away(self):
        process, _ = self.begun("backup")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(-signal.SIGTERM, process.wait(20))
        self.assertEqual([], os.listdir(self.folder))

    def test_one_into_a_prepared_folder_that_is_interrupted_leaves_it_empty(self):
        self.to.mkdir(0o700)
        process, _ = self.begun("restore")
        process.send_signal(signal.SIGINT)
        self.assertEqual(-signal.SIGINT, process.wait(20))
        self.assertEqual([], os.listdir(self.to))

    def test_what_a_killed_one_has_left_is_named_and_replaced_with_force(self):
        for prepared in (False, True):
            with self.subTest(prepared=prepared):
                self.to = self.folder / f"copy-{prepared}" / "copy"
                self.to.parent.mkdir()
                if prepared:
                    self.to.mkdir()
                part = self.to / ".partial" if prepared else self.to.with_name("copy.partial")
                process = subprocess.Popen([BINARY, "backup", self.data, self.to],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           env=environment())
                wait_until(lambda: (part / "snapshots").exists())
                process.kill()
                process.wait(20)
                done = run("backup", self.data, self.to)
                self.assertEqual(1, done.returncode, done)
                self.assertIn(f"{part}: is there already", done.stderr)
                self.assertIn("--force", done.stderr)
                if prepared:
                    self.assert_is_no_ledger(part)
                done = run("backup", "--force", self.data, self.to)
                self.assertEqual(0, done.returncode, done)
                self.assertFalse(part.exists())
                self.assertEqual(0, run("audit", self.to).returncode)

    def assert_is_no_ledger(self, part):
        with self.assertRaises(DidNotStart) as refused:
            Server(data=self.to)
        self.assertEqual(1, refused.exception.status)
        self.assertIn(f"{part}: is there", refused.exception.said)
        audited = run("audit", self.to)
        self.assertEqual(1, audited.returncode)
        self.assertIn(f"{part}: is there", audited.stderr)

    def test_force_overwrites_no_ledger(self):
        with Server(data=self.to) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
        for command in ("backup", "restore"):
            done = run(command, "--force", self.data, self.to)
            self.assertEqual(1, done.returncode, done)
            self.assertIn("is not overwritten", done.stderr)
        self.assertEqual(0, run("audit", self.to).returncode)

    def test_a_copy_under_way_is_not_replaced_with_force(self):
        process, part = self.begun("backup")
        process.send_signal(signal.SIGSTOP)
        try:
            done = run("backup", "--force", self.data, self.to)
        finally:
            process.send_signal(signal.SIGCONT)
        self.assertEqual(1, done.returncode, done)
        self.assertIn("another copy is being made there", done.stderr)
        self.assertTrue(part.exists() or self.to.exists())
        process.communicate(timeout=60)
        self.assertEqual(0, process.returncode)

    def test_a_prepared_folder_keeps_its_mode_and_owner(self):
        for command, mode in (("backup", 0o2770), ("restore", 0o700)):
            to = self.folder / command
            to.mkdir()
            if os.geteuid() == 0:
                os.chown(to, 1234, 4321)
            to.chmod(mode)
            before = to.stat()
            self.assertEqual(0, run(command, self.data, to).returncode)
            after = to.stat()
            self.assertEqual((before.st_ino, before.st_mode, before.st_uid, before.st_gid),
                             (after.st_ino, after.st_mode, after.st_uid, after.st_gid))
            self.assertEqual(["journal", "snapshots"], sorted(os.listdir(to)))

    def modes(self, folder):
        return {oct(path.stat().st_mode & 0o777)
                for path in (folder, *folder.rglob("*")) if path.is_dir()}, \
            {oct(path.stat().st_mode & 0o777) for path in folder.rglob("*") if path.is_file()}

    def test_what_is_new_is_for_its_owner_and_group_alone(self):
        made = self.folder / "made" / "data"
        open_to_all = lambda: os.umask(0)  # noqa: E731
        with Server("--snapshot-every", "20ms", data=made, preexec=open_to_all) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            wait_until(lambda: len(server.snapshots()) > 0)
            self.assertEqual(0, server.stop())
        self.assertEqual(({"0o750"}, {"0o640"}), self.modes(self.folder / "made"))
        for command in ("backup", "restore"):
            self.assertEqual(0, run(command, made, self.folder / command,
                                    preexec=open_to_all).returncode)
            self.assertEqual(({"0o750"}, {"0o640"}), self.modes(self.folder / command))


class Names(unittest.TestCase):
    def test_a_path_that_is_no_text_is_shown_in_valid_json(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        odd = os.fsdecode(os.fsencode(folder) + b"/caf\xe9 \xc3\xa9 \xed\xa0\x80")
        with Server(data=f"{folder}/plain") as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            self.assertEqual(0, server.stop())
        os.rename(f"{folder}/plain", odd)
        shown = f"{folder}/caf\ufffd \u00e9 \ufffd\ufffd\ufffd"
        self.assertEqual(shown, self.json("audit", odd)["directory"])
        self.assertEqual(shown + "2", self.json("backup", odd, odd + "2")["directory"])
        segment = next((pathlib.Path(odd) / "journal").glob("*.journal"))
        with open(segment, "r+b") as file:
            file.seek(4200)
            file.write(b"\xff\xff")
        found = self.json("audit", odd, status=1)
        self.assertTrue(found["faults"][0]["file"].startswith(shown + "/journal/"), found)

    def json(self, *arguments, status=0):
        done = subprocess.run([BINARY, *map(os.fsencode, arguments), "--json"], timeout=20,
                              capture_output=True, check=False, env=environment())
        self.assertEqual(status, done.returncode, done)
        return json.loads(done.stdout.decode("utf-8"))


if __name__ == "__main__":
    unittest.main()
