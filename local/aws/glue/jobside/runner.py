"""Runs one Glue script: `python -I runner.py job.json`.

It stands in the job's process and imports nothing of the server. -I keeps PYTHONPATH, the working folder and the user's
site-packages out; the import guard keeps out what Glue 5.0 does not have.
"""

import ctypes
import json
import signal
import sys
import traceback
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import import_guard

_PR_SET_PDEATHSIG = 1


def main(order_file: str) -> int:
    """Execute the script as `__main__`; 0 when it ended well, 1 after leaving its error in the result file."""
    _die_with_the_server()
    order = json.loads(Path(order_file).read_text())
    sys.path[1:1] = order["import_path"]
    script = order["script"]
    module = types.ModuleType("__main__")
    module.__file__ = script
    sys.modules["__main__"] = module
    sys.argv = order["argv"]
    import_guard.install(order)
    try:
        exec(compile(Path(script).read_bytes(), script, "exec"), module.__dict__)  # noqa: S102  it is the job
    except SystemExit as leaving:
        if leaving.code in (None, 0):
            return 0
        return _failed(order, f"SystemExit: {leaving.code}")
    except BaseException as error:
        traceback.print_exception(error)
        return _failed(order, _killed_jvm() or _last_line(error))
    return 0


def _die_with_the_server() -> None:
    """Have the kernel kill this process when the server is gone, even by kill -9; the JVM follows its closed input."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _failed(order: dict[str, str], error: str) -> int:
    Path(order["result"]).write_text(json.dumps({"error": error}))
    return 1


def _last_line(error: BaseException) -> str:
    """What Glue shows: the traceback's last line, for a Java error with its cause and without Java's own frames."""
    lines = []
    for line in str(error).splitlines():
        if line.startswith(("\tat ", "JVM stacktrace:")):
            break
        if line.strip():
            lines.append(line.strip())
    return f"{type(error).__name__}: {' '.join(lines)}" if lines else type(error).__name__


def _killed_jvm() -> str | None:
    """The error when Spark's JVM is gone: the script saw only a broken connection."""
    context = sys.modules.get("pyspark.context")
    gateway = context.SparkContext._gateway if context else None
    process = getattr(gateway, "proc", None)
    if process is None:
        return None
    try:
        code = process.wait(timeout=0.5)
    except Exception:  # still alive: not the reason
        return None
    return f"Spark's JVM was killed by signal {-code}" if code < 0 else f"Spark's JVM ended with exit code {code}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
