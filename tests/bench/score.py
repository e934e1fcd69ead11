"""Run the rules over checkouts whose findings were read, and count what became of them.

    python tests/bench/score.py CHECKOUTS
    python tests/bench/score.py --table    # the labels as the tables in checks/README.md

CHECKOUTS holds a folder `OWNER__NAME` for each repository, at the commit that `labels.tsv` names;
notebooks stand beside themselves as `NAME.ipynb.py`, their code cells joined. `labels.tsv` (beside
this file) holds one finding a row: repository, commit, path, line, code, label, reason.

Printed are, for each rule, the labelled findings that are still found, those that are gone, and the
precision (a finding labelled "unsure" counts as false); then each finding that nobody has read.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from pathlib import Path

from flake8_gradferry.catalog import dispatcher
from flake8_gradferry.entry import worth_reading
from flake8_gradferry.source.project import parse
from flake8_gradferry.source.walk import File

LABELS = Path(__file__).with_name("labels.tsv")
Key = tuple[str, str, int, str]  # repository, path, line, code


def labels() -> dict[Key, str]:
    """The label of each finding that was read."""
    with LABELS.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return {(r["repository"], r["path"], int(r["line"]), r["code"]): r["label"] for r in rows}


def findings(root: Path, repository: str) -> set[Key]:
    """What the rules find in one checkout; files that do not parse have no findings."""
    found: set[Key] = set()
    for path in sorted(root.rglob("*.py")):
        source = path.read_text(encoding="utf-8", errors="replace")
        try:
            tree = parse(source, str(path)) if worth_reading(source) else None
        except (SyntaxError, ValueError, RecursionError):
            continue
        if tree is not None:
            file = File(tree, str(path), source.splitlines(keepends=True))
            place = path.relative_to(root).as_posix()
            found |= {(repository, place, f.line, f.code) for f in dispatcher().run(file)}
    return found


def table() -> str:
    """What became of the findings that were read, a row for each rule, in Markdown."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    repositories: defaultdict[str, set[str]] = defaultdict(set)
    for (repository, _, _, code), label in labels().items():
        counts[code][label] += 1
        repositories[code].add(repository)
    rows = ["| code | read | true | unsure | false | repositories |", "|---|---|---|---|---|---|"]
    for code, count in sorted(counts.items()):
        rows.append(
            f"| {code} | {sum(count.values())} | {count['true']} | {count['unsure']} "
            f"| {count['false']} | {len(repositories[code])} |"
        )
    total = sum(counts.values(), Counter[str]())
    rows.append(
        f"| all | {sum(total.values())} | {total['true']} | {total['unsure']} | {total['false']} "
        f"| {len(set().union(*repositories.values()))} |"
    )
    return "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkouts", type=Path, nargs="?", help="a folder OWNER__NAME for each")
    parser.add_argument("--table", action="store_true", help="print the labels as a table")
    options = parser.parse_args()
    if options.table:
        print(table(), end="")
        return
    folder: Path = options.checkouts or parser.error("CHECKOUTS is missing")
    known = labels()
    found: set[Key] = set()
    looked: set[str] = set()
    for repository in sorted({key[0] for key in known}):
        root = folder / repository.replace("/", "__")
        if root.is_dir():
            looked.add(repository)
            found |= findings(root, repository)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for key, label in known.items():
        if key[0] in looked:
            counts[key[3]][label if key in found else "gone"] += 1
    print(f"{len(looked)} repositories\nrule    true  other  gone  precision")
    for code, count in sorted(counts.items()):
        still = sum(count.values()) - count["gone"]
        share = f"{count['true'] / still:.0%}" if still else "-"
        print(
            f"{code}  {count['true']:4}  {still - count['true']:5}  {count['gone']:4}  {share:>9}"
        )
    for repository, path, line, code in sorted(found - set(known)):
        print(f"not read yet: {repository}/{path}:{line}: {code}")


if __name__ == "__main__":
    main()
