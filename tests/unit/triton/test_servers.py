from __future__ import annotations

from pathlib import Path

from cpost.engine.port import MountRole
from cpost.pipeline.model import (
    ContainerImage,
    HttpConnection,
    Operator,
    Requests,
    Service,
    VolumeConnection,
)
from cpost.triton.servers import ServerKind, TritonOptions, addresses, needs_of
from cpost.triton.specs import server_spec

MODELS_REFERENCE = "--model-store=$(NVIDIA_CLARA_SERVICE_DATA_PATH)/models"


def service(
    name: str = "trtis", *, image: str = "nvcr.io/nvidia/tritonserver", command: str = "serve"
) -> Service:
    return Service(
        name,
        ContainerImage(image, command=tuple(command.split())),
        http=(HttpConnection("NVIDIA_CLARA_TRTISURI", 8000),),
        requests=Requests(gpus=1),
    )


def operator(*services: Service, models: tuple[str, ...] = ()) -> Operator:
    return Operator("o", ContainerImage("i"), services=services, models=models)


def spec_of(one: Service, models_dir: Path | None, tmp_path: Path):  # type: ignore[no-untyped-def]
    (need,) = needs_of(operator(one), TritonOptions(models_dir=models_dir))
    return server_spec(
        need.server,
        session_id="s",
        number=1,
        models_dir=models_dir,
        volumes_dir=tmp_path / "volumes",
        network="cpost_net",
        gpus=0,
    )


def test_models_need_one_triton_with_explicit_control() -> None:
    (need,) = needs_of(operator(models=("a", "b")), TritonOptions(image="t:1", gpus=2))
    assert need.models == ("a", "b")
    assert need.server.kind is ServerKind.REPOSITORY
    assert need.server.container.reference == "t:1"
    assert "--model-control-mode=explicit" in (need.server.container.command or ())
    assert need.environment("10.0.0.2") == {
        "NVIDIA_TRITON_HTTPURI": "10.0.0.2:8000",
        "NVIDIA_TRITON_GRPCURI": "10.0.0.2:8001",
        "NVIDIA_CLARA_TRTISURI": "10.0.0.2:8000",
        "CLARA_TRITON_URI": "10.0.0.2:8000",
    }


def test_same_image_and_command_is_one_server_whatever_its_name() -> None:
    options = TritonOptions()
    (one,), (same,), (other,) = (
        needs_of(operator(each), options)
        for each in (service("a"), service("b"), service("a", command="serve more"))
    )
    assert one.server.key == same.server.key
    assert one.server.key != other.server.key


def test_the_address_of_a_service_wins_over_that_of_the_repository() -> None:
    needs = needs_of(operator(service(), models=("m",)), TritonOptions())
    found = addresses(needs, lambda server: server.kind.value.split()[0])
    assert found["NVIDIA_CLARA_TRTISURI"] == "service:8000"
    assert found["NVIDIA_TRITON_HTTPURI"] == "model:8000"


def test_a_triton_is_known_by_its_image_or_by_what_it_executes() -> None:
    def is_triton(one: Service) -> bool:
        return needs_of(operator(one), TritonOptions())[0].server.is_triton

    assert is_triton(service())
    assert is_triton(service(image="mine", command="bash -c trtserver"))
    assert not is_triton(service(image="nvidia-tritonserver.example/files", command="serve"))


def test_ports_are_those_of_the_command() -> None:
    one = service(command="tritonserver --http-port=9000 --metrics-port 9002")
    server = needs_of(operator(one), TritonOptions())[0].server
    assert (server.http_port, server.metrics_port) == (9000, 9002)


def test_the_folder_of_models_appears_where_the_command_looks(tmp_path: Path) -> None:
    spec = spec_of(service(command=f"trtserver {MODELS_REFERENCE}"), tmp_path, tmp_path)
    assert spec.command == ("trtserver", "--model-store=/clara-service-data/models")
    (mount,) = spec.mounts
    assert (mount.target, mount.read_only) == ("/clara-service-data/models", True)
    assert mount.role is MountRole.MODELS


def test_a_folder_above_the_models_is_understood_too(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    spec = spec_of(service(command=f"trtserver {MODELS_REFERENCE}"), tmp_path, tmp_path)
    assert spec.mounts[0].target == "/clara-service-data"


def test_a_service_that_names_no_folder_of_models_gets_none(tmp_path: Path) -> None:
    spec = spec_of(service(), tmp_path, tmp_path)
    assert spec.mounts == ()
    assert spec.shm_bytes == 1 << 30


def test_a_volume_is_the_folder_of_its_name_or_begins_empty(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    volumes = (VolumeConnection("given", "/a"), VolumeConnection("fresh", "/b"))
    one = Service("s", ContainerImage("i"), volumes=volumes)
    given, fresh = spec_of(one, tmp_path, tmp_path).mounts
    assert (given.source, given.read_only) == (tmp_path / "given", True)
    assert (fresh.source, fresh.read_only) == (tmp_path / "volumes/fresh", False)
