"""What an operator sees of this machine's folders."""

from __future__ import annotations

from pathlib import Path

from cpost.engine.port import Mount, MountRole
from cpost.pipeline.model import ContainerImage, Input, Operator, Output
from cpost.profiling.mounts import mounts, output_folder

PAYLOAD = Path("/data/payload")
OUTPUTS = Path("/session/outputs")


def operator(inputs: tuple[Input, ...] = (), outputs: tuple[Output, ...] = ()) -> Operator:
    return Operator("writer", ContainerImage("x"), inputs=inputs, outputs=outputs)


def mounts_of(one: Operator, *, writable_input: bool = False) -> tuple[Mount, ...]:
    return mounts(one, payload=PAYLOAD, outputs_dir=OUTPUTS, writable_input=writable_input)


def test_the_payload_is_mounted_read_only() -> None:
    assert mounts_of(operator((Input("/in"),))) == (
        Mount(PAYLOAD, "/in", read_only=True, role=MountRole.INPUT),
    )


def test_the_payload_is_writable_if_asked_for_but_outputs_of_others_are_not() -> None:
    one = operator((Input("/in"), Input("/seg", "reader", "volume")))
    assert [mount.read_only for mount in mounts_of(one, writable_input=True)] == [False, True]


def test_the_payload_may_be_mounted_at_two_paths() -> None:
    both = mounts_of(operator((Input("/in"), Input("/dicom"))))
    assert [(one.source, one.target) for one in both] == [(PAYLOAD, "/in"), (PAYLOAD, "/dicom")]


def test_an_input_from_an_operator_is_the_folder_of_its_output() -> None:
    reader = Operator("reader", ContainerImage("x"), outputs=(Output("/out", "volume"),))
    assert mounts_of(operator((Input("/in", "reader", "volume"),))) == (
        Mount(
            output_folder(OUTPUTS, reader, reader.outputs[0]),
            "/in",
            read_only=True,
            role=MountRole.INPUT,
            name="volume",
        ),
    )


def test_an_output_without_a_name_is_handed_on_too() -> None:
    reader = Operator("reader", ContainerImage("x"), outputs=(Output("/out"),))
    written = output_folder(OUTPUTS, reader, reader.outputs[0])
    assert written == OUTPUTS / "reader" / "output"
    assert mounts_of(operator((Input("/in", "reader"),)))[0].source == written


def test_outputs_come_after_inputs_and_are_writable() -> None:
    one = operator((Input("/in"),), (Output("/a", "first"), Output("/b", "second")))
    assert mounts_of(one)[1:] == (
        Mount(OUTPUTS / "writer/first", "/a", False, MountRole.OUTPUT, "first"),
        Mount(OUTPUTS / "writer/second", "/b", False, MountRole.OUTPUT, "second"),
    )


def test_an_input_without_a_path_is_not_mounted() -> None:
    assert mounts_of(operator((Input(None, "reader", "volume"),))) == ()
