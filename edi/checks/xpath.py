"""XPath 1.0 as rules may use it: vetted word by word when rules are loaded, compiled once.

Refuses whatever libxml2 would only stumble over at run time, or a strict XSLT processor would take
otherwise: unknown functions and prefixes, document() with a computed address, contexts that are no
plain paths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree

from edi.checks import code_table, long_text
from edi.checks.code_table import CodeTables
from edi.checks.xpath_inline import as_literal, written_into
from edi.checks.xpath_path import Path, alternatives, split_path
from edi.checks.xpath_words import Token, XPathFault, read_words

Value = Any
"""What XPath computes: text, number, truth or a list of elements."""

_CONTEXT_FREE = frozenset({"true", "false"})
_FUNCTIONS = frozenset(
    {
        *("last", "position", "count", "local-name", "namespace-uri", "name", "lang", "document"),
        *("string", "concat", "starts-with", "contains", "substring-before", "substring-after", "substring"),
        *("string-length", "normalize-space", "translate", "boolean", "not", "true", "false"),
        *("number", "sum", "floor", "ceiling", "round"),
    }
)
"""XPath 1.0 without id(), which needs a DTD, and document() of XSLT."""
_NO_CONSTANTS: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True)
class Expression:
    """A compiled expression. Call it with the context node and the values of its variables."""

    names: tuple[str, ...]
    """The variables it speaks of."""
    is_constant: bool
    """True if neither the node nor any variable that is not constant has a part in it."""
    is_relative: bool
    """True if the value depends on the context node, not only on its document."""
    variables: tuple[str, ...]
    """Those that are still to be handed over."""
    text: str
    """What was compiled: with constants written in, and the quicker functions."""
    _compiled: Callable[..., Value]

    def __call__(self, node: etree._Element, scope: Mapping[str, Value]) -> Value:
        """The value at `node`."""
        if self.variables:
            return self._compiled(node, **{name: scope[name] for name in self.variables})
        return self._compiled(node)


@dataclass(frozen=True)
class Context:
    """The path of a rule: which elements it speaks of, anywhere in the document."""

    paths: tuple[Path, ...]
    """Its alternatives."""
    _compiled: Callable[[etree._Element], Sequence[etree._Element]]

    def nodes(self, root: etree._Element) -> Sequence[etree._Element]:
        """The elements, in document order."""
        return self._compiled(root)


@dataclass(frozen=True)
class Compiler:
    """Compiles the expressions of one rule file."""

    namespaces: Mapping[str, str]
    """Prefix to namespace, as the file declares them."""
    documents: Callable[[str], etree._Element]
    """Gives the root of the document at a relative address, e.g. a code table."""
    _loaded: dict[str, etree._Element] = field(default_factory=dict)
    _vetted: dict[str, list[Token]] = field(default_factory=dict)
    _tables: CodeTables = field(default_factory=CodeTables)
    _compiled: dict[str, etree.XPath] = field(default_factory=dict)
    """What was read and compiled before: rules that extend an abstract one have most expressions in common."""

    def compile(self, source: str, wrap: str = "", constants: Mapping[str, Value] = _NO_CONSTANTS) -> Expression:
        """The expression; `wrap` is the function its value goes through, e.g. `boolean`.

        Constants are written into it where XPath has a way to write them: handing a code table of 20 KB
        over with every call would take ten times as long as searching it.
        """
        tokens = self._vet(source)
        self._xpath(source)  # alone, so that no bracket of `wrap` mends it
        variables = dict.fromkeys(token.text for token in tokens if token.kind == "variable")
        literals = {name: as_literal(constants[name]) for name in variables if name in constants}
        is_relative = any(_looks_at_node(tokens, index) for index in range(len(tokens)))
        is_absolute = any(token.kind == "path" and token.begins for token in tokens)
        inlined = written_into(source, tokens, literals, self._tables.addresses(constants))
        text = f"{wrap}({inlined})" if wrap else inlined
        return Expression(
            names=tuple(variables),
            is_constant=not is_relative and not is_absolute and constants.keys() >= variables.keys(),
            is_relative=is_relative,
            variables=tuple(name for name in variables if not literals.get(name)),
            text=text,
            _compiled=self._xpath(text),
        )

    def compile_context(self, source: str) -> Context:
        """The context of a rule: names and predicates joined by `/`, alternatives by `|`."""
        tokens = self._vet(source)
        _vet_context(tokens)
        paths = tuple(split_path(text, path, self._clark) for text, path in alternatives(source, tokens))
        anywhere = " | ".join(one.text if one.text.startswith("/") else f"//{one.text}" for one in paths)
        return Context(paths, self._xpath(anywhere))

    def compile_whole(self, text: str) -> Callable[[etree._Element], Value]:
        """An expression put together from the texts of others."""
        return self._xpath(text)

    def _vet(self, source: str) -> list[Token]:
        tokens = self._vetted.get(source)
        if tokens is None:
            tokens = self._vetted[source] = self._vet_anew(source)
        return tokens

    def _vet_anew(self, source: str) -> list[Token]:
        tokens = list(read_words(source))
        if not tokens:
            raise XPathFault("表达式是空的", "the expression is empty")
        for index, token in enumerate(tokens):
            if token.kind == "function":
                self._vet_function(tokens, index)
            elif token.kind == "step" and ":" in token.text and token.text.partition(":")[0] not in self.namespaces:
                raise XPathFault(f"前缀没有声明：{token.text}", f"prefix not declared: {token.text}")
        return tokens

    def _vet_function(self, tokens: list[Token], index: int) -> None:
        name = tokens[index].text
        if name not in _FUNCTIONS:
            raise XPathFault(f"不支持的函数：{name}()", f"function not supported: {name}()")
        if name == "document":
            inside = [token.kind for token in tokens[index + 1 : index + 4]]
            if inside != ["(", "literal", ")"]:
                raise XPathFault("document() 的地址必须是字面值", "document() takes one literal address")
            self._load(tokens[index + 2].text)

    def _load(self, address: str) -> None:
        """Keep the document under a parent of its own, which stands for its root node."""
        if address not in self._loaded:
            holder = etree.Element("document")
            holder.append(self.documents(address))
            self._loaded[address] = holder

    def _xpath(self, source: str) -> etree.XPath:
        compiled = self._compiled.get(source)
        if compiled is None:
            compiled = self._compiled[source] = self._compile_anew(source)
        return compiled

    def _compile_anew(self, source: str) -> etree.XPath:
        functions: dict[str, Callable[..., Any]] = {
            "document": self._document,
            long_text.TRANSLATE: long_text.translate,
            code_table.CONTAINS: self._tables.contains,
        }
        extensions = {(None, name): function for name, function in functions.items() if name in source}
        try:
            return etree.XPath(source, namespaces=dict(self.namespaces), extensions=extensions, smart_strings=False)
        except etree.XPathSyntaxError as error:
            raise XPathFault(f"XPath 语法错误：{source}", f"not valid XPath ({error}): {source}") from error

    def _document(self, _context: object, address: str) -> list[etree._Element]:
        return [self._loaded[address]]

    def _clark(self, name: str) -> str:
        prefix, colon, local = name.rpartition(":")
        return f"{{{self.namespaces[prefix]}}}{local}" if colon else name


def _looks_at_node(tokens: list[Token], index: int) -> bool:
    """True if this word makes the value depend on the context node."""
    token = tokens[index]
    if token.depth:
        return False
    if token.kind == "function":
        is_bare = [one.kind for one in tokens[index + 1 : index + 3]] == ["(", ")"]
        return is_bare and token.text not in _CONTEXT_FREE
    return token.begins and token.kind in ("step", "axis", "@", ".", "..")


def _vet_context(tokens: list[Token]) -> None:
    for token in tokens:
        if token.kind == "variable" or (token.kind == "function" and token.text == "document"):
            raise XPathFault(f"context 中不得使用：{token.text}", f"not allowed in a context: {token.text}")
        if not token.depth and token.kind not in ("step", "path", "[", "]", "|"):
            raise XPathFault(
                f"context 只能是简单路径：{token.text}", f"a context is a plain path, without {token.text}"
            )
    ends = [after is None or after.kind == "|" for after in (*tokens[1:], None)]
    if tokens[0].kind == "|" or any(
        end and token.kind in ("path", "|") for token, end in zip(tokens, ends, strict=True)
    ):
        raise XPathFault("context 必须指向元素", "a context must lead to elements")
