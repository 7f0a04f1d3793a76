"""EC2's XML: read moto's answers without their namespace, change texts in them, write new ones from plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
Tree = str | Mapping[str, "Tree"] | Sequence["Tree"]
"""A text, a structure by element name, or a list (each entry becomes ``<item>``)."""


def read(body: bytes) -> Element:
    """The root of an answer, its element names without namespace."""
    root: Element = fromstring(body)  # noqa: S314 - written by moto in this process, not by a stranger
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    return root


def write(root: Element) -> bytes:
    """The bytes of an answer, in EC2's namespace."""
    root.set("xmlns", NAMESPACE)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def document(action: str, content: Mapping[str, Tree]) -> bytes:
    """The whole answer of an action."""
    root = Element(f"{action}Response")
    _fill(root, {"requestId": "sandbox", **content})
    return write(root)


def _fill(node: Element, value: Tree) -> None:
    if isinstance(value, str):
        node.text = value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(SubElement(node, name), inner)
    else:
        for inner in value:
            _fill(SubElement(node, "item"), inner)


def text(node: Element, path: str) -> str:
    """The text at a path, empty when there is none."""
    return node.findtext(path) or ""


def put(node: Element, path: str, value: str) -> None:
    """Set the text at a path, making what is missing on the way."""
    for name in path.split("/"):
        found = node.find(name)
        node = SubElement(node, name) if found is None else found
    node.text = value


def drop(node: Element, name: str) -> None:
    """Take a child away, if it is there."""
    found = node.find(name)
    if found is not None:
        node.remove(found)


def empty(node: Element, name: str) -> None:
    """Leave a child without content."""
    drop(node, name)
    SubElement(node, name)


def prune(root: Element, parent: str, needed: str) -> None:
    """Take entries away that have nothing at ``needed`` (any more)."""
    for group in root.findall(parent):
        for item in list(group):
            if item.find(needed) is None:
                group.remove(item)


def instances(root: Element) -> Iterator[tuple[Element, Element]]:
    """Each ``(instancesSet, item)`` of a RunInstances or DescribeInstances answer, in order."""
    for group in root.iter("instancesSet"):
        for item in list(group):
            yield group, item
