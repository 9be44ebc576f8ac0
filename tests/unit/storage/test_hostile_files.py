"""Files of data, models, policies and tables that are damaged, forged or of something else.

Each reader either gives what fits or raises InputError in one line that names the file.
"""

import io
import json
import pickle
import struct
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mbmf.agents import get_agent
from mbmf.base.errors import InputError
from mbmf.method.models.mlp import Model
from mbmf.method.policy import PolicySettings
from mbmf.method.random_data import RandomDataSettings
from mbmf.method.rollouts import Rollouts
from mbmf.steps.judge_claims import read_verdicts
from mbmf.steps.model_based import read_held_out, read_models
from mbmf.steps.policy_files import new_policy, read_policy, write_policy
from mbmf.steps.random_data import read_random_data, write_random_data
from mbmf.steps.speedups import read_speedups
from mbmf.storage.checkpoints import CHECKPOINT, read_checkpoint, write_checkpoint
from mbmf.storage.tables import read_table
from mbmf.storage.tensor_files import read_tensors, with_prefix, write_tensors

SIZE = RandomDataSettings(rollouts=2, validation_rollouts=1, steps=4)
POLICY = PolicySettings(hidden_layers=[4], absolute_position=True)
SPEC = get_agent("swimmer")


def write_models(path):
    model = Model(SPEC.state_dim, SPEC.action_dim, [4])
    facts = {"agent": "swimmer", "seed": 0, "iterations": 1, "env_steps": 9, "hidden_layers": [4]}
    write_tensors(path, with_prefix("0", model.state_dict()), facts)


def write_held_out(path):
    rollouts = Rollouts(
        np.zeros((1, 4, SPEC.state_dim)), np.zeros((1, 3, SPEC.action_dim)),
        np.zeros((1, 3)), np.array([3]), np.array([3]),
    )  # fmt: skip
    tensors = {name: torch.from_numpy(array) for name, array in rollouts.to_arrays("0").items()}
    write_tensors(path, tensors, {"agent": "swimmer", "seed": 0, "iterations": 1})


def write_swimmers_policy(path):
    write_policy(path, new_policy(SPEC, POLICY), SPEC, POLICY, {"seed": 0, "kind": "x"})


