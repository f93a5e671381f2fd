"""Makes up a body that a pydantic model takes: its required members only, by their examples, words and bounds."""

from typing import Any

from pydantic import BaseModel


def made_up(model: type[BaseModel]) -> dict[str, Any]:
    """The smallest body that has the form of a model."""
    schema = model.model_json_schema()
    made = _value(schema, schema.get("$defs", {}))
    assert isinstance(made, dict)
    return made


def _value(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    for said in ("examples", "enum"):
        if said in schema:
            return schema[said][0]
    match schema.get("type"):
        case "object":
            members = schema.get("properties", {})
            return {name: _value(members[name], definitions) for name in schema.get("required", [])}
        case "array":
            return [_value(schema["items"], definitions)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
    raise AssertionError(f"give this an example: {schema}")
