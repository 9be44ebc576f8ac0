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
        name = content.get(key, common.model_fields[key].default)
        if not isinstance(name, str):
            return handler(value)
        try:
            own = getattr(door.load(name), "Settings", None)
            if not (isinstance(own, type) and issubclass(own, common)):
                raise InputError(
                    f"{printable(name)}: {door.attribute}.Settings should be a subclass of "
                    f"{common.__name__}"
                )
        except InputError as error:
            # Its input is not the name, which the message holds already.
            unknown = PydanticCustomError("door", "{reason}", {"reason": str(error)})
            details = InitErrorDetails(type=unknown, loc=(key,), input=content)
            raise ValidationError.from_exception_data(common.__name__, [details]) from None
        return value if type(value) is own else _checked(own, content)

    return WrapValidator(validate)


def _checked(own: type[Settings], content: dict[str, Any]) -> Settings:
    """As `model_validate`; an unknown key is told with those that this planner or model has."""
    try:
        return own.model_validate(content)
    except ValidationError as error:
        lines = []
        for details in error.errors():
            kind, message = details["type"], details["msg"]
            if kind == "extra_forbidden":
                kind, message = "key", f"unknown key; allowed here: {', '.join(own.model_fields)}"
            told = PydanticCustomError(kind, "{message}", {"message": message})
            lines.append(InitErrorDetails(type=told, loc=details["loc"], input=details["input"]))
        raise ValidationError.from_exception_data(own.__name__, lines) from None