# writer, reader
KINDS = {
    "random data": (
        lambda path: write_random_data(SPEC, SIZE, 0, path),
        lambda path, agent=SPEC: read_random_data(path, agent, SIZE, 0),
    ),
    "models": (write_models, lambda path, agent=SPEC: read_models(path, agent)),
    "held-out": (write_held_out, lambda path, agent=SPEC: read_held_out(path, agent)),
    "policy": (
        write_swimmers_policy,
        lambda path, agent=SPEC: read_policy(path, agent, POLICY),
    ),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Bytes of a good file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    for kind, (write, _) in KINDS.items():
        write(folder / kind)
    return {kind: (folder / kind).read_bytes() for kind in KINDS}


def refusal(read, path):
    with pytest.raises(InputError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert len(text.splitlines()) == 1
    return text


def works_or_is_refused(read, path):
    try:
        read(path)
    except InputError as error:
        text = str(error)
        assert text.startswith(f"{path}: ")
        assert len(text.splitlines()) == 1


def pickled():
    return pickle.dumps({"0.weight": np.zeros(3)})


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def torch_file():
    file = io.BytesIO()
    torch.save({"0.weight": torch.zeros(3)}, file)
    return file.getvalue()


def with_header(header, data=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


FOREIGN = {
    "empty": b"",
    "zeros": bytes(4096),
    "text": b"not tensors at all",
    "pickle": pickled(),
    "npz": npz(weight=np.zeros(3)),
    "npz of objects": npz(weight=np.array([{"a": 1}], dtype=object)),
    "torch": torch_file(),
    "header longer than the file": struct.pack("<Q", 10**6) + b"{}",
    "header longer than memory": struct.pack("<Q", 2**63 - 1) + b"{}",
    "header of nothing": struct.pack("<Q", 0),
    "header that is a list": with_header([]),
    "header that is no JSON": struct.pack("<Q", 4) + b"{{{{",
    "no facts": with_header({"__metadata__": {"other": "{}"}}),
    "facts that are no JSON": with_header({"__metadata__": {"mbmf": "{"}}),
    "facts that are a list": with_header({"__metadata__": {"mbmf": "[]"}}),
    "facts that are null": with_header({"__metadata__": {"mbmf": "null"}}),
    "facts that are empty": with_header({"__metadata__": {"mbmf": "{}"}}),
    "facts nested deep": with_header({"__metadata__": {"mbmf": "[" * 10**5}}),
    "a tensor beyond the file": with_header(
        {"__metadata__": {"mbmf": "{}"},
         "w": {"dtype": "F32", "shape": [10**6], "data_offsets": [0, 4 * 10**6]}}
    ),
    "a tensor larger than its bytes": with_header(
        {"__metadata__": {"mbmf": "{}"},
         "w": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4]}}, bytes(4)
    ),
    "overlapping tensors": with_header(
        {"__metadata__": {"mbmf": "{}"},
         "v": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
         "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)
    ),
}  # fmt: skip


@each_kind
@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_such_file_is_refused(tmp_path, kind, content):
    path = tmp_path / "file.safetensors"
    path.write_bytes(content)
    refusal(KINDS[kind][1], path)


@each_kind
def test_missing_file_and_folder(tmp_path, kind):
    refusal(KINDS[kind][1], tmp_path / "nowhere")
    refusal(KINDS[kind][1], tmp_path)


@each_kind
def test_another_agents_file_is_refused(tmp_path, whole, kind):
    path = tmp_path / "file.safetensors"
    path.write_bytes(whole[kind])
    KINDS[kind][1](path)
    text = refusal(partial(KINDS[kind][1], agent=get_agent("ant")), path)
    assert "swimmer" in text
    assert "ant" in text


@each_kind
def test_a_file_of_another_kind_is_refused(tmp_path, whole, kind):
    path = tmp_path / "file.safetensors"
    for other in KINDS:
        if other != kind:
            path.write_bytes(whole[other])
            refusal(KINDS[kind][1], path)


def changed(path, whole, kind, change, facts_change=None):
    """The good file of a kind with a change of its tensors, by name, and of its facts."""
    path.write_bytes(whole[kind])
    tensors, facts = read_tensors(path)
    tensors = {name: change(name, tensor) for name, tensor in tensors.items()}
    write_tensors(
        path,
        {name: t for name, t in tensors.items() if t is not None},
        facts | (facts_change or {}),
    )


def only_first(change):
    """The change, for one tensor of the file only."""
    done = []

    def once(_name, tensor):
        if done or not tensor.numel():
            return tensor
        done.append(True)
        return change(tensor)

    return once


def filled(value):
    def change(tensor):
        tensor = tensor.clone().double()
        tensor.view(-1)[0] = value
        return tensor

    return change


CHANGES = {
    "nan": filled(float("nan")),
    "inf": filled(float("inf")),
    "missing": lambda _: None,
    "one more row": lambda t: torch.cat([t, t[:1]]) if t.ndim else t[None],
    "one dimension more": lambda t: t[None],
    "empty": lambda t: t[:0] if t.ndim else t[None][:0],
    "flat": lambda t: torch.cat([t.flatten(), t.flatten()]),
}


@each_kind
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_wrong_values_and_shapes_are_refused(tmp_path, whole, kind, change):
    path = tmp_path / "file.safetensors"
    changed(path, whole, kind, only_first(change))
    refusal(KINDS[kind][1], path)


@each_kind
@pytest.mark.parametrize("key", ["agent", "settings", "seed", "iterations", "hidden_layers",
                                 "policy"])  # fmt: skip
@pytest.mark.parametrize("value", [None, -1, 10**12, 0.5, "x", [], [-1], ["x"], {}, {"a": 1}, True])
def test_forged_facts_work_or_are_refused(tmp_path, whole, kind, key, value):
    path = tmp_path / "file.safetensors"
    changed(path, whole, kind, lambda _name, tensor: tensor, {key: value})
    works_or_is_refused(KINDS[kind][1], path)


DAMAGE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@each_kind
@DAMAGE
@given(data=st.data())
def test_flipped_bits_change_nothing_or_are_refused(whole, tmp_path, kind, data):
    content = bytearray(whole[kind])
    header = struct.unpack("<Q", content[:8])[0] + 8
    # Half of the flips go to the header, which is the smaller part.
    places = st.integers(0, header - 1) | st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "file.safetensors"
    path.write_bytes(whole[kind])
    tensors, facts = read_tensors(path)
    path.write_bytes(content)
    works_or_is_refused(KINDS[kind][1], path)
    try:
        read, read_facts = read_tensors(path)
    except InputError:
        return
    # A flip in the header's white space, or two that undo each other.
    assert read_facts == facts
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())


@each_kind
def test_any_one_flipped_bit_of_the_data_is_refused(whole, tmp_path, kind):
    header = struct.unpack("<Q", whole[kind][:8])[0] + 8
    path = tmp_path / "file.safetensors"
    for place in range(header, len(whole[kind]), 37):
        content = bytearray(whole[kind])
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        assert "checksum" in refusal(read_tensors, path)


def no_restore(_tensors, _facts):
    raise AssertionError("a checkpoint of another run was used")


@pytest.mark.parametrize("error", [KeyError("baseline"), TypeError("x"), RuntimeError("size"),
                                   ValueError("x"), AttributeError("x")])  # fmt: skip
def test_a_forged_checkpoint_is_refused(tmp_path, error):
    """Of the right identity, but without what the run needs to go on."""

    def restore(_tensors, _facts):
        raise error

    path = tmp_path / CHECKPOINT
    assert not read_checkpoint(path, {"seed": 0}, no_restore)  # none there
    write_checkpoint(path, {}, {"curve": []}, {"seed": 0})
    assert not read_checkpoint(path, {"seed": 1}, no_restore)
    assert "delete it" in refusal(lambda p: read_checkpoint(p, {"seed": 0}, restore), path)
    assert path.exists()


@each_kind
@DAMAGE
@given(data=st.data())
def test_a_part_of_a_file_is_refused(whole, tmp_path, kind, data):
    content = whole[kind]
    path = tmp_path / "file.safetensors"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    refusal(KINDS[kind][1], path)


@each_kind
@DAMAGE
@given(content=st.binary(max_size=200))
def test_random_bytes_are_refused(tmp_path, kind, content):
    path = tmp_path / "file.safetensors"
    path.write_bytes(content)
    refusal(KINDS[kind][1], path)


@pytest.mark.parametrize("read", [read_speedups, read_verdicts])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 10**5, b"null", b"3", b'"x"', pickled(), b"[1, 2]",
     b"NaN", b"1" * 5000],
)  # fmt: skip
def test_json_of_something_else_is_refused(tmp_path, read, content):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    refusal(read, path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@DAMAGE
@given(content=st.binary(max_size=200))
def test_random_bytes_are_a_table_or_refused(tmp_path, suffix, content):
    path = tmp_path / f"table{suffix}"
    path.write_bytes(content)
    works_or_is_refused(read_table, path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("content", [pickled(), npz(a=np.zeros(3)), torch_file(), b"\x00" * 99])
def test_a_foreign_file_is_no_table(tmp_path, suffix, content):
    path = tmp_path / f"table{suffix}"
    path.write_bytes(content)
    works_or_is_refused(read_table, path)


@DAMAGE
@given(data=st.data())
def test_flipped_bits_of_parquet_work_or_are_refused(tmp_path, data):
    import pandas as pd

    path = tmp_path / "table.parquet"
    pd.DataFrame({"agent": ["ant"] * 9, "return": np.arange(9.0)}).to_parquet(path)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    works_or_is_refused(read_table, path)
