"""Looking for the files and names of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_gradferry.source import project
from flake8_gradferry.source.project import read, resolve


def test_packages_that_import_everything_from_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"m{number}" for number in range(10)]
    package = tmp_path / "net"
    package.mkdir()
    (package / "__init__.py").write_text("".join(f"from .{n} import *\n" for n in names))
    for name in names:
        (package / f"{name}.py").write_text("from net import *\nfrom . import *\n")
    (package / "m9.py").write_text("class Net: ...\n")
    main = tmp_path / "main.py"
    main.write_text("from net import *\n")
    file = read(main)
    assert file is not None
    asked: list[str] = []
    inner = project.module

    def counted(file: project.File, name: str) -> project.File | None:
        asked.append(name)
        assert len(asked) < 500
        return inner(file, name)

    monkeypatch.setattr(project, "module", counted)
    found = resolve(file, "net.Net")
    assert found is not None
    assert found.file.path.name == "m9.py"
    assert resolve(file, "net.Nowhere") is None
    assert resolve(file, "net.m3.Nowhere") is None


def found(folder: Path, name: str, **files: str) -> str | None:
    """What a name imported into `main.py` stands for, as `file:line`."""
    for path, text in files.items():
        target = folder / f"{path.replace('__', '/', 1) if '__' in path else path}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    (folder / "main.py").write_text("")
    file = read(folder / "main.py")
    assert file is not None
    symbol = resolve(file, name)
    return f"{symbol.file.path.name}:{getattr(symbol.node, 'lineno', 0)}" if symbol else None


@pytest.mark.parametrize(
    ("name", "files", "where"),
    [
        ("nets.Net", {"nets": "\nclass Net: ...\n"}, "nets.py:2"),
        ("nets.Net.call", {"nets": "class Net:\n    def call(self): ...\n"}, "nets.py:2"),
        ("nets.Net.nothing", {"nets": "class Net: ...\n"}, None),
        ("nets", {"nets": "x = 1\n"}, "nets.py:0"),
        ("nets.make", {"nets": "make = lambda: 1\n"}, "nets.py:1"),
        ("nets.Net", {"nets": "from cnn import Net\n", "cnn": "class Net: ...\n"}, "cnn.py:1"),
        (
            "nets.Net",
            {"nets": "import cnn\nNet = cnn.Net\n", "cnn": "class Net: ...\n"},
            "cnn.py:1",
        ),
        ("nets.cnn.Net", {"nets": "import cnn\n", "cnn": "class Net: ...\n"}, "cnn.py:1"),
        ("nets.Net", {"nets": "a, Net = pair\n"}, None),
        ("nets.Net", {"nets": "from nets import Net\n"}, None),
        ("nets.Net", {"nets": "Net = Other\nOther = Net\n"}, "nets.py:1"),
        ("nets.Model", {"nets": "from keras import *\n"}, "keras.pyi:3"),
        ("nets.len", {"nets": "from cnn import *\n", "cnn": ""}, None),
        ("nowhere.Net", {}, None),
        ("torch.nn.Nowhere", {}, None),
        ("torch.nn.Linear", {}, "torch.nn.pyi"),
    ],
)
def test_what_a_name_stands_for(
    tmp_path: Path, name: str, files: dict[str, str], where: str | None
) -> None:
    answer = found(tmp_path, name, **files)
    if where is not None and where.endswith(".pyi"):
        assert answer is not None
        assert answer.startswith(where)
    else:
        assert answer == where


def test_what_a_package_imports_hides_its_module_of_the_same_name(tmp_path: Path) -> None:
    package = tmp_path / "nets"
    package.mkdir()
    (package / "__init__.py").write_text("from .cnn import cnn\n")
    (package / "cnn.py").write_text("\n\ndef cnn(): ...\n")
    assert found(tmp_path, "nets.cnn") == "cnn.py:3"


@pytest.mark.parametrize(
    "data", [b"class (:\n", b"\xff\xfe\x00", b"\x00", b"# coding: nonsense\n", b"X = 1\n" * 400_000]
)
def test_what_cannot_be_read_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "broken.py").write_bytes(data)
    assert read(tmp_path / "broken.py") is None
    assert read(tmp_path / "missing.py") is None
