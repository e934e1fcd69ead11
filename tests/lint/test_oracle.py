"""What astroid is asked, and that it neither imports nor reads what it should not."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from flake8_gradferry.source import oracle
from flake8_gradferry.source.infer import lineage, origins
from flake8_gradferry.source.project import parse, read
from flake8_gradferry.source.walk import File

PROGRAM = """
import keras
import torch
from torch import nn
from dataclasses import dataclass, field

def make_base():
    return keras.Model

class Net(make_base()):
    def __call__(self, x):
        return x

class Trainer:
    def __init__(self):
        self.models = {"a": nn.Linear(2, 2)}

    @property
    def main(self):
        return self.models["a"]

def build(kind):
    return {"sgd": torch.optim.SGD, "rms": torch.optim.RMSprop}[kind]([])

from_property = Trainer().main
from_table = {"s": torch.optim.SGD}["s"]([])
either = [nn.Linear(1, 1), nn.ReLU()][build("sgd")]
"""


def file_of(source: str, path: str = "program.py") -> File:
    return File(parse(source, path), path, source.splitlines(keepends=True))


def value(file: File, name: str) -> ast.expr:
    for node in file.index[ast.Assign]:
        if file.dotted(node.targets[0]) == name:
            return node.value
    raise KeyError(name)


def test_base_made_by_a_function_is_seen() -> None:
    file = file_of(PROGRAM)
    net = next(node for node in file.index[ast.ClassDef] if node.name == "Net")
    assert lineage(file, net).is_keras_model
    assert not lineage(file, net).complete


@pytest.mark.parametrize(
    ("name", "callee"),
    [("from_property", "torch.nn.Linear"), ("from_table", "torch.optim.SGD"), ("either", "")],
)
def test_values_that_assignments_do_not_explain(name: str, callee: str) -> None:
    file = file_of(PROGRAM)
    (origin,) = origins(file, value(file, name))
    assert origin.callee == callee


def test_classes_of_other_files_of_the_project(tmp_path: Path) -> None:
    package = tmp_path / "app"
    package.mkdir()
    (tmp_path / "pyproject.toml").touch()
    (package / "__init__.py").touch()
    (package / "base.py").write_text(
        "import tensorflow as tf\nclass Base(tf.keras.Model): ...\ndef kind(): return Base\n"
    )
    (package / "use.py").write_text(
        "from .base import Base, kind\nclass Net(kind()): ...\nvalue = {'a': Base}['a']()\n"
    )
    file = read(package / "use.py")
    assert file is not None
    (net,) = file.index[ast.ClassDef]
    assert lineage(file, net).is_keras_model
    (origin,) = origins(file, value(file, "value"))
    assert origin.cls is not None
    assert origin.cls.file.path.name == "base.py"


def test_modules_outside_the_project_are_refused() -> None:
    file = file_of("import json\nvalue = {'a': json.JSONDecoder}['a']()\n")
    assert oracle.instances(file, value(file, "value")) == ()


def test_no_framework_is_imported_or_opened() -> None:
    code = (
        "import sys, ast\n"
        "opened = []\n"
        "sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == 'open' else None)\n"
        "from flake8_gradferry.source.infer import lineage\n"
        "from flake8_gradferry.source.walk import File\n"
        f"source = {PROGRAM!r}\n"
        "file = File(ast.parse(source), 'p.py', source.splitlines(True))\n"
        "assert lineage(file, file.index[ast.ClassDef][0]).is_keras_model\n"
        "assert 'astroid' in sys.modules\n"
        "words = ('site-packages/torch/', 'site-packages/keras/', 'site-packages/tensorflow/')\n"
        "assert not [p for p in opened if any(w in p for w in words)], opened\n"
        "assert not {'torch', 'keras', 'tensorflow'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
