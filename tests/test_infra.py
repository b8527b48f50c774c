"""infra/ checked as far as it goes without a container engine: everything it names exists, and says the same as the code.

`docker compose config`, `helm template` and `kubectl` would check more; no such client is at hand where these tests run. The commands of compose.yaml
are run, without containers, by tests/flows/test_team.py.
"""

import configparser
import json
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import version
from itertools import chain
from unittest.mock import AsyncMock

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.flows.team import COMPOSE, resolved
from tests.shared import ROOT
from winnow.cli.main import app
from winnow.flows import serve
from winnow.flows.deployments import DEPLOYMENTS, POOL, RUNS, STARTERS, infra_files
from winnow.flows.pools import KINDS, UID, template

INFRA = ROOT / "infra"

NAMED = {"type": "object", "additionalProperties": {"type": "string"}}
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image", "networks", "restart"],
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z/]+:[A-Za-z0-9.-]*\d[A-Za-z0-9.-]*$"},
        "build": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"context": {"type": "string"}, "dockerfile": {"type": "string"}},
        },
        "command": {"type": "array", "items": {"type": "string"}},
        "environment": NAMED,
        "init": {"type": "boolean"},
        "cap_drop": {"const": ["ALL"]},
        "security_opt": {"type": "array", "items": {"type": "string"}},
        "networks": {"type": "array", "items": {"type": "string"}},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+:/"}},
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "restart": {"enum": ["no", "unless-stopped"]},
        "stop_grace_period": {"type": "string", "pattern": r"^\d+s$"},
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test"],
            "properties": {
                "test": {"type": "array", "prefixItems": [{"const": "CMD"}], "items": {"type": "string"}},
                "interval": {"type": "string", "pattern": r"^\d+s$"},
                "retries": {"type": "integer"},
            },
        },
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
            },
        },
    },
}
"""The part of the Compose specification (https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json) that compose.yaml uses,
and two rules of ours: images have a version, ports are open to this machine alone."""
SERVICES = {
    "type": "object",
    "required": ["name", "services"],
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "networks": {"type": "object"},
        "volumes": {"type": "object"},
    },
}


def problems(document):
    """What is wrong with a compose file: its form, and what it names that is not there."""
    found = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in Draft202012Validator(SERVICES).iter_errors(document)]
    services = document.get("services", {})
    for name, service in services.items():
        found += [f"{name}: no network {n}" for n in service.get("networks", ()) if n not in document.get("networks", {})]
        found += [f"{name}: no volume {v}" for v in service.get("volumes", ()) if v.split(":")[0] not in document.get("volumes", {})]
        for other, how in service.get("depends_on", {}).items():
            if other not in services:
                found.append(f"{name}: depends on {other}, which is no service")
            elif how["condition"] == "service_healthy" and "healthcheck" not in services[other]:
                found.append(f"{name}: waits for the health of {other}, which has no check")
            elif how["condition"] == "service_completed_successfully" and services[other].get("restart") != "no":
                found.append(f"{name}: waits for the end of {other}, which is restarted for ever")
    return found


def test_the_compose_file_is_one():
    assert problems(COMPOSE) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["services"]["server"].update(ports=["4200:4200"]), "does not match"),
        (lambda c: c["services"]["server"].update(imgae="x"), "imgae"),
        (lambda c: c["services"]["postgres"].update(image="postgres:latest"), "does not match"),
        (lambda c: c["services"]["postgres"].pop("healthcheck"), "no check"),
        (lambda c: c["services"]["deploy"].update(restart="unless-stopped"), "for ever"),
        (lambda c: c.pop("volumes"), "no volume"),
    ],
)
def test_a_wrong_compose_file_is_found_out(change, said):
    wrong = json.loads(json.dumps(COMPOSE))
    change(wrong)
    assert said in " ".join(problems(wrong))


def test_every_variable_of_compose_is_in_the_example_and_no_secret_is_in_either():
    asked = set(re.findall(r"\$\{(\w+)", (INFRA / "compose.yaml").read_text()))
    lines = [line for line in (INFRA / "env.example").read_text().splitlines() if line and not line.startswith("#")]
    given = dict(line.split("=", 1) for line in lines)
    assert asked == set(given)
    assert {name for name, value in given.items() if value} == {"WINNOW_URL"}
    # Whoever forgets one is told: no secret has a default.
    for name in set(given) - {"WINNOW_URL"}:
        assert set(re.findall(rf"\$\{{{name}(:.)", (INFRA / "compose.yaml").read_text())) == {":?"}


def commands():
    for name, service in COMPOSE["services"].items():
        if service["image"].startswith("winnow"):
            yield name, service["command"]
    yield "Dockerfile", json.loads(re.search(r"^CMD (.*)$", (INFRA / "Dockerfile").read_text(), re.MULTILINE)[1])
    for path in ("prefect.yaml", "slurm/winnow.sbatch"):
        for line in (INFRA / path).read_text().splitlines():
            if match := re.match(r"(?:#\s+)?((?:winnow|prefect) .*)", line):
                yield path, shlex.split(re.sub(r"\$\(\(.*?\)\)", "4", match[1]).replace("$recipe", "gopher"))


