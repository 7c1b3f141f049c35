"""The office of docker-compose.yml against its schema, the Procfile, the settings and the security it promises."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "web", "worker", "beat"]


def test_compose_file_fits_the_compose_schema():
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_schema_check_can_fail(tmp_path):
    (tmp_path / "compose.yml").write_text("services: {web: {comand: [web]}}\n")
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yml"],
        cwd=tmp_path,
        capture_output=True,
    )
    assert checked.returncode == 1


def test_services_are_the_processes_of_the_procfile_with_their_surroundings():
    processes = set(parse_procfile((ROOT / "Procfile").read_text()).processes)
    assert processes == {"web", "work", "worker", "beat"}
    # `work` is the trial's one local process; an office has worker and beat in its place.
    assert set(SERVICES) == processes - {"work"} | {"migrate", "db", "redis", "proxy"}


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_container_runs_the_command_of_the_procfile(name):
    schedule = re.compile(r"(--schedule) \S+")
    wanted = schedule.sub(r"\1 FILE", parse_procfile((ROOT / "Procfile").read_text()).processes[name])
    found = schedule.sub(r"\1 FILE", shlex.join(SERVICES[name]["command"]))
    assert found == wanted


def test_image_starts_the_web_process_by_default():
    last = (ROOT / "Dockerfile").read_text().strip().splitlines()[-1]
    assert yaml.safe_load(last.removeprefix("CMD ")) == SERVICES["web"]["command"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_hold_no_privilege_and_write_only_to_their_volumes(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["networks"] == ["inside"]
    assert "ports" not in service


def test_only_the_proxy_can_be_reached_and_the_rest_has_no_way_out():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [name for name, service in SERVICES.items() if "outside" in service["networks"]] == ["proxy"]


def test_redis_keeps_its_queue_refuses_instead_of_forgetting_and_asks_for_a_password():
    command = SERVICES["redis"]["command"][-1]
    for option in ("--appendonly yes", "--maxmemory-policy noeviction", "--requirepass"):
        assert option in command


def test_only_the_migration_knows_the_role_that_owns_the_tables():
    knowing = [name for name, service in SERVICES.items() if "DATABASE_OWNER_URL" in service.get("environment", {})]
    assert knowing == ["migrate"]
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["environment"]["DATABASE_URL"].startswith("postgres://salescontrol_app:")
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_proxy_and_application_share_static_and_uploaded_files_and_the_proxy_only_reads():
    ours = {volume.split(":")[0] for volume in SERVICES["web"]["volumes"]}
    shared = [volume for volume in SERVICES["proxy"]["volumes"] if volume.split(":")[0] in ours]
    assert sorted(shared) == ["media:/srv/media:ro", "static:/srv/static:ro"]
    assert SERVICES["web"]["environment"]["PROTECTED_FILES_PREFIX"] == "/protected/"
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "1"


def test_no_secret_stands_in_the_repository():
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or name.endswith("_URL"):
                assert "${" in value, f"{name} carries its value"
    assert all(secret["file"].startswith("./deploy/secrets/") for secret in COMPOSE["secrets"].values())
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy/secrets" in (ROOT / ".dockerignore").read_text().splitlines()


def test_images_are_named_by_version():
    named = [service["image"] for service in SERVICES.values() if not service["image"].startswith("salescontrol:")]
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for image in named + bases:
        assert re.search(r":\d", image), image


def test_image_runs_as_the_user_that_deploy_prepare_gives_the_secrets_to():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "USER 10001:10001" in dockerfile
    assert SERVICES["proxy"]["user"] == "10001:10001"
    assert "chown -R 10001:10001 deploy/secrets deploy/tls" in (ROOT / "deploy/prepare").read_text()
    assert "pip install --require-hashes -r requirements.txt" in dockerfile


def test_prepare_writes_an_office_once_and_keeps_what_is_there(tmp_path):
    (tmp_path / "deploy").mkdir()
    script = tmp_path / "deploy" / "prepare"
    script.write_text((ROOT / "deploy/prepare").read_text())
    script.chmod(0o755)

    def prepare() -> dict[str, str]:
        subprocess.run([script, "sales.example.com"], check=True, capture_output=True)
        files = [tmp_path / ".env", *(tmp_path / "deploy/secrets").iterdir(), *(tmp_path / "deploy/tls").iterdir()]
        assert {oct(file.stat().st_mode & 0o077) for file in files} == {"0o0"}
        return {file.name: file.read_text() for file in files}

    first = prepare()
    assert set(first) == {".env", "secret_key", "field_keys", "blind_index_key", "fullchain.pem", "privkey.pem"}
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))
    written = {line.partition("=")[0] for line in first[".env"].splitlines()}
    assert wanted <= written
    assert prepare() == first
