"""Where values come from: one small program a question."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flake8_gradferry.source.infer import origins
from flake8_gradferry.source.project import parse, read
from flake8_gradferry.source.walk import File

CASES = {
    "name": "import torch\nx = torch.optim.SGD([])\nuse(x)",
    "alias": "from torch import optim as o\nx = o.SGD([])\nuse(x)",
    "or": "import torch\nopt = None\nopt = opt or torch.optim.SGD([])\nuse(opt)",
    "default": "import torch\ndef f(opt=torch.optim.SGD([])):\n    use(opt)",
    "tuple": "import torch\na, (b, x) = 1, (2, torch.optim.SGD([]))\nuse(x)",
    "helper": "import torch\ndef make():\n    return 1, torch.optim.SGD([])\na, x = make()\nuse(x)",
    "helper item": "import torch\ndef make():\n    return 1, torch.optim.SGD([])\nuse(make()[1])",
    "argument": "import torch\ndef f(opt):\n    use(opt)\nf(torch.optim.SGD([]))",
    "keyword": "import torch\ndef f(*, opt):\n    use(opt)\nf(opt=torch.optim.SGD([]))",
    "through a helper": (
        "import torch\ndef same(thing):\n    return thing\nuse(same(torch.optim.SGD([])))"
    ),
    "self": (
        "import torch\nclass T:\n    def __init__(self):\n        self.opt = torch.optim.SGD([])\n"
        "    def run(self):\n        use(self.opt)"
    ),
    "inherited self": (
        "import torch\nclass B:\n    def __init__(self):\n        self.opt = torch.optim.SGD([])\n"
        "class T(B):\n    def run(self):\n        use(self.opt)"
    ),
    "constructor argument": (
        "import torch\nclass T:\n    def __init__(self, opt):\n        self.opt = opt\n"
        "    def run(self):\n        use(self.opt)\nT(torch.optim.SGD([])).run()"
    ),
    "attribute of an object": (
        "import torch\nclass T:\n    def __init__(self):\n        self.opt = torch.optim.SGD([])\n"
        "t = T()\nuse(t.opt)"
    ),
    "method argument": (
        "import torch\nclass T:\n    def run(self, opt):\n        use(opt)\n"
        "class U:\n    def run(self, opt):\n        pass\n"
        "t, u = T(), U()\nt.run(torch.optim.SGD([]))\nu.run(3)"
    ),
    "overwritten": "import torch\nx = 1\nx = torch.optim.SGD([])\nuse(x)",
    "with": "import torch\nwith open('f') as f:\n    x = torch.optim.SGD([])\nuse(x)",
    "walrus": "import torch\nif (x := torch.optim.SGD([])):\n    use(x)",
    "later": "import torch\nx = torch.optim.SGD([])\nuse(x)\nx = 3",
    "wrapped": "import torch\nx = torch.compile(torch.optim.SGD([])).to('cpu')\nuse(x)",
    "class method": (
        "import torch\nclass T:\n    @classmethod\n    def make(cls, opt):\n        return opt\n"
        "use(T.make(torch.optim.SGD([])))"
    ),
    "recursive": (
        "import torch\ndef f(x, n):\n    use(x)\n    f(x, n - 1)\nf(torch.optim.SGD([]), 3)"
    ),
}


def argument(source: str, path: str = "program.py") -> tuple[File, ast.expr]:
    file = File(parse(source, path), path, source.splitlines(keepends=True))
    (call,) = [c for c in file.index[ast.Call] if file.dotted(c.func) == "use"]
    return file, call.args[0]


@pytest.mark.parametrize("name", CASES)
def test_the_optimizer_is_found(name: str) -> None:
    assert [o.callee for o in origins(*argument(CASES[name]))] == ["torch.optim.SGD"]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import torch\nx = 1\nif a:\n    x = torch.zeros(1)\nuse(x)", 2),
        ("import torch\nx = 1\nfor i in a:\n    use(x)\n    x = 2", 2),
        ("if a:\n    x = 1\nelse:\n    x = 2\nuse(x)", 2),
        ("if a:\n    x = 1\nelse:\n    use(x)", 0),
        ("try:\n    x = 1\nexcept E:\n    x = 2\nuse(x)", 2),
        ("x = 1\nx += 2\nuse(x)", 1),
        ("x = 1\ndef f():\n    use(x)\nx = 2", 2),
        ("def f(x=1):\n    use(x)\nf()\nf(2)", 2),
        ("def f(x=1):\n    use(x)\nf(3)\nf(2)", 2),
    ],
)
def test_how_many_values_may_reach_a_use(source: str, count: int) -> None:
    found = origins(*argument(source))
    known = [o for o in found if isinstance(o.node, ast.Constant | ast.Call)]
    assert len(known) == count


@pytest.mark.parametrize(
    "source",
    [
        "def f(opt):\n    use(opt)",
        "use(unknown)",
        "from other import opt\nuse(opt)",
        "for x in xs:\n    use(x)",
        "use(make()[0])",
        "x = x\nuse(x)",
    ],
)
def test_what_cannot_be_seen_ends_where_it_was_lost(source: str) -> None:
    (found,) = origins(*argument(source))
    assert found.callee == ""
    assert found.cls is None


def test_values_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "losses.py").write_text("from torch import nn\nloss = nn.CrossEntropyLoss()\n")
    (tmp_path / "make.py").write_text("import losses\ndef make():\n    return losses.loss\n")
    (tmp_path / "train.py").write_text(
        "from losses import loss\nimport losses, make\nuse(loss, losses.loss, make.make())\n"
    )
    file = read(tmp_path / "train.py")
    assert file is not None
    (call,) = [c for c in file.index[ast.Call] if file.dotted(c.func) == "use"]
    for node in call.args:
        assert [o.callee for o in origins(file, node)] == ["torch.nn.CrossEntropyLoss"]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("import torch\nuse(torch.optim.SGD([]))", "torch.optim.Optimizer"),
        ("import torch\ndef f(o: torch.optim.Adam):\n    use(o)", "torch.optim.Optimizer"),
        ("import torch\ndef f(o: 'torch.optim.Adam'):\n    use(o)", "torch.optim.Optimizer"),
        ("import torch\ndef f(o: torch.optim.Adam | None):\n    use(o)", "torch.optim.Optimizer"),
        (
            "from typing import Optional as O\nimport keras\ndef f(o: O[keras.Model]):\n use(o)",
            "keras.layers.Layer",
        ),
        ("import keras\nclass N(keras.Model): ...\ndef f(n: N):\n    use(n)", "keras.Model"),
        ("import keras\nclass N(keras.Model): ...\nuse(N())", "keras.layers.Layer"),
        ("import keras\nuse({'a': keras.layers.Dense}['a'](3))", "keras.layers.Layer"),
        ("import torch\nuse(torch.not_in_the_stubs())", "torch.not_in_the_stubs"),
    ],
)
def test_what_a_value_is_an_instance_of(source: str, wanted: str) -> None:
    (found,) = origins(*argument(source))
    assert wanted in found.types


@pytest.mark.parametrize(
    "source",
    [
        "def f(o: int):\n    use(o)",
        "def f(o: '1 +'):\n    use(o)",
        "def f(o: list[int]):\n    use(o)",
    ],
)
def test_other_annotations_say_nothing(source: str) -> None:
    (found,) = origins(*argument(source))
    assert found.types == frozenset()


def test_what_a_loop_binds_at_its_head_is_not_what_its_body_made_of_it() -> None:
    source = "for x in rows:\n    use(x)\n    x = x + 1\n"
    found = origins(*argument(source))
    assert [type(origin.node) for origin in found] == [ast.For]
