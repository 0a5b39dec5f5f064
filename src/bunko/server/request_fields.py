"""The fields of requests that both APIs have. In: settings of a question. Out: fields for pydantic models.

Knows nothing of requests as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from bunko.askable import ASKABLE, MOST_ITEMS, Askable


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _several(value: object) -> object:
    """Return a list: of one text, if that is what was sent."""
    return [value] if isinstance(value, str) else list(value) if isinstance(value, tuple) else value


# JSON has one kind of number: 10.0 is a whole one. Bounds stand before the validator, or the schema lacks them.
Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=1), BeforeValidator(_whole)]


def setting_fields(settings: Iterable[Askable], *, surface: Literal["http", "mcp"] = "http") -> dict[str, Any]:
    """Return an optional field for each setting, as `pydantic.create_model` takes them."""
    return {each.field: (_annotation(each, surface) | None, Field(None, description=each.doc)) for each in settings}


def _annotation(setting: Askable, surface: str) -> Any:
    highest = setting.mcp_most if surface == "mcp" and setting.mcp_most is not None else setting.highest
    if setting.is_list:
        text = Annotated[str, Field(max_length=setting.longest)]
        return Annotated[list[text], Field(max_length=MOST_ITEMS), BeforeValidator(_several), AfterValidator(tuple)]
    bounds = Field(ge=setting.least, le=highest)
    if setting.type is int:
        return Annotated[int, bounds, BeforeValidator(_whole)]
    if setting.type is float:
        return Annotated[float, bounds]
    return Annotated[str, Field(max_length=setting.longest)] if setting.type is str else setting.type


class SetsSettings(BaseModel):
    """A request that may set settings."""

    @property
    def overrides(self) -> dict[str, object]:
        """The settings that the request sets, by their dotted names."""
        given = {each.setting: getattr(self, each.field, None) for each in ASKABLE}
        return {name: value for name, value in given.items() if value is not None}
