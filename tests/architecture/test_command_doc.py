"""Every command says what it does, and README or docs mention it; their examples can be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

import ris_hybrid
from ris_hybrid.cli.app import app
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.data_file import load_data

if TYPE_CHECKING:
    from collections.abc import Iterator


TOP = Path(ris_hybrid.__file__).parents[1]
DOCS = (TOP / "README.md", *sorted((TOP / "docs").glob("*.md")))
TEXT = re.sub(r"\s+", " ", "\n".join(path.read_text(encoding="utf-8") for path in DOCS))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
PLACEHOLDERS = re.compile(r"TODO|FIXME|-OUTPUT$", re.MULTILINE)


def commands(group: Any, *above: str) -> Iterator[tuple[str, Any]]:
    for name, one in sorted(getattr(group, "commands", {}).items()):
        if hasattr(one, "commands"):
            yield from commands(one, *above, name)
        elif not one.hidden:
            yield " ".join((*above, name)), one


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_is_mentioned(name: str) -> None:
    one = COMMANDS[name]
    assert (one.help or "").strip().endswith("."), name
    assert re.search(rf"\b{name}(?![\w-])", TEXT), name


def test_every_target_of_make_is_in_the_readme() -> None:
    makefile, readme = ((TOP / name).read_text(encoding="utf-8") for name in ("Makefile", "README.md"))
    _, _, table = readme.partition("## Make targets\n")
    named = set(re.findall(r"[a-z-]+", "".join(re.findall(r"^\| .*? \|", table.partition("\n## ")[0], re.MULTILINE))))
    assert set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE)) - named == set()


@pytest.mark.parametrize("path", [*DOCS, TOP / "CHANGELOG.md", *sorted((TOP / "docs" / "adr").glob("*.md"))])
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lost = [
        f"{file}#{anchor}"
        for file, anchor in LINK.findall(text)
        if not (path.parent / file).exists() or (anchor and anchor not in anchors(path.parent / file if file else path))
    ]
    assert lost == []
    assert not PLACEHOLDERS.search(text)


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_pool_with_paths_of_the_documents_can_be_read(tmp_path: Path) -> None:
    text = (TOP / "docs" / "nodes.md").read_text(encoding="utf-8")
    (example,) = [one for one in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if "paths:" in one]
    _, _, rest = (TOP / "examples" / "site" / "burst.yaml").read_text(encoding="utf-8").partition("\ngates:")
    head = "cluster: compute1\nprovider: ris-aws\nregion: us-east-1\noutputs: outputs.json\n"
    (tmp_path / "outputs.json").write_text("{}", encoding="utf-8")
    (tmp_path / "burst.yaml").write_text(f"{head}{example}gates:{rest}", encoding="utf-8")
    assert [mount.kind for mount in load_burst(tmp_path / "burst.yaml").pools[0].paths] == ["lustre", "s3"]


def test_the_example_sites_data_yaml_can_be_read() -> None:
    assert load_data(TOP / "examples" / "site" / "data.yaml").gpfs.file_system
