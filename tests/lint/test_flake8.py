"""The rules through flake8 itself, in a process of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

BAD = """\
import keras


class Net(keras.Model):
    def __call__(self, x):
        return x
"""
FOUND = "5:5: XFR101"


def flake8(
    *arguments: str | Path, folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """A flake8 run that reads no configuration but the one it is given."""
    return subprocess.run(
        [sys.executable, "-m", "flake8", *map(str, arguments)],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The codes of what was reported, provided that flake8 itself ran to its end."""
    assert done.returncode in (0, 1), done.stderr
    assert done.stderr == ""
    return [line.split(": ", 1)[1].split()[0] for line in done.stdout.splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "good.py").write_text(BAD.replace("__call__", "call"))
    return tmp_path


def test_lists_the_rules_among_its_plugins(tmp_path: Path) -> None:
    done = flake8("--version", folder=tmp_path)
    assert "gradferry: " in done.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_finds_the_same_with_any_number_of_processes(project: Path, jobs: str) -> None:
    for number in range(4):
        (project / f"more{number}.py").write_text(BAD)
    done = flake8("--isolated", "--jobs", jobs, ".", folder=project)
    assert codes(done) == ["XFR101"] * 5
    assert sorted(line.split(":")[0] for line in done.stdout.splitlines()) == [
        "./bad.py",
        *(f"./more{number}.py" for number in range(4)),
    ]


def test_reads_standard_input(project: Path) -> None:
    done = flake8("--isolated", "-", folder=project, stdin=BAD)
    assert done.stdout.startswith(f"stdin:{FOUND}")


def test_standard_input_stands_where_its_display_name_says(project: Path) -> None:
    base = "import keras\n\n\nclass Base(keras.Model):\n    pass\n"
    (project / "app").mkdir()
    (project / "app" / "base.py").write_text(base)
    source = BAD.replace("import keras", "from base import Base").replace("keras.Model", "Base")
    done = flake8(
        "--isolated", "--stdin-display-name", "app/net.py", "-", folder=project, stdin=source
    )
    assert done.stdout.startswith(f"app/net.py:{FOUND}")


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("  # noqa", []),
        ("  # noqa: XFR101", []),
        ("  # noqa: XFR", []),
        ("  # noqa: XFR202", ["XFR101"]),
        ("", ["XFR101"]),
    ],
)
def test_noqa(project: Path, comment: str, found: list[str]) -> None:
    (project / "bad.py").write_text(BAD.replace("(self, x):", f"(self, x):{comment}"))
    assert codes(flake8("--isolated", "bad.py", folder=project)) == found


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--select=XFR"], ["XFR101"]),
        (["--select=XFR1"], ["XFR101"]),
        (["--select=XFR2,E"], ["E303"]),
        (["--extend-ignore=XFR101"], ["E303"]),
        (["--extend-ignore=XFR"], ["E303"]),
        (["--ignore=E303"], ["XFR101"]),
        (["--per-file-ignores=bad.py:XFR101"], ["E303"]),
        (["--per-file-ignores=other.py:XFR101"], ["XFR101", "E303"]),
        (["--disable-noqa"], ["XFR101", "E303"]),
    ],
)
def test_selection(project: Path, options: list[str], found: list[str]) -> None:
    (project / "bad.py").write_text(BAD + "\n\n\nX = 1\n")
    assert codes(flake8("--isolated", *options, "bad.py", folder=project)) == found


def test_selection_from_a_configuration_file(project: Path) -> None:
    (project / ".flake8").write_text("[flake8]\nper-file-ignores =\n    bad.py: XFR101\n")
    (project / "more.py").write_text(BAD)
    done = flake8(".", folder=project)
    assert done.stdout.splitlines()[0].startswith(f"./more.py:{FOUND}")
    assert codes(done) == ["XFR101"]


# -- input that is no good -------------------------------------------------------------------------


def test_a_file_that_does_not_parse_is_flake8s_business(project: Path) -> None:
    (project / "bad.py").write_text(BAD + "def (:\n")
    assert set(codes(flake8("--isolated", "--select=XFR,E9", "bad.py", folder=project))) == {"E999"}


def test_python_2_code_is_flake8s_business(project: Path) -> None:
    (project / "bad.py").write_text(BAD + 'print "loss", 0.1\n')
    assert set(codes(flake8("--isolated", "--select=XFR,E9", "bad.py", folder=project))) == {"E999"}


def stops_at_nulls() -> bool:
    """Whether this Python's parser raises what flake8 does not catch, with or without plugins."""
    try:
        ast.parse("\0")
    except SyntaxError:
        return False
    except ValueError:
        return True
    return False


