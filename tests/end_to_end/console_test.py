"""The console in Debian's chromium, against the server under load: see console/checks.mjs.

Screenshots are kept in the folder console-pictures beside the binary. The packages are those of
src/console/package-lock.json."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import unittest

import server as servers
from npm_packages import installed
from one_etcd import OneEtcd
from server import BINARY, ROOT, Server, curl

SOURCE = ROOT / "src" / "console"
BESIDE = pathlib.Path(BINARY).resolve().parent
PACKAGES = BESIDE / "npm-console"
PICTURES = BESIDE / "console-pictures"
CHECKS = pathlib.Path(__file__).with_name("console") / "checks.mjs"
CHROMIUM = shutil.which("chromium")
LOAD = BESIDE / "coffer-load"
MIX = "balance=6,deposit=4,withdraw=3,transfer=3,hold=2,capture=1,release=1"


def has_npm():
    return shutil.which("npm") and shutil.which("node")


def packages_or_skip(test):
    if installed(SOURCE, PACKAGES) is None:
        test.skipTest("npm ci has no network")


@contextlib.contextmanager
def load(server, *flags):
    """Load on accounts of its own, until the end."""
    with open(os.devnull, "w", encoding="utf-8") as nothing:
        made = subprocess.Popen(
            [LOAD, "--url", server.url(""), "--duration", "120s", "--mix", MIX, *flags],
            stdin=subprocess.DEVNULL, stdout=nothing, stderr=nothing)
    try:
        yield
    finally:
        made.kill()
        made.wait()


@unittest.skipUnless(has_npm(), "there is no npm")
class ConsoleSources(unittest.TestCase):
    def test_the_types_are_right(self):
        packages_or_skip(self)
        settings = PACKAGES / "tsconfig.json"
        modules = PACKAGES / "node_modules"
        settings.write_text(f'''{{"extends": "{SOURCE}/tsconfig.json",
            "compilerOptions": {{"paths": {{"uplot": ["{modules}/uplot"],
                                            "uplot/*": ["{modules}/uplot/*"]}}}},
            "include": ["{SOURCE}/*.ts"]}}''')
        done = subprocess.run([modules / ".bin" / "tsc", "--noEmit", "-p", settings],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=120, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stdout))

    def test_the_same_sources_make_the_same_bundle(self):
        packages_or_skip(self)
        made = []
        for folder in (PACKAGES / "first", PACKAGES / "second"):
            folder.mkdir(exist_ok=True)
            shutil.copy(PACKAGES / "package.json", folder)
            if not (folder / "node_modules").exists():
                (folder / "node_modules").symlink_to(PACKAGES / "node_modules")
            subprocess.run(["node", SOURCE / "bundle.mjs", SOURCE, folder], check=True,
                           stdin=subprocess.DEVNULL, timeout=60)
            made.append({path.name: path.read_text() for path in sorted(folder.glob("*.*"))
                         if path.is_file()})
        self.assertEqual(*made)
        self.assertLess(len(made[0]["console.html"].encode()), 150_000)


@unittest.skipUnless(has_npm() and CHROMIUM, "there is no npm, or no chromium")
class Console(unittest.TestCase):
    def check(self, name, server, **environment):
        packages_or_skip(self)
        if curl(server.url("/console")).status != 200:
            self.skipTest("this server was built without its console")
        PICTURES.mkdir(exist_ok=True)
        done = subprocess.run(
            ["node", CHECKS, name, server.url(""), PICTURES], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=200, check=False,
            env={**os.environ, "CONSOLE_PACKAGES": str(PACKAGES), "CHROMIUM": CHROMIUM,
                 **environment})
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        print(done.stdout, end="")

    def test_charts_move_under_load(self):
        with Server() as server, load(server, "--accounts", "10001-10009"):
            self.check("charts_move", server)

    def test_a_withdrawal_by_the_keyboard_alone_shows_in_the_api(self):
        with Server() as server, load(server, "--accounts", "10007-10009", "--rate", "500"):
            self.check("withdrawal_by_keyboard", server)

    def test_a_deposit_elsewhere_shows_in_the_page(self):
        with Server() as server:
            self.check("deposit_elsewhere", server)

    def test_the_apis_own_refusals_are_shown(self):
        with Server() as server:
            self.check("refusals", server)

    def test_a_withdrawal_in_doubt_is_sent_again_with_its_key(self):
        with Server() as server:
            self.check("one_key", server)

    def test_a_posting_that_is_seen_before_its_reply_is_in_the_statement(self):
        with Server() as server:
            self.check("own_posting_shows", server)

    def test_holds_are_placed_and_captured_and_money_transferred(self):
        with Server() as server:
            self.check("holds", server)

    def test_events_appear_and_two_snapshots_are_compared(self):
        with Server("--snapshot-every", "500ms", "--snapshot-keep", "1000") as server:
            self.check("events_and_snapshots", server)

    def test_axe_finds_nothing_in_light_and_dark_and_on_a_phone(self):
        with Server("--snapshot-every", "1s") as server, \
                load(server, "--accounts", "10002-10009", "--rate", "300"):
            self.check("accessibility", server)

    def test_the_colours_are_a_choice_and_the_focus_follows_the_place(self):
        with Server() as server:
            self.check("theme_and_focus", server)

    def test_a_page_of_another_origin_can_neither_read_nor_post(self):
        with Server() as server:
            self.check("foreign_page", server)

    def test_asks_for_a_token_which_the_tab_alone_keeps(self):
        with servers.tempfile.TemporaryDirectory() as folder:
            made = servers.run("token", "console", "--scope", "read,post")
            tokens = pathlib.Path(folder) / "tokens"
            tokens.write_text(made.stderr)
            with Server("--tokens", tokens) as server:
                self.check("token_prompt", server, CONSOLE_TOKEN=made.stdout.strip())


@unittest.skipUnless(has_npm() and CHROMIUM, "there is no npm, or no chromium")
class ConsoleOfAStandby(OneEtcd):
    check = Console.check
    most_s = 280  # ctest gives it 300

    def test_it_shows_what_it_has_posts_nothing_and_links_to_the_leader(self):
        leader, standby = self.leader(), self.node("b")
        balance = self.post(leader)
        self.wait_until_shows(standby, balance)
        self.check("standby", standby, LEADER=leader.url(""), BALANCE=str(balance))


if __name__ == "__main__":
    unittest.main()
