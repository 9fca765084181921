"""What takes npm: the API's description is linted by redocly, and the Postman collection that is
made of it is run whole by newman. The packages are those of tools/postman/package-lock.json."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from npm_packages import installed
from server import BINARY, ROOT, Server

TOOL = ROOT / "tools" / "postman"
sys.path.insert(0, str(TOOL))

import make_collection  # noqa: E402

FOLDER = pathlib.Path(BINARY).resolve().parent / "npm"  # not in the sources
QUIET = {"CI": "1", "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
         "NO_UPDATE_NOTIFIER": "1"}


@unittest.skipUnless(shutil.which("npm") and shutil.which("node"), "there is no npm")
class Npm(unittest.TestCase):
    def run_program(self, name, *arguments):
        """Runs one of the packages' programs, and returns what it printed."""
        if installed(TOOL, FOLDER) is None:
            self.skipTest("npm ci has no network")
        program = FOLDER / "node_modules" / ".bin" / name
        done = subprocess.run([program, *map(str, arguments)], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
                              cwd=FOLDER, env={**os.environ, **QUIET})
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_redocly_finds_nothing_in_the_description(self):
        document = FOLDER / "openapi.json"
        FOLDER.mkdir(parents=True, exist_ok=True)
        document.write_text(json.dumps(make_collection.DESCRIPTION.document, indent=1))
        printed = self.run_program("redocly", "lint", "--config", TOOL / "redocly.yaml", document)
        self.assertNotIn("warning", printed.lower())

    def test_newman_runs_the_whole_collection(self):
        report = FOLDER / f"newman-{os.getpid()}.json"
        with Server() as server:
            self.run_program("newman", "run", make_collection.COLLECTION, "--bail", "--env-var",
                             f"baseUrl={server.url('')}", "--timeout-request", "20000",
                             "--reporters", "cli,json", "--reporter-json-export", report)
        run = json.loads(report.read_text())["run"]
        report.unlink()
        self.assertEqual([], run["failures"])
        requests = sum(len(folder["item"]) for folder in make_collection.collection()["item"])
        self.assertEqual(requests, run["stats"]["requests"]["total"])
        self.assertGreater(run["stats"]["assertions"]["total"], 2 * requests)


class Collection(unittest.TestCase):
    def test_it_is_what_the_description_makes(self):
        self.assertTrue(make_collection.text() == make_collection.COLLECTION.read_text(),
                        "tools/postman/make_collection.py makes another one")

    def test_what_a_reply_gives_is_carried_to_later_requests(self):
        text = make_collection.text()
        for part in ("pm.collectionVariables.set('hold_400', body.data.hold);",
                     "/holds/{{hold_400}}/capture", "after={{next_504}}"):
            self.assertTrue(part in text, part)

    def test_the_lock_file_names_no_registry(self):
        packages = json.loads((TOOL / "package-lock.json").read_text())["packages"]
        self.assertTrue(all("integrity" in one for name, one in packages.items() if name))
        self.assertFalse([name for name, one in packages.items() if "resolved" in one])


if __name__ == "__main__":
    unittest.main()
