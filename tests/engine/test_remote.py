"""Engines elsewhere: over TCP, TLS and a real sshd, with no cgroup of theirs to be seen here."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from far_engines import elsewhere, over_tcp, sshd, until
from lacking import lacking

MIB = 1 << 20

pytestmark = pytest.mark.engine

HOLD_100_MIB_AND_BURN_3_SECONDS = (
    "import time\n"
    "held = bytearray(b'x') * (100 << 20)\n"
    "while time.process_time() < 3: sum(range(1000))\n"
)


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[dict[str, str]]:
    folder = tmp_path / "ssh"
    folder.mkdir()
    with sshd(folder) as environ:
        yield environ


@pytest.fixture
def hungry(pipeline: Any, operator: Any) -> Path:
    file = pipeline(operator("hungry", f'exec python3 -c "{HOLD_100_MIB_AND_BURN_3_SECONDS}"'))
    assert isinstance(file, Path)
    return file


def profiled(cpost: Any, file: Path, payload: Path, environ: dict[str, str]) -> dict[str, Any]:
    """Execute a definition from another machine; return its one run, which passed."""
    result = cpost.record_dir.parent / "result.json"
    ended = cpost.elsewhere(elsewhere(file, payload, "--json", result), environ)
    assert ended.returncode == 0, ended.stderr
    (run,) = json.loads(result.read_text())["operators"]
    assert isinstance(run, dict)
    return run


def tells_what_it_can(run: dict[str, Any]) -> None:
    assert run["meter"] == "engine stats"
    assert 2 <= run["samples"] <= run["duration_seconds"] + 2
    # What the last second took is lost, and the result says so.
    assert 0 < run["cpu"]["total_seconds"] <= 3.6
    assert 100 * MIB < run["memory"]["peak_bytes"] < 140 * MIB
    assert "engine-statistics" in {doubt["kind"] for doubt in run["doubts"]}


def test_over_tcp_the_engines_own_statistics_are_measured_with(
    cpost: Any, hungry: Path, payload: Path
) -> None:
    with over_tcp() as port:
        environ = {"DOCKER_HOST": f"tcp://127.0.0.1:{port}"}
        tells_what_it_can(profiled(cpost, hungry, payload, environ))


def test_over_ssh_too_with_what_the_users_own_configuration_calls_the_machine(
    cpost: Any, hungry: Path, payload: Path, ssh: dict[str, str]
) -> None:
    tells_what_it_can(profiled(cpost, hungry, payload, ssh))


def test_what_an_operator_prints_and_writes_comes_through_the_tunnel(
    cpost: Any, pipeline: Any, operator: Any, payload: Path, ssh: dict[str, str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    file = pipeline(operator("talker", "cat /input/one.txt; echo oops >&2; echo x >/output/x"))
    result = cpost.profile(file, payload, "--keep_outputs", kept, env={**cpost.environ, **ssh})
    assert result["ended"].returncode == 0, result["ended"].stderr
    (run,) = (one for one in cpost.session_dir.iterdir() if one.is_dir())
    assert (run / "stdout.log").read_text() == "one\n"
    assert (run / "stderr.log").read_text() == "oops\n"
    assert (kept / "talker" / "output" / "x").read_text() == "x\n"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ssh://Elsewhere/none.sock", "open failed"),
        ("ssh://someone-else@127.0.0.1:{port}", "Permission denied"),
        ("ssh://127.0.0.2:{port}", "Connection refused"),
        ("ssh://localhost:{port}", "Host key verification failed"),
    ],
)
def test_a_way_that_is_barred_is_told_in_sshs_own_words(
    cpost: Any, ssh: dict[str, str], address: str, words: str
) -> None:
    where = address.format(port=ssh["SSH_PORT"])
    ended = cpost("doctor", env={**cpost.environ, **ssh, "DOCKER_HOST": where})
    assert ended.returncode == 4
    assert words in ended.stdout
    assert "mend: ssh " in ended.stdout
    assert " docker version" in ended.stdout


def test_ctrl_c_still_unmakes_everything_through_the_tunnel(
    cpost: Any,
    pipeline: Any,
    operator: Any,
    payload: Path,
    ssh: dict[str, str],
    engine_client: Any,
) -> None:
    words = ["-m", "cpost", str(pipeline(operator("long", "exec sleep 60"))), str(payload)]
    environ = {**cpost.environ, **ssh}
    child = pexpect.spawn(sys.executable, words, env=environ, timeout=60, encoding="utf-8")
    until(lambda: list(cpost.record_dir.glob("*/*/samples.csv")))
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert left_at(engine_client) == []
    assert tunnels(ssh) == []


def test_a_killed_cpost_takes_its_ssh_along_and_the_next_removes_the_rest(
    cpost: Any,
    pipeline: Any,
    operator: Any,
    payload: Path,
    ssh: dict[str, str],
    engine_client: Any,
) -> None:
    environ = {**cpost.environ, **ssh}
    process = cpost.popen(pipeline(operator("long", "exec sleep 60")), payload, env=environ)
    until(lambda: list(cpost.record_dir.glob("*/*/samples.csv")))
    assert tunnels(ssh) != []
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until(lambda: tunnels(ssh) == [])
    ended = cpost(pipeline(operator("next", "true")), payload, env=environ)
    assert ended.returncode == 0, ended.stderr
    assert left_at(engine_client) == []


def test_a_payload_that_is_not_on_the_engines_machine_is_told_before_anything_is_executed(
    cpost: Any, pipeline: Any, operator: Any, ssh: dict[str, str], tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    hide = f"mount -t tmpfs none {here} && mkdir {here}/payload && touch {here}/payload/x"
    command = elsewhere(pipeline(operator("one", "true")), here / "payload", prepare=hide)
    ended = cpost.elsewhere(command, ssh, timeout_s=60)
    assert ended.returncode == 4
    assert f"does not see the folder {here}/payload there" in ended.stderr
    assert f"hint: rsync -aR {here}/payload/ Elsewhere:/" in ended.stderr
    assert "Executing Operator" not in ended.stdout
    assert not cpost.record_dir.exists() or list(cpost.record_dir.iterdir()) == []


def test_outputs_that_would_stay_on_the_engines_machine_are_told_too(
    cpost: Any, pipeline: Any, operator: Any, payload: Path, ssh: dict[str, str]
) -> None:
    cpost.record_dir.mkdir()
    hide = f"mount -t tmpfs none {cpost.record_dir}"
    command = elsewhere(pipeline(operator("one", "true")), payload, prepare=hide)
    ended = cpost.elsewhere(command, ssh, timeout_s=60)
    assert ended.returncode == 4
    assert f"does not see the folder {cpost.record_dir}/" in ended.stderr
    assert "hint: execute cpost on the engine's own machine" in ended.stderr
    assert "Executing Operator" not in ended.stdout


def test_over_tls_with_the_certificates_of_docker_cert_path(
    cpost: Any, pipeline: Any, operator: Any, payload: Path, certificates: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    file = pipeline(operator("one", "cat /input/one.txt"))
    with over_tcp(context) as port:
        environ = {
            **cpost.environ,
            "DOCKER_HOST": f"tcp://localhost:{port}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(certificates),
            # Made for the web; the engine has an authority of its own.
            "REQUESTS_CA_BUNDLE": str(certificates / "server.pem"),
        }
        good = cpost(file, payload, env=environ)
        stranger = {**environ, "DOCKER_HOST": f"tcp://127.0.0.1:{port}"}
        wrong_name = cpost("doctor", env=stranger)
        without = cpost("doctor", env={**environ, "DOCKER_TLS_VERIFY": "", "DOCKER_CERT_PATH": ""})
    assert good.returncode == 0, good.stderr
    (run,) = (one for one in cpost.session_dir.iterdir() if one.is_dir())
    assert (run / "stdout.log").read_text() == "one\n"
    assert (wrong_name.returncode, without.returncode) == (4, 4)
    assert "certificate" in wrong_name.stdout
    assert "127.0.0.1" in wrong_name.stdout


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A throw-away authority, with one certificate for ``localhost`` and one for the client."""
    if shutil.which("openssl") is None:
        lacking("no openssl is here to make certificates with")
    folder = tmp_path / "certificates"
    folder.mkdir()

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    ca = ("-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=throw-away", "-days", "2")
    openssl("req", "-x509", *new, *ca)
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    for key, request, made, name in (
        ("server-key.pem", "server.csr", "server.pem", "localhost"),
        ("key.pem", "client.csr", "cert.pem", "client"),
    ):
        openssl("req", *new, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        signing = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2")
        openssl("x509", "-req", "-in", request, "-out", made, *signing, "-extfile", "names")
    return folder


def left_at(engine_client: Any) -> list[str]:
    api = engine_client.api
    containers = api.containers(all=True, filters={"label": "cpost.session"})
    networks = api.networks(filters={"label": "cpost.session"})
    return [one["Id"] for one in [*containers, *networks]]


def tunnels(environ: dict[str, str]) -> list[int]:
    """Return the numbers of the ``ssh`` that lead to this test's own sshd."""
    configuration = f"{environ['PATH'].partition(':')[0].removesuffix('/bin')}/ssh_config"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if configuration in words and Path(words[0]).name == "ssh":
            found.append(int(folder.name))
    return found
