"""Runs one script after another for ``rc.py`` and says how long each took and how much memory it needed at most.

A program of its own because a child's peak counts what its parent held when it was made: this one holds next to
nothing (run it with ``python -I -S``). One JSON line ``{"argv", "env", "cwd", "limit_s"}`` in, one
``{"rc", "wall_s", "peak_mib", "stdout"}`` out; the peak is that of the largest process of the script.
"""

import json
import os
import signal
import sys
import tempfile
import time


def run(argv: list[str], env: dict[str, str], cwd: str, limit_s: float) -> dict[str, object]:
    """One script to its end, or to its limit."""
    with tempfile.TemporaryFile() as out:
        os.chdir(cwd)
        null = os.open(os.devnull, os.O_RDWR)
        actions = [
            (os.POSIX_SPAWN_DUP2, null, 0),
            (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, null, 2),
        ]
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(pid, signal.SIGKILL))
        begun = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, env, file_actions=actions, setpgroup=0)
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        _, status, usage = os.wait4(pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        wall_s = time.perf_counter() - begun
        os.close(null)
        out.seek(0)
        said = out.read().decode("utf-8", "replace")
    code = os.waitstatus_to_exitcode(status)
    return {"rc": code, "wall_s": wall_s, "peak_mib": usage.ru_maxrss / 1024, "stdout": said}


def main() -> None:
    """Serve until stdin closes."""
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(run(asked["argv"], asked["env"], asked["cwd"], asked["limit_s"])), flush=True)


if __name__ == "__main__":
    main()
