"""The language as click's commands: `triplane show hosts -o json` from the words `show` and `hosts`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from planes.cli.errors import told
from planes.management.grammar import HERE, LAB, SUBJECT, Argument, Mistake, Option, Word, value

Handler = Callable[..., "int | None"]
MAX_USAGE = 40  # characters of words that a usage line lists


def handler(word: Word) -> Handler:
    """The function that a word names."""
    module, _, function = word.handler.partition(":")
    found: Handler = getattr(import_module(module), function)
    return found


class Line(click.Group):
    """All words of a tree. What they lead to is imported when it is used."""

    def __init__(self, root: Word, **more: Any) -> None:
        super().__init__(**more)
        self.root = root

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [word.name for word in self.root.children]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        word = self.root.child(cmd_name)
        return Leaf(word, (cmd_name,)) if word else None

    def invoke(self, ctx: click.Context) -> Any:
        with told():  # in here: out of `main`, click would tell of an interrupt in its own way
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(_listed(self.root))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Follow the words as far as they go."""
        word, path = self.root, list[str]()
        while args and (child := word.child(args[0])):
            word, path, args = child, [*path, child.name], args[1:]
        if word is self.root:
            if not ctx.resilient_parsing and args and not args[0].startswith("-"):
                _fail(ctx, args[0], args[0], self.list_commands(ctx))
            return super().resolve_command(ctx, args)
        return " ".join(path), Leaf(word, path), args


class Leaf(click.Command):
    """A word where a line may end; or one where it may not, which tells what may follow it."""

    def __init__(self, word: Word, path: Sequence[str]) -> None:
        self.word = word
        settings = {"ignore_unknown_options": word.verbatim or word.open, "allow_interspersed_args": not word.verbatim}
        super().__init__(
            path[-1], callback=self._run, context_settings=settings, params=_params(word), short_help=word.help
        )

    def _run(self, **given: Any) -> None:
        from planes.cli.session import for_one

        kinds = {each.name: each.kind for each in self.word.arguments}
        kinds |= {each.name: each.kind for each in self.word.options}
        by_option = not any(argument.kind in (LAB, SUBJECT) for argument in self.word.arguments)
        session = for_one(given, by_option)
        values = {name: found for name, found in given.items() if kinds[name] not in HERE}
        ctx = click.get_current_context()
        try:
            status = handler(self.word)(session, **values)
        except Mistake as mistake:
            raise click.UsageError(mistake.text, ctx) from mistake
        ctx.exit(status or 0)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not self.word.handler and not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        branches = bool(self.word.children) and not self.word.arguments
        ctx.allow_extra_args = ctx.allow_extra_args or branches
        left = super().parse_args(ctx, args)
        if branches and left and not ctx.resilient_parsing:
            _fail(ctx, f"{ctx.info_name} {left[0]}", left[0], _names(self.word))
        return left

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        names = "|".join(_names(self.word))
        if len(names) > MAX_USAGE:
            names = "COMMAND"
        words = [f"[{names}]" if self.word.handler else names] if names else []
        return [*words, *super().collect_usage_pieces(ctx)]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As the handler tells it."""
        said = handler(self.word).__doc__ if self.word.handler else None
        self.help = inspect.cleandoc(said or self.word.help)
        super().format_help_text(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        if self.word.children:
            with formatter.section("Commands"):
                formatter.write_dl(_listed(self.word))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        words = [
            CompletionItem(child.name, help=child.help)
            for child in self.word.children
            if child.name.startswith(incomplete) and not child.hidden
        ]
        return [*words, *super().shell_complete(ctx, incomplete)]


class Kind(click.ParamType[Any]):
    """A value as the language reads it."""

    def __init__(self, argument: Argument) -> None:
        self.argument, self.name = argument, argument.kind

    def convert(self, value_: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value_, str):
            return value_  # a default
        try:
            return value(self.argument, value_)
        except Mistake as mistake:
            self.fail(mistake.text, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from planes.cli.names import for_line

        if self.argument.kind in ("plan", "file"):
            return [*map(CompletionItem, for_line(self.argument, ctx.params)), CompletionItem(incomplete, type="file")]
        return [CompletionItem(name) for name in for_line(self.argument, ctx.params) if name.startswith(incomplete)]


def _fail(ctx: click.Context, command: str, word: str, names: Sequence[str]) -> None:
    from planes.model.errors import did_you_mean  # slow to load

    ctx.fail(f"no command {command!r}, {did_you_mean(word, names)}")


def _params(word: Word) -> list[click.Parameter]:
    return [*map(_argument, word.arguments), *map(_option, word.options)]


def _type(argument: Argument) -> click.ParamType[Any]:
    return click.Choice(list(argument.choices)) if argument.choices else Kind(argument)


def _argument(argument: Argument) -> click.Argument:
    called = f"{argument.called}..." if argument.many else argument.called
    given: dict[str, Any] = (
        {} if argument.default is None else {"default": argument.default}
    )  # None, too, would be one to click
    return click.Argument(
        [argument.name],
        required=argument.required,
        nargs=-1 if argument.many else 1,
        type=_type(argument),
        metavar=called if argument.required else f"[{called}]",
        **given,
    )


def _option(option: Option) -> click.Option:
    names = [*option.names, option.name]
    if option.takes is None and isinstance(option.value, bool):
        return click.Option(names, is_flag=True, help=option.help)
    if option.takes is None:
        return click.Option(
            names, flag_value=option.value, type=type(option.value), default=option.default, help=option.help
        )
    taken, default = option.takes, option.takes.default
    return click.Option(
        names,
        type=_type(taken),
        default=default,
        show_default=default is not None,
        metavar=None if taken.choices else taken.called,
        help=option.help,
        multiple=taken.many,
    )


def _names(word: Word) -> list[str]:
    return [child.name for child in word.children if not child.hidden]


def _listed(word: Word) -> list[tuple[str, str]]:
    return [(child.name, child.help) for child in word.children if not child.hidden]
