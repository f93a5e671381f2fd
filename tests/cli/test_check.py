"""`outdial check`, as a command of its own: real files, ports, databases, object stores, and a real service."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outdial.asterisk import process
from outdial.storage.migrate import migrate
from support.ports import held_port
from support.real_switch import runtime
from support.s3 import serving
from support.started import started

LOOKS = ["data", "database", "switch", "http", "sip", "tls", "s3"]


class Checks:
    """What the command finds in one data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, **settings: str) -> dict[str, Any]:
        with started("check", "--json", "--data-dir", str(self.folder), **settings) as ran:
            out, err = ran.communicate()
        assert err == ""
        told = json.loads(out)
        assert [each["name"] for each in told["checks"]] == LOOKS
        assert told["ok"] is all(each["ok"] for each in told["checks"])
        assert ran.returncode == (0 if told["ok"] else 1)
        return {each["name"]: (each["ok"], each["said"]) for each in told["checks"]}

    def wrong(self, look: str, **settings: str) -> str:
        """What is said where this alone is wrong."""
        found = self(**settings)
        assert [name for name, (well, _) in found.items() if not well] == [look], found
        return str(found[look][1])


@pytest.fixture
def checks(tmp_path: Path) -> Iterator[Checks]:
    runtime()
    yield Checks(tmp_path / "data")
    left = process.running(tmp_path / "data" / "switch")
    if left is not None:
        left.kill()


def test_before_the_first_start_all_is_well_and_nothing_is_made(checks: Checks) -> None:
    found = checks()
    assert found["data"] == (True, f"{checks.folder} is made by the first start")
    assert found["database"] == (True, f"{checks.folder / 'outdial.db'} is made by the first start")
    assert found["s3"][1].startswith("off")
    assert "phones elsewhere can't reach that: set sip_host" in found["sip"][1]
    assert not checks.folder.exists()


def test_people_get_a_line_for_each(checks: Checks) -> None:
    with started("check", "--data-dir", str(checks.folder)) as ran:
        out, err = ran.communicate()
    assert ([line.split()[0] for line in out.splitlines()], err, ran.returncode) == (LOOKS, "", 0)


def test_our_own_service_is_no_obstacle_and_another_program_is(checks: Checks) -> None:
    with held_port() as http, held_port() as sip:
        ports = {"http_port": str(http), "sip_port": str(sip)}
        with started("serve", "--json", "--data-dir", str(checks.folder), **ports) as service:
            assert service.stdout is not None
            assert service.stdout.readline()
            found = checks(**ports)
            assert found["http"] == (True, f"127.0.0.1:{http} is our running service's")
            assert found["sip"][1].startswith(f"127.0.0.1:{sip} is our running switch's")
            assert found["data"] == (True, f"{checks.folder} is for its owner alone")
            assert "the newest" in found["database"][1]
            assert "older settings" in checks(**ports, public_address="203.0.113.10")["sip"][1]
            service.terminate()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = "Address already in use (on 127.0.0.1"
        assert checks.wrong("http", http_port=str(port)) == f"http_port {port}: {said})"
        assert checks.wrong("sip", sip_port=str(port)) == f"sip_port {port}: {said}, over TCP)"


def test_what_others_can_look_into_is_named(checks: Checks) -> None:
    checks.folder.mkdir(mode=0o700)
    # As `outdial switch install` makes it: nobody gets there through the directory above.
    (checks.folder / "asterisk").mkdir(mode=0o755)
    assert checks()["data"] == (True, f"{checks.folder} is for its owner alone")
    checks.folder.chmod(0o755)
    assert checks.wrong("data") == f"data_dir: others can look into {checks.folder} (chmod go= {checks.folder})"
    # Somebody's home, say, which is theirs to close.
    (checks.folder / "others").touch()
    inside = checks.folder / "asterisk"
    assert checks.wrong("data") == f"data_dir: others can look into {inside} (chmod go= {inside})"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_root_is_told_to_be_the_user_of_the_service(checks: Checks) -> None:
    checks.folder.mkdir(mode=0o700)
    shutil.chown(checks.folder, "nobody")
    with started("check", "--data-dir", str(checks.folder)) as ran:
        out, err = ran.communicate()
    assert (out, ran.returncode) == ("", 1)
    assert "`runuser -u nobody -- outdial check`" in err
    assert list(checks.folder.iterdir()) == []


def test_a_database_that_does_not_answer_is_named_by_place_and_setting(checks: Checks) -> None:
    said = checks.wrong("database", database_url="postgresql://u:geheim@127.0.0.1:1/x")
    assert said == "database: 127.0.0.1:1 (database_url): Connection refused"


def test_a_database_is_told_with_its_revision(checks: Checks, tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    file.touch()
    url = f"sqlite:///{file}"
    assert " is empty; the next start brings it to " in checks(database_url=url)["database"][1]
    assert "run `outdial migrate`" in checks.wrong("database", database_url=url, auto_migrate="false")
    migrate(url)
    assert checks(database_url=url, auto_migrate="false")["database"][0]


def test_an_object_store_is_tried_and_nothing_is_left_there(checks: Checks) -> None:
    secret = {"s3_access_key_id": "test", "s3_secret_access_key": "test-secret"}
    with serving() as store:
        settings = {"s3_bucket": store.name, "s3_endpoint": store.endpoint, **secret}
        assert checks(**settings)["s3"][0]
        assert store.names() == []
        said = checks.wrong("s3", **{**settings, "s3_bucket": "no-such-bucket"})
        assert said.startswith("s3_bucket no-such-bucket: the object store ")


def test_a_service_that_can_not_reach_its_object_store_starts_and_says_so(checks: Checks) -> None:
    gone = {"s3_bucket": "recordings", "s3_endpoint": "http://127.0.0.1:1"}
    keys = {"s3_access_key_id": "test", "s3_secret_access_key": "geheim"}
    with started("serve", "--json", "--data-dir", str(checks.folder), **gone, **keys) as service:
        assert service.stdout is not None
        assert service.stderr is not None
        assert json.loads(service.stdout.readline())["url"]
        line = next(line for line in service.stderr if "recordings stay on this disk" in line)
        assert "http://127.0.0.1:1/recordings" in line
        assert "geheim" not in line
        service.terminate()
        service.communicate()
    assert service.returncode == 0


def test_a_certificate_that_does_not_go_with_its_key_is_wrong(checks: Checks, tmp_path: Path) -> None:
    file = tmp_path / "file.pem"
    file.touch()
    given = {"sip_tls_port": "5061", "sip_tls_certificate": str(file), "sip_tls_key": str(file)}
    assert checks.wrong("tls", **given).startswith(f"sip_tls_certificate {file}: it and sip_tls_key must be ")


def test_an_asterisk_that_is_not_there_is_told_with_what_installs_it(checks: Checks, tmp_path: Path) -> None:
    said = checks.wrong("switch", runtime_dir=str(tmp_path / "none"))
    assert said.startswith("switch_source private: no private Asterisk is installed in ")
    assert said.endswith("`outdial switch install`")
