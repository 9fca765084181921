"""The static binary serves in a folder that has nothing but it."""

import json
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import unittest
import urllib.request

from packages import STATIC, need, need_static

MOST_BYTES = 12 << 20
# What a process may look for besides its data: the kernel's figures, and what describes a machine.
# The C library looks for the time zone too, and does without: all times are UTC.
KERNEL_FILES = re.compile(r"/(proc|sys|dev)/|/etc/localtime$")
ITS_FILES = re.compile(r"$|/$|/?(coffer|certificate|key|data|snapshots|journal)\b|[^/]*$")
OPENED = re.compile(r'\b(?:open|openat|access|stat|newfstatat|readlink|connect|execve)\('
                    r'[^"]*"([^"]*)"')


class StaticBinary(unittest.TestCase):
    def setUp(self):
        need_static()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_it_is_small_stripped_and_needs_no_library(self):
        need("readelf")
        self.assertLess(STATIC.stat().st_size, MOST_BYTES)
        shown = subprocess.run(["readelf", "--wide", "--program-headers", "--dynamic",
                                "--section-headers", STATIC],
                               capture_output=True, text=True, check=True).stdout
        for word in ("NEEDED", "INTERP", ".symtab", ".debug"):
            self.assertNotIn(word, shown)
        self.assertIn("GNU_STACK", shown)

    def make_certificate(self):
        need("openssl")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", self.folder / "key", "-out", self.folder / "certificate"],
                       check=True, capture_output=True)
        return ("--listen", "tls:127.0.0.1:0", "--tls-cert", "/certificate", "--tls-key", "/key")

    def start(self, prefix=(), flags=("--listen", "127.0.0.1:0")):
        shutil.copy(STATIC, self.folder / "coffer")
        command = ["chroot", str(self.folder), "/coffer", "serve", "--data", "/data", *flags]
        if subprocess.run(["unshare", "-r", "true"], capture_output=True, check=False).returncode:
            self.skipTest("no user namespaces here")
        process = subprocess.Popen(["unshare", "-r", *prefix, *command], text=True,
                                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        banner = process.stdout.readline()
        found = re.search(r"(https?://)127\.0\.0\.1(:\d+)", banner)
        self.assertTrue(found, banner or process.communicate())
        self.url = found[1] + "localhost" + found[2]
        return process

    def ask(self, path, body=None):
        headers = {"Content-Type": "application/json"} if body else {}
        request = urllib.request.Request(self.url + path, body and body.encode(), headers)
        context = None
        if self.url.startswith("https:"):
            context = ssl.create_default_context(cafile=self.folder / "certificate")
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return answer.read().decode()

    def use(self, process):
        self.assertIn("5000.0", self.ask("/accounts/10005/balance"))
        self.assertIn("5000.25", self.ask("/accounts/10005/deposit", '{"amount":0.25}'))
        self.assertIn("5000.25", self.ask("/accounts/10005/statement"))
        self.assertIn("coffer_", self.ask("/metrics"))
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode, log)
        return log

    def test_it_serves_logs_and_takes_snapshots_in_an_empty_folder(self):
        need("unshare", "chroot")
        log = self.use(self.start())
        self.assertRegex(log, r"(?m)^\d{4}-\d\d-\d\dT\S+Z info .*\d+ snapshots taken, 0 failed$")
        self.assertEqual(["coffer", "data"], sorted(each.name for each in self.folder.iterdir()))
        accounts = json.loads((self.folder / "data/snapshots/latest.json").read_text())["accounts"]
        self.assertIn({"account_number": "10005", "balance": 5000.25},
                      [{name: each[name] for name in ("account_number", "balance")}
                       for each in accounts])

    def test_it_makes_tls_handshakes_in_an_empty_folder(self):
        need("unshare", "chroot")
        self.use(self.start(flags=self.make_certificate()))

    def test_it_looks_for_no_file_of_the_system(self):
        need("unshare", "chroot", "strace")
        trace = self.folder / "trace"
        self.use(self.start(["strace", "-D", "-f", "-o", str(trace), "-e",
                             "trace=%file,connect", "--string-limit=200"],
                            self.make_certificate()))
        calls = trace.read_text()
        calls = calls[calls.index('execve("/coffer"'):]
        looked_for = set(OPENED.findall(calls))
        self.assertIn("/coffer", looked_for)
        self.assertIn("/certificate", looked_for)
        self.assertEqual(set(), {name for name in looked_for
                                 if not KERNEL_FILES.match(name) and not ITS_FILES.match(name)})


if __name__ == "__main__":
    unittest.main()
