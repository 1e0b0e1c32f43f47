"""A process is stopped when it is ours, and only then."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.platform.processes import Processes, StartFailed

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('child', flush=True); time.sleep(60)",
]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


@pytest.fixture
def processes(tmp_path):
    made = Processes(tmp_path)
    yield made
    made.stop_all(made.names(), seconds=1)


def start(processes, name, command):
    return processes.start(name, command, environment=os.environ, folder=Path("/"))


def wait(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def alive(pid):
    """Not even a zombie of ours counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_started_process_is_found_by_a_later_command_and_stopped(tmp_path, processes):
    record = start(processes, "sleeper", SLEEP)
    later = Processes(tmp_path)
    assert later.running("sleeper") == record
    assert later.stop("sleeper", seconds=5) is True
    assert not alive(record.pid)
    assert later.running("sleeper") is None
    assert later.stop("sleeper") is False


def test_a_pid_that_was_given_to_somebody_else_is_left_alone(tmp_path, processes):
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    try:
        record = start(processes, "ours", SLEEP)
        processes.stop("ours", seconds=5)
        forged = {**vars(record), "pid": stranger.pid, "started": record.started - 100_000}  # once ours
        (tmp_path / "run" / "ours.json").write_text(json.dumps(forged))
        assert processes.running("ours") is None
        assert processes.stop("ours", seconds=1) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_record_from_before_a_reboot_names_nobody(tmp_path, processes):
    record = start(processes, "ours", SLEEP)
    path = tmp_path / "run" / "ours.json"
    path.write_text(json.dumps({**vars(record), "boot": "another"}))
    assert processes.stop("ours", seconds=1) is False
    assert alive(record.pid)
    path.write_text(json.dumps(vars(record)))


def test_children_of_a_killed_leader_are_stopped_too(processes):
    record = start(processes, "parent", PARENT)
    wait(lambda: len(processes.pids("parent")) == 2)
    child = next(pid for pid in processes.pids("parent") if pid != record.pid)
    os.kill(record.pid, signal.SIGKILL)
    wait(lambda: processes.running("parent") is None)
    assert processes.pids("parent") == [child]
    assert processes.stop("parent", seconds=5) is True
    wait(lambda: not alive(child))


def test_who_does_not_listen_is_killed_when_the_time_is_over(processes):
    record = start(processes, "deaf", DEAF)
    wait(lambda: "deaf" in processes.log_tail("deaf"))
    assert processes.stop("deaf", seconds=0.5) is True
    wait(lambda: not alive(record.pid))


def test_a_process_that_ended_is_told_with_its_last_words(processes):
    start(processes, "broken", [sys.executable, "-c", "raise SystemExit('no such option')"])
    wait(lambda: processes.running("broken") is None)
    with pytest.raises(StartFailed, match="no such option"):
        processes.require_running("broken")
