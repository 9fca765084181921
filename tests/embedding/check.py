"""What a compiler says of the core: check.py CHECK --compiler COMPILER [--include FOLDER]

FOLDER has the headers, or one coffer.hpp that is all of them: what the programs here include is
then changed. Without it pkg-config says where they are. Exits 0 if all is well.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SINGLE = "coffer.hpp"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Wshadow", "-Werror"]
# What the most exacting of programs that embed the core might be compiled with.
EXACTING = [*WARNINGS, *(f"-W{name}" for name in """
    alloca cast-align cast-qual ctor-dtor-privacy deprecated-copy-dtor disabled-optimization
    double-promotion effc++ extra-semi float-equal format=2 implicit-fallthrough
    missing-declarations non-virtual-dtor null-dereference old-style-cast overloaded-virtual
    redundant-decls sign-conversion sign-promo strict-overflow=2 switch-default switch-enum undef
    unused unused-macros vla zero-as-null-pointer-constant""".split())]
EXACTING_OF_GCC = [f"-W{name}" for name in """
    arith-conversion cast-align=strict catch-value=3 comma-subscript conditionally-supported
    duplicated-branches duplicated-cond implicit-fallthrough=5 logical-op mismatched-tags
    multiple-inheritance noexcept placement-new=2 redundant-tags strict-aliasing=2
    strict-null-sentinel stringop-overflow=4 suggest-override trampolines unsafe-loop-optimizations
    unused-const-variable=2 useless-cast volatile""".split()]
# Clang has them all at once. Left out: those of C++20, of padding and of pointer arithmetic.
EXACTING_OF_CLANG = ["-Weverything", *(f"-Wno-{name}" for name in """
    c++98-compat c++98-compat-pedantic padded unknown-warning-option
    unsafe-buffer-usage""".split())]
# The names of each standard, as compilers have had them one after the other.
STANDARDS = {"20": ["c++20"], "23": ["c++23", "c++2b"], "26": ["c++26", "c++2c"]}
MODES = [[], ["-fno-rtti"], ["-fno-exceptions"], ["-fno-exceptions", "-fno-rtti"]]


class Check:
    def __init__(self, options, work):
        self.compiler = options.compiler
        self.include = options.include and os.path.abspath(options.include)
        self.flags = options.flags.split()
        self.standard = options.standard
        self.work = work

    def compile(self, *arguments, flags=None):
        """Runs the compiler. `flags` in place of those that the core needs."""
        command = [self.compiler, "-std=c++20", *(self.flags if flags is None else flags),
                   *map(str, arguments)]
        return subprocess.run(command, cwd=self.work, capture_output=True, text=True, check=False,
                              env={**os.environ, "LC_ALL": "C"})

    def expect_silence(self, *arguments, warnings=WARNINGS):
        done = self.compile(*warnings, *self.included(), *arguments)
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

    def run(self, *command):
        return subprocess.run(command, cwd=self.work, capture_output=True, text=True, check=False,
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

    def whole_core(self):
        """A program of all the core works as that standard, without exceptions and RTTI too, and
        has no warning, however exacting they are."""
        named = next((name for name in STANDARDS[self.standard] if self.compile(
            f"-std={name}", "-fsyntax-only", self.write("empty.cpp", "int main() {}\n"))
            .returncode == 0), None)
        if named is None:
            print(f"skipped: {self.compiler} has no C++{self.standard}")
            return
        exacting = EXACTING + (EXACTING_OF_CLANG if self.is_clang() else EXACTING_OF_GCC)
        program = self.source("whole_core/program.cpp")
        for mode in MODES if self.standard == "20" else MODES[::3]:
            self.expect_silence(f"-std={named}", "-O2", "-pthread", *mode, program, "-o", "program",
                                warnings=exacting)
            self.expect_success(mode, "./program")
            out_of_memory = self.run("./program", "too much").returncode
            expected = -signal.SIGABRT if "-fno-exceptions" in mode else 0
            if out_of_memory != expected:
                sys.exit(f"{mode}: {out_of_memory} for want of memory instead of {expected}")

    def macros(self):
        """The macros of other headers change nothing in the core, and it changes nothing in them:
        those that macros.txt has of each kind of header, and any for the words that it guards."""
        kinds = {}
        for line in (HERE / "whole_core/macros.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):
                kinds[kind].append(line.strip())
            else:
                kind = line
                kinds[kind] = []
        program = self.source("whole_core/program.cpp").read_text(encoding="utf-8")
        for kind, macros in kinds.items():
            unit = self.write("beside.cpp", self.defined(macros) + program)
            done = self.compile("-pthread", *self.included(), unit, "-o", "beside")
            if done.returncode != 0:
                sys.exit(f"beside the macros of {kind}:\n{done.stderr}")
            self.expect_success(kind, "./beside")
        words = self.guarded_words()
        still_there = "".join(f"#if !defined({word})\n#error {word} is lost\n#endif\n"
                              for word in words)
        unit = self.write("guarded.cpp", self.defined(f"{word} ] {word} [" for word in words)
                          + "#include <coffer/ledger.hpp>\n" + still_there)
        done = self.compile("-fsyntax-only", *self.included(), self.source(unit))
        if done.returncode != 0:
            sys.exit(f"beside macros for all words that it guards:\n{done.stderr}")

    def defined(self, macros):
        """The standard library first, as programs with such macros have it, and then those."""
        ours = [self.source("whole_core/program.cpp"), *pathlib.Path(self.include).rglob("*.hpp")]
        text = "\n".join(sorted({line for path in ours for line in re.findall(
            r"^#include <\w+>$", path.read_text(encoding="utf-8"), re.MULTILINE)})) + "\n"
        for macro in macros:
            name = re.match(r"\w+", macro)[0]
            text += f"#undef {name}\n#define {macro}\n"
        return text

    def guarded_words(self):
        words = [word for path in sorted(pathlib.Path(self.include).rglob("*.*pp"))
                 + sorted(pathlib.Path(self.include).rglob("macros_push.inc"))
                 for word in re.findall(r'^#pragma push_macro\("(\w+)"\)',
                                        path.read_text(encoding="utf-8"), re.MULTILINE)]
        if not words:
            sys.exit(f"no words are guarded in {self.include}")
        return words

    def plug_in(self):
        """A plug-in that used the core is unloaded by dlclose."""
        self.expect_silence(self.source("plug_in/host.cpp"), "-pthread", "-ldl", "-o", "host")
        plug_in = self.source("plug_in/plug_in.cpp")
        for how in ("-O0", "-O2", "-fno-exceptions"):
            self.expect_silence(how, "-shared", "-fPIC", plug_in, "-o", "plug_in.so")
            self.expect_success(how, "./host", "./plug_in.so")

    def expect_success(self, how, *command):
        done = self.run(*command)
        if done.returncode != 0:
            sys.exit(f"{how}: {' '.join(command)} fails with {done.returncode}: {done.stderr}")

    def is_clang(self):
        return "clang" in self.compiler

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
        if self.is_clang():
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
        "headers", "example", "two_units", "whole_core", "macros", "plug_in", "refused",
        "refused_elsewhere"])
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", help="where pkg-config finds coffer if it is not given")
    parser.add_argument("--flags", default="")
    parser.add_argument("--standard", choices=list(STANDARDS), default="20")
    options = parser.parse_args()
    if options.include is None:
        options.flags = subprocess.run([shutil.which("pkg-config"), "--cflags", "--libs", "coffer"],
                                       capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as work:
        getattr(Check(options, work), options.check)()


if __name__ == "__main__":
    main()
