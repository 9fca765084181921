"""The style as tests: python3 tests/tidy.py"""

import fnmatch
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What is visible at the top level, besides what .gitignore names.
TOP_LEVEL = {
    "CMakeLists.txt", "src", "include", "bench", "tests", "tools", "README.md", "LICENSE"}

# Which rooms each room under src may include. What stands in src itself is main, and may use all.
MAY_USE = {
    "ops": set(),
    "journal": {"ops"},
    "snapshot": {"ops"},
    "audit": {"ops", "journal", "snapshot"},
    "engine": {"ops", "journal", "snapshot"},
    "replication": {"ops", "journal", "snapshot", "engine"},
    "console": set(),  # TypeScript, and a header
    "api": {"ops", "journal", "engine", "console"},
    "http": {"ops", "engine", "api"},
    "command": {"ops", "journal", "snapshot", "audit", "engine", "api", "http", "replication"},
}
SOCKETS = ("boost/asio", "boost/beast")
# The journal's storage as files, below the seam of journal/batch_log.hpp, and all that knows it
# from above: what opens it, and the offline tools that are about files.
JOURNAL_FILES = {
    "batch_walk", "file_log", "file_pool", "file_source", "file_store", "index_shelf",
    "indexed_history", "indexed_history_work", "opened_index", "posix_storage", "reader",
    "segment", "segment_follower", "segment_reader", "segment_watch", "storage"}
KNOW_JOURNAL_FILES = {
    "src/audit/auditor.cpp", "src/audit/data_copy.cpp", "src/audit/history.cpp",
    "src/audit/increment.cpp", "src/audit/increment_reader.cpp",
    "src/audit/increment_reader.hpp", "src/audit/index_check.hpp", "src/audit/journal_copy.hpp",
    "src/audit/patient_reader.hpp", "src/audit/posting_export.cpp", "src/audit/report.hpp",
    "src/engine/data_directory.cpp"}
MAX_COLUMNS = 100
MAX_LINES = 450
MAX_LINES_OF_SRC = 400
# Words of a private language that plain ones have replaced, in the sources and the core: anywhere,
# and outside comments.
REPLACED_WORDS = r"\b(house|books|held_bytes|is_over|between whiles)\b"
REPLACED_NAMES = r"\b(told|whoever)\b"


def files(*suffixes):
    """Our own files with these suffixes, CMake's and the tools among them."""
    for folder in ("src", "include", "bench", "tests", "tools", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                yield path


def sources():
    return files(".hpp", ".cpp")


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def name(path):
    return str(path.relative_to(ROOT))


class Tidy(unittest.TestCase):
    def assert_none(self, complaints):
        self.assertEqual([], list(complaints), "\n" + "\n".join(complaints))

    def test_the_top_level_has_the_agreed_names_only(self):
        ignored = [line.strip("/\n") for line in (ROOT / ".gitignore").read_text().splitlines()]
        self.assert_none([
            path.name for path in sorted(ROOT.iterdir())
            if not path.name.startswith(".") and path.name not in TOP_LEVEL
            and not any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored)])

    def test_includes_between_rooms_run_one_way(self):
        complaints = []
        for path in sources():
            parts = path.relative_to(ROOT).parts
            if parts[0] != "src" or len(parts) < 3:
                continue
            room = parts[1]
            self.assertIn(room, MAY_USE, "a new room: say here which others it may use")
            for included in includes(path):
                other = included.split("/")[0]
                if other in MAY_USE and other != room and other not in MAY_USE[room]:
                    complaints.append(f"{name(path)}: {room} may not use {included}")
        self.assert_none(complaints)

    def test_the_core_includes_the_standard_library_and_itself_only(self):
        self.assert_none([
            f"{name(path)}: includes {included}"
            for path in sources() if name(path).startswith("include/")
            for included in includes(path)
            if not included.startswith("coffer/") and included != "sys/mman.h"
            and ("/" in included or "." in included)])

    def test_only_http_and_the_client_of_the_replicated_log_know_sockets(self):
        self.assert_none([
            f"{name(path)}: includes {included}"
            for path in sources() if not {"http", "replication", "bench"}.intersection(path.parts)
            for included in includes(path) if included.startswith(SOCKETS)])

    def test_only_its_own_parts_and_offline_tools_know_that_the_journal_is_files(self):
        headers = {f"journal/{each}.hpp" for each in JOURNAL_FILES}
        found = {
            name(path) for path in sources() if name(path).startswith("src/")
            and headers.intersection(includes(path))
            and not (path.parent.name == "journal" and path.stem in JOURNAL_FILES)}
        self.assertEqual(KNOW_JOURNAL_FILES, found)

    def test_headers_are_guarded(self):
        self.assert_none([
            f"{name(path)}: no #pragma once"
            for path in files(".hpp") if "\n#pragma once\n" not in "\n" + path.read_text()])

    def test_lines_fit_100_columns(self):
        ours = files(".hpp", ".cpp", ".py", ".txt", ".cmake", ".pml", ".ts", ".mjs", ".css",
                     ".html", "")
        self.assert_none([
            f"{name(path)}:{number}: {len(line)} columns"
            for path in [*ours, ROOT / "CMakeLists.txt"]
            if "corpus" not in path.parts
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if len(line) > MAX_COLUMNS])

    def test_files_are_one_concept_long(self):
        self.assert_none([
            f"{name(path)}: {lines} lines"
            for path in files(".hpp", ".cpp", ".py", ".pml", ".ts", ".mjs", ".css", "")
            for lines in [len(path.read_text().splitlines())]
            if lines > (MAX_LINES_OF_SRC if name(path).startswith("src/") else MAX_LINES)])

    def test_replaced_words_do_not_come_back(self):
        complaints = []
        for path in sources():
            if name(path).startswith(("src/", "include/")):
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    found = (re.search(REPLACED_WORDS, line, re.IGNORECASE)
                             or re.search(REPLACED_NAMES, line.partition("//")[0]))
                    if found:
                        complaints.append(f"{name(path)}:{number}: {found[0]}")
        self.assert_none(complaints)

    def test_tests_mirror_the_sources(self):
        rooms = {*MAY_USE, "bench", "core", "embedding", "models", "load", "cluster", "end_to_end",
                 "faults", "fuzz", "packages", "__pycache__"}
        self.assert_none([
            name(path) for path in sorted((ROOT / "tests").iterdir())
            if path.is_dir() and path.name not in rooms])

    def test_matchers_are_those_that_catch2_2_and_3_have(self):
        only_one_has = re.compile(
            r"Catch::(Matchers::)?Contains\b|Catch::(StartsWith|EndsWith|Equals|Message)\b")
        self.assert_none([
            f"{name(path)}: {found[0]}, see tests/catch.hpp"
            for path in sources() if path != ROOT / "tests" / "catch.hpp"
            for found in only_one_has.finditer(path.read_text())])

    def test_clang_format_changes_nothing(self):
        program = shutil.which("clang-format-14") or shutil.which("clang-format")
        if program is None:
            self.skipTest("no clang-format here")
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        if "version 14." not in version.stdout:
            self.skipTest("the format is that of clang-format 14")
        found = subprocess.run([program, "--dry-run", *map(str, sources())],
                               capture_output=True, text=True, check=False)
        self.assert_none(re.findall(r"^.*: warning: .*", found.stderr, re.MULTILINE))


if __name__ == "__main__":
    unittest.main()