nulls = pytest.mark.skipif(stops_at_nulls(), reason="flake8 itself stops at NUL on this Python")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", set()),
        (b"\n\n", set()),
        (b"\xef\xbb\xbf" + BAD.encode(), {"XFR101"}),
        (BAD.replace("\n", "\r\n").encode(), {"XFR101"}),
        (b"# -*- coding: latin-1 -*-\n# \xe9t\xe9\n" + BAD.encode(), {"XFR101"}),
        (("# été\n" + BAD).encode(), {"XFR101"}),
        pytest.param(bytes(range(256)) * 4, {"E902"}, marks=nulls),
        pytest.param(b"\x00" * 64, {"E999"}, marks=nulls),
    ],
    ids="empty blank bom crlf latin-1 utf-8 bytes nulls".split(),
)
def test_bytes_of_every_kind(tmp_path: Path, data: bytes, found: set[str]) -> None:
    (tmp_path / "data.py").write_bytes(data)
    done = flake8("--isolated", "--select=XFR,E9", "data.py", folder=tmp_path)
    assert {"E902" if code == "E999" and b"\xff" in data else code for code in codes(done)} == found


def test_project_files_that_are_broken_or_import_each_other(tmp_path: Path) -> None:
    """What cannot be read is not seen; what can be seen is found all the same."""
    files = {
        "broken.py": "class Base(:\n",
        "itself.py": "from itself import Base\n",
        "left.py": "from right import *\n",
        "right.py": "from left import *\nfrom right import Other\n",
        "empty.py": "",
        "loop.py": "Base = Base\nOther = Again\nAgain = Other\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "latin.py").write_bytes(b"# \xe9\nclass Base: ...\n")
    (tmp_path / "huge.py").write_text("X = 1\n" * 400_000)
    nets = "".join(
        f"""
        import {module}
        from {module} import Base as Base{number}


        class Net{number}(Base{number}, {module}.Other):
            def __call__(self, x):
                return x
        """
        for number, module in enumerate([*(n[:-3] for n in files), "latin", "huge", "missing"])
    )
    (tmp_path / "nets.py").write_text(textwrap.dedent(nets) + BAD)
    done = flake8("--isolated", "--select=XFR", "nets.py", folder=tmp_path)
    assert codes(done) == ["XFR101"]


# -- frameworks ------------------------------------------------------------------------------------

WATCHED = """
import sys
opened = []
sys.addaudithook(
    lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None
)
from flake8.main.cli import main
status = main(["--isolated", "--jobs=1", "--select=XFR", *sys.argv[1:]])
frameworks = ("torch", "tensorflow", "keras", "lightning")
loaded = [name for name in sys.modules if name.partition(".")[0] in frameworks]
read = [
    path for path in opened
    if any(f"site-packages/{name}/" in path.replace(chr(92), "/") for name in frameworks)
]
print(status, loaded, read)
"""


def test_the_frameworks_are_neither_imported_nor_read(tmp_path: Path) -> None:
    edge = Path(__file__).parents[1] / "edge"
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(edge)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "XFR101" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 [] []", done.stderr


# -- size ------------------------------------------------------------------------------------------

IMPORTS = """
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn
"""
STEP = """
class Net{n}(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 8)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(F.relu(self.hidden(x)))


def train{n}(model, optimizer, batches):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(value, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))


net{n} = Net{n}()
train{n}(net{n}, torch.optim.SGD(net{n}.parameters(), lr=0.1), [])
"""


def found(source: str) -> int:
    """How many findings all rules have in a program."""
    from flake8_gradferry.entry import Checker

    return len(list(Checker(ast.parse(source), "big.py", source.splitlines(keepends=True)).run()))


def work(source: str) -> int:
    """How many function calls all rules make on a sound program."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        assert found(source) == 0
    finally:
        sys.setprofile(before)
    return calls


def many(count: int) -> str:
    return IMPORTS + "".join(STEP.format(n=n) for n in range(count))


def again_and_again(count: int) -> str:
    """A notebook in which one cell was run, copied and run again."""
    return IMPORTS + STEP.format(n="") * count


@pytest.mark.parametrize("program", [many, again_and_again])
def test_twice_the_program_is_about_twice_the_work(program: Callable[[int], str]) -> None:
    work(program(1))  # what is set up once in a process
    assert work(program(120)) < 2.5 * work(program(60))


def test_a_file_of_fifty_thousand_lines() -> None:
    source = many(2000)
    assert source.count("\n") > 50_000
    assert found(source) == 0


def test_expressions_nested_deeply() -> None:
    """Deeper than flake8's own checks can go: what cannot be followed is passed over."""
    depth = 150
    nested = "net(" * depth + "x" + ")" * depth
    chain = " + ".join(["loss(net(x), y)"] * 900)
    dotted = "net" + ".layer" * 900
    source = IMPORTS + textwrap.dedent(
        f"""
        net = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x, y in []:
            total = {chain}
            total = F.cross_entropy({nested}, y) + {dotted}(x)
            total.backward()
            optimizer.step()
        """
    )
    assert found(source) <= 1  # the missing zero_grad, if it is still in sight
