"""Settings of a part that a door leads to: which planner, which model, and what it needs."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails, PydanticCustomError

from mbmf.base.doors import Door
from mbmf.base.errors import InputError, printable
from mbmf.base.settings import Settings


def chosen_by(door: Door, key: str, common: type[Settings]) -> WrapValidator:
    """Validator of a section: its value becomes the `Settings` of what `key` names.

    Args:
        door: behind which it is found.
        key: of the section, with a default.
        common: settings that all behind the door have; their own are subclasses.
    """

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        content = value.model_dump() if isinstance(value, common) else value
        if not isinstance(content, dict):
            return handler(value)
        own = _own_settings(door, key, common, content)
        return value if type(value) is own else _checked(own, content)

    return WrapValidator(validate)


def _own_settings(
    door: Door, key: str, common: type[Settings], content: dict[str, Any]
) -> type[Settings]:
    """The `Settings` of what a section names.

    Raises:
        ValidationError: there is none of that name.
    """
    name = content.get(key, common.model_fields[key].default)
    try:
        if not isinstance(name, str):
            raise InputError(f"should be the name of a {door.what} (found {printable(name)})")
        own = getattr(door.load(name), "Settings", None)
        if not (isinstance(own, type) and issubclass(own, common)):
            raise InputError(
                f"{printable(name)}: {door.attribute}.Settings should be a subclass of "
                f"{common.__name__}"
            )
    except InputError as error:
        raise _refusal(common, [_told("door", str(error), (key,), content)]) from None
    return own


def _checked(own: type[Settings], content: dict[str, Any]) -> Settings:
    """As `model_validate`; an unknown key is told with those that this planner or model has."""
    try:
        return own.model_validate(content)
    except ValidationError as error:
        allowed = f"unknown key; allowed here: {', '.join(own.model_fields)}"
        lines = [
            _told("key", allowed, one["loc"], content)
            if one["type"] == "extra_forbidden"
            else _told(one["type"], one["msg"], one["loc"], one["input"])
            for one in error.errors()
        ]
        raise _refusal(own, lines) from None


def _refusal(model: type[Settings], lines: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data(model.__name__, lines)


def _told(kind: str, message: str, keys: tuple[int | str, ...], found: object) -> InitErrorDetails:
    error = PydanticCustomError(kind, "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=keys, input=found)
