"""What a worker's steps free stays with the worker."""

import platform
import subprocess
import sys

import pytest

# Steps that allocate and free one tensor of 40 MB, more than glibc would ever keep by itself: the fewest fresh pages
# that any of ten was given, after twenty in which the heap grows to its size.
STEPS = """
import resource, sys
import torch
from agent.evaluator.jail.memory import keep_freed_memory

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def step():
    before = pages()
    torch.ones(10_000_000)
    return pages() - before

if sys.argv[1] == "kept":
    keep_freed_memory()
print(min([step() for _ in range(30)][20:]))
"""


def fresh_pages(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", STEPS, how], check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting: run it on such a Linux")
def test_a_step_is_given_no_fresh_pages():
    assert fresh_pages("kept") < 100 < 1000 < fresh_pages("given back")
