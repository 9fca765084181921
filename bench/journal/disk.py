"""Measures the disk alone: one writer that writes 4 KiB and waits until they are durable."""

import os
import tempfile
import time

BLOCK = 4096
BLOCKS = 4096  # then the file is overwritten from its beginning
LEAST = 100  # writes to measure, however slow the disk is


def percentile(measured, percent):
    """Returns the smallest value that is not below `percent` percent of all values."""
    ordered = sorted(measured)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


class Disk:
    """A file on the disk of `folder`, as a context manager. The whole file is written and synced
    first, as a journal segment is, so that a sync writes data and no metadata."""

    def __init__(self, folder):
        self.file = tempfile.NamedTemporaryFile(prefix="coffer-bench-disk-", dir=folder)
        self.descriptor = self.file.fileno()
        os.pwrite(self.descriptor, bytes(BLOCK * BLOCKS), 0)
        os.fsync(self.descriptor)
        self.place = 0

    def measure(self, seconds):
        """Writes for `seconds`; returns writes a second and their latencies."""
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
        """Writes one block, and returns when it is durable."""
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
