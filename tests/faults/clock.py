"""Sets the clock that a program sees: the other end of clock_shim.cpp."""

import mmap
import pathlib
import struct
import tempfile

from end_to_end.server import BINARY

HOUR_S = 3600


def library():
    """The path of the shim, beside the binary in the same build. It may not exist."""
    return pathlib.Path(BINARY).resolve().parent / "tests" / "faults" / "clock_shim.so"


class Clock:
    """The clock of any number of programs, one after the other."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="coffer-clock-")
        self.file.write(bytes(8))
        self.file.flush()
        self.shared = mmap.mmap(self.file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library()), "CLOCK_OFFSET": self.file.name}

    def set_ahead(self, seconds):
        """The system's library."""
        struct.pack_into("=q", self.shared, 0, seconds * 1_000_000_000)
