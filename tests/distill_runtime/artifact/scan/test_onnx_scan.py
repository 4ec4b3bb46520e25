"""The scan against the onnx package, and against files that nobody would call well-formed."""

from __future__ import annotations

import io
import random
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime import contract
from distill_runtime.artifact.scan.onnx_scan import OnnxSummary, TensorType, hash_weights, scan_onnx
from distill_runtime.errors import ArtifactError
from tests.distill_runtime.small_artifacts import METADATA, field, onnx, seal, small_model, varint

helper, T = onnx.helper, onnx.TensorProto


def scan(model: Any) -> OnnxSummary:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return scan_onnx(io.BytesIO(data), len(data))


def weights_hash(model: Any) -> str:
    data = model.SerializeToString()
    return hash_weights(io.BytesIO(data), scan_onnx(io.BytesIO(data), len(data)))


def refusal(data: bytes) -> str:
    with pytest.raises(ArtifactError) as caught:
        scan(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def info(name: str, shape: list[int | str | None], kind: int = T.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def tensor(name: str, values: list[float]) -> Any:
    return onnx.numpy_helper.from_array(np.array(values, np.float32), name)


def model_of(*nodes: Any, initializers: tuple[Any, ...] = (), **options: Any) -> Any:
    graph = helper.make_graph(
        list(nodes), "g", [info("x", [2])], [info("y", [2])], list(initializers)
    )
    return helper.make_model(graph, **options)


def branch(*nodes: Any, initializers: tuple[Any, ...] = ()) -> Any:
    return helper.make_graph(list(nodes), "branch", [], [info("out", [2])], list(initializers))


def bytes_of_node(*fields: bytes) -> bytes:
    """A model, by hand, whose graph holds one node of these fields."""
    return field(1, 8) + field(7, field(1, b"".join(fields))) + field(8, field(2, 18))


SMALL = seal(small_model()).SerializeToString()


def test_a_summary_agrees_with_onnx() -> None:
    model = seal(small_model())
    summary = scan(model)
    assert summary.ir_version == model.ir_version
    assert summary.opsets == {"": 18}
    assert summary.operators == {(node.domain, node.op_type) for node in model.graph.node}
    assert list(summary.initializers) == [t.name for t in model.graph.initializer]
    assert summary.metadata == {entry.key: entry.value for entry in model.metadata_props}
    assert contract.METADATA_KEY in summary.metadata
    assert summary.inputs == {
        "latents": TensorType(T.FLOAT, (None, None, METADATA.latent_dim)),
        "state": TensorType(T.FLOAT, (None, METADATA.state_size)),
        "finish": TensorType(T.BOOL, ()),
    }
    assert list(summary.outputs) == ["audio", "next_state"]
    assert (summary.graphs, summary.functions, summary.training) == (1, 0, 0)
    assert not summary.external_data


def test_initializers_are_found_where_they_lie() -> None:
    model = seal(small_model())
    for stored in model.graph.initializer:
        offset, length = scan(SMALL).initializers[stored.name]
        found = onnx.TensorProto.FromString(SMALL[offset : offset + length])
        assert found == stored


@pytest.mark.parametrize(
    ("kind", "shape"),
    [(T.FLOAT, [1, "n", None]), (T.BOOL, []), (T.INT64, [0]), (T.STRING, ["a", "b"])],
)
def test_types_and_shapes_are_read(kind: int, shape: list[Any]) -> None:
    model = model_of(helper.make_node("Identity", ["x"], ["y"]))
    model.graph.input.append(info("z", shape, kind))
    expected = TensorType(kind, tuple(d if isinstance(d, int) else None for d in shape))
    assert scan(model).inputs["z"] == expected


def test_inputs_that_are_no_tensors_have_no_type() -> None:
    model = model_of(helper.make_node("Identity", ["x"], ["y"]))
    model.graph.input.append(helper.make_tensor_sequence_value_info("s", T.FLOAT, [2]))
    model.graph.input.append(
        helper.make_value_info("m", helper.make_map_type_proto(T.INT64, model.graph.input[0].type))
    )
    model.graph.input.append(onnx.ValueInfoProto(name="bare"))
    assert scan(model).inputs == {
        "x": TensorType(T.FLOAT, (2,)),
        "s": None,
        "m": None,
        "bare": None,
    }


def test_domains_belong_to_operators_and_to_opsets() -> None:
    model = model_of(
        helper.make_node("Relu", ["x"], ["a"], domain="ai.onnx"),
        helper.make_node("Gelu", ["a"], ["y"], domain="com.example"),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.example", 2)],
    )
    summary = scan(model)
    assert summary.operators == {("", "Relu"), ("com.example", "Gelu")}
    assert summary.opsets == {"": 18, "com.example": 2}


def test_functions_are_counted() -> None:
    function = helper.make_function(
        "com.example",
        "Twice",
        ["x"],
        ["y"],
        [helper.make_node("Add", ["x", "x"], ["y"])],
        [helper.make_opsetid("", 18)],
    )
    model = model_of(
        helper.make_node("Twice", ["x"], ["y"], domain="com.example"),
        functions=[function, function],
    )
    assert scan(model).functions == 2


def test_training_information_is_counted() -> None:
    model = model_of(helper.make_node("Identity", ["x"], ["y"]))
    model.training_info.add().algorithm.name = "t"
    assert scan(model).training == 1


def nested(depth: int) -> Any:
    """A node with graphs within graphs, an unusual operator in the innermost."""
    inner = helper.make_node("RandomNormal", [], ["out"], shape=[2])
    for _ in range(depth):
        inner = helper.make_node(
            "If", ["c"], ["out"], then_branch=branch(inner), else_branch=branch()
        )
    return inner


@pytest.mark.parametrize("depth", [1, 2, 8])
def test_operators_in_nested_graphs_are_found(depth: int) -> None:
    operators = scan(model_of(nested(depth))).operators
    assert operators == {("", "If"), ("", "RandomNormal")}


def test_operators_in_loops_and_in_lists_of_graphs_are_found() -> None:
    body = branch(helper.make_node("Multinomial", ["x"], ["out"]))
    loop = helper.make_node("Loop", ["n", "c"], ["y"], body=body)
    many = helper.make_node("Many", ["x"], ["y"], domain="d")
    many.attribute.append(helper.make_attribute("graphs", [body, branch(loop)]))
    assert scan(model_of(many)).operators == {("d", "Many"), ("", "Loop"), ("", "Multinomial")}


def test_weights_of_nested_graphs_are_not_the_models() -> None:
    inner = branch(helper.make_node("Identity", ["w"], ["out"]), initializers=(tensor("w", [1]),))
    node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    assert list(scan(model_of(node, initializers=(tensor("v", [1]),))).initializers) == ["v"]


@pytest.mark.parametrize("depth", [9, 50, 2000])
def test_graphs_nested_too_deeply_are_refused(depth: int) -> None:
    node = field(4, b"Identity")
    for _ in range(depth):
        node = field(4, b"If") + field(5, field(6, field(1, node)))
    assert "nested too deeply" in refusal(bytes_of_node(node))


def external(name: str) -> Any:
    outside = tensor(name, [1.0])
    outside.data_location = T.EXTERNAL
    outside.external_data.add(key="location", value="../secret")
    return outside


def in_graph(outside: Any) -> Any:
    return model_of(initializers=(outside,))


def in_sparse_values(outside: Any) -> Any:
    model = model_of()
    model.graph.sparse_initializer.add().values.CopyFrom(outside)
    return model


def in_sparse_indices(outside: Any) -> Any:
    model = model_of()
    model.graph.sparse_initializer.add().indices.CopyFrom(outside)
    return model


def in_constant(outside: Any) -> Any:
    return model_of(helper.make_node("Constant", [], ["y"], value=outside))


def in_sparse_constant(outside: Any) -> Any:
    sparse = onnx.SparseTensorProto(values=outside)
    return model_of(helper.make_node("Constant", [], ["y"], sparse_value=sparse))


def in_list_of_tensors(outside: Any) -> Any:
    return model_of(helper.make_node("N", [], ["y"], tensors=[tensor("a", [1.0]), outside]))


def in_list_of_sparse_tensors(outside: Any) -> Any:
    sparse = [onnx.SparseTensorProto(values=outside)]
    return model_of(helper.make_node("N", [], ["y"], sparse_tensors=sparse))


def in_nested_graph(outside: Any) -> Any:
    inner = branch(initializers=(outside,))
    return model_of(helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner))


PLACES = [
    in_graph,
    in_sparse_values,
    in_sparse_indices,
    in_constant,
    in_sparse_constant,
    in_list_of_tensors,
    in_list_of_sparse_tensors,
    in_nested_graph,
]


@pytest.mark.parametrize("place", PLACES)
def test_data_outside_the_file_is_found_anywhere(place: Any) -> None:
    assert not scan(place(tensor("w", [1.0]))).external_data
    assert scan(place(external("w"))).external_data


def test_data_outside_the_file_is_found_by_either_mark() -> None:
    marked, placed = external("w"), external("w")
    marked.ClearField("external_data")
    placed.ClearField("data_location")
    assert scan(in_graph(marked)).external_data
    assert scan(in_graph(placed)).external_data


def test_a_file_cut_anywhere_is_refused_or_read() -> None:
    read = []
    for end in range(len(SMALL)):
        try:
            scan(SMALL[:end])
            read.append(end)
        except ArtifactError:
            pass
    # Only between two of the model's own fields can a cut leave a model, of fewer fields.
    assert len(read) < 10


def test_a_file_shorter_than_it_was_is_refused() -> None:
    for missing in (1, 10, len(SMALL) - 8):
        with pytest.raises(ArtifactError):
            scan_onnx(io.BytesIO(SMALL[:-missing]), len(SMALL))


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_read(data: bytes) -> None:
    try:
        scan(data)
    except ArtifactError as error:
        assert "\n" not in str(error)


@given(st.lists(st.tuples(st.integers(0, len(SMALL) * 8 - 1)), min_size=1, max_size=5))
def test_flipped_bits_are_refused_or_read(bits: list[tuple[int]]) -> None:
    data = bytearray(SMALL)
    for (bit,) in bits:
        data[bit // 8] ^= 1 << bit % 8
    try:
        scan(bytes(data))
    except ArtifactError as error:
        assert "\n" not in str(error)


_messages = st.recursive(
    st.binary(max_size=8) | st.integers(0, 2**64 - 1),
    lambda inner: st.lists(st.tuples(st.integers(1, 26), inner), max_size=4).map(
        lambda fields: b"".join(field(number, value) for number, value in fields)
    ),
    max_leaves=20,
)


@given(st.lists(st.tuples(st.sampled_from([1, 7, 8, 14, 20, 25]), _messages), max_size=5))
def test_any_message_is_refused_or_read(fields: list[tuple[int, int | bytes]]) -> None:
    data = b"".join(field(number, value) for number, value in fields)
    try:
        scan(data)
    except ArtifactError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "not an ONNX model"),
        (field(1, 8), "not an ONNX model"),
        (field(7, b""), "not an ONNX model"),
        (field(1, 8) + field(7, 3), "not an ONNX model"),
        (field(1, b"8") + field(7, b""), "not an ONNX model"),
        (field(1, 8) + field(7, b"") + field(99, b""), "not an ONNX model"),
        (field(1, 8) + varint(9 << 3 | 1) + bytes(8) + field(7, b""), "not an ONNX model"),
        (b"\x00\x00", "truncated"),
        (b"\x08", "truncated"),
        (b"\x08" + b"\xff" * 9, "truncated"),
        (b"\x08" + b"\xff" * 11, "truncated"),
        (varint(7 << 3 | 2) + varint(2**63), "truncated"),
        (varint(7 << 3 | 2) + varint(2**64 - 1), "truncated"),
        (varint(7 << 3 | 3), "truncated"),
        (varint(7 << 3 | 4), "truncated"),
        (varint(7 << 3 | 6), "truncated"),
        (varint(1 << 3 | 1) + b"1234567", "truncated"),
        (varint(1 << 3 | 5) + b"123", "truncated"),
        (bytes_of_node(field(4, b"\xff\xfe")), "truncated"),
        (bytes_of_node(field(4, 7)), "truncated"),
        (bytes_of_node(varint(5 << 3 | 2) + varint(2**40)), "truncated"),
        (field(1, 8) + field(7, field(5, varint(8 << 3 | 2) + b"\x7f")), "truncated"),
    ],
)
def test_malformed_bytes_are_refused(data: bytes, expected: str) -> None:
    assert expected in refusal(data)


