"""The published contract on disk: finds its files, compiles them once, judges messages by them.

Several folders may hold it, the first that has a file wins: an installation adds message types of its
own beside those that come with the program. Nothing outside these folders is read, and nothing from the
network: an address that leads elsewhere is a mistake of the schema and stops its loading.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from edi.checks import schematron
from edi.checks.rulebook import DRAFT, SUBMISSION, Rulebook
from edi.checks.schema import Explain, Schema
from edi.core.findings import Finding
from edi.core.form import Form, Forms
from edi.core.node import human_path
from edi.errors import UserError
from edi.messages.dsig import ds

if TYPE_CHECKING:
    from edi.checks.rules import Rules

ENVELOPE_SCHEMA = "dxp.xsd"
SIGNATURE_SCHEMA = "xmldsig.xsd"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_PACKAGE = Path(__file__).resolve().parent.parent


def locate_contract() -> Path:
    """The folder of the contract that comes with this program: in its wheel, or beside it in a checkout."""
    shipped = _PACKAGE / "_shipped" / "schemas"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "schemas"


def load(folders: Sequence[Path], forms: Forms) -> Contract:
    """The contract of `forms`. Raises UserError naming every file that is missing; compiles nothing yet."""
    shelf = Shelf(tuple(folder.resolve() for folder in folders))
    wanted = dict.fromkeys(name for form in forms for name in (form.schema, form.rules))
    missing = [name for name in (ENVELOPE_SCHEMA, SIGNATURE_SCHEMA, *wanted) if shelf.find(name) is None]
    if missing:
        raise _missing(shelf, missing)
    return Contract(shelf, forms)


@dataclass(frozen=True)
class Shelf:
    """The folders of the contract."""

    folders: tuple[Path, ...]
    """Absolute; the first that has a file wins."""

    def find(self, name: str) -> Path | None:
        """The file at a path below one of the folders; None if none has it."""
        candidates = ((folder, (folder / name).resolve()) for folder in self.folders)
        return next((path for folder, path in candidates if path.is_relative_to(folder) and path.is_file()), None)

    def resolve(self, address: str) -> Path:
        """The file an absolute address means; where its own folder lacks it, that of another folder.

        Raises UserError for whatever lies outside the folders.
        """
        path = _path_of(address)
        for folder in self.folders:
            if path is not None and path.is_relative_to(folder):
                found = self.find(str(path.relative_to(folder)))
                if found is not None:
                    return found
        raise UserError(
            f"报文定义引用了目录之外或不存在的文件：{address}；请改用 schemas 目录内的相对路径",
            f"The contract refers to a file that is missing or outside its folders: {address}; use a relative path inside",
        )


@dataclass(frozen=True)
class Contract:
    """The published contract; each message type is compiled when first asked for."""

    shelf: Shelf
    forms: Forms
    _rulebooks: dict[str, Rulebook] = field(default_factory=dict, repr=False, compare=False)
    _schemas: dict[str, Schema] = field(default_factory=dict, repr=False, compare=False)

    def check(self, form: Form, root: etree._Element, *, original: bytes | None = None) -> list[Finding]:
        """All findings of schema and rules; with line and column if `original` is the file `root` came from."""
        return self._rulebook(form).check(root, original)

    def check_schema(self, form: Form, root: etree._Element) -> list[Finding]:
        """Findings of the family's schema alone; it defines request and receipt."""
        return self._schema(form.schema).check(root)

    def check_signature(self, root: etree._Element) -> list[Finding]:
        """Findings of the schema of signatures on the Signature that is a child of `root`."""
        signature = root.find(ds("Signature"))
        if signature is None:
            return []
        schema = self._schema(SIGNATURE_SCHEMA)
        if schema.fits(signature):
            return []
        found = schema.check(copy.deepcopy(signature))
        where, line = human_path(root), signature.sourceline
        return [replace(one, path=f"{where}{one.path}", line=line) for one in found]

    def check_envelope(self, root: etree._Element) -> list[Finding]:
        """Findings of the schema of the transport envelope (DxpMsg, DxpRep)."""
        return self._schema(ENVELOPE_SCHEMA).check(root)

    def prepare(self) -> None:
        """Compile everything now. Raises UserError naming file and line of every mistake."""
        problems: list[str] = []
        compilations: list[Callable[[], object]] = [
            partial(self._schema, one) for one in (ENVELOPE_SCHEMA, SIGNATURE_SCHEMA)
        ]
        compilations += [partial(self._rulebook, form) for form in self.forms]
        for compilation in compilations:
            try:
                compilation()
            except UserError as error:
                problems += error.problems or [str(error)]
        if problems:
            raise UserError("报文定义有错误，请逐条修改", "The contract has mistakes; mend each of them", problems)

    def _rulebook(self, form: Form) -> Rulebook:
        book = self._rulebooks.get(form.code)
        if book is None:
            book = Rulebook(form, self._schema(form.schema), self._rules(form.rules))
            self._rulebooks[form.code] = book
        return book

    def _schema(self, name: str) -> Schema:
        schema = self._schemas.get(name)
        if schema is None:
            schema = self._schemas[name] = _compile_schema(self.shelf, _path(self.shelf, name))
        return schema

    def _rules(self, name: str) -> Rules:
        path = _path(self.shelf, name)
        tree = _parse(self.shelf, path)
        rules = schematron.load(tree, lambda address: _document(self.shelf, path, address))
        lacking = [phase for phase in (DRAFT, SUBMISSION) if phase not in rules.phases]
        if lacking:
            raise UserError(
                f"规则文件 {path} 缺少 phase：{'、'.join(lacking)}；请补上",
                f"The rule file {path} lacks the phase {', '.join(lacking)}; add it",
            )
        return rules


