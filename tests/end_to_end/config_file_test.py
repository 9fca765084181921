"""coffer serve --config FILE: the flags from a file."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from server import BINARY, Server, environment, get, run


class ConfigFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="coffer-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, text):
        path = self.folder / "coffer.conf"
        path.write_text(text)
        return path

    def refused(self, text, *flags, env=None):
        """What a start says about the file, after its name."""
        file = self.file(text)
        done = run("serve", "--in-memory", "--config", file, *flags, env=env)
        self.assertEqual((2, "", 1), (done.returncode, done.stdout, done.stderr.count("\n")),
                         done.stderr)
        self.assertIn(f"coffer: {file}", done.stderr)
        return done.stderr.removeprefix(f"coffer: {file}")

    def server(self, text, *flags, env=None):
        return Server("--config", self.file(text), *flags, data=self.folder / "data", listen=None,
                      env=env)

    def assert_no_accounts(self, server):
        self.assertEqual(404, get(server, "/accounts/10001/balance").status)

    def test_sets_what_its_flags_would(self):
        with self.server("# a comment\n\n"
                         "listen = 127.0.0.1:0\n"
                         "in-memory = true\n"
                         "threads=1 # another\n"
                         'accounts = "none"\n') as server:
            self.assert_no_accounts(server)
        self.assertFalse((self.folder / "data").exists())

    def test_a_flag_may_stand_without_a_value_and_be_false(self):
        for line, made in (("in-memory", False), ("in-memory = false", True)):
            with self.subTest(line):
                with self.server(f"listen = 127.0.0.1:0\n{line}\n"):
                    pass
                self.assertEqual(made, (self.folder / "data").exists())

    def test_lists_are_repeated_names_or_values_with_commas(self):
        path = self.folder / "s"
        for text in (f"listen = 127.0.0.1:0\nthreads = 1\nlisten = unix:{path}\n",
                     f"listen = 127.0.0.1:0,unix:{path}\n",
                     f'listen = ["127.0.0.1:0", "unix:{path}"]\n'):
            with self.subTest(text):
                with self.server(text + "in-memory"):
                    self.assertTrue(path.is_socket())
                path.unlink()

    def test_the_command_line_beats_the_environment_and_that_the_file(self):
        file = "listen = 127.0.0.1:1\nin-memory\naccounts = missing.json\n"
        flags, variables = ("--listen", "127.0.0.1:0"), {"COFFER_LISTEN": "127.0.0.1:0"}
        none = ("--accounts", "none")
        for given, env in ((flags, {"COFFER_ACCOUNTS": "none"}), (none, variables),
                           ((*none, *flags), {"COFFER_LISTEN": "127.0.0.1:2"})):
            with self.subTest(given), self.server(file, *given, env=env) as server:
                self.assert_no_accounts(server)

    def test_port_beats_the_file_as_the_environment_does(self):
        with self.server("listen = 127.0.0.1:1\nin-memory\n", env={"PORT": "0"}) as server:
            self.assertIn("http://0.0.0.0:", "".join(server.banner))

    def test_the_environment_may_name_it(self):
        file = self.file("listen = 127.0.0.1:0\nin-memory\naccounts=none\n")
        with Server(data=self.folder / "data", listen=None,
                    env={"COFFER_CONFIG": str(file)}) as server:
            self.assert_no_accounts(server)

    def test_refuses_an_unknown_name_with_its_line(self):
        for name in ("lissten", "--listen", "config", "help", "version", "a.b"):
            with self.subTest(name):
                said = self.refused(f"# first\nthreads = 1\n{name} = 5\n")
                self.assertIn(f"'{name}' is no name of a flag that may stand here", said)
                if name != "a.b":
                    self.assertTrue(said.startswith(", line 3: "), said)

    def test_refuses_a_wrong_value_with_its_line(self):
        for line, why in (("snapshot-every = soon", "a duration"),
                          ("threads = 0", "Value 0 not in range"),
                          ("accept-clock = perhaps", "perhaps"),
                          ("listen = nowhere", "is not an address and a port")):
            with self.subTest(line):
                said = self.refused(f"\n{line}\n")
                self.assertTrue(said.startswith(", line 2: "), said)
                self.assertIn(why, said)

    def test_an_address_in_brackets_needs_quotes(self):
        for line in ("listen = [::1]:5000", "listen=[::1]:5000, 127.0.0.1:0 # two"):
            with self.subTest(line):
                self.assertIn(", line 2: a value that begins with [ needs quotes",
                              self.refused(f"threads = 1\n{line}\nno-audit\n"))
        for text in ('listen = "[::1]:0"\n', 'listen = ["127.0.0.1:0", "[::1]:0"]\n'):
            with self.subTest(text):
                done = run("check", "--in-memory", "--config", self.file(text))
                self.assertIn("address        [::1]:0", done.stdout)

    def test_refuses_a_single_value_given_twice(self):
        self.assertTrue(self.refused("threads = 1\nmax-body=1MiB\nthreads = 2\n")
                        .startswith(", line 1: "))

    def test_refuses_sections(self):
        self.assertIn("there are no sections", self.refused("[serve]\nthreads = 1\n"))

    def test_refuses_values_that_do_not_fit_each_other(self):
        done = run("serve", "--config", self.file("max-head = 128\nmax-target = 4KiB\n"))
        self.assertEqual(2, done.returncode)
        self.assertIn("--max-head", done.stderr)

    def test_refuses_a_file_that_cannot_be_read(self):
        for file in (self.folder, self.folder / "missing"):
            with self.subTest(file):
                done = run("serve", "--config", file)
                self.assertEqual(2, done.returncode)
                self.assertIn(f"{file}: cannot be read", done.stderr)

    def test_reads_no_device_without_end(self):
        done = run("serve", "--config", "/dev/zero")
        self.assertEqual(2, done.returncode)
        self.assertIn("/dev/zero: has more than a mebibyte", done.stderr)

    def test_tokens_without_a_file_open_nothing(self):
        for given in (("--config", self.file("tokens =\n")), ("--tokens", "")):
            with self.subTest(given):
                done = run("serve", *given)
                self.assertEqual(2, done.returncode)
                self.assertIn("the name of the file is empty", done.stderr)

    def test_every_flag_of_serve_may_stand_in_it(self):
        """But for --help and --config: each is refused by its value, or taken."""
        names = re.findall(r"^  (?:-h,)?--([a-z-]+)", run("serve", "--help").stdout, re.MULTILINE)
        self.assertGreater(len(names), 30)
        for name in set(names) - {"help", "config"}:
            with self.subTest(name):
                file = self.file(f"{name} = 5\nnonsense = 5\n")
                done = run("serve", "--config", file)
                self.assertNotIn(f"'{name}' is no name", done.stderr)

    def test_may_be_a_pipe(self):
        done = subprocess.run(
            [BINARY, "serve", "--config", "/dev/stdin"], input="threads = 0\n", text=True,
            capture_output=True, check=False, timeout=20, env=environment())
        self.assertIn("/dev/stdin, line 1: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
