"""A child of the fork server that says which GPU it was given."""

import os


def main() -> None:
    print(os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
