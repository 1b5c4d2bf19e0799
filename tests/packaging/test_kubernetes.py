"""The Python for Kubernetes in docs/scale.md makes pods that our image can be."""

from __future__ import annotations

import builtins
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from analyzer import VERSION
from analyzer.cli import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


def make_cluster_spec(name, image, n_workers, worker_command):
    """What dask-kubernetes 2026.3.0 makes, as far as the example touches it."""
    worker = {"name": "worker", "image": image, "args": [*worker_command.split(" "), "--name", "$(DASK_WORKER_NAME)"]}
    scheduler = {"name": "scheduler", "image": image, "args": ["dask-scheduler", "--host", "0.0.0.0"]}
    return {
        "metadata": {"name": name},
        "spec": {
            "worker": {"replicas": n_workers, "spec": {"containers": [worker]}},
            "scheduler": {"spec": {"containers": [scheduler]}},
        },
    }


@pytest.fixture
def pods(monkeypatch):
    begun = []

    class KubeCluster:
        scheduler_address = "tcp://localhost:8786"

        def __init__(self, custom_cluster_spec):
            begun.append(custom_cluster_spec)

    operator = ModuleType("dask_kubernetes.operator")
    operator.make_cluster_spec, operator.KubeCluster = make_cluster_spec, KubeCluster
    monkeypatch.setitem(sys.modules, "dask_kubernetes", ModuleType("dask_kubernetes"))
    monkeypatch.setitem(sys.modules, "dask_kubernetes.operator", operator)
    monkeypatch.setattr(builtins, "input", lambda _: "")
    (code,) = re.findall(r"```python\n(from dask_kubernetes.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    (spec,) = begun
    return {part: spec["spec"][part]["spec"] for part in ("scheduler", "worker")}


def test_commands_take_the_place_of_that_of_the_image(pods):
    commands = {part: pod["containers"][0]["command"] for part, pod in pods.items()}
    assert commands["scheduler"] == ["dask", "scheduler", "--host", "0.0.0.0"]
    assert commands["worker"] == ["dask", "worker", "--nthreads", "8", "--name", "$(DASK_WORKER_NAME)"]
    assert not any("args" in pod["containers"][0] for pod in pods.values())
    assert {pod["containers"][0]["image"].rpartition(":")[2] for pod in pods.values()} == {VERSION}


def test_pods_have_captures_that_they_cannot_change_and_a_place_for_temporary_files(pods):
    for pod in pods.values():
        (container,) = pod["containers"]
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        assert set(mounts) == {"/captures", "/tmp"}
        assert {mount["name"] for mount in mounts.values()} == {volume["name"] for volume in pod["volumes"]}
        assert mounts["/captures"]["readOnly"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert pod["securityContext"]["runAsNonRoot"]


def test_only_workers_ask_for_what_workers_need(pods):
    assert "resources" in pods["worker"]["containers"][0]
    assert "resources" not in pods["scheduler"]["containers"][0]


def test_the_command_for_the_pod_of_the_scheduler_is_one():
    (line,) = re.findall(r"^kubectl exec deploy/keyshark-scheduler -- keyshark (.*?) >", PAGE, re.MULTILINE)
    name, *rest = shlex.split(line)
    rest.remove("/captures")
    cli.get_command(None, name).make_context(name, [*rest, str(ROOT)])
