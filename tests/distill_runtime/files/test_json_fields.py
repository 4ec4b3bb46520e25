from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.errors import ArtifactError, RequestError
from distill_runtime.files.json_fields import JsonFields


def fields(**values: object) -> JsonFields:
    return JsonFields(values, document="the file", error=ArtifactError)


def test_every_read_returns_its_value() -> None:
    read = fields(
        t="a", ts=["a", "b"], i=3, n=2, f=0.5, ns=[1, 0.5], o={"x": "y"}, os=[{"x": "y"}], z=None
    )
    assert read.text("t") == "a"
    assert read.texts("ts") == ("a", "b")
    assert read.one_of("t", ["a", "b"]) == "a"
    assert read.integer("i", 3, 3) == 3
    assert type(read.number("n")) is float
    assert read.optional_number("f") == 0.5
    assert read.optional_number("z") is None
    assert read.numbers("ns") == read.numbers("ns", 2) == (1.0, 0.5)
    assert read.section("o").all_texts() == {"x": "y"}
    assert read.optional_section("z") is None
    assert [item.text("x") for item in read.sections("os")] == ["y"]


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda f: f.text("k"), 1, "1 for 'k', not a text"),
        (lambda f: f.text("k"), None, "None for 'k', not a text"),
        (lambda f: f.text("k"), "\ud800", "not a text"),
        (lambda f: f.texts("k"), "abc", "not a list of texts"),
        (lambda f: f.texts("k"), ["a", 1], "not a list of texts"),
        (lambda f: f.texts("k"), ["\udfff"], "not a list of texts"),
        (lambda f: f.section("k").all_texts(), {"a": 1}, "1 for 'k.a', not a text"),
        (lambda f: f.one_of("k", ("x", "y")), "z", "'z' for 'k', not one of x, y"),
        (lambda f: f.one_of("k", ("x", "y")), ["x"], "not a text"),
        (lambda f: f.integer("k", 1, 9), True, "True for 'k', not a whole number from 1 to 9"),
        (lambda f: f.integer("k", 1, 9), 2.0, "2.0 for 'k', not a whole number"),
        (lambda f: f.integer("k", 1, 9), "2", "not a whole number"),
        (lambda f: f.integer("k", 1, 9), 0, "not a whole number from 1"),
        (lambda f: f.integer("k", 1, 9), 10, "not a whole number from 1 to 9"),
        (lambda f: f.integer("k", 7, 7), 8, "8 for 'k', not 7"),
        (lambda f: f.number("k"), True, "not a finite number"),
        (lambda f: f.number("k"), "1", "not a finite number"),
        (lambda f: f.number("k"), math.nan, "nan for 'k', not a finite number"),
        (lambda f: f.number("k"), -math.inf, "not a finite number"),
        (lambda f: f.number("k"), 10**400, "not a finite number"),
        (lambda f: f.optional_number("k"), "x", "not a finite number"),
        (lambda f: f.numbers("k"), 1.0, "not a list of finite numbers"),
        (lambda f: f.numbers("k"), [], "[] for 'k', not a list of finite numbers"),
        (lambda f: f.numbers("k"), [1.0, None], "not a list of finite numbers"),
        (lambda f: f.numbers("k"), [1.0, math.nan], "not a list of finite numbers"),
        (lambda f: f.numbers("k", 3), [1.0], "not a list of 3 numbers"),
        (lambda f: f.section("k"), [], "no object at 'k'"),
        (lambda f: f.section("k").section("l"), {"l": 1}, "no object at 'k.l'"),
        (lambda f: f.optional_section("k"), 0, "no object at 'k'"),
        (lambda f: f.sections("k"), {}, "not a list"),
        (lambda f: f.sections("k"), [{}, 1], "no object at 'k[1]'"),
        (lambda f: f.sections("k")[0].text("l"), [{}], "lacks 'k[0].l'"),
        (lambda f: f.text("other"), 1, "the file lacks 'other'"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(read, value: object, expected: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        read(fields(k=value))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


class _ManyLines:
    def __repr__(self) -> str:
        return "[[1, 2],\n [3,\t4]]"


def test_a_value_that_prints_as_many_lines_is_shown_in_one() -> None:
    with pytest.raises(ArtifactError) as caught:
        fields(k=_ManyLines()).integer("k", 0, 1)
    assert "has [[1, 2], [3, 4]] for 'k'" in str(caught.value)


@pytest.mark.parametrize("value", ["x" * 10_000, ["y"] * 10_000, {"z" * 10_000: 1}])
def test_a_long_value_is_cut(value: object) -> None:
    with pytest.raises(ArtifactError) as caught:
        fields(k=value).number("k")
    assert len(str(caught.value)) < 100


def test_an_integer_of_too_many_digits_to_print_is_named_by_its_type() -> None:
    with pytest.raises(ArtifactError, match=r"(a value of type int|<int instance.*) for 'k'"):
        fields(k=10**5000).number("k")


def test_only_the_start_of_a_value_is_written_out() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    wide: object = "ha"
    for _ in range(100):
        wide = [wide, wide]
    for value, shown in ((deep, "[[[[...]]]]"), (wide, "[[[[...], [...]], [[...], [...]]], [[...")):
        with pytest.raises(ArtifactError) as caught:
            fields(k=value).number("k")
        assert f"has {shown}" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "{", "nonsense", '{"a": 1} x', "[" * 100_000, '{"a":' * 100_000, "1" * 5000]
)
def test_what_is_no_json_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        JsonFields.parse(text, document="the file", error=RequestError)
    assert str(caught.value).startswith("the file is no valid JSON (")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"text"', "NaN"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError, match="no object at 'its top'"):
        JsonFields.parse(text, document="the file", error=ArtifactError)


def test_lists_just_shallow_enough_to_be_read_are_refused_like_any_other() -> None:
    for depth in range(1, 1200):
        text = '{"k":' + "[" * depth + "]" * depth + "}"
        with pytest.raises(ArtifactError):
            JsonFields.parse(text, document="the file", error=ArtifactError).number("k")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text() | _JSON.map(json.dumps))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = JsonFields.parse(text, document="the file", error=ArtifactError)
        read.number("k")
    except ArtifactError as error:
        assert "\n" not in str(error)
