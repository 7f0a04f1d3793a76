"""What a collection's own document says of it: whether it may see PHI, and whether it needs a consent (pure).

Fields are those of Globus Transfer's ``GET /endpoint/<id>``: ``entity_type``, ``high_assurance``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.data.settings import Globus
    from ris_hybrid.mirror.values import DataClass

_MAPPED = "GCSv5_mapped_collection"


def needs_consent(document: Mapping[str, Any]) -> bool:
    """Whether tokens need the collection's ``data_access``: mapped collections do, unless they are high assurance.

    Guest and high-assurance collections have no such scope: to ask for it is an error.
    """
    return document.get("entity_type") == _MAPPED and not document.get("high_assurance")


def objections(data_class: DataClass, settings: Globus, documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Why data of this class may not move between these collections; nothing when it may.

    PHI moves between collections that are high assurance by their own documents; one that does not say is none.
    """
    if data_class != "phi":
        return
    if not settings.high_assurance:
        yield "data.yaml does not say that the collections are high assurance"
    for document in documents:
        if document.get("high_assurance") is not True:
            yield f"collection {document.get('id', '?')} is not high assurance, by its own document"
