"""Builds the explainer of a schema with xmlschema, which may open only what the contract's folders hold.

A module of its own, since importing xmlschema takes longer than judging a hundred messages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from xmlschema import XMLSchema10, XMLSchemaBase, XMLSchemaException
from xmlschema.loaders import SchemaLoader

from edi.checks.explain import Explainer
from edi.errors import UserError


def build_explainer(path: Path, resolve: Callable[[str], Path]) -> Explainer:
    """The explainer of the schema at `path`; `resolve` finds or refuses what it includes and imports."""

    class Loader(SchemaLoader):
        """Asks `resolve` for every file."""

        def load_schema(
            self, source: Any, namespace: str | None = None, base_url: str | None = None, *args: Any, **options: Any
        ) -> XMLSchemaBase:
            place = resolve(urljoin(f"{base_url or path.parent.as_uri()}/", str(source))).as_uri()
            return super().load_schema(place, namespace, None, *args, **options)

    try:
        schema = XMLSchema10(path.as_uri(), allow="local", defuse="always", loader_class=Loader)
    except XMLSchemaException as error:
        raise UserError(
            f"报文定义文件 {path} 无法使用：{error}；请修改该文件",
            f"The contract file {path} cannot be used: {error}; mend that file",
        ) from error
    return Explainer(schema, path.name)
