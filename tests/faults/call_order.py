"""Checks the order of syncs, renames and removals in the calls that fault_shim.cpp recorded."""

import pathlib
import re

SNAPSHOT = re.compile(r"(\d+)\.json")
SEGMENT = re.compile(r"\d{20}\.journal")


class Publications:
    """Follows the calls on a data directory, as pairs of name and path. A file's name is safe once
    its directory is synced, and its content once the file is synced."""

    def __init__(self, data):
        self.journal, self.folder = pathlib.Path(data) / "journal", pathlib.Path(data) / "snapshots"
        self.synced = set()  # files
        self.unsafe = set()  # snapshots whose names are not synced
        self.unsynced_removal = None
        self.published = self.trimmed = 0
        self.complaints = []

    def follow(self, calls):
        for name, path in calls:
            step = getattr(self, f"_{name}", None)
            if step is not None:
                step(pathlib.Path(path))
        return self

    def _create(self, path):
        self.synced.discard(path)

    _write = _create

    def _fsync(self, path):
        self.synced.add(path)
        if path == self.folder:
            self.unsafe.clear()
        if path == self.journal:
            self.unsynced_removal = None

    def _rename(self, path):
        if path.parent != self.folder or not SNAPSHOT.fullmatch(path.name):
            return
        self.published += 1
        if path.with_name(f".{path.name}.tmp") not in self.synced:
            self.complaints.append(f"{path} is put in place before it is synced")
        self.unsafe.add(path)

    def _unlink(self, path):
        is_segment = path.parent == self.journal and SEGMENT.fullmatch(path.name)
        is_snapshot = path.parent == self.folder and SNAPSHOT.fullmatch(path.name)
        if not is_segment and not is_snapshot:
            return
        if self.unsafe:
            self.complaints.append(f"{path} is removed before its directory has "
                                   f"{', '.join(sorted(map(str, self.unsafe)))} for good")
        if is_segment:
            self.trimmed += 1
            if self.unsynced_removal is not None:
                self.complaints.append(f"{path} is removed, and so is {self.unsynced_removal}, "
                                       "with no sync between")
            self.unsynced_removal = path
