"""What a worker's steps free stays with the worker."""

import platform
import subprocess
import sys

import pytest

# Twenty steps, each with a tensor of 20 MB: how many fresh pages they were given.
STEPS = """
import resource, sys
import torch
from agent.evaluator.memory import keep_freed_memory

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "kept":
    keep_freed_memory()
for step in range(25):
    if step == 5:
        before = pages()
    torch.ones(5_000_000)
print(pages() - before)
"""


def fresh_pages(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", STEPS, how], check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting: run it on such a Linux")
def test_a_step_is_given_no_fresh_pages():
    assert fresh_pages("kept") < 100 < 1000 < fresh_pages("given back")
