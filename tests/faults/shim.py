"""Makes calls of a program fail: the other end of fault_shim.cpp."""

import mmap
import os
import pathlib
import struct
import tempfile

from end_to_end.server import BINARY

# In the order of fault_shim.cpp.
CALLS = ("create", "pwrite", "write", "fdatasync", "fsync", "fallocate", "ftruncate", "rename",
         "unlink", "mkdir", "open", "pread", "read", "symlink",
         "flock", "fcntl", "fsyncdir", "fchown")
CONTROL = struct.Struct("=qqqq")  # made, first, times, error
FOR_EVER = 2**62


def library():
    """The path of the shim, beside the binary in the same build. It may not exist."""
    return pathlib.Path(BINARY).resolve().parent / "tests" / "faults" / "fault_shim.so"


class Faults:
    """Faults of one program at a time, on files below the path `below`. A context manager."""

    def __init__(self, below):
        self.log = None
        self.file = tempfile.NamedTemporaryFile(prefix="coffer-fault-")
        os.truncate(self.file.fileno(), CONTROL.size * len(CALLS))
        self.shared = mmap.mmap(self.file.fileno(), CONTROL.size * len(CALLS))
        self.environment = {"LD_PRELOAD": str(library()), "FAULT_CONTROL": self.file.name,
                            "FAULT_BELOW": str(below)}

    def record(self):
        """Has the program's calls recorded. Call it before the program starts."""
        self.log = tempfile.NamedTemporaryFile("r", prefix="coffer-calls-")
        self.environment["FAULT_LOG"] = self.log.name

    def recorded(self):
        """All calls so far, as pairs of name and path. The calls of one thread are in order."""
        self.log.seek(0)
        return [tuple(line.rstrip("\n").split(" ", 1)) for line in self.log]

    def _place(self, call):
        return CONTROL.size * CALLS.index(call)

    def made(self, call):
        """The number of calls so far."""
        return CONTROL.unpack_from(self.shared, self._place(call))[0]

    def fail(self, call, error, after=0, times=1):
        """Lets `after` more calls pass, then `times` calls fail with this errno."""
        first = self.made(call) + after + 1
        # The program may count on meanwhile.
        struct.pack_into("=qqq", self.shared, self._place(call) + 8, first, times, error)

    def hang(self, call, time_s, after=0, times=1):
        """Lets `after` more calls pass, then `times` calls take that much longer."""
        self.fail(call, -round(1000 * time_s), after, times)

    def heal(self):
        """Lets all calls pass from now on."""
        for call in CALLS:
            struct.pack_into("=q", self.shared, self._place(call) + 8, 0)

    def release(self, call):
        """Lets these calls pass from now on, also one that hangs."""
        struct.pack_into("=qqq", self.shared, self._place(call) + 8, 0, 0, 0)

    def hit(self, call):
        """Whether such a call was made to fail."""
        made, first, _, _ = CONTROL.unpack_from(self.shared, self._place(call))
        return 0 < first <= made

    def close(self):
        self.shared.close()
        self.file.close()
        if self.log is not None:
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
