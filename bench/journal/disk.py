"""What the disk itself can do: a lone writer of 4 KiB that waits until they are there."""

import os
import tempfile
import time

BLOCK = 4096
BLOCKS = 4096  # the file is written again from its beginning after that
LEAST = 100  # writes, however slow the disk


def percentile(measured, percent):
    """The smallest of them that so many percent of them are not above."""
    ordered = sorted(measured)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


class Disk:
    """A file on the disk that `folder` is on, as a context manager. All of its room is written and
    synced first, as that of a journal is, so that a sync has data to write and no metadata."""

    def __init__(self, folder):
        self.file = tempfile.NamedTemporaryFile(prefix="coffer-bench-disk-", dir=folder)
        self.descriptor = self.file.fileno()
        os.pwrite(self.descriptor, bytes(BLOCK * BLOCKS), 0)
        os.fsync(self.descriptor)
        self.place = 0

    def measure(self, seconds):
        """Writes for so long, and says how many a second, and how long they took."""
        took_us = []
        begin = before = time.perf_counter()
        while before - begin < seconds or len(took_us) < LEAST:
            self.write()
            after = time.perf_counter()
            took_us.append((after - before) * 1e6)
            before = after
        return {"rate": len(took_us) / (before - begin), "p50_us": percentile(took_us, 50),
                "p99_us": percentile(took_us, 99)}

    def write(self):
        """Once. Returns when it is on the disk."""
        os.pwrite(self.descriptor, b"\1" * BLOCK, self.place * BLOCK)
        os.fdatasync(self.descriptor)
        self.place = (self.place + 1) % BLOCKS

    def write_until(self, is_over):
        while not is_over():
            self.write()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
