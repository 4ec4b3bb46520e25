"""The files of hosts/cluster: what the schemas of those who read them say, and that they agree.

None of them is run here, for want of a container engine. A compose file is checked by the Compose
specification's own schema, pods by Kubernetes' own, what Serve is to run by Ray's. Of KubeRay there
is `kuberay.schema.json`, written down for this test.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest
import typer

from distill_runtime.cli.app import app
from tests import environments

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "hosts" / "cluster"
DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8")
KUBERNETES = "1.33"
MANIFESTS = ["rayservice.yaml", "rayjob.yaml"]
BUILDER = environments.python(".venv-dist")


def read(name: str) -> Any:
    yaml = pytest.importorskip("yaml", reason="there is no PyYAML")
    return yaml.safe_load((FOLDER / name).read_text("utf-8"))


def ray_cluster(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the cluster that a manifest asks for, which each kind calls otherwise."""
    spec = manifest["spec"]
    return spec["rayClusterConfig" if manifest["kind"] == "RayService" else "rayClusterSpec"]


def groups(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = ray_cluster(manifest)
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def containers(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for group in groups(manifest) for one in group["template"]["spec"]["containers"]]


def variables(container: dict[str, Any]) -> set[str]:
    return {one["name"] for one in container.get("env", ())}


def ray_module(name: str) -> Any:
    """Import a part of Ray, whose own imports warn of what they will not do for ever."""
    pytest.importorskip("ray", reason="there is no Ray")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def ray_version() -> str:
    (version,) = re.findall(r"^ARG RAY=(\S+)$", DOCKERFILE, re.MULTILINE)
    return version


def start_options(command: str) -> dict[str, str]:
    """Return the options of the `ray start` in a command, without their dashes."""
    words = shlex.split(command[command.index("ray start") :].partition("&&")[0])
    options = [word.removeprefix("--").partition("=") for word in words if word.startswith("--")]
    return {name: value for name, _, value in options}


def test_the_compose_file_is_what_the_specification_says() -> None:
    pytest.importorskip("check_jsonschema", reason="there is no check-jsonschema")
    arguments = ["--builtin-schema", "vendor.compose-spec", str(FOLDER / "compose.yaml")]
    subprocess.run([sys.executable, "-m", "check_jsonschema", *arguments], check=True)


def test_docker_reads_the_compose_file_where_it_can() -> None:
    docker = shutil.which("docker")
    asked = docker and subprocess.run([docker, "compose", "version"], check=False)
    if docker and asked and asked.returncode == 0:
        subprocess.run(
            [docker, "compose", "--file", str(FOLDER / "compose.yaml"), "config", "--quiet"],
            check=True,
            env={**os.environ, "DISTILL_MODELS": "/models", "RAY_AUTH_TOKEN": "0" * 32},
        )


def test_containers_may_do_little() -> None:
    for service in read("compose.yaml")["services"].values():
        assert service["user"] == "1000:1000"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
        assert service["healthcheck"]["test"][0] == "CMD"
        (models,) = (one for one in service["volumes"] if one["target"] == "/models")
        assert models["read_only"] is True
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
    assert "\nUSER 1000:1000\n" in DOCKERFILE
    assert "/healthz" in DOCKERFILE


def test_only_what_is_served_leaves_the_network_of_the_nodes() -> None:
    compose = read("compose.yaml")
    assert compose["networks"]["nodes"] == {"internal": True}
    published = {name for name, one in compose["services"].items() if one.get("ports")}
    assert published == {"head"}
    assert compose["services"]["worker"]["networks"] == ["nodes"]


def test_the_commands_of_the_compose_file_are_those_of_ray() -> None:
    start = ray_module("ray.scripts.scripts").start
    run = ray_module("ray.serve.scripts").run
    known = {option for parameter in start.params for option in parameter.opts}
    services = read("compose.yaml")["services"]
    for service in services.values():
        command = service["command"]
        line = command[2] if command[0] == "bash" else shlex.join(command)
        assert {f"--{name}" for name in start_options(line)} <= known
    (served,) = re.findall(r"exec serve run (.*)$", services["head"]["command"][2])
    run.make_context("run", shlex.split(served))  # refuses an option that there is not
    (config,) = services["head"]["configs"]
    assert shlex.split(served)[0] == config["target"]
    assert read("compose.yaml")["configs"]["serve"]["file"] == "serve.yaml"


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_are_what_kuberay_takes(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="there is no jsonschema")
    schema = json.loads((Path(__file__).parent / "kuberay.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    validator(schema).validate(read(name))
    misspelt = read(name)
    ray_cluster(misspelt)["workerGroupSpecs"][0]["maxReplica"] = 3
    assert not validator(schema).is_valid(misspelt)


@pytest.mark.parametrize("name", MANIFESTS)
def test_their_pods_are_what_kubernetes_takes(name: str) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="there is no kubernetes-validate"
    ).validate
    manifest = read(name)
    security = ray_cluster(manifest).get("autoscalerOptions", {}).get("securityContext", {})
    beside = {"containers": [{"name": "autoscaler", "securityContext": security}]}
    for template in [*(group["template"] for group in groups(manifest)), {"spec": beside}]:
        pod = {"apiVersion": "v1", "kind": "PodTemplate", "template": template}
        validate({**pod, "metadata": {"name": "pod"}}, KUBERNETES, strict=True)


@pytest.mark.parametrize("name", MANIFESTS)
def test_their_pods_may_do_little(name: str) -> None:
    manifest = read(name)
    for group in groups(manifest):
        security = group["template"]["spec"]["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(manifest):
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert container["image"] == read("compose.yaml")["services"]["head"]["image"]
        (models,) = (one for one in container["volumeMounts"] if one["name"] == "models")
        assert models["readOnly"] is True


@pytest.mark.parametrize("name", MANIFESTS)
def test_ray_reads_how_many_nodes_there_may_be(name: str) -> None:
    autoscaling_config = ray_module("ray.autoscaler._private.kuberay.autoscaling_config")
    manifest = read(name)
    cluster = {
        "metadata": {"name": "distill", "namespace": "default"},
        "spec": ray_cluster(manifest),
    }
    found = autoscaling_config._derive_autoscaling_config_from_ray_cr(cluster)
    (workers,) = ray_cluster(manifest)["workerGroupSpecs"]
    kind = found["available_node_types"]["workers"]
    assert (kind["min_workers"], kind["max_workers"]) == (
        workers["minReplicas"],
        workers["maxReplicas"],
    )
    assert kind["resources"]["CPU"] == int(containers(manifest)[1]["resources"]["limits"]["cpu"])
    assert found["available_node_types"]["headgroup"]["resources"]["CPU"] == 0


def test_what_ray_serves_is_the_same_everywhere_and_is_there() -> None:
    served = read("serve.yaml")
    yaml = pytest.importorskip("yaml", reason="there is no PyYAML")
    assert yaml.safe_load(read("rayservice.yaml")["spec"]["serveConfigV2"]) == served
    schema = ray_module("ray.serve.schema").ServeDeploySchema
    assert set(served) <= set(schema.model_fields)
    config = schema.model_validate(served)
    (application,) = config.applications
    assert config.http_options.port == 8000
    assert application.route_prefix == "/"
    module, _, name = application.import_path.partition(":")
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"there is no {module}")
    assert name in importlib.import_module(module).__all__


def test_settings_are_those_of_serving() -> None:
    named = {
        name
        for service in read("compose.yaml")["services"].values()
        for name in service["environment"]
        if name.startswith("DISTILL_")
    }
    for container in containers(read("rayservice.yaml")):
        assert variables(container) == named
    if importlib.util.find_spec("distill_runtime.serving") is None:
        pytest.skip("there is no distill_runtime.serving")
    from distill_runtime.serving.settings import Settings

    settings = Settings.of_environment(dict.fromkeys(named, "7"))
    assert settings.token == "7"


def test_ray_is_of_one_version_and_asks_for_a_token() -> None:
    for name in MANIFESTS:
        cluster = ray_cluster(read(name))
        assert cluster["rayVersion"] == ray_version()
        assert cluster["authOptions"] == {"mode": "token"}
    for service in read("compose.yaml")["services"].values():
        assert service["environment"]["RAY_AUTH_MODE"] == "token"


def test_the_job_is_a_command_of_ours(tmp_path: Path) -> None:
    manifest = read("rayjob.yaml")
    program, artifact, *arguments = shlex.split(manifest["spec"]["entrypoint"])
    assert program == "distill-run"
    here = tmp_path / Path(artifact).name
    here.touch()
    play = typer.main.get_command(app).commands["play"]
    asked = play.make_context("play", [str(here), *arguments]).params  # refuses unknown options
    assert asked["cluster"] == "auto"
    for container in containers(manifest):
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert {f"/{Path(path).parts[1]}" for path in (artifact, asked["output"])} <= mounts


def test_the_image_serves_and_has_what_that_takes() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    (extras,) = re.findall(r"\.whl\)\[([\w,]+)\]", DOCKERFILE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    program, command, folder, *arguments = json.loads(DOCKERFILE.rpartition("\nCMD ")[2])
    assert (program, command, folder) == ("distill-run", "serve", "/models")
    if importlib.util.find_spec("distill_runtime.serving") is None:
        pytest.skip("there is no distill_runtime.serving")
    serve = typer.main.get_command(app).commands[command]
    asked = serve.make_context(command, [str(FOLDER), *arguments]).params
    assert (asked["api"], asked["host"], asked["port"]) == (True, "0.0.0.0", 8000)


@pytest.mark.skipif(not BUILDER.exists(), reason="not set up: make .venv-dist/.installed")
def test_the_image_has_all_that_the_wheel_is_built_of(tmp_path: Path) -> None:
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").split()
    for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            assert f"!{source}" in ignored
            place = tmp_path / target / ("" if target == source else source)
            if (REPOSITORY / source).is_dir():
                shutil.copytree(REPOSITORY / source, tmp_path / target)
            else:
                shutil.copy(REPOSITORY / source, place)
    subprocess.run(
        [BUILDER, "-m", "hatchling", "build", "--target", "wheel"], cwd=tmp_path, check=True
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert wheel.stat().st_size > 100_000
