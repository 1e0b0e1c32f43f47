"""A taken port is told before anything starts: number, purpose, owner and the setting that moves it."""

import os
import socket

import pytest

from local.platform.ports import PortsTaken, Wanted, require_free


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_taken_port_names_owner_and_setting(taken):
    with pytest.raises(PortsTaken) as told:
        require_free([Wanted(taken, "Airflow", "PODEMOS_PORTS_AIRFLOW")])
    message = str(told.value)
    assert f"port {taken} (Airflow)" in message
    assert f"process {os.getpid()}" in message
    assert "PODEMOS_PORTS_AIRFLOW" in message
    assert "ports.airflow in include/config/local.yaml" in message


def test_free_ports_pass():
    require_free([Wanted(free(), "Airflow", "PODEMOS_PORTS_AIRFLOW")])


def test_one_port_for_two_purposes_is_refused():
    port = free()
    with pytest.raises(PortsTaken, match="several purposes"):
        require_free([Wanted(port, "Airflow", "PODEMOS_PORTS_AIRFLOW"), Wanted(port, "AWS", "PODEMOS_PORTS_AWS")])


def test_many_taken_ports_are_not_all_listed(taken):
    with pytest.raises(PortsTaken, match="and 195 more"):
        require_free([Wanted(taken, f"branch {number}", "PODEMOS_PORTS_FIRST_BRANCH") for number in range(100)])
