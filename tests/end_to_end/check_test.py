"""coffer check: whether a server would start, with nothing changed."""

import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from server import BINARY, Server, environment, post, run


def tree(folder):
    """All that stat and read show of a folder, but for the times of access."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        stat = path.lstat()
        content = ""
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path)] = (stat.st_mode, stat.st_ino, stat.st_uid, stat.st_size,
                            stat.st_mtime_ns, stat.st_ctime_ns, content)
    return found


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


class Check(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="coffer-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "data"

    def make_data(self, postings=3, starts=1):
        for _ in range(starts):
            with Server(data=self.data) as server:
                for _ in range(postings):
                    post(server, "/accounts/10001/deposit", '{"amount":1}')
                self.assertEqual(0, server.stop())

    def check(self, *flags, listen="127.0.0.1:0", env=None):
        before = tree(self.folder)
        done = run("check", "--data", self.data, "--listen", listen, *flags, env=env)
        self.assertEqual(before, tree(self.folder), "it has changed something")
        return done

    def assert_right(self, *flags, **more):
        done = self.check(*flags, **more)
        self.assertEqual((0, "check: would start"), (done.returncode, done.stdout.splitlines()[-1]),
                         done.stdout + done.stderr)
        return done.stdout

    def assert_fault(self, item, why, *flags, **more):
        done = self.check(*flags, **more)
        lines = done.stdout.splitlines()
        self.assertEqual((1, "check: would not start, 1 fault"), (done.returncode, lines[-1]),
                         done.stdout + done.stderr)
        self.assertEqual([item], [line.split()[1] for line in lines if line.startswith("fault ")])
        self.assertIn(why, done.stdout)

    def test_a_first_start(self):
        said = self.assert_right()
        self.assertIn(f"ok      data           {self.data}: will be made\n", said)
        self.assertIn("ok      accounts       10, the sample accounts\n", said)
        self.assertIn("ok      address        127.0.0.1:0\n", said)
        self.assertIn("ok      configuration  no file\n", said)
        self.data.mkdir()
        self.assertIn(f"{self.data}: will begin a ledger", self.assert_right())

    def test_a_ledger_and_one_that_was_killed(self):
        self.make_data()
        self.assertRegex(self.assert_right(), r"ledger [0-9a-f]{32}, up to record 13, 10 accounts")
        with Server(data=self.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            server.process.kill()
            server.process.wait()
        self.assertIn("up to record 14", self.assert_right())

    def test_a_server_starts_after_it_and_knows_all(self):
        self.make_data()
        self.assert_right()
        self.make_data(postings=1)
        self.assertIn("up to record 14", self.assert_right())

    def test_a_server_that_runs(self):
        with Server("--snapshot-every", "100ms", data=self.data) as server:
            stop = threading.Event()

            def load():
                while not stop.is_set():
                    post(server, "/accounts/10001/deposit", '{"amount":1}')

            loader = threading.Thread(target=load)
            loader.start()
            try:
                for _ in range(5):
                    done = run("check", "--data", self.data, "--listen",
                               f"127.0.0.1:{server.port}")
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                    self.assertRegex(done.stdout, r"in use +data +.*: a server runs on it: ledger")
                    self.assertRegex(done.stdout, r"in use +address +.*: in use")
                    self.assertIn("would start, once the server that runs has ended", done.stdout)
            finally:
                stop.set()
                loader.join()
            self.assertEqual(0, server.stop())

    def test_an_address_in_use_or_not_of_this_machine(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            name = f"127.0.0.1:{other.getsockname()[1]}"
            self.assert_fault("address", f"{name}: Address already in use", listen=name)
        self.assertIn(name, self.assert_right(listen=name))
        self.assert_fault("address", "Cannot assign", listen="192.0.2.1:5000")

    def test_two_addresses_that_are_one(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
        for everyone, operators in ((f"127.0.0.1:{port}",) * 2,
                                    (f"0.0.0.0:{port}", f"127.0.0.1:{port}"),
                                    (f"unix:{self.folder}/s",) * 2):
            with self.subTest(everyone):
                self.assert_fault("address", f"{operators}: is taken by {everyone}",
                                  "--admin-listen", operators, listen=everyone)
                self.assertEqual(1, run("serve", "--in-memory", "--listen", everyone,
                                        "--admin-listen", operators).returncode)
        self.assert_right("--admin-listen", "127.0.0.1:0")

    def test_a_unix_socket(self):
        path = self.folder / "s"
        self.assert_right(listen=f"unix:{path}")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            other.listen()
            self.assert_fault("address", "Address already in use", listen=f"unix:{path}")
        self.assert_right(listen=f"unix:{path}")  # one that was left behind
        self.assertTrue(path.is_socket())
        path.unlink()
        path.write_text("")
        self.assert_fault("address", "File exists", listen=f"unix:{path}")
        self.assert_fault("address", "No such file", listen=f"unix:{self.folder}/none/s")

    def test_a_configuration(self):
        file = self.folder / "coffer.conf"
        file.write_text("threads = 1\n")
        self.assertIn(f"ok      configuration  {file}\n", self.assert_right("--config", file))
        file.write_text("threads = 1\nthrads = 1\n")
        self.assert_fault("configuration", f"{file}, line 2: 'thrads'", "--config", file)
        self.assert_fault("configuration", "none.conf: cannot be read", "--config", "none.conf")
        self.assert_fault("configuration", "--max-head", "--max-head", "128", "--max-target",
                          "4KiB")

    def test_the_environment(self):
        self.assert_fault("accounts", "none.json", env={"COFFER_ACCOUNTS": "none.json"})

    def test_a_wrong_flag_is_one(self):
        done = self.check("--thrads", "1")
        self.assertEqual((2, ""), (done.returncode, done.stdout))

    def test_accounts(self):
        file = self.folder / "accounts.json"
        file.write_text('{"accounts":[\n{"account_number":"1","balance":5.0}]}')
        self.assertIn("ok      accounts       1, from", self.assert_right("--accounts", file))
        file.write_text('{"accounts":[\n{"account_number":"1","balance":-5.0}]}')
        self.assert_fault("accounts", "line 2", "--accounts", file)
        self.make_data()
        self.assertIn("accounts       not read", self.assert_right("--accounts", file))

    def test_tokens(self):
        file = self.folder / "tokens"
        made = run("token", "reader", "--scope", "read")
        file.write_text(made.stderr)
        self.assertIn("ok      tokens         1, from", self.assert_right("--tokens", file))
        file.write_text(made.stderr + "nonsense\n")
        self.assert_fault("tokens", f"{file}", "--tokens", file)
        file.unlink()
        self.assert_fault("tokens", f"{file}", "--tokens", file)

    def test_a_certificate(self):
        for name in ("missing.pem", self.folder):
            with self.subTest(name):
                self.assert_fault("certificate", str(name), "--tls-cert", name, "--tls-key", name,
                                  listen="tls:127.0.0.1:0")

    def test_in_memory(self):
        self.data.write_text("no directory")
        self.assertIn("data           none is kept", self.assert_right("--in-memory"))

    def test_a_damaged_journal(self):
        self.make_data()
        flip(next((self.data / "journal").glob("*.journal")), 4096 + 60)
        self.assert_fault("data", ".journal, offset 4096")

    def test_a_damaged_snapshot_is_no_fault_while_the_journal_has_all(self):
        self.make_data(starts=2)
        flip(self.data / "snapshots/2.json", 200)
        done = self.check()
        self.assertEqual(0, done.returncode)
        self.assertIn("2.json", done.stderr)
        self.assertIn("1.json", done.stdout)

    def test_a_journal_that_is_lost_or_shorter_than_its_snapshot(self):
        self.make_data()
        journal = next((self.data / "journal").glob("*.journal"))
        content = bytearray(journal.read_bytes())
        whole = journal.stat()
        content[4096:] = bytes(len(content) - 4096)
        journal.write_bytes(content)
        os.utime(journal, ns=(whole.st_atime_ns, whole.st_mtime_ns))
        self.assert_fault("data", "snapshot")
        shutil.rmtree(self.data / "journal")
        self.assert_fault("data", "has snapshots and no journal")

    def test_a_newer_format(self):
        self.make_data()
        journal = next((self.data / "journal").glob("*.journal"))
        with open(journal, "r+b") as file:
            file.seek(8)
            file.write(b"\xff")
        self.assert_fault("data", str(journal))

    def test_what_is_no_ledger(self):
        self.data.write_text("")
        self.assert_fault("data", "is no directory")
        self.data.unlink()
        self.make_data()
        copy = self.folder / "copy"
        self.assertEqual(0, run("backup", self.data, copy).returncode)
        (copy / "copy.partial").write_text("")
        self.data = copy
        self.assert_fault("data", "did not come to its end")

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"),
                     "root may write everywhere")
    def test_what_may_not_be_written(self):
        self.make_data()
        prefix = []
        if os.geteuid() == 0:  # the same without what root may
            prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        for path in (self.data, self.data / "journal", self.data / "snapshots",
                     next((self.data / "journal").glob("*.journal"))):
            with self.subTest(path):
                mode = path.stat().st_mode
                path.chmod(0o500 if path.is_dir() else 0o400)
                try:
                    done = subprocess.run(
                        [*prefix, BINARY, "check", "--data", self.data, "--listen", "127.0.0.1:0"],
                        capture_output=True, text=True, timeout=20, check=False,
                        env=environment())
                finally:
                    path.chmod(mode)
                self.assertEqual(1, done.returncode, done.stdout + done.stderr)
                self.assertIn(f"{path}: cannot be written: Permission denied", done.stdout)


if __name__ == "__main__":
    unittest.main()