@pytest.mark.parametrize(
    "hiding",
    [
        varint(4 << 3 | 1) + b"Identity",  # eight bytes that are no text
        varint(4 << 3 | 5) + b"Relu",  # four
        varint(2**32 | 4 << 3 | 2) + varint(4) + b"Relu",  # a tag of more than 32 bits
    ],
)
def test_no_field_hides_an_operator_from_the_scan(hiding: bytes) -> None:
    # onnxruntime ignores such a field, or takes it for another: what it runs is not what it says.
    refusal(bytes_of_node(field(4, b"RandomNormal"), hiding))
    refusal(bytes_of_node(hiding, field(4, b"RandomNormal")))


def test_the_last_of_repeated_fields_counts_as_in_protobuf() -> None:
    data = bytes_of_node(field(4, b"Relu"), field(4, b"Neg"))
    assert onnx.ModelProto.FromString(data).graph.node[0].op_type == "Neg"
    assert scan(data).operators == {("", "Neg")}


def test_two_graphs_are_counted_though_protobuf_would_merge_them() -> None:
    data = SMALL + field(7, field(1, field(4, b"Loop")))
    assert scan(data).graphs == 2
    assert ("", "Loop") in scan(data).operators


@pytest.mark.parametrize(
    "data",
    [
        field(1, 8) + field(7, field(1, b"") * 250_000),
        field(1, 8) + field(7, field(5, b"") * 250_000),
        field(1, 8) + field(8, b"") * 250_000 + field(7, b""),
        bytes_of_node(field(5, b"") * 250_000),
        field(1, 8) + field(7, b"") + field(14, field(3, 1) * 250_000),
    ],
    ids=["nodes", "weights", "opsets", "attributes", "metadata"],
)
def test_many_fields_are_refused_before_long(data: bytes) -> None:
    started = time.monotonic()
    assert "too large" in refusal(data)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("number", [1, 11, 12])
