"""Backup and restore on a machine that interrupts them, or has prepared a place for them."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from server import BINARY, DidNotStart, Server, environment, post, run, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import Faults, library  # noqa: E402

HANG_S = 3600


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class Copy(unittest.TestCase):
    """A server has made a data directory and stopped."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory(prefix="coffer-test-")
        cls.addClassCleanup(cls.made.cleanup)
        cls.data = pathlib.Path(cls.made.name) / "data"
        with Server("--snapshot-every", "20ms", data=cls.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            wait_until(lambda: len(server.snapshots()) > 0)
            assert server.stop() == 0, server.stderr()

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.to = self.folder / "copy"
        self.faults = self.enterContext(Faults(self.folder))

    def begun(self, command, errors=subprocess.PIPE):
        """A copy that has its snapshots and hangs in its journal, and where it is made."""
        part = self.to / ".partial" if self.to.exists() else self.to.with_name("copy.partial")
        self.faults.hang("fallocate", HANG_S)
        process = subprocess.Popen([BINARY, command, self.data, self.to], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=errors, text=True,
                                   env=environment(self.faults.environment))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_until(lambda: self.faults.hit("fallocate"))
        self.assertTrue((part / "snapshots").exists())
        return process, part

    def go_on(self):
        self.faults.release("fallocate")

    def test_one_that_is_interrupted_takes_its_part_away_and_ends_by_the_signal(self):
        for command in ("backup", "restore"):
            for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(command, signal=how.name):
                    process, _ = self.begun(command)
                    process.send_signal(how)
                    self.go_on()
                    self.assertEqual(-how, process.wait(20))
                    self.assertEqual("coffer: interrupted: the copy is not made\n",
                                     process.stderr.read())
                    self.assertEqual([], os.listdir(self.folder))

    def test_one_that_is_interrupted_twice_takes_its_part_away(self):
        process, _ = self.begun("backup")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        self.go_on()
        self.assertEqual(-signal.SIGTERM, process.wait(20))
        self.assertEqual([], os.listdir(self.folder))

    def test_one_that_is_interrupted_ends_though_nobody_reads_what_it_says(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"-" * 4096)
        os.set_blocking(writer, True)
        process, _ = self.begun("backup", errors=writer)
        process.send_signal(signal.SIGTERM)
        self.go_on()
        self.assertEqual(-signal.SIGTERM, process.wait(20))
        self.assertEqual([], os.listdir(self.folder))

    def test_one_that_hangs_is_ended_by_a_second_signal_a_second_later(self):
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(how.name):
                process, part = self.begun("backup")
                process.send_signal(how)
                time.sleep(1.1)
                self.assertIsNone(process.poll())

                def send_again():
                    process.send_signal(how)
                    return process.poll() is not None
                wait_until(send_again)
                self.assertEqual(-how, process.wait(20))
                self.assertTrue(part.exists())
                self.assertEqual(0, run("backup", "--force", self.data, self.to).returncode)
                shutil.rmtree(self.to)

    def test_one_that_waits_for_a_pipe_in_place_of_a_segment_is_ended_by_a_second_signal(self):
        odd = self.folder / "odd"
        shutil.copytree(self.data, odd, symlinks=True)
        for segment in (odd / "journal").glob("*.journal"):
            segment.unlink()
            os.mkfifo(segment)
        process = subprocess.Popen([BINARY, "backup", odd, self.to], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until((self.folder / "copy.partial" / "journal").exists)

        def send():
            process.send_signal(signal.SIGTERM)
            return process.poll() is not None
        wait_until(send)
        self.assertEqual(-signal.SIGTERM, process.wait(20))

    def test_one_into_a_prepared_folder_that_is_interrupted_leaves_it_empty(self):
        self.to.mkdir(0o700)
        process, _ = self.begun("restore")
        process.send_signal(signal.SIGINT)
        self.go_on()
        self.assertEqual(-signal.SIGINT, process.wait(20))
        self.assertEqual([], os.listdir(self.to))

    def test_what_a_killed_one_has_left_is_named_and_replaced_with_force(self):
        for prepared in (False, True):
            with self.subTest(prepared=prepared):
                self.to = self.folder / f"copy-{prepared}" / "copy"
                self.to.parent.mkdir()
                if prepared:
                    self.to.mkdir()
                process, part = self.begun("backup")
                process.kill()
                process.wait(20)
                done = run("backup", self.data, self.to)
                self.assertEqual(1, done.returncode, done)
                self.assertIn(f"{part}: is there already", done.stderr)
                self.assertIn("--force", done.stderr)
                self.assert_is_no_ledger(self.to, part)
                self.assert_is_no_ledger(part, part / "copy.partial")
                self.assertEqual(prepared, self.to.exists())
                done = run("backup", "--force", self.data, self.to)
                self.assertEqual(0, done.returncode, done)
                self.assertFalse(part.exists())
                self.assertEqual(0, run("audit", self.to).returncode)

    def assert_is_no_ledger(self, folder, named):
        with self.assertRaises(DidNotStart) as refused:
            Server(data=folder)
        self.assertEqual(1, refused.exception.status)
        self.assertIn(f"{named}: is there", refused.exception.said)
        audited = run("audit", folder)
        self.assertEqual(1, audited.returncode)
        self.assertIn(f"{named}: is there", audited.stderr)

    def test_force_overwrites_no_ledger(self):
        with Server(data=self.to) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
        for command in ("backup", "restore"):
            done = run(command, "--force", self.data, self.to)
            self.assertEqual(1, done.returncode, done)
            self.assertIn("is not overwritten", done.stderr)
        self.assertEqual(0, run("audit", self.to).returncode)

    def test_force_overwrites_no_ledger_that_has_the_name_of_a_part(self):
        ledger = self.folder / "copy.partial"
        self.assertEqual(0, run("backup", self.data, ledger).returncode)
        for command in ("backup", "restore"):
            done = run(command, "--force", self.data, self.to)
            self.assertEqual(1, done.returncode, done)
            self.assertIn(f"{ledger}: is there already, and is no part of a copy", done.stderr)
        self.assertEqual(0, run("audit", ledger).returncode)

    def test_a_copy_under_way_is_not_replaced_with_force(self):
        process, part = self.begun("backup")
        done = run("backup", "--force", self.data, self.to)
        self.assertEqual(1, done.returncode, done)
        self.assertIn("another copy is being made there", done.stderr)
        self.assertTrue(part.exists())
        self.go_on()
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


class Places(unittest.TestCase):
    def test_a_copy_within_the_files_of_its_source_is_refused(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with Server(data=f"{folder}/data") as server:
            self.assertEqual(0, server.stop())
        os.symlink(folder / "data", folder / "link")
        for command in ("backup", "restore"):
            for place in ("data/journal/x", "data/snapshots/x", "link/journal/x/y"):
                done = subprocess.run([BINARY, command, folder / "data", folder / place],
                                      timeout=20, capture_output=True, check=False,
                                      env=environment())
                self.assertEqual(1, done.returncode, done)
                self.assertIn(b": is within ", done.stderr)
                self.assertFalse((folder / place).exists())


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
