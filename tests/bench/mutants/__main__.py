"""Plant known bugs into sound code of real checkouts and count how many the rules find.

    python tests/bench/mutants [--rules XFR202,XFR305] [--plan P.json] [--report R.tsv] CHECKOUT...

Each mutator (the modules beside this one, one function a rule) changes the text of one file at the
positions of its tree, one bug a mutant. The changed text is linted in memory under its own path,
so that imports of the project resolve; nothing is written to the checkouts. A mutant counts as
caught when the file gets a finding of that code that the original does not have. The sample is
random but seeded: at most --limit mutants a rule, at most --per-checkout from one repository.
A mutator's choice of victims is a heuristic: read the missed ones before calling them misses.
"""

from __future__ import annotations

import argparse
import ast
import csv
import io
import json
import random
import re
import sys
import time
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import definition
import layout
import loop
import losses
import model
import recorded
import settings
import tape
from source import Mutant, Source, load

from flake8_gradferry import catalog
from flake8_gradferry.source import project
from flake8_gradferry.source.walk import File

Mutator = Callable[[Source], Iterator[Mutant]]
# Each mutator with a text without which a file can hold no victim.
MUTATORS: dict[str, tuple[str, Mutator]] = {
    "XFR101": (r"def call\b", model.dunder_call),
    "XFR102": (r"def call\b", definition.forward_for_call),
    "XFR103": (r"def forward\b", definition.call_for_forward),
    "XFR104": (r"def forward\b", definition.torch_without_super),
    "XFR105": (r"def call\b", definition.keras_without_super),
    "XFR106": (r"ModuleList", model.modules_in_list),
    "XFR107": (r"ModuleDict|ParameterList", definition.modules_in_dict),
    "XFR108": (r"def call\b", definition.layer_in_call),
    "XFR109": (r"def forward\b", definition.module_in_forward),
    "XFR114": (r"Parameter\(", definition.plain_weight),
    "XFR115": (r"Parameter\(", definition.computed_parameter),
    "XFR117": (r"add_weight\(", definition.name_first),
    "XFR118": (r"Conv2D|Dense", settings.input_channels),
    "XFR119": (r"Linear|Conv2d|LSTM", settings.no_input_size),
    "XFR123": (r"def get_config\b", definition.no_kwargs),
    "XFR201": (r"apply_gradients\(", tape.without_zip),
    "XFR202": (r"\.backward\(", loop.missing_zero_grad),
    "XFR203": (r"GradientTape", tape.tape_reused),
    "XFR204": (r"apply_gradients\(", tape.zip_swapped),
    "XFR205": (r"zero_grad\(", loop.zero_grad_after_backward),
    "XFR206": (r"zero_grad\(", loop.step_before_backward),
    "XFR209": (r"GradientTape", recorded.outside_the_tape),
    "XFR210": (r"apply_gradients\(", recorded.other_variables),
    "XFR212": (r"GradientTape", recorded.through_numpy),
    "XFR223": (r"create_graph", recorded.penalty_without_graph),
    "XFR231": (r"torch", loop.method_not_called),
    "XFR236": (r"apply_gradients\(", recorded.pairs_read),
    "XFR237": (r"GradientTape", recorded.nothing_watched),
    "XFR301": (r"\.eval\(\)", model.missing_eval),
    "XFR302": (r"\.train\(", loop.missing_train),
    "XFR303": (r"training=True", tape.missing_training),
    "XFR305": (r"def call\b", model.call_without_training),
    "XFR310": (r"dropout\w*\(", model.functional_dropout),
    "XFR401": (r"CrossEntropyLoss|cross_entropy", losses.softmax_before_cross_entropy),
    "XFR402": (r"from_logits\s*=\s*True", losses.missing_from_logits),
    "XFR403": (r"from_logits\s*=\s*True", losses.from_logits_on_probabilities),
    "XFR405": (r"(?i)loss|cross_?entropy", losses.swapped_arguments),
    "XFR410": (r"lr\s*=|learning_rate\s*=", settings.optimizer_keyword),
    "XFR420": (r"momentum\s*=", settings.norm_momentum),
    "XFR426": (r"momentum\s*=", settings.positional_momentum),
    "XFR508": (r"permute\(", layout.layout_by_reshape),
    "XFR516": (r"flatten\(", layout.flatten_drops_batch),
    "XFR517": (r"batch_first", layout.missing_batch_first),
    "XFR522": (r"return_sequences", layout.missing_return_sequences),
}

