"""A section is checked by the settings of what it names, and says so by key."""

from typing import Annotated

import pytest
from pydantic import Field, SerializeAsAny, ValidationError

from mbmf.base.door_settings import chosen_by
from mbmf.base.doors import Door
from mbmf.base.settings import PositiveInteger, Settings


class Common(Settings):
    """What all have."""

    tool: str = "default_tool.py"
    size: PositiveInteger


class Default:
    """The one that is taken where none is named."""

    Settings = Common


class Sharp:
    """One with a setting of its own."""

    class Settings(Common):
        """Its own."""

        edge: float = Field(default=0.5, ge=0)


class Blunt:
    """One without settings."""


class Tools(Door):
    """A door without files."""

    def load(self, name):
        known = {"default_tool.py": Default, "sharp": Sharp, "blunt": Blunt}
        return known[name] if name in known else super().load(name)


TOOLS = Tools("tool", "json", "Tool")


class Shed(Settings):
    """Holds a section."""

    tool: Annotated[SerializeAsAny[Common], chosen_by(TOOLS, "tool", Common)]


def lines(section):
    with pytest.raises(ValidationError) as caught:
        Shed.model_validate({"tool": section})
    return {".".join(map(str, one["loc"])): one["msg"] for one in caught.value.errors()}


def test_the_default_is_taken_where_none_is_named():
    assert type(Shed.model_validate({"tool": {"size": 3}}).tool) is Common


def test_the_named_ones_own_settings_are_checked_and_kept():
    shed = Shed.model_validate({"tool": {"tool": "sharp", "size": 3, "edge": 0.25}})
    assert isinstance(shed.tool, Sharp.Settings)
    assert shed.model_dump() == {"tool": {"tool": "sharp", "size": 3, "edge": 0.25}}
    assert Shed.model_validate_json(shed.model_dump_json()) == shed
    assert Shed.model_validate({"tool": shed.tool}).tool is shed.tool
    assert shed.model_dump(exclude_defaults=True)["tool"] == {
        "tool": "sharp",
        "size": 3,
        "edge": 0.25,
    }


def test_defaults_of_its_own_are_told_from_other_values():
    shed = Shed.model_validate({"tool": {"tool": "sharp", "size": 3}})
    assert shed.model_dump(exclude_defaults=True)["tool"] == {"tool": "sharp", "size": 3}


def test_every_problem_is_told_by_its_key():
    assert lines({"tool": "sharp", "size": 0, "edge": -1.0, "sise": 3}) == {
        "tool.size": "Input should be greater than 0",
        "tool.edge": "Input should be greater than or equal to 0",
        "tool.sise": "unknown key; allowed here: tool, size, edge",
    }


def test_another_ones_setting_is_unknown():
    assert lines({"size": 1, "edge": 0.5}) == {"tool.edge": "unknown key; allowed here: tool, size"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing_of_that_name", "unknown tool nothing_of_that_name; should be one of"),
        ("blunt", "blunt: Tool.Settings should be a subclass of Common"),
        (3, "should be the name of a tool (found 3)"),
        (None, "should be the name of a tool (found None)"),
    ],
)
def test_an_unknown_one_is_refused_by_the_key_that_names_it(name, message):
    (told,) = lines({"tool": name, "size": 1, "edge": 0.5}).items()
    assert told[0] == "tool.tool"
    assert told[1].startswith(message)


@pytest.mark.parametrize("section", [3, None, [1], "sharp"])
def test_a_section_that_is_no_mapping_is_refused(section):
    assert list(lines(section)) == ["tool"]
