"""Messages between a network and the process that hosts its op: a few facts as JSON, and tensors as raw bytes.

What a host says is data: its sizes are bounded before it is read, and nothing in it is run.
"""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

import torch
from safetensors.torch import load, save
from torch import Tensor

LARGEST_FACTS = 1 << 16  # bytes
LARGEST_TENSORS = 1 << 33
HEADER = struct.Struct("<IQ")


class Broken(Exception):
    """The other side is gone, or says what is no message."""


def send(pipe: IO[bytes], facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write a message. Broken where nobody reads any more."""
    text = json.dumps(facts).encode()
    body = save({name: _plain(tensor) for name, tensor in tensors.items()}) if tensors else b""
    try:
        for part in (HEADER.pack(len(text), len(body)), text, body):
            _write(pipe, part)
    except OSError as error:
        raise Broken(str(error)) from error


def receive(pipe: IO[bytes]) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """Read a message; None where there will be no more. Broken for what is none."""
    header = _read(pipe, HEADER.size)
    if not header:
        return None
    if len(header) < HEADER.size:
        raise Broken("half a header")
    text, body = HEADER.unpack(header)
    if text > LARGEST_FACTS or body > LARGEST_TENSORS:
        raise Broken(f"a message of {text:,} and {body:,} bytes")
    told, raw = _read(pipe, text), _read(pipe, body)
    if len(told) < text or len(raw) < body:
        raise Broken("half a message")
    try:
        facts = json.loads(told)
        tensors = load(bytes(raw)) if raw else {}
    except Exception as error:  # SafetensorError is a plain Exception, and any of them says the same: no message
        raise Broken(repr(error)[:200]) from error
    if not isinstance(facts, dict):
        raise Broken("facts that are none")
    return facts, tensors


def _plain(tensor: Tensor) -> Tensor:
    """On the CPU, in memory of its own size, as a file takes it; several names may have one tensor."""
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _write(pipe: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[pipe.write(rest) :]


def _read(pipe: IO[bytes], size: int) -> bytearray:
    """So many bytes, or fewer where there are no more."""
    data = bytearray(size)
    view, there = memoryview(data), 0
    while there < size:
        got = pipe.readinto(view[there:])  # type: ignore[attr-defined]
        if not got:
            break
        there += got
    return data if there == size else data[:there]