def test_a_huge_node_or_value_is_refused_unread(number: int) -> None:
    length = 17 * 2**20
    part = varint(number << 3 | 2) + varint(length) + bytes(length)
    assert "too large" in refusal(field(1, 8) + field(7, part))


def test_a_large_weight_is_not_read() -> None:
    class Unwilling(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 <= size < 10_000
            return super().read(size)

    data = model_of(initializers=(tensor("w", [0.0] * 1_000_000),)).SerializeToString()
    assert "w" in scan_onnx(Unwilling(data), len(data)).initializers


def test_the_hash_of_the_weights_knows_nothing_of_the_metadata() -> None:
    model = small_model()
    before = weights_hash(model)
    assert weights_hash(seal(model)) == before
    model.graph.node[0].name = "renamed"
    model.producer_name = "another"
    assert weights_hash(model) == before


def test_the_hash_of_the_weights_does_not_depend_on_their_order() -> None:
    model = small_model()
    before = weights_hash(model)
    stored = list(model.graph.initializer)
    random.Random(1).shuffle(stored)
    del model.graph.initializer[:]
    model.graph.initializer.extend(stored)
    assert weights_hash(model) == before


@pytest.mark.parametrize("index", range(len(small_model().graph.initializer)))
def test_the_hash_changes_with_any_weight(index: int) -> None:
    model = small_model()
    before = weights_hash(model)
    stored = model.graph.initializer[index]
    raw = bytearray(stored.raw_data)
    raw[-1] ^= 1
    stored.raw_data = bytes(raw)
    assert weights_hash(model) != before


def test_the_hash_changes_with_a_name_a_shape_and_a_missing_weight() -> None:
    hashes = {weights_hash(small_model())}
    for change in ("name", "shape", "missing"):
        model = small_model()
        if change == "name":
            model.graph.initializer[0].name += "_"
        elif change == "shape":
            model.graph.initializer[0].dims.append(1)
        else:
            del model.graph.initializer[0]
        hashes.add(weights_hash(model))
    assert len(hashes) == 4


def test_moving_bytes_from_one_weight_to_the_next_changes_the_hash() -> None:
    one = model_of(initializers=(tensor("a", [1.0, 2.0]), tensor("b", [3.0])))
    other = model_of(initializers=(tensor("a", [1.0]), tensor("b", [2.0, 3.0])))
    assert weights_hash(one) != weights_hash(other)


def test_hashing_a_file_that_became_shorter_is_an_error() -> None:
    summary = scan(SMALL)
    with pytest.raises(ArtifactError, match="truncated"):
        hash_weights(io.BytesIO(SMALL[:50]), summary)