Found = set[tuple[int, str]]


# -- choosing -----------------------------------------------------------------------------------


def candidates(checkout: Path, codes: list[str]) -> dict[str, list[Mutant]]:
    """Every mutant of every rule in one checkout that still parses."""
    found: defaultdict[str, list[Mutant]] = defaultdict(list)
    for path in sorted(checkout.rglob("*.py")):
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, ValueError):
            continue
        wanted = [code for code in codes if re.search(MUTATORS[code][0], text)]
        source = load(path, checkout) if wanted else None
        if source is None:
            continue
        for code in wanted:
            try:
                for mutant in MUTATORS[code][1](source):
                    found[code].append(mutant)
            except RecursionError:
                continue
    return found


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def choose(
    checkouts: list[Path], codes: list[str], limit: int, per_checkout: int, seed: int
) -> list[dict[str, object]]:
    """A seeded sample as plain records, one a mutant (see `record`)."""
    chance = random.Random(seed)
    sample: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for number, checkout in enumerate(checkouts, 1):
        print(f"\r{number}/{len(checkouts)} {checkout.name:60}", end="", file=sys.stderr)
        for code, mutants in candidates(checkout, codes).items():
            chance.shuffle(mutants)
            mutants.sort(key=unseen)
            kept = 0
            for mutant in mutants:
                if kept < per_checkout and parses(mutant.source.edited(mutant.edits)):
                    kept += 1
                    sample[code].append(record(mutant, checkout))
    print(file=sys.stderr)
    for records in sample.values():
        chance.shuffle(records)
        records.sort(key=unseen)
    return [found for code in codes for found in sample[code][:limit]]


def unseen(mutant: Mutant | dict[str, object]) -> bool:
    """Whether a reader, too, must guess: those come last."""
    variant = mutant.variant if isinstance(mutant, Mutant) else mutant["variant"]
    return "unseen" in str(variant)


def record(mutant: Mutant, checkout: Path) -> dict[str, object]:
    return {
        "code": mutant.code,
        "variant": mutant.variant,
        "checkout": str(checkout),
        "path": str(mutant.source.path),
        "line": mutant.line,
        "edits": list(mutant.edits),
        "finding_in": str(mutant.finding_in or mutant.source.path),
    }


# -- linting ------------------------------------------------------------------------------------


def lint(path: str, text: str, code: str) -> Found:
    """The findings of one rule, as (line, message)."""
    rule = catalog.rules()[code]
    file = File(project.parse(text, path), path, text.splitlines(keepends=True))
    return {(found.line, found.message) for found in catalog.Dispatcher([rule]).run(file)}


