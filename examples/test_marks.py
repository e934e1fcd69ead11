"""flake8 finds in the examples what their marks and their README announce, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

from support import marks

EXAMPLES = Path(__file__).parent
MARKS = {
    (path.relative_to(EXAMPLES.parent).as_posix(), line, code)
    for path in EXAMPLES.rglob("*.py")
    for line, code in marks(path.read_text(encoding="utf-8"))
}


def test_flake8_lists_exactly_the_marks():
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=XFR"]
    command += ["--format=%(path)s %(row)d %(code)s", "examples"]
    run = subprocess.run(command, cwd=EXAMPLES.parent, capture_output=True, text=True)
    assert run.stderr == ""
    found = [line.split() for line in run.stdout.replace("\\", "/").splitlines()]
    assert sorted((path, int(row), code) for path, row, code in found) == sorted(MARKS)


def test_only_wrong_programs_are_marked():
    assert MARKS
    assert {path for path, _, _ in MARKS if not path.endswith("_wrong.py")} == set()


def test_readme_tells_every_marked_trap():
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert {code for _, _, code in MARKS} <= set(re.findall(r"XFR\d{3}", readme))
