"""Settings of a part that a door loads: the name of the planner or model, and its own settings."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails, PydanticCustomError

from mbmf.base.doors import Door
from mbmf.base.errors import InputError, printable
from mbmf.base.settings import Settings


def chosen_by(door: Door, key: str, common: type[Settings]) -> WrapValidator:
    """Validator of a section: its value becomes the `Settings` of the part that `key` names.

    Args:
        door: finds the part by its name.
        key: the section's key that holds the name. It has a default.
        common: settings that all parts of this kind share. Each part's `Settings` is a subclass.
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
    """The `Settings` of the part that a section names.

    Raises:
        ValidationError: there is no part of that name.
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
    """Like `model_validate`; the error for an unknown key lists the keys that are allowed."""
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
