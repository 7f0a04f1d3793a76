"""What an LSF command on PATH runs: one question to the virtual LSF, one answer (sandbox).

Run as a file by ``python -I -S``, so it imports nothing of this product and only what starts fast.
"""

from __future__ import annotations

import _socket
import json
import os
import sys

DOWN = "LSF is down. Please wait ...\n"
_FAILED = 255
_SENT = ("LSB_", "LSF_", "RIS_SANDBOX_")
_CHUNK = 65536


def ask(path: str, argv: list[str], env: dict[str, str]) -> dict[str, object]:
    """Send a command to the server at ``path``; when nobody answers there, LSF is down."""
    sent = {name: env[name] for name in env if name.startswith(_SENT) or name in {"USER", "LOGNAME"}}
    sent["RIS_SANDBOX_CWD"] = env.get("PWD", "")
    answer = b""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(path)
        connection.sendall(json.dumps({"argv": argv, "env": sent}).encode() + b"\n")
        while not answer.endswith(b"\n") and (chunk := connection.recv(_CHUNK)):
            answer += chunk
    except OSError:
        answer = b""
    finally:
        connection.close()
    if not answer.endswith(b"\n"):
        return {"rc": _FAILED, "stdout": "", "stderr": DOWN}
    reply: dict[str, object] = json.loads(answer)
    return reply


def main(args: list[str], env: dict[str, str]) -> int:
    """``[socket, command, argument ...]``: print what the server answers and return its code."""
    reply = ask(args[0], args[1:], env)
    sys.stdout.write(str(reply["stdout"]))
    sys.stderr.write(str(reply["stderr"]))
    return int(str(reply["rc"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
