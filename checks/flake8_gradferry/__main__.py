"""The `gradferry` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata

from . import __version__
from .catalog import find, rules

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 models differ or fail, 2 usage error."""
    parser = argparse.ArgumentParser(
        prog="gradferry",
        description="Explains the rules that flake8 runs when gradferry is installed, compares "
        "models, and checks that they train.",
    )
    parser.add_argument("--version", action="version", version=f"gradferry {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    explain = commands.add_parser("explain", help="print the page of a rule")
    explain.add_argument("rule", help="a code or a name: XFR101, dunder-call")
    listed = commands.add_parser("rules", help="list all rules")
    listed.add_argument("--markdown", action="store_true", help="as the table in checks/README.md")
    # What the pytest plugin adds: this half does not import the other.
    for command in metadata.entry_points(group="gradferry.commands"):
        command.load()(commands)
    options = parser.parse_args(arguments)
    if "run" in options:
        status: int = options.run(options)
        return status
    if options.command == "rules":
        print(table() if options.markdown else listing(), end="")
        return 0
    rule = find(options.rule)
    if rule is None:
        print(
            f"gradferry: there is no rule {options.rule!r}; `gradferry rules` lists them",
            file=sys.stderr,
        )
        return USAGE_ERROR
    print(f"{rule.code} {rule.name} ({rule.harm.value}, {rule.confidence.value})\n")
    print(rule.page.text, end="")
    return 0


def listing() -> str:
    """One line for each rule: code, name, harm and confidence, summary."""
    rows = [
        (rule.code, rule.name, f"{rule.harm.value}, {rule.confidence.value}", rule.page.summary)
        for rule in rules().values()
    ]
    width = max((len(row[1]) for row in rows), default=0)
    return "".join(f"{c}  {n:<{width}}  {h:<14}  {s}\n" for c, n, h, s in rows)


def table() -> str:
    """The rules as a Markdown table."""
    rows = ["| code | name | harm | confidence | mistake |", "|---|---|---|---|---|"]
    rows += [
        f"| {rule.code} | `{rule.name}` | {rule.harm.value} | {rule.confidence.value} "
        f"| {rule.page.summary} |"
        for rule in rules().values()
    ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