@pytest.mark.parametrize(("where", "command"), list(commands()), ids=lambda v: v if isinstance(v, str) else " ".join(v)[:40])
def test_every_command_is_understood_by_its_program(where, command):
    program, *words = command
    if program == "winnow":
        assert callable(app().parse_args(words, exit_on_error=False, print_error=False)[0])
    elif program == "prefect":
        from prefect.cli._app import _app

        words = [w for w in words if w != "--no-prompt"]
        _app.parse_args(words, exit_on_error=False, print_error=False)
    else:
        compile(command[2], where, "exec")


def test_every_setting_of_prefect_is_one():
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    known = set(_get_settings_fields(Settings))
    files = [*INFRA.rglob("*.yaml"), *INFRA.rglob("*.json"), INFRA / "Dockerfile"]
    named = {name for f in files for name in re.findall(r"\bPREFECT_[A-Z_]+\b", f.read_text())}
    assert named - known == set()
    assert "PREFECT_SERVER_API_AUTH_STRING" in named


def test_server_and_worker_have_the_settings_of_winnow_serve():
    services = COMPOSE["services"]
    assert serve.SERVER.items() <= services["server"]["environment"].items()
    assert serve.WORKER.items() <= services["worker"]["environment"].items()
    helm = {e["name"]: e["value"] for e in yaml.safe_load((INFRA / "helm" / "server.yaml").read_text())["server"]["env"]}
    assert helm.items() <= serve.SERVER.items()


@pytest.mark.parametrize(("path", "text"), list(infra_files(version("prefect")).items()), ids=lambda v: v if len(v) < 40 else "")
def test_what_is_made_from_code_is_as_the_code_makes_it_now(path, text):
    assert (INFRA / path).read_text() == text, "python -m winnow.flows.deployments"


def test_every_entrypoint_is_a_flow_and_takes_its_parameters():
    from importlib import import_module

    from prefect import Flow

    deployed = yaml.safe_load((INFRA / "prefect.yaml").read_text())
    assert deployed["prefect-version"] == version("prefect")
    assert len(deployed["deployments"]) == len(DEPLOYMENTS)
    for entry in deployed["deployments"]:
        module, _, name = entry["entrypoint"].rpartition(".")
        flow = getattr(import_module(module), name)
        assert isinstance(flow, Flow)
        assert set(entry["parameters"]) <= set(flow.parameters.properties)
        assert entry["work_pool"]["name"] == POOL


@pytest.mark.parametrize("kind", KINDS)
def test_templates_are_valid_to_prefect_and_make_the_job(kind):
    import asyncio

    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.workers.base import BaseJobConfiguration
    from prefect.workers.process import ProcessJobConfiguration

    made = json.loads((INFRA / "pools" / f"{kind}.json").read_text())
    WorkPoolCreate(name="x", type=kind, base_job_template=made)  # as `prefect work-pool create` does
    Draft202012Validator.check_schema(made["variables"])
    variables = {name: field["default"] for name, field in made["variables"]["properties"].items() if "default" in field}
    assert not list(Draft202012Validator(made["variables"]).iter_errors(variables)), "the defaults are allowed by the variables' own schema"
    configuration = ProcessJobConfiguration if kind == "process" else BaseJobConfiguration
    offline = AsyncMock()  # of the server it asks blocks and variables, which these templates do not name
    job = asyncio.run(configuration.from_template_and_values(made, {"command": "prefect flow-run execute"}, client=offline))
    assert not [call for call in offline.mock_calls if "read" in str(call)]
    assert job.command == "prefect flow-run execute"
    assert job.env["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == serve.WORKER["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]


