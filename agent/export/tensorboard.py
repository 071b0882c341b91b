"""Writes TensorBoard's event files, without TensorBoard: protocol buffers in checksummed records.

A record is a length of 8 bytes, its checksum, the data and its checksum, as tensorflow/core/lib/io/record_writer.h has
it; an event's fields are those of tensorflow/core/util/event.proto and framework/summary.proto.
"""

import struct
from collections.abc import Iterable
from pathlib import Path

from agent.export.measured import Point, curves_of, scored_runs, scores_of, time_of
from agent.store.files import writing
from agent.store.workspace import Workspace

FILE = "events.out.tfevents.0.deltasearch"
SEARCH = "search"  # the folder that has every run's scores in their order
POLYNOMIAL = 0x82F63B78  # of CRC-32C, reflected
BYTES = range(256)


def _table() -> tuple[int, ...]:
    """The checksum of each single byte."""
    found = []
    for byte in BYTES:
        for _ in range(8):
            byte = byte >> 1 ^ POLYNOMIAL if byte & 1 else byte >> 1
        found.append(byte)
    return tuple(found)


TABLE = _table()


def export(workspace: Workspace, out: Path) -> int:
    """A folder for each scored run with its scores and learning curves, and one for the search. Returns how many runs.

    WorkspaceError where that cannot be written.
    """
    search, count = [], 0
    for run in scored_runs(workspace):
        scores = [Point(f"score/{task}", 0, score) for task, score in scores_of(run).items()]
        _write(out / run.name, time_of(run), [*scores, *curves_of(run)])
        search += [(time_of(run), Point(point.name, count, point.value)) for point in scores]
        count += 1
    _write_events(out / SEARCH, [event(at, point) for at, point in search])
    return count


def _write(folder: Path, at: float, points: Iterable[Point]) -> None:
    _write_events(folder, [event(at, point) for point in points])


def _write_events(folder: Path, events: Iterable[bytes]) -> None:
    """One file, which replaces that of an earlier export."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_bytes(b"".join(map(record, (_version(), *events))))


def event(at: float, point: Point) -> bytes:
    """A number at a step: an Event with a Summary with one Value."""
    value = _bytes(1, point.name.encode()) + _key(2, 5) + struct.pack("<f", point.value)
    summary = _bytes(1, value)
    return _key(1, 1) + struct.pack("<d", at) + _key(2, 0) + _varint(point.step) + _bytes(5, summary)


def _version() -> bytes:
    """What every file begins with."""
    return _key(1, 1) + struct.pack("<d", 0.0) + _bytes(3, b"brain.Event:2")


def record(data: bytes) -> bytes:
    """Data with its length and the checksums of both."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def masked(data: bytes) -> int:
    """CRC-32C, rotated and shifted, so that a checksum of checksums is no weaker."""
    checksum = crc32c(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data: bytes) -> int:
    """The checksum of RFC 3720, appendix B.4."""
    checksum = 0xFFFFFFFF
    for byte in data:
        checksum = TABLE[(checksum ^ byte) & 0xFF] ^ checksum >> 8
    return checksum ^ 0xFFFFFFFF


def _key(number: int, kind: int) -> bytes:
    """A field's number and how it is written: 0 varint, 1 eight bytes, 2 bytes of a length, 5 four bytes."""
    return _varint(number << 3 | kind)


def _bytes(number: int, data: bytes) -> bytes:
    return _key(number, 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    """Seven bits a byte, the low ones first; all but the last byte have the highest bit set."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
