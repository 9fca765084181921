"""`coffer export --output FILE`: the whole history, or what was there before."""

import errno
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402
from server import BINARY, TIMEOUT_S, Server, environment, post, run, wait_until

OLD = "what was there before\n"
NOBODY = 65534


class ExportFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        made.chmod(0o755)
        cls.data, cls.damaged = made / "data", made / "damaged"
        with Server(data=cls.data) as server:
            for _ in range(20):
                post(server, "/accounts/10001/deposit", '{"amount":1}')
            assert server.stop() == 0, server.stderr()
        shutil.copytree(cls.data, cls.damaged, symlinks=True)
        segment = sorted((cls.damaged / "journal").glob("*.journal"))[-1]
        content = bytearray(segment.read_bytes())
        content[(4096 + len(content.rstrip(b"\0"))) // 2] ^= 1
        segment.write_bytes(content)
        cls.whole = run("export", cls.data, "--format", "csv").stdout

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.target = self.folder / "history.csv"

    def export(self, target, data=None, **more):
        return subprocess.run(
            [BINARY, "export", data or self.data, "--format", "csv", "--output", target],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=environment(),
            stdin=subprocess.DEVNULL, **more)

    def assert_done(self, done):
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def assert_fails(self, done, *reasons):
        self.assertEqual(1, done.returncode, done)
        self.assertRegex(done.stderr, r"\Acoffer: [^\n]+\n\Z")
        for reason in reasons:
            self.assertIn(reason, done.stderr)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_one_that_fails_leaves_what_was_there_and_nothing_else(self):
        self.target.write_text(OLD)
        self.assert_fails(self.export(self.target, self.damaged), "journal")
        self.assertEqual(OLD, self.target.read_text())
        self.assertEqual(["history.csv"], self.names())

    def test_one_that_fails_makes_no_file(self):
        self.assert_fails(self.export(self.target, self.damaged), "journal")
        self.assert_fails(self.export(self.target, self.folder / "none"))
        self.assertEqual([], self.names())

    def test_a_limit_of_file_size_leaves_what_was_there(self):
        self.target.write_text(OLD)
        done = subprocess.run(
            ["bash", "-c", f"ulimit -f 1; exec {BINARY} export {self.data} "
             f"--format ndjson --output {self.target}"], capture_output=True, text=True,
            timeout=TIMEOUT_S, check=False, env=environment())
        self.assert_fails(done, "history.csv: File too large")
        self.assertEqual((OLD, ["history.csv"]), (self.target.read_text(), self.names()))

    def test_one_that_works_keeps_the_mode_of_the_old_file(self):
        for mode in (0o600, 0o664):
            self.target.write_text(OLD)
            self.target.chmod(mode)
            self.assert_done(self.export(self.target))
            self.assertEqual(self.whole, self.target.read_text())
            self.assertEqual(mode, stat.S_IMODE(self.target.stat().st_mode))
        self.assertEqual(["history.csv"], self.names())

    def test_a_new_file_has_the_mode_that_the_umask_leaves(self):
        self.assert_done(self.export(self.target, umask=0o027))
        self.assertEqual(0o640, stat.S_IMODE(self.target.stat().st_mode))

    @unittest.skipUnless(library().exists(), f"there is no {library()}")
    def test_nobody_else_can_open_the_new_file_before_it_has_the_mode_of_the_old_one(self):
        self.target.write_text(OLD)
        self.target.chmod(0o600)
        with Faults(self.folder) as faults:
            faults.hang("fchown", 3600)
            with self.exporting(faults) as process:
                try:
                    wait_until(lambda: faults.hit("fchown"))
                    (partial,) = self.folder.glob(".*.partial")
                    self.assertEqual(0o600, stat.S_IMODE(partial.stat().st_mode))
                finally:
                    process.kill()

    @unittest.skipUnless(library().exists(), f"there is no {library()}")
    def test_a_group_that_cannot_be_given_the_file_leaves_no_rights_to_another(self):
        self.target.write_text(OLD)
        self.target.chmod(0o664)
        with Faults(self.folder) as faults:
            faults.fail("fchown", errno.EPERM, times=FOR_EVER)
            with self.exporting(faults) as process:
                self.assertEqual(0, process.wait(TIMEOUT_S))
        self.assertEqual(0o604, stat.S_IMODE(self.target.stat().st_mode))

    def exporting(self, faults):
        return subprocess.Popen(
            [BINARY, "export", self.data, "--format", "csv", "--output", self.target],
            env=environment(faults.environment))

    def test_what_killed_ones_have_left_behind_is_in_nobodys_way(self):
        with subprocess.Popen(["sh", "-c", f"""
                for i in '' $(seq -f -%g 120); do : > .coffer-$$$i.partial; done
                exec {BINARY} export {self.data} --format csv --output history.csv"""],
                              cwd=self.folder, env=environment()) as process:
            self.assertEqual(0, process.wait(TIMEOUT_S))
        self.assertEqual(self.whole, self.target.read_text())

    def test_a_mount_point_is_refused_before_the_journal_is_read(self):
        self.target.write_text(OLD)
        mount = f"mount --bind {self.target} {self.target}"
        if shutil.which("unshare") is None or subprocess.run(
                ["unshare", "-m", "sh", "-c", mount], capture_output=True,
                check=False).returncode != 0:
            self.skipTest("nothing can be mounted here")
        export = f"{BINARY} export {self.damaged} --format csv --output {self.target}"
        done = subprocess.run(["unshare", "-m", "sh", "-c", f"{mount} && exec {export}"],
                              capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                              env=environment())
        self.assert_fails(done, "history.csv: ", "mount point")
        self.assertEqual((OLD, ["history.csv"]), (self.target.read_text(), self.names()))

    @unittest.skipIf(os.geteuid() != 0, "only root can give files away")
    def test_the_owner_of_the_old_file_is_kept(self):
        self.target.write_text(OLD)
        os.chown(self.target, NOBODY, NOBODY)
        self.assert_done(self.export(self.target))
        found = self.target.stat()
        self.assertEqual((NOBODY, NOBODY), (found.st_uid, found.st_gid))

    def test_a_path_without_a_directory_is_in_the_current_one(self):
        self.assert_done(self.export("history.csv", cwd=self.folder))
        self.assertEqual(self.whole, self.target.read_text())

    def test_symbolic_links_stay_and_what_they_lead_to_is_replaced(self):
        for there in (True, False):
            with self.subTest(there=there):
                real = self.folder / "real" / "history.csv"
                real.parent.mkdir(exist_ok=True)
                real.unlink(missing_ok=True)
                if there:
                    real.write_text(OLD)
                middle = self.folder / "real" / "middle"
                middle.unlink(missing_ok=True)
                middle.symlink_to("../real/history.csv")
                self.target.unlink(missing_ok=True)
                self.target.symlink_to(middle)
                self.assert_done(self.export(self.target))
                self.assertTrue(self.target.is_symlink() and middle.is_symlink())
                self.assertFalse(real.is_symlink())
                self.assertEqual(self.whole, real.read_text())
        self.target.unlink()
        self.target.symlink_to("history.csv")
        self.assert_fails(self.export(self.target), "history.csv: ", "symbolic links")

    def test_an_open_descriptor_is_written_to_where_it_stands(self):
        for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
            for redirection in (f"> {self.target}", f">> {self.target}"):
                with self.subTest(name, redirection=redirection):
                    self.target.unlink(missing_ok=True)
                    command = f'{{ echo before; "$0" export "$1" --format csv --output {name}; ' \
                              f'echo after; }} {redirection}'
                    done = subprocess.run(["bash", "-c", command, BINARY, self.data],
                                          capture_output=True, text=True, timeout=TIMEOUT_S,
                                          check=False, env=environment())
                    self.assert_done(done)
                    self.assertEqual(f"before\n{self.whole}after\n", self.target.read_text())

    def test_a_named_pipe_stays_one(self):
        os.mkfifo(self.target)
        with subprocess.Popen(["cat", self.target], stdout=subprocess.PIPE, text=True) as reader:
            self.assert_done(self.export(self.target))
            self.assertEqual(self.whole, reader.communicate(timeout=TIMEOUT_S)[0])
        self.assertTrue(stat.S_ISFIFO(self.target.lstat().st_mode))

    def as_nobody(self):
        """What makes a process one for whom not everything is writable. The data is readable."""
        os.chmod(self.data, 0o755)
        for path in [self.data / "journal", *(self.data / "journal").iterdir()]:
            path.chmod(0o755)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    def test_a_directory_that_is_not_writable_is_named(self):
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o755)
        self.assert_fails(self.export(self.target, **self.as_nobody()), str(self.folder),
                          "Permission denied")
        self.assert_fails(self.export(self.folder), "Is a directory")
        self.assert_fails(self.export(self.folder / "none" / "file"), "No such file or directory")

    def test_a_file_that_may_not_be_written_is_not_replaced(self):
        self.target.write_text(OLD)
        self.target.chmod(0o444)
        self.folder.chmod(0o777)
        self.assert_fails(self.export(self.target, **self.as_nobody()),
                          "history.csv: Permission denied")
        self.assertEqual(OLD, self.target.read_text())

    def test_a_signal_leaves_what_was_there_and_nothing_else(self):
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1,
                    signal.SIGUSR2, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGPROF):
            with self.subTest(how=how):
                self.target.write_text(OLD)
                data = self.waiting_data(f"data-{how}")
                with subprocess.Popen(
                        [BINARY, "export", data, "--format", "csv", "--output", self.target],
                        stderr=subprocess.PIPE, text=True, env=environment()) as process:
                    try:
                        wait_until(lambda: any(name.endswith(".partial") for name in self.names()))
                        process.send_signal(how)
                        self.assertEqual(-how, process.wait(TIMEOUT_S))
                    finally:
                        process.kill()
                shutil.rmtree(data)
                self.assertEqual((OLD, ["history.csv"]), (self.target.read_text(), self.names()))

    def waiting_data(self, name):
        """A data directory that an export does not come to the end of: it waits for a pipe."""
        data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / name
        shutil.copytree(self.data, data, symlinks=True)
        segment = sorted((data / "journal").glob("*.journal"))[0]
        segment.unlink()
        os.mkfifo(segment)
        return data


if __name__ == "__main__":
    unittest.main()
