"""What the configuration names is found in a room, or in a file of the user's own."""

import json

import pytest

from mbmf.base.doors import Door
from mbmf.base.errors import InputError

# A room of the standard library: files that bind a name, and others that do not.
DECODERS = Door("decoder", "json", "JSONDecoder")


def test_a_room_offers_the_files_that_bind_the_name():
    # json/__init__.py imports it, and does not count.
    assert DECODERS.names() == ["decoder"]


def test_a_shipped_one_is_found_by_its_name():
    assert DECODERS.source("decoder") == "json.decoder"
    assert DECODERS.load("decoder") is json.JSONDecoder


@pytest.mark.parametrize("name", ["encoder", "cannot exist", "", "../decoder", "decoder.py/x"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(InputError, match=r"unknown decoder .*should be one of decoder, or"):
        DECODERS.load(name)


def test_a_file_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(
        "from dataclasses import dataclass\n\n\n@dataclass\nclass JSONDecoder:\n    x: int = 3\n",
        encoding="utf-8",
    )
    assert DECODERS.source("own.py") == "own.py"
    assert DECODERS.load("own.py")().x == 3
    assert DECODERS.load("own.py") is DECODERS.load("own.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X = 1\n", "own.py: defines no JSONDecoder; the file of a decoder must"),
        ("import nothing_of_that_name\n", "ModuleNotFoundError: No module named"),
        ("def\n", "SyntaxError"),
    ],
)
def test_a_file_that_does_not_work_is_refused(tmp_path, text, message):
    path = tmp_path / "own.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        DECODERS.load(str(path))
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such file; it should hold a decoder"):
        DECODERS.load(str(tmp_path / "own.py"))
