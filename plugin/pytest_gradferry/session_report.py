"""`--gradferry-report=DIR`: everything that was compared in a session, as a page and as JSON."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

PAGE, DATA = "gradferry.html", "gradferry.json"


def write(folder: Path, results: list[dict[str, Any]]) -> Path:
    """Write both files into `folder`, which is made if need be; returns the page's path.

    Each result is the `to_dict` of a report, with "test" (what it is called), "kind" (parity,
    smoke) and "summary" (one line) beside.
    """
    from .html.page import page

    folder.mkdir(parents=True, exist_ok=True)
    content = {"gradferry": metadata.version("gradferry"), "results": results}
    (folder / DATA).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")
    written = folder / PAGE
    written.write_text(page(results, versions()), "utf-8")
    return written


def versions() -> str:
    """`gradferry 0.1, torch 2.13.0, ..., Python 3.11.7`, of what is installed."""
    found = []
    for name in ("gradferry", "torch", "keras", "tensorflow", "tensorflow-cpu", "jax"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join([*found, f"Python {platform.python_version()}"])
