"""Which files of a folder are opened, by whatever process or library: the kernel tells (Linux's inotify)."""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_IN_OPEN = 0x20
_IN_Q_OVERFLOW = 0x4000
_IN_ISDIR = 0x40000000
_EVENT = struct.Struct("iIII")


class OpenedFiles:
    """Watches folders from its creation until ``names`` is called.

    Args:
        root: A folder.
        folders: The folders in it to watch, relative to it.

    Raises:
        OSError: The kernel does not watch: too many watches, or not Linux.
    """

    def __init__(self, root: Path, folders: Iterable[str]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._folders: dict[int, str] = {}
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        for folder in folders:
            watch = libc.inotify_add_watch(self._descriptor, os.fsencode(root / folder), _IN_OPEN)
            if watch < 0:
                number = ctypes.get_errno()
                hint = ": raise fs.inotify.max_user_watches" if number == errno.ENOSPC else ""
                os.close(self._descriptor)
                raise OSError(number, f"inotify_add_watch{hint}")
            self._folders[watch] = folder

    def names(self) -> set[str] | None:
        """The files that were opened, relative to the root, and stop watching. None if the kernel has lost count."""
        found: set[str] = set()
        complete = True
        events = self._events()
        os.close(self._descriptor)
        position = 0
        while position < len(events):
            watch, mask, _, length = _EVENT.unpack_from(events, position)
            position += _EVENT.size
            name = os.fsdecode(events[position : position + length].rstrip(b"\0"))
            position += length
            complete &= not mask & _IN_Q_OVERFLOW
            if name and not mask & _IN_ISDIR:
                found.add(os.path.join(self._folders[watch], name))
        return found if complete else None

    def _events(self) -> bytes:
        """All events so far. The kernel hands out whole ones, and says when there are no more."""
        events = b""
        with suppress(BlockingIOError):
            while more := os.read(self._descriptor, 1 << 20):
                events += more
        return events