class Overlay:
    """Lets the linter read a changed text where another file of the project is imported."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = Path(path).resolve(), text

    def __enter__(self) -> None:
        self._open = tokenize.open
        tokenize.open = self._opened  # type: ignore[assignment]
        forget()

    def __exit__(self, *_: object) -> None:
        tokenize.open = self._open
        forget()

    def _opened(self, path: str | Path) -> io.TextIOBase:
        if Path(path).resolve() == self._path:
            return io.StringIO(self._text)
        return self._open(path)


def forget() -> None:
    """Empty the linter's caches of files."""
    for name, module in list(sys.modules.items()):
        if name.startswith("flake8_gradferry.") and not name.endswith(".catalog"):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def measure(plan: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Each record with what became of it: caught, missed, or flagged (the original already is)."""
    originals: dict[tuple[str, str], Found] = {}
    for item in plan:
        code, path, where = str(item["code"]), str(item["path"]), str(item["finding_in"])
        before = Path(path).read_bytes().decode("utf-8")
        after = before
        for start, end, new in sorted(map(tuple, item["edits"]), reverse=True):
            after = after[:start] + new + after[end:]
        target = before if where == path else Path(where).read_bytes().decode("utf-8")
        if (where, code) not in originals:
            originals[where, code] = lint(where, target, code)
        start_time = time.perf_counter()
        if where == path:
            found = lint(path, after, code)
        else:
            with Overlay(path, after):
                found = lint(where, target, code) | lint(path, after, code)
        item["seconds"] = round(time.perf_counter() - start_time, 3)
        item["original"] = sorted(originals[where, code])
        item["new"] = sorted(found - originals[where, code])
        item["result"] = "caught" if item["new"] else "missed"
        print(f"\r{code} {item['seconds']:7.2f} s {Path(path).name:50}", end="", file=sys.stderr)
        yield item


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="*", type=Path, help="folders, one repository each")
    parser.add_argument("--rules", default=",".join(MUTATORS), help="codes, comma separated")
    parser.add_argument("--limit", type=int, default=60, help="mutants a rule (%(default)s)")
    parser.add_argument("--per-checkout", type=int, default=3, help="of one rule (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (%(default)s)")
    parser.add_argument("--plan", type=Path, help="keep the sample here and use it again")
    parser.add_argument("--report", type=Path, help="one line a mutant, tab separated")
    parser.add_argument("--all", action="store_true", help="list the caught ones, too")
    options = parser.parse_args()

    codes = options.rules.split(",")
    if unknown := set(codes) - set(MUTATORS):
        parser.error(
            f"no mutator for {', '.join(sorted(unknown))}; there are {', '.join(MUTATORS)}"
        )
    if options.plan and options.plan.is_file():
        plan = json.loads(options.plan.read_text())
    elif options.checkouts:
        plan = choose(options.checkouts, codes, options.limit, options.per_checkout, options.seed)
        if options.plan:
            options.plan.write_text(json.dumps(plan))
    else:
        parser.error("name the checkouts, or a --plan that was kept before")

    known = set(catalog.rules())
    done = list(measure([item for item in plan if item["code"] in codes and item["code"] in known]))
    for item in done:
        if options.all or item["result"] == "missed":
            place = Path(str(item["path"])).relative_to(Path(str(item["checkout"])).parent)
            print(f"{item['result']} {item['code']} [{item['variant']}] {place}:{item['line']}")
    summary(done, [code for code in codes if code not in known])
    if options.report:
        with options.report.open("w", newline="") as stream:
            columns = ["code", "variant", "path", "line", "result", "seconds", "original", "new"]
            writer = csv.DictWriter(stream, columns, extrasaction="ignore", delimiter="\t")
            writer.writeheader()
            writer.writerows(done)
    return 0


def summary(done: list[dict[str, object]], unknown: list[str]) -> None:
    """Recall a rule and a variant."""
    total, caught = Counter(), Counter()
    for item in done:
        for key in (item["code"], ""), (item["code"], item["variant"]):
            total[key] += 1
            caught[key] += item["result"] == "caught"
    print(f"\n{'rule':8}{'mutants':>8}{'caught':>8}{'recall':>8}")
    for code, variant in sorted(total):
        share = caught[code, variant] / total[code, variant]
        name = f"  {variant}" if variant else code
        print(f"{name:<60}" if variant else f"{name:8}", end="")
        print(f"{total[code, variant]:8}{caught[code, variant]:8}{share:8.0%}")
    if unknown:
        print("no such rule yet:", ", ".join(unknown))


if __name__ == "__main__":
    sys.exit(main())
