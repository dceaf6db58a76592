#!/usr/bin/env python3
"""Makes crates/api/facts/kubernetes-descriptions.json.gz: what Kubernetes says of the types and
fields that Kedge serves, for `kubectl explain`. The texts are Kubernetes' own (Apache-2.0), as the
source of the crate k8s-openapi carries them. `--check` compares and writes nothing."""

import gzip
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FACTS = ROOT / "crates/api/facts"
TARGET = FACTS / "kubernetes-descriptions.json.gz"
LEVEL = "v1_36"
# Used by the operations of every resource, as in crates/api/src/openapi/mod.rs.
SHARED = [f"apimachinery.pkg.apis.meta.v1.{name}" for name in ("DeleteOptions", "Patch", "Status")]
# Generic in the crate, and so without a type of its own there.
LIST = {
    "metadata": "Standard list metadata. More info: https://git.k8s.io/community/contributors/"
    "devel/sig-architecture/api-conventions.md#types-kinds",
    "items": "List of objects.",
}


def served(types):
    """The names of all types that served resources reach."""
    source = (ROOT / "crates/api/src/resource.rs").read_text()
    table = re.search(r"const SERVED: .*?= &\[(.*?)\];", source, re.S).group(1)
    wanted = set(re.findall(r'\("([^"]*)", "([^"]*)"\)', table))
    subresources = re.search(r"const SERVED_SUBRESOURCES: .*?= &\[(.*?)\];", source, re.S).group(1)
    subresources = set(re.findall(r'"([^"]*)"', subresources))
    kinds = {}
    for name, fact in types.items():
        for gvk in fact.get("gvk", []):
            kinds[gvk["group"], gvk["version"], gvk["kind"]] = name
    left = list(SHARED)
    for resource in json.loads((FACTS / "kubernetes-resources.json").read_text()):
        if (resource["group"], resource["resource"]) not in wanted:
            continue
        own = resource["group"], resource["version"]
        takes = [(*own, resource["kind"]), (*own, resource["kind"] + "List")]
        for sub in resource.get("subresources", []):
            if sub["name"] in subresources:
                at = (sub.get("group", ""), sub["version"]) if sub.get("version") else own
                takes.append((*at, sub["kind"]))
        left += [kinds[kind] for kind in takes if kind in kinds]
    reached = set()
    while left:
        name = left.pop()
        if name in reached or name not in types:
            continue
        reached.add(name)
        for field in types[name]["fields"].values():
            left.append(re.sub(r"^(\[\]|map:)+", "", field["t"]))
    return reached


def documented():
    """What the crate says, by the public name of the type: the type's own text under ""."""
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--locked"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    packages = json.loads(metadata.stdout)["packages"]
    manifest = next(p["manifest_path"] for p in packages if p["name"] == "k8s-openapi")
    texts = {}
    for path in (pathlib.Path(manifest).parent / "src" / LEVEL).rglob("*.rs"):
        source = path.read_text()
        name = re.match(r"// Generated from definition io\.k8s\.(\S+)", source)
        if name:
            texts[name.group(1)] = described(source)
    return texts


def described(source):
    # The JSON name of each Rust field, as the crate itself reads it.
    names = {rust: name for name, rust in re.findall(r'"([^"]+)" => Field::Key_(\w+)', source)}
    texts, comment = {}, []
    for line in source.splitlines():
        line = line.strip()
        if line.startswith("///"):
            comment.append(line[3:].removeprefix(" "))
        elif line.startswith("pub struct ") or line.startswith("pub enum "):
            texts[""] = plain(comment)
        elif field := re.match(r"pub (?:r#)?(\w+):", line):
            texts[names.get(field.group(1), field.group(1))] = plain(comment)
        elif line.startswith("impl"):
            break
        if not line.startswith(("///", "#[")):
            comment = []
    return {name: text for name, text in texts.items() if text}


def plain(comment):
    return re.sub(r"\\([\[\]<>\\])", r"\1", "\n".join(comment)).strip()


def main():
    types = json.loads((FACTS / "kubernetes-types.json").read_text())
    texts = documented()
    reached, found = served(types), {}
    for name in sorted(reached):
        # What protobuf nests and JSON does not stands in the text of the type around it.
        known = texts.get(name.replace("_", "-"), {})
        if name.endswith("List") and not known and "items" in types[name]["fields"]:
            known = {"": f"{name.rsplit('.')[-1]} is a list of {name.rsplit('.')[-1][:-4]}.", **LIST}
        if known:
            found[name] = dict(sorted(known.items()))
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    made = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    print(f"{len(found)} of {len(reached)} types, {len(text)} bytes, {len(made)} compressed")
    print("without:", ", ".join(sorted(reached - found.keys())), file=sys.stderr)
    if "--check" in sys.argv:
        known = TARGET.exists() and gzip.decompress(TARGET.read_bytes()) == text.encode()
        sys.exit(0 if known else f"{TARGET} is not what the crate says: run {sys.argv[0]}")
    TARGET.write_bytes(made)


main()
