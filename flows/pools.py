"""Base job templates of work pools: how a worker starts a run as a process, a container or a pod. ``python -m winnow.flows.deployments`` writes infra/pools/.

Each is Prefect's own template of that kind, as the installed version ships it, with other defaults; so every variable of Prefect's stays changeable
in the UI and per deployment (`job_variables`). What runs is flows/deployments.py.
"""

import json
from importlib.metadata import version
from importlib.resources import files
from typing import Any

KINDS = {"process": "prefect", "docker": "prefect-docker", "kubernetes": "prefect-kubernetes"}
"""Kind of pool -> the distribution that its worker comes with."""

RUN = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
UID = 1001
"""As in infra/Dockerfile."""


def template(kind: str) -> dict[str, Any]:
    """The base job template of a pool of this kind, for `prefect work-pool create --base-job-template`."""
    shipped = files("prefect.server.api.collections_data.views") / "aggregate-worker-metadata.json"
    made: dict[str, Any] = json.loads(shipped.read_text(encoding="utf-8"))[KINDS[kind]][kind]["default_base_job_configuration"]
    for variable, default in _defaults(kind).items():
        made["variables"]["properties"][variable]["default"] = default
    if kind == "kubernetes":
        job = made["job_configuration"]["job_manifest"]["spec"]
        spec = job["template"]["spec"]
        # Prefect puts these two into the pod, which Kubernetes drops, or refuses where it validates strictly; they are the job's.
        job |= {name: spec.pop(name) for name in ("parallelism", "completions")}
        spec["securityContext"] = {"runAsNonRoot": True, "runAsUser": UID, "fsGroup": UID}
        spec["containers"][0] |= {
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            # Credentials of the store, from a secret of the cluster: they stand in no template, job variable or parameter.
            "envFrom": [{"secretRef": {"name": "winnow-store", "optional": True}}],
        }
    return made


def _defaults(kind: str) -> dict[str, Any]:
    """Room for two worker processes (2 GiB each, docs/performance.md) and the flow; more `workers` want more of both."""
    image = f"winnow:{version('winnow')}"
    if kind == "docker":
        return {
            "env": RUN,
            "image": image,
            "image_pull_policy": "IfNotPresent",
            "networks": ["winnow_inside"],
            "auto_remove": True,
            "mem_limit": "6g",
        }
    if kind == "kubernetes":
        return {
            "env": RUN, "image": image, "namespace": "winnow", "finished_job_ttl": 86_400, "pod_watch_timeout_seconds": 600,
            "cpu_request": "2", "cpu_limit": "2", "memory_request": "6Gi", "memory_limit": "6Gi",
        }  # fmt: skip
    return {"env": RUN}