def test_a_pod_has_no_rights_and_its_credentials_from_the_cluster():
    spec = template("kubernetes")["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    [container] = spec["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["envFrom"] == [{"secretRef": {"name": "winnow-store", "optional": True}}]


def test_the_image_is_made_of_what_there_is_and_runs_as_nobody():
    text = (INFRA / "Dockerfile").read_text().replace("\\\n", " ")
    steps = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert {s[0] for s in steps} <= {"FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "CMD"}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for s in steps if s[0] == "COPY" for source in s[1].split()[:-1]}
    assert copied == allowed
    assert all((ROOT / source).exists() for source in copied)
    assert [s[1] for s in steps if s[0] == "USER"] == ["winnow"]
    assert f"--uid {UID}" in text
    images = {service["image"] for service in COMPOSE["services"].values() if service["image"].startswith("winnow")}
    assert images == {f"winnow:{version('winnow')}"}


def test_helm_and_compose_agree_on_names_and_passwords_come_from_secrets():
    server, worker = (yaml.safe_load((INFRA / "helm" / f"{n}.yaml").read_text()) for n in ("server", "worker"))
    auth = server["server"]["basicAuth"]
    assert auth == worker["worker"]["selfHostedServerApiConfig"]["basicAuth"]
    assert auth["enabled"]
    assert server["secret"] == {"create": False, "name": "winnow-database"}
    assert worker["worker"]["config"] == {"workPool": POOL, "type": "kubernetes"}


def test_the_slurm_script_is_one():
    script = INFRA / "slurm" / "winnow.sbatch"
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    options = re.findall(r"^#SBATCH (--[a-z-]+)", script.read_text(), re.MULTILINE)
    assert {"--nodes", "--time", "--requeue"} <= set(options)
    from distributed.cli.dask_scheduler import main as scheduler
    from distributed.cli.dask_worker import main as worker

    for command, known in (("dask scheduler", scheduler), ("dask worker", worker)):
        [line] = [x for x in script.read_text().splitlines() if command in x]
        names = {o for p in known.params for o in (*p.opts, *p.secondary_opts)}
        assert set(re.findall(r"--[a-z-]+", line.split(command)[1])) <= names


def test_compose_values_are_resolved_as_compose_does():
    assert resolved("${A:?no}/${B:-c}", {"A": "a"}) == "a/c"
    with pytest.raises(KeyError):
        resolved("${A:?no}", {})


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d.name)
def test_the_form_explains_every_parameter(deployment):
    module, _, function = deployment.flow.rpartition(".")
    properties = getattr(import_module(module), function).parameters.properties
    assert [name for name, field in properties.items() if not field.get("description")] == []


JOB = {"activeDeadlineSeconds", "backoffLimit", "completions", "parallelism", "suspend", "template", "ttlSecondsAfterFinished"}
POD = {"containers", "imagePullSecrets", "nodeSelector", "restartPolicy", "securityContext", "serviceAccountName", "tolerations", "volumes"}
CONTAINER = {"args", "command", "env", "envFrom", "image", "imagePullPolicy", "name", "resources", "securityContext", "volumeMounts"}
"""Fields of Kubernetes' JobSpec, PodSpec and Container (https://kubernetes.io/docs/reference/kubernetes-api/), those that a template may use."""


def test_every_field_of_the_job_is_where_kubernetes_knows_it():
    """Strict validation refuses a field that its object does not have; without it Kubernetes drops the field in silence."""
    manifest = json.loads((INFRA / "pools" / "kubernetes.json").read_text())["job_configuration"]["job_manifest"]
    job = manifest["spec"]
    assert job.keys() <= JOB
    assert (job["parallelism"], job["completions"]) == (1, 1)
    assert job["template"].keys() <= {"metadata", "spec"}
    assert job["template"]["spec"].keys() <= POD
    for container in job["template"]["spec"]["containers"]:
        assert container.keys() <= CONTAINER


def test_what_waits_for_runs_does_not_take_their_slot():
    deployed = {d["name"]: d["work_pool"]["work_queue_name"] for d in yaml.safe_load((INFRA / "prefect.yaml").read_text())["deployments"]}
    assert {name for name, queue in deployed.items() if queue == STARTERS} == {"backfill", "watch-snapshots", "purify-snapshots"}
    queues = {name: shlex.join(COMPOSE["services"][name]["command"]) for name in ("worker", "starters")}
    assert f"--work-queue {RUNS} --limit" in queues["worker"]
    assert queues["starters"].endswith(f"--work-queue {STARTERS}")


def test_the_systemd_unit_starts_what_there_is():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(INFRA / "systemd" / "winnow.service")
    assert unit.sections() == ["Unit", "Service", "Install"]
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/winnow")
    assert unit["Service"]["Restart"] == "on-failure"
    assert unit["Service"]["KillSignal"] == "SIGINT", "what Ctrl-C does: runs, worker and server end in order"
    shown = subprocess.run([sys.executable, "-m", "winnow", "serve", "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert arguments[0] == "serve"
    assert all(a in shown for a in arguments if a.startswith("--"))


def test_srun_is_told_the_cores_again_and_leaves_some():
    """Since Slurm 22.05 srun does not take --cpus-per-task from sbatch: all workers of a node would share one core."""
    script = (INFRA / "slurm" / "winnow.sbatch").read_text()
    assert 'srun --cpus-per-task "$SLURM_CPUS_PER_TASK" dask worker' in script
    cores, per_core = (int(re.search(rf"--{name}=(\d+)", script)[1]) for name in ("cpus-per-task", "mem-per-cpu"))
    asked = (cores - 2) * 2048
    assert cores * per_core - asked >= 6 * 1024, "memory for the scheduler and the run on the first node"


LOCKED = set(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))


def test_the_lock_has_every_dependency():
    """It is installed without looking for dependencies (Makefile says why), so what is missing in it would be missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    asked = [*project["project"]["dependencies"], *chain(*extras.values(), groups["test"])]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in asked}
    assert names - LOCKED == set(), "make lock"


@pytest.mark.slow
def test_every_locked_package_has_what_it_needs():
    """In the environment of these tests, which is the lock's; what somebody has installed beside it is not asked."""
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert not [line for line in done.stdout.splitlines() if line.split(" ")[0].lower() in LOCKED]
