"""Looking for the files and names of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_gradferry import project
from flake8_gradferry.project import read, resolve


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
