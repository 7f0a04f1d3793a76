from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.config.data_file import load_data
from ris_hybrid.data.settings import GlobusGateway

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
gpfs: {file_system: rdcw-fs1, listing: listing}
globus:
  client_id: 33333333-3333-4333-8333-333333333333
  secret_file: secret
  site_collection: 11111111-1111-4111-8111-111111111111
  cloud_collection: 22222222-2222-4222-8222-222222222222
  site_base: /storage1/fs1
  people_client_id: 44444444-4444-4444-8444-444444444444
  identity_domain: wustl.edu
  guest_collections: {wucci: 55555555-5555-4555-8555-555555555555}
  gateway: {address: abc.def.data.globus.org, key_file: keys, domains: [wustl.edu]}
"""


def test_data_yaml_names_collections_people_and_the_server(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(TEXT)
    globus = load_data(tmp_path / "data.yaml").globus
    assert globus is not None
    assert globus.gateway == GlobusGateway(address="abc.def.data.globus.org", key_file="keys", domains=("wustl.edu",))
    assert globus.guest_collections == {"wucci": "55555555-5555-4555-8555-555555555555"}
