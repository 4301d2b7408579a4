"""The process that decodes rare formats: `python -m mnist.images.sandbox_child`, over pipes.

It holds no secrets (its environment is empty), cannot write files, and may use little memory; it
lives until its standard input closes.
"""

import resource
import signal
import sys
from pathlib import Path
from typing import IO

from mnist.images.rare_formats import decode_rare, prepare
from mnist.images.sandbox_protocol import READY, read_request, write_answer

_MEMORY_BYTES = 1_000_000_000
_SECONDS_FOR_AN_ORPHAN = 60


def main() -> None:
    """Answer requests until the input ends."""
    prepare()
    _give_up_rights()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    serve(requests, answers)


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Decode one image after the other. A crash ends the process and costs that one image."""
    while (request := read_request(requests)) is not None:
        signal.alarm(_SECONDS_FOR_AN_ORPHAN)
        write_answer(answers, decode_rare(*request))
        signal.alarm(0)


def _give_up_rights() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    status = Path("/proc/self/statm")
    if status.exists():  # elsewhere than on Linux, address space limits do not work
        used = int(status.read_text().split()[0]) * resource.getpagesize()
        limit = used + _MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
