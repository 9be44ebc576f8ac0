"""How configuration files are read and merged, whatever stands in them."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mbmf.base.errors import InputError
from mbmf.workflow.configuration import check_configuration, load_configuration, merge, read_yaml
from refused_overlays import BASE, BASE_LAYERS, nested, refusal


def test_merge_replaces_lists_and_leaves_its_arguments_alone():
    base = {"a": {"b": [1, 2], "c": 3}, "d": 4}
    overlay = {"a": {"b": [5]}, "e": {"f": 6}}
    assert merge(base, overlay) == {"a": {"b": [5], "c": 3}, "d": 4, "e": {"f": 6}}
    assert base == {"a": {"b": [1, 2], "c": 3}, "d": 4}
    assert overlay == {"a": {"b": [5]}, "e": {"f": 6}}


def test_the_file_named_is_the_one_that_set_the_value(tmp_path):
    wrong, later = tmp_path / "wrong.yaml", tmp_path / "later.yaml"
    wrong.write_text("agents: {swimmer: {model_based: {planning: {horizon: 0}}}}")
    later.write_text("agents: {swimmer: {model_based: {planning: {num_samples: 5}}}}")
    with pytest.raises(InputError) as caught:
        load_configuration([*BASE, wrong, later])
    assert str(caught.value).startswith(f"{wrong}: agents.swimmer.model_based.planning.horizon: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "scale",
        "3",
        "scale: [quick",
        "scale: quick\n\tseeds: [0]",
        "scale: quick\nscale: smoke",
        "agents: {swimmer: {model_based: {planning: {horizon: 1, horizon: 2}}}}",
        "scale: !!python/object/apply:os.system ['touch hacked']",
        "!!python/object:pathlib.Path {}",
        "scale: *nowhere",
        "scale: quick\n---\nscale: smoke",
        "? [a, b]\n: c",
        "? {a: b}\n: c",
        "scale: 2001-13-45",
        "scale: !!int quick",
        "scale: !!float quick",
        "scale: !!bool quick",
        "scale: !!timestamp quick",
        "scale: !!map [a]",
        "scale: !!map a",
        "scale: !!set [a]",
        "seeds: [" + "9" * 5000 + "]",
        "scale: " + "[" * 3000,
        "scale: \x00",
    ],
)  # fmt: skip
def test_what_is_no_mapping_in_plain_yaml(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (line,) = refusal(tmp_path, text)
    assert line
    assert [path.name for path in tmp_path.iterdir()] == ["overlay.yaml"]


def test_a_huge_number_is_refused(tmp_path):
    (line,) = refusal(tmp_path, "seeds: [0x" + "f" * 5000 + "]")
    assert line.startswith("seeds[0]: ")


@pytest.mark.parametrize(
    "text", ["&all\nagents: *all", "seeds: &all [*all]", "figures: &f {figure_5: *f}"]
)
def test_a_structure_that_holds_itself_is_refused(tmp_path, text):
    assert refusal(tmp_path, text)


@pytest.mark.parametrize(
    "content", [b"\x80\x04\x95binary\xff\xfe", b"\x89PNG\r\n\x1a\n\x00", b"\xff" * 99]
)
def test_binary_file(tmp_path, content):
    path = tmp_path / "overlay.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(str(path))) as caught:
        load_configuration([*BASE, path])
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    missing = tmp_path / "nowhere.yaml"
    with pytest.raises(InputError, match=rf"^{re.escape(str(missing))}: no such"):
        load_configuration([*BASE, missing])
    with pytest.raises(InputError, match=rf"^{re.escape(str(tmp_path))}: cannot be read"):
        load_configuration([*BASE, tmp_path])


def places(content, above=()):
    yield above
    if isinstance(content, dict):
        for key, value in content.items():
            yield from places(value, (*above, key))


PLACES = sorted({place for _, content in BASE_LAYERS for place in places(content)})
KNOWN_KEYS = sorted({key for place in PLACES for key in place})
KEYS = st.sampled_from(KNOWN_KEYS) | st.text(max_size=5) | st.integers() | st.none()
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*KNOWN_KEYS, "dynamics.epochs", "a", 1, 0.5])
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), st.none() | KEYS, JUNK)
def test_junk_anywhere_works_or_is_an_input_error(place, key, junk):
    overlay = nested(place if key is None else (*place, key), junk)
    if not isinstance(overlay, dict):
        return  # refused by read_yaml, tested above
    layers = [*BASE_LAYERS, ("overlay.yaml", overlay)]
    names = tuple(f"{name}: " for name, _ in layers)
    said = ""
    try:
        check_configuration(layers)
    except InputError as error:
        said = str(error)
    assert all(line.startswith(names) for line in said.splitlines()), said


@settings(max_examples=150)
@given(text=st.text(alphabet="ab:-{}[]!&*?|>'\"#%,<= \n\t019.é\x00", max_size=30) | st.text())
def test_any_text_is_read_or_is_an_input_error(text, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    said = f"{path}: fine"
    try:
        assert isinstance(read_yaml(path), dict)
    except InputError as error:
        said = str(error)
    assert said.startswith(f"{path}: ")
    assert len(said.splitlines()) == 1
