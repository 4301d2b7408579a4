"""Find and end processes that outlived the supervisord that started them.

After a `kill -9` of supervisord its children live on and hold their ports, and a flow run outlives
a killed worker. supervisord names its socket in the environment of whatever it starts, so a
process can be told from a stranger, and from another checkout's, without trusting a pid file.
"""

from contextlib import suppress
from pathlib import Path

import psutil

_STOP_SECONDS = 10.0


def find_leftovers(control_socket: Path) -> list[psutil.Process]:
    """List what the supervisord of this socket started, this process and its parents excepted.

    Meant for when that supervisord is gone; while it runs, its own processes are listed too.
    """
    me = psutil.Process()
    ours = {me.pid, *(parent.pid for parent in me.parents())}
    marker = f"unix://{control_socket}"
    return [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("SUPERVISOR_SERVER_URL") == marker
        and process.pid not in ours
        and process.status() != psutil.STATUS_ZOMBIE
    ]


def end_leftovers(control_socket: Path) -> list[str]:
    """Terminate them, and kill what does not end by itself; return `name (pid n)` of each."""
    processes = find_leftovers(control_socket)
    ended = [f"{process.name()} (pid {process.pid})" for process in processes]
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # it ended by itself meanwhile
                end(process)
        _, processes = psutil.wait_procs(processes, timeout=_STOP_SECONDS)
    return ended
