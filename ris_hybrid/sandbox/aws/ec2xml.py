"""EC2's XML: read moto's answers without their namespace, write new ones from plain values or from ready texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def reservation(reservation_id: str, owner_id: str, items: Iterable[str]) -> str:
    """The machines of one launch, each given as its ``<item>``."""
    head = f"<reservationId>{reservation_id}</reservationId><ownerId>{owner_id}</ownerId><groupSet />"
    return f"{head}<instancesSet>{''.join(items)}</instancesSet>"


def wrapped(action: str, content: str, after: str = "") -> bytes:
    """The whole answer of an action whose content is XML already; ``after`` follows the request id."""
    root = f'<{action}Response xmlns="{NAMESPACE}">{content}<requestId>sandbox</requestId>{after}</{action}Response>'
    return f"<?xml version='1.0' encoding='utf-8'?>\n{root}".encode()
