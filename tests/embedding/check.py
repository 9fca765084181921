"""What a compiler says of the core: check.py CHECK --compiler COMPILER [--include FOLDER]

FOLDER has the headers, or one coffer.hpp that is all of them: what the programs here include is
then changed. Without it pkg-config says where they are. Exits 0 if all is well.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SINGLE = "coffer.hpp"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Wshadow", "-Werror"]


class Check:
    def __init__(self, options, work):
        self.compiler = options.compiler
        self.include = options.include and os.path.abspath(options.include)
        self.flags = options.flags.split()
        self.work = work

    def compile(self, *arguments, flags=None):
        """Runs the compiler. `flags` in place of those that the core needs."""
        command = [self.compiler, "-std=c++20", *(self.flags if flags is None else flags),
                   *map(str, arguments)]
        return subprocess.run(command, cwd=self.work, capture_output=True, text=True, check=False,
                              env={**os.environ, "LC_ALL": "C"})

    def expect_silence(self, *arguments):
        done = self.compile(*WARNINGS, *self.included(), *arguments)
        if done.returncode != 0 or done.stderr:
            sys.exit(f"{self.compiler} {' '.join(map(str, arguments))}:\n{done.stderr}")

    def included(self):
        return ["-I", self.include] if self.include else []

    def source(self, name):
        """The program of that name, which includes what FOLDER has."""
        text = (HERE / name).read_text(encoding="utf-8")
        if self.include and (pathlib.Path(self.include) / SINGLE).exists():
            lines = [f"#include <{SINGLE}>" if line.startswith("#include <coffer/") else line
                     for line in text.splitlines()]
            text = "\n".join(lines) + "\n"
        return self.write(pathlib.Path(name).name, text)

    def write(self, name, text):
        path = pathlib.Path(self.work) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, program):
        return subprocess.run([program], cwd=self.work, capture_output=True, text=True, check=False,
                              timeout=60)

    # The checks, by their names on the command line.

    def headers(self):
        """Each header compiles alone, and may be included twice, with no warning."""
        names = sorted(str(path.relative_to(self.include))
                       for path in pathlib.Path(self.include).rglob("*.hpp"))
        if not names:
            sys.exit(f"no headers in {self.include}")
        for name in names:
            unit = self.write("alone.cpp", f"#include <{name}>\n" * 2)
            self.expect_silence("-fsyntax-only", unit)

    def example(self):
        """example.cpp compiles, optimised, with no warning, and prints what it should."""
        self.expect_silence("-O2", self.source("example.cpp"), "-o", "example")
        done = self.run("./example")
        expected = (HERE / "example.txt").read_text(encoding="utf-8")
        if done.returncode != 0 or done.stdout != expected:
            sys.exit(f"expected\n{expected}\nbut it printed\n{done.stdout}{done.stderr}")

    def two_units(self):
        """Two translation units that use all of the core link into one program."""
        for name in ("first", "second"):
            self.expect_silence("-c", self.source(f"two_units/{name}.cpp"), "-o", f"{name}.o")
        self.expect_silence("first.o", "second.o", "-o", "both")
        status = self.run("./both").returncode
        if status != 0:
            sys.exit(f"the program of two units fails with {status}")

    def refused(self):
        """Without a 16-byte compare-and-swap there is one error, which says so."""
        self.write("unit.cpp", "#include <coffer/ledger.hpp>\n")
        self.expect_refusal("compile with -mcx16", [], ["unit.cpp"])

    def refused_elsewhere(self):
        """So it is on other targets. These have no library here, so: that header, and a stub."""
        self.write("library/cstdint", "#include <stdint.h>\nnamespace std { using ::uint64_t; }\n")
        self.write("unit.cpp", "#include <coffer/detail/double_word.hpp>\n")
        arguments = ["-ffreestanding", "-nostdinc++", "-isystem", "library", "unit.cpp"]
        message = "x86-64 or 64-bit ARM"
        if "clang" in self.compiler:
            self.expect_refusal(message, ["--target=riscv64-linux-gnu"], arguments)
        # A 32-bit compiler goes on about the 16-byte integer.
        self.expect_refusal(message, ["-m32"], arguments, only=False)

    def expect_refusal(self, message, flags, arguments, only=True):
        done = self.compile("-fsyntax-only", *self.included(), *arguments, flags=flags)
        errors = [line for line in done.stderr.splitlines() if "error:" in line]
        ours = [line for line in errors if "a 16-byte compare-and-swap" in line]
        alone = len(errors) == 1 or not only
        if len(ours) != 1 or ours != errors[:1] or message not in ours[0] or not alone:
            sys.exit(f"{self.compiler} {' '.join(flags)}: expected one error, got\n{done.stderr}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("check", choices=[
        "headers", "example", "two_units", "refused", "refused_elsewhere"])
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", help="where pkg-config finds coffer if it is not given")
    parser.add_argument("--flags", default="")
    options = parser.parse_args()
    if options.include is None:
        options.flags = subprocess.run([shutil.which("pkg-config"), "--cflags", "--libs", "coffer"],
                                       capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as work:
        getattr(Check(options, work), options.check)()


if __name__ == "__main__":
    main()
