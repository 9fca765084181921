"""Increments of backups: of a server under load, interrupted, killed, and on a full disk."""

import errno
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from full_disk_test import fill, small_disk
from server import BINARY, DidNotStart, Server, environment, post, run, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402

INCREMENTS = 5
HANG_S = 3600
KILLS = 15
FLAGS = ("--threads", "1", "--segment-size", "4MiB", "--snapshot-every", "50ms")


def exported(data):
    done = subprocess.run([BINARY, "export", data, "--format", "csv"], capture_output=True,
                          check=True, timeout=60)
    return done.stdout


class Load:
    """Posts to a server until the end of the context."""

    def __init__(self, server):
        program = pathlib.Path(BINARY).resolve().parent / "coffer-load"
        self.process = subprocess.Popen(
            [program, "--url", server.url(""), "--duration", "600s", "--warmup", "0s", "--quiet",
             "--pipeline", "4", "--mix", "deposit=20,withdraw=10,transfer=20,transaction=10,"
             "hold=20,capture=10,release=10"], stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


class Increments(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def succeed(self, *words):
        done = run(*words)
        self.assertEqual(0, done.returncode, (words, done.stdout, done.stderr))
        return done.stdout

    def refuse(self, *words, says):
        done = run(*words)
        self.assertEqual((1, ""), (done.returncode, done.stdout), words)
        self.assertRegex(done.stderr, rf"\Acoffer: [^\n]*{says}[^\n]*\n\Z")

    def chain(self, data, before=lambda: None):
        """A backup and its increments, oldest first."""
        made = [self.folder / "whole"]
        self.succeed("backup", data, made[0])
        for number in range(INCREMENTS):
            before()
            made.append(self.folder / str(number))
            self.succeed("backup", data, made[-1], "--since", made[-2])
        return made


class BesideAServer(Increments):
    def test_each_of_five_is_restored_to_what_the_server_had_then(self):
        with Server(*FLAGS, data=self.folder / "data") as server:
            with Load(server):
                made = self.chain(server.data, lambda: time.sleep(0.2))
            self.assertEqual(0, server.stop(), server.stderr())
        whole = exported(server.data)
        size = 0
        for count in range(1, len(made) + 1):
            restored = self.folder / f"restored-{count}"
            self.succeed("restore", *made[:count], restored)
            lines = exported(restored)
            self.assertTrue(whole.startswith(lines))
            self.assertGreater(len(lines), size)
            size = len(lines)
            self.succeed("audit", restored)
        with Server(*FLAGS, data=restored) as server:
            self.assertEqual(200, post(server, "/accounts/10001/deposit", '{"amount":1}').status)
            self.assertEqual(0, server.stop())
        self.succeed("audit", restored)

    def test_an_increment_of_a_journal_that_is_being_trimmed_is_made_or_refused(self):
        flags = (*FLAGS, "--snapshot-keep", "1", "--retain", "100ms", "--idempotency-ttl", "100ms")
        with Server(*flags, data=self.folder / "data") as server, Load(server):
            first = self.folder / "whole"
            self.succeed("backup", server.data, first)
            outcomes = set()
            begin = time.monotonic()
            while len(outcomes) < 2 and time.monotonic() < begin + 15:
                to = self.folder / str(time.monotonic_ns())
                done = run("backup", server.data, to, "--since", first)
                outcomes.add(done.returncode)
                if done.returncode == 0:
                    self.succeed("restore", first, to, f"{to}-restored")
                else:
                    self.assertIn("was trimmed and begins with record", done.stderr)
                    self.assertFalse(to.exists())
            self.assertLessEqual(outcomes, {0, 1})
            self.assertIn(1, outcomes)

    def test_a_history_that_forked_is_not_mixed(self):
        data = self.folder / "data"
        with Server(*FLAGS, data=data) as server:
            made = self.chain(data, lambda: post(server, "/accounts/10001/deposit",
                                                 '{"amount":1}'))
            fork = self.folder / "fork"
            self.succeed("restore", *made, fork, "--until", "12")  # the second deposit
            with Server(*FLAGS, data=fork) as forked:
                for _ in range(3):
                    post(forked, "/accounts/10001/deposit", '{"amount":2}')
                self.refuse("backup", fork, self.folder / "odd", "--since", made[-1],
                            says="has another history than")
                self.succeed("backup", fork, self.folder / "whole-fork")
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            self.succeed("backup", data, self.folder / "last", "--since", made[-1])
            self.refuse("backup", data, self.folder / "odd", "--since", self.folder / "whole-fork",
                        says="has another history than")
            self.refuse("restore", self.folder / "whole-fork", self.folder / "last",
                        self.folder / "odd", says="has another history")


class Interrupted(Increments):
    """A server has made a data directory and stopped."""

    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        with Server(*FLAGS, data=self.data) as server:
            self.made = self.chain(self.data, lambda: post(
                server, "/accounts/10001/deposit", '{"amount":1}'))
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            self.assertEqual(0, server.stop(), server.stderr())
        self.kept = sorted(os.listdir(self.folder))
        self.to = self.folder / "copy"
        self.commands = {
            "increment": ("backup", self.data, self.to, "--since", self.made[-1]),
            "together": ("restore", *self.made, self.to),
            "moment": ("restore", *self.made, self.to, "--until", "12")}

    def test_alone_it_is_refused_by_name(self):
        one = self.made[1]
        says = f"{one}: is an increment of a backup"
        for words in (("audit", one), ("export", one, "--format", "csv"),
                      ("restore", one, self.to), ("backup", one, self.to)):
            self.refuse(*words, says=says)
        before = sorted(one.rglob("*"))
        with self.assertRaises(DidNotStart) as refused:
            Server(data=one)
        self.assertEqual(1, refused.exception.status)
        self.assertIn(says, refused.exception.said)
        self.assertEqual(before, sorted(one.rglob("*")))

    def test_what_is_wrong_is_refused_in_one_line_and_leaves_nothing(self):
        whole, first, second = self.made[:3]
        for words, says in (
                ((whole, second), "an increment is missing, or the order is wrong"),
                ((whole, second, first), "the order is wrong"),
                ((first, whole), "is an increment of a backup"),
                ((whole, whole), "is no increment"),
                ((whole, self.folder / "none"), "No such file or directory")):
            self.refuse("restore", *words, self.to, says=says)
        self.refuse("restore", *self.made, self.to, "--until", "99", says="ends with record 15")
        self.refuse("restore", *self.made, self.to, "--until", "0", says="restored to is 1")
        self.refuse("restore", *self.made, self.made[0], says="is not overwritten")
        self.refuse("backup", self.data, self.made[1], "--since", self.made[0],
                    says="is not overwritten")
        for text in ("", "x", "-1", "18446744073709551616", "2026-13-01"):
            done = run("restore", *self.made, self.to, "--until", text)
            self.assertEqual(2, done.returncode, (text, done))
        self.assertEqual(self.kept, sorted(os.listdir(self.folder)))

    def hanging(self, words, call, faults):
        faults.hang(call, HANG_S)
        process = subprocess.Popen([BINARY, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env=environment(faults.environment))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_until(lambda: faults.hit(call))
        return process

    @unittest.skipUnless(library().exists(), f"there is no {library()}")
    def test_one_that_is_interrupted_leaves_nothing_and_ends_by_the_signal(self):
        for name, words in self.commands.items():
            for how in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(name, signal=how.name), Faults(self.folder) as faults:
                    process = self.hanging(words, "fdatasync", faults)
                    process.send_signal(how)
                    faults.release("fdatasync")
                    self.assertEqual(-how, process.wait(20))
                    self.assertEqual("coffer: interrupted: the copy is not made\n",
                                     process.stderr.read())
                    self.assertEqual(self.kept, sorted(os.listdir(self.folder)))

    def test_one_that_is_killed_leaves_nothing_that_looks_whole(self):
        for name, words in self.commands.items():
            for turn in range(KILLS):
                with self.subTest(name, turn=turn):
                    process = subprocess.Popen(
                        [BINARY, *words, "--force"], stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    time.sleep(turn * 0.004)
                    process.kill()
                    process.wait(20)
                    self.assert_is_whole_or_none(name)

    def assert_is_whole_or_none(self, name):
        """And removes it."""
        if self.to.exists() and not (self.to / "copy.partial").exists():
            if name == "increment":
                self.succeed("restore", *self.made, self.to, self.folder / "restored")
                subprocess.run(["rm", "-r", self.folder / "restored"], check=True)
            else:
                self.succeed("audit", self.to)
        elif self.to.exists():
            self.refuse("audit", self.to, says="copy.partial: is there")
        words = self.commands[name]
        subprocess.run(["rm", "-rf", self.to], check=True)
        self.succeed(*words, "--force")
        subprocess.run(["rm", "-r", self.to], check=True)
        self.assertEqual(self.kept, sorted(os.listdir(self.folder)))

    @unittest.skipUnless(library().exists(), f"there is no {library()}")
    def test_a_call_that_fails_leaves_nothing(self):
        for name, words in self.commands.items():
            for call in ("create", "pwrite", "fdatasync", "fsyncdir", "rename", "pread"):
                with self.subTest(name, call=call), Faults(self.folder) as faults:
                    faults.fail(call, errno.ENOSPC, times=FOR_EVER)
                    done = run(*words, env=faults.environment)
                    self.assertEqual(1, done.returncode, done)
                    self.assertRegex(done.stderr, r"\Acoffer: [^\n]*No space left[^\n]*\n\Z")
                    faults.heal()
                    subprocess.run(["rm", "-rf", self.to.with_name("copy.partial")], check=True)
                    self.assertEqual(self.kept, sorted(os.listdir(self.folder)))

    def test_a_full_disk_leaves_nothing(self):
        with small_disk(self.folder / "disk") as disk:
            fill(disk / "filler")
            for name, words in self.commands.items():
                with self.subTest(name):
                    to = disk / "copy"
                    done = run(*(to if one is self.to else one for one in words))
                    self.assertEqual(1, done.returncode, done)
                    self.assertIn("No space left on device", done.stderr)
                    self.assertEqual(["filler"], os.listdir(disk))


if __name__ == "__main__":
    unittest.main()