class _Resolver(etree.Resolver):
    """Opens files of the contract for libxml2, and nothing else."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:  # noqa: ARG002
        return self.resolve_filename(str(self._shelf.resolve(system_url or "")), context)


def _parse(shelf: Shelf, path: Path) -> etree._ElementTree:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    parser.resolvers.add(_Resolver(shelf))
    try:
        return etree.parse(path, parser)
    except etree.XMLSyntaxError as error:
        raise _broken(path, str(error), [f"{path}:{error.lineno}: {error.msg}"]) from error
    except OSError as error:
        raise _broken(path, str(error)) from error


def _compile_schema(shelf: Shelf, path: Path) -> Schema:
    tree = _parse(shelf, path)
    _name_files(tree, shelf, path)
    try:
        compiled = etree.XMLSchema(tree)
    except etree.XMLSchemaParseError as error:
        places = [f"{entry.filename}:{entry.line}: {entry.message}" for entry in error.error_log]
        raise _broken(path, str(error), places) from error
    return Schema(compiled, lambda: _explainer(shelf, path), path.name)


def _name_files(tree: etree._ElementTree, shelf: Shelf, path: Path) -> None:
    """Let the schema name the files it takes from another folder by where they really are.

    libxml2 tells files apart by address: one that it reached by two would define everything twice.
    """
    for element in tree.getroot().iterchildren(f"{_XSD}include", f"{_XSD}import"):
        beside = _path_of(urljoin(path.as_uri(), element.get("schemaLocation", "")))
        if beside is not None and not beside.exists():
            try:
                element.set("schemaLocation", str(shelf.resolve(str(beside))))
            except UserError as error:
                raise _broken(path, str(error), [f"{path}:{element.sourceline}: {error}"]) from error


def _explainer(shelf: Shelf, path: Path) -> Explain:
    """Built when the first message fails: importing and compiling takes 0.3 s."""
    from edi.adapters.explaining import build_explainer  # noqa: PLC0415

    return build_explainer(path, shelf.resolve)


def _document(shelf: Shelf, rules: Path, address: str) -> etree._Element:
    """The root of a document that a rule file names, e.g. a code table."""
    return _parse(shelf, shelf.resolve((rules.parent / address).as_uri())).getroot()


def _path_of(address: str) -> Path | None:
    """The local file of a path or file: URL."""
    parts = urlsplit(address)
    if parts.scheme not in ("", "file") or parts.netloc:
        return None
    return Path(unquote(parts.path) if parts.scheme else address).resolve()


def _path(shelf: Shelf, name: str) -> Path:
    path = shelf.find(name)
    if path is None:
        raise _missing(shelf, [name])
    return path


def _missing(shelf: Shelf, names: Sequence[str]) -> UserError:
    folders = "、".join(map(str, shelf.folders))
    return UserError(
        f"报文定义文件不存在；请检查以下文件是否在目录 {folders} 中",
        f"Files of the contract are missing from {folders}",
        names,
    )


def _broken(path: Path, reason: str, problems: Sequence[str] = ()) -> UserError:
    return UserError(
        f"报文定义文件 {path} 无法使用：{reason}；请修改该文件",
        f"The contract file {path} cannot be used: {reason}; mend that file",
        problems,
    )
