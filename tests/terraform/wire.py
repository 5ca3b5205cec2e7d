"""Terraform's plugin protocol, version 5, as far as a provider's schema needs it.

Field numbers are those of HashiCorp's tfplugin5.proto. What a schema does not need is not here.
"""

import json
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELDS = {  # message -> field -> number, type
    "Attribute": {
        "name": (1, "string"), "type": (2, "bytes"), "required": (4, "bool"),
        "optional": (5, "bool"), "computed": (6, "bool"),
    },
    "NestedBlock": {
        "type_name": (1, "string"), "block": (2, "Block"), "nesting": (3, "int64"),
        "min_items": (4, "int64"), "max_items": (5, "int64"),
    },
    "Block": {"attributes": (2, "[Attribute]"), "block_types": (3, "[NestedBlock]")},
    "Schema": {"version": (1, "int64"), "block": (2, "Block")},
    "Named": {"key": (1, "string"), "value": (2, "Schema")},  # an entry of a map, on the wire
    "Schemas": {
        "provider": (1, "Schema"), "resource_schemas": (2, "[Named]"),
        "data_source_schemas": (3, "[Named]"),
    },
}  # fmt: skip
FLAGS = ("required", "optional", "computed")
NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}


def _messages() -> dict[str, Any]:
    """The classes of the messages above."""
    file = descriptor_pb2.FileDescriptorProto(name="schema.proto", package="wire", syntax="proto3")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            bare = kind.strip("[]")
            own = bare in FIELDS
            message.field.add(
                name=field,
                number=number,
                label="LABEL_REPEATED" if kind != bare else "LABEL_OPTIONAL",
                type="TYPE_MESSAGE" if own else f"TYPE_{bare.upper()}",
                type_name=f".wire.{bare}" if own else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"wire.{name}")) for name in FIELDS}


MESSAGE = _messages()


def encoded(schemas: dict[str, Any]) -> bytes:
    """A provider's schemas, as `terraform providers schema -json` shows them, on the wire."""
    both = {
        kind: [
            MESSAGE["Named"](key=name, value=_schema(one)) for name, one in schemas[kind].items()
        ]
        for kind in ("resource_schemas", "data_source_schemas")
    }
    message = MESSAGE["Schemas"](provider=_schema(schemas["provider"]), **both)
    return bytes(message.SerializeToString())


def _schema(schema: dict[str, Any]) -> Any:
    return MESSAGE["Schema"](version=schema.get("version", 0), block=_block(schema["block"]))


def _block(block: dict[str, Any]) -> Any:
    attributes = [_attribute(name, one) for name, one in block.get("attributes", {}).items()]
    nested = [_nested(name, one) for name, one in block.get("block_types", {}).items()]
    return MESSAGE["Block"](attributes=attributes, block_types=nested)


def _attribute(name: str, attribute: dict[str, Any]) -> Any:
    flags = {flag: attribute[flag] for flag in FLAGS if flag in attribute}
    return MESSAGE["Attribute"](name=name, type=json.dumps(attribute["type"]).encode(), **flags)


def _nested(name: str, nested: dict[str, Any]) -> Any:
    return MESSAGE["NestedBlock"](
        type_name=name,
        block=_block(nested["block"]),
        nesting=NESTING[nested["nesting_mode"]],
        min_items=nested.get("min_items", 0),
        max_items=nested.get("max_items", 0),
    )
