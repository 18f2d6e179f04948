"""Start-up parts that need no database."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from infra.local import processes, product, progress, stamps, supervisor
from infra.local.errors import LocalError
from infra.local.supervisor import Service, Supervisor

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((supervisor, "LOGS"), (supervisor, "LOCAL"), (progress, "LOGS"), (stamps, "STAMPS")):
        monkeypatch.setattr(module, name, tmp_path)


def service(name: str, code: str) -> Service:
    return Service(name, [sys.executable, "-c", code], grace_seconds=2)


def supervisor_of(*services: Service) -> Supervisor:
    return Supervisor(services, os.environ, threading.Event())


def test_supervisor_stops_what_it_started() -> None:
    sleeper = service("sleeper", "import time; time.sleep(60)")
    supervised = supervisor_of(sleeper)
    supervised.start()
    supervised.check()
    supervised.stop()
    assert sleeper.exit_code() == -signal.SIGTERM
    assert not sleeper.pid_file.exists()


def test_supervisor_kills_what_does_not_end(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    stubborn = service(
        "stubborn",
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(60)",
    )
    stubborn.grace_seconds = 0.3
    supervised = supervisor_of(stubborn)
    supervised.start()
    assert processes.wait_until(ready.exists, seconds=10)
    supervised.stop()
    assert stubborn.exit_code() == -signal.SIGKILL


def test_supervisor_restarts_and_gives_up_with_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    failing = service("failing", "raise SystemExit('no such table')")
    supervised = supervisor_of(failing)
    supervised.start()

    def until_death() -> None:
        assert failing.process is not None
        failing.process.wait(10)
        supervised.check()

    until_death()
    until_death()
    assert "Starting it again" in capsys.readouterr().out
    with pytest.raises(LocalError, match="no such table"):
        until_death()
    supervised.stop()


def test_leftover_of_a_killed_supervisor_is_stopped() -> None:
    # the third word of the command line is the mark
    first = service("web", "import time; time.sleep(60)")
    first.start(os.environ)
    assert first.process is not None
    service("web", "import time; time.sleep(60)").stop_leftover()
    assert first.process.wait(5) < 0


def test_reused_process_id_is_left_alone(tmp_path: Path) -> None:
    other = service("web", "no such command line")
    other.pid_file.write_text(f"{os.getpid()}\n")
    other.stop_leftover()
    assert not other.pid_file.exists()


def test_taken_port_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "is_port_free", lambda _port: False)
    monkeypatch.setattr(processes, "port_owner", lambda _port: "nginx (process 12)")
    with pytest.raises(LocalError, match=r"Port 8000 is taken by nginx \(process 12\).*make run PORT=8010"):
        product._require_free(8000, "PORT")


def test_port_owner_names_this_process() -> None:
    with socket.socket() as listener:
        listener.bind((processes.LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not processes.is_port_free(port)
        assert f"process {os.getpid()}" in processes.port_owner(port)


@pytest.mark.parametrize("text", ["web", "0", "70000", "-1"])
def test_nonsense_port_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(LocalError, match="PORT should be a port number"):
        product._port("PORT", 8000)


def test_stamp_holds_until_an_input_changes(tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("one")
    key = stamps.digest([source])
    assert not stamps.is_done("step", key)
    stamps.mark_done("step", key)
    assert stamps.is_done("step", stamps.digest([source]))
    source.write_text("two")
    assert not stamps.is_done("step", stamps.digest([source]))


def test_failed_command_shows_the_end_of_its_output_and_the_hint() -> None:
    with pytest.raises(LocalError) as caught:
        progress.run(
            [sys.executable, "-c", "print('deep trouble'); raise SystemExit(3)"], log="x", hint="Try again."
        )
    assert "ended with code 3" in str(caught.value)
    assert "deep trouble" in str(caught.value)
    assert "Try again." in str(caught.value)


def test_missing_program_is_named() -> None:
    with pytest.raises(LocalError, match="no-such-program could not be started"):
        progress.run(["no-such-program"], log="x")


def test_busy_lock_says_what_runs(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        processes.exclusive(lock),
        pytest.raises(LocalError, match="already"),
        processes.exclusive(lock, busy="running already"),
    ):
        pass
