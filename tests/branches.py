"""Which way the conditions of a template go while Copier renders it: is each of them both true and false at some time?

A condition that is always true, or never, is a leftover, or a case that the tests don't see.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import yaml
from copier._main import Worker
from copier._user_data import Question
from jinja2 import Environment, nodes

# What ends the expression after an ``if``, unless it is in brackets of the expression's own.
ENDS = {"else", "if", "recursive", ",", ":", ")", "]", "}"}


@dataclass(frozen=True, order=True)
class Branch:
    """A condition in the text of a template.

    Args:
        file: The file that it is in.
        line: The line of its ``if``; in a ``copier.yml``, the line where the value begins.
        key: In a ``copier.yml``, the value; elsewhere empty.
        number: How many conditions the text has before it, as a line can have the same one twice.
        expression: What is tested.
    """

    file: str
    line: int
    key: str
    number: int
    expression: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}{self.key and f', {self.key}'}: `{self.expression}`"


@dataclass(frozen=True)
class Place:
    """Where a text stands in ``copier.yml``, or in a file that it includes.

    Args:
        file: Which of them it is.
        key: Its key, with those around it: ``style.when``, or ``_exclude row 3``.
        line: The line where it begins.
    """

    file: str
    key: str
    line: int


class Branches:
    """The conditions of a template, and the outcomes that each has had so far."""

    def __init__(self, worker: Worker) -> None:
        """Begin to watch. Every text is compiled now, so that a condition that is never reached is known too.

        Args:
            worker: Copier, before it has rendered anything, as Jinja keeps what it has compiled.
        """
        root = worker.template.local_abspath
        self._outcomes: dict[Branch, set[bool]] = {}
        self._numbered: list[set[bool]] = []
        self._places = places_of(root)
        self._watch(worker.jinja_env)
        for text in self._places:
            worker.jinja_env.from_string(text)
        for path in root.rglob(f"*{worker.template.templates_suffix}"):
            worker.jinja_env.get_template(path.relative_to(root).as_posix())

    def note_when(self, question: Question) -> None:
        """Note whether Copier asks a question: its ``when`` is a condition that needs no ``if``.

        A fixed one is no condition, as in ``when: false`` for a value that is derived.
        """
        if isinstance(question.when, str):
            place = next(each for each in self._places[question.when] if each.key == f"{question.var_name}.when")
            branch = Branch(place.file, place.line, place.key, 0, question.when)
            self._outcomes.setdefault(branch, set()).add(question.get_when())

    def never(self) -> list[str]:
        """A sentence for each condition that has not gone both ways."""
        sentences = []
        for branch, outcomes in sorted(self._outcomes.items()):
            missing = [str(outcome).lower() for outcome in (True, False) if outcome not in outcomes]
            if missing:
                sentences.append(f"{branch} was never {' and never '.join(missing)}")
        return sentences

    def _watch(self, environment: Environment) -> None:
        """Let the environment compile each text with a note of the outcome in each condition."""
        compile_it = environment.compile

        def compile_watched(source: Any, name: str | None = None, filename: str | None = None, **options: Any) -> Any:
            tree = self._watched(environment, source, name) if isinstance(source, str) else source
            return compile_it(tree, name, filename, **options)

        environment.compile = compile_watched  # type: ignore[method-assign]
        environment.note_outcome = self._note  # type: ignore[attr-defined]

    def _watched(self, environment: Environment, source: str, name: str | None) -> nodes.Template:
        """The tree of a text, with each condition ``x`` replaced by ``environment.note_outcome(x, number)``."""
        tree = environment.parse(source, name)
        found = zip(list(_conditions(tree)), _expressions(environment, source), strict=True)
        for number, (node, (line, expression)) in enumerate(found):
            if name is not None:
                branch = Branch(name, line, "", number, expression)
            elif source in self._places:
                # One template for Copier, in however many places it stands.
                places = self._places[source]
                keys = " and ".join(place.key for place in places)
                branch = Branch(places[0].file, places[0].line, keys, number, expression)
            else:
                branch = Branch(f"the name {source!r}", line, "", number, expression)
            # A text that is compiled twice has one set of outcomes all the same.
            self._numbered.append(self._outcomes.setdefault(branch, set()))
            note = nodes.EnvironmentAttribute("note_outcome")
            arguments = [node.test, nodes.Const(len(self._numbered) - 1)]
            node.test = nodes.Call(note, arguments, [], None, None, lineno=node.test.lineno)
        tree.set_environment(environment)
        return tree

    def _note(self, value: Any, number: int) -> Any:
        """Note the outcome of a condition, and hand it on as it is. As strict about undefined names as ``if``."""
        self._numbered[number].add(bool(value))
        return value


def places_of(root: Path) -> Mapping[str, list[Place]]:
    """Where each text of a template's settings stands: in its ``copier.yml``, and in the files that this includes."""
    found: dict[str, list[Place]] = {}
    for text, place in _places(root, "copier.yml"):
        found.setdefault(text, []).append(place)
    return found


def _places(root: Path, pattern: str) -> Iterator[tuple[str, Place]]:
    """The texts in the files of a pattern, each with its place."""
    for path in sorted(root.glob(pattern)):
        file = path.relative_to(root).as_posix()
        for document in yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader):
            if document.tag == "!include":
                yield from _places(root, document.value)
            else:
                yield from ((text, Place(file, key, line)) for text, key, line in _texts(document, ""))


def _texts(node: yaml.Node, key: str) -> Iterator[tuple[str, str, int]]:
    """The texts in a part of a YAML document, with their keys and lines. The label of a choice is a text, too."""
    if isinstance(node, yaml.ScalarNode):
        yield node.value, key, node.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for row, each in enumerate(node.value, start=1):
            yield from _texts(each, f"{key} row {row}")
    elif isinstance(node, yaml.MappingNode):
        for name, each in node.value:
            inner = f"{key}.{name.value}" if key else name.value
            yield from _texts(name, inner)
            yield from _texts(each, inner)


def _conditions(node: nodes.Node) -> Iterator[Any]:
    """The parts of a tree that have a condition, in the order of their ``if`` in the text."""
    before: Iterable[nodes.Node] = ()
    after: Iterable[nodes.Node] = node.iter_child_nodes()
    if isinstance(node, nodes.CondExpr):
        before, after = [node.expr1], node.iter_child_nodes(exclude=["expr1"])
    elif isinstance(node, nodes.For):
        before = [node.target, node.iter]
        after = chain([node.test] if node.test else [], node.body, node.else_)
    elif isinstance(node, nodes.FilterBlock):
        before, after = [node.filter], node.body
    for child in before:
        yield from _conditions(child)
    if isinstance(node, nodes.If | nodes.CondExpr) or isinstance(node, nodes.For) and node.test:
        yield node
    for child in after:
        yield from _conditions(child)


def _expressions(environment: Environment, source: str) -> Iterator[tuple[int, str]]:
    """The line of each ``if`` in a text, and the expression that it tests, as it is written."""
    tokens = list(environment.lex(source))
    for position, (line, kind, value) in enumerate(tokens):
        if kind == "name" and value in {"if", "elif"}:
            yield line, _expression(islice(tokens, position + 1, None))


def _expression(tokens: Iterable[tuple[int, str, str]]) -> str:
    """The expression that the tokens begin with, on one line."""
    written, open_brackets = "", 0
    for _, kind, value in tokens:
        if kind.endswith("_end") or (open_brackets == 0 and value in ENDS):
            break
        open_brackets += (value in {"(", "[", "{"}) - (value in {")", "]", "}"})
        written += value
    return " ".join(written.split())
