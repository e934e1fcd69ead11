"""What says that a file is written for Keras 2, and which backend it sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_gradferry.project import parse
from flake8_gradferry.versions import backend, is_keras_2
from flake8_gradferry.walk import File


def file(source: str, path: str = "-") -> File:
    return File(parse(source, path), path, source.splitlines(keepends=True))


@pytest.mark.parametrize(
    "source",
    [
        "import tf_keras as keras",
        "from tensorflow.python.keras import layers",
        "from keras.layers.core import Dense",
        "from tensorflow.keras.layers.experimental import preprocessing",
        "import tensorflow_addons as tfa",
        "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'",
        "from tensorflow.keras.optimizers import Adam\nopt = Adam(lr=0.1)",
        "model.fit_generator(data)",
        "import tensorflow as tf\ntf.compat.v1.disable_eager_execution()",
    ],
)
def test_what_only_keras_2_had(source: str) -> None:
    assert is_keras_2(file(source))


@pytest.mark.parametrize(
    "source",
    [
        "import keras",
        "from tensorflow.keras import layers",
        "import torch\nopt = torch.optim.Adam(net.parameters(), lr=0.1)",
        "from tensorflow.keras.optimizers import Adam\nopt = Adam(learning_rate=0.1)",
    ],
)
def test_what_may_be_either(source: str) -> None:
    assert not is_keras_2(file(source))


@pytest.mark.parametrize(
    ("name", "text", "old"),
    [
        ("requirements.txt", "numpy\ntensorflow==2.4.1\n", True),
        ("requirements-dev.txt", "tensorflow-gpu>=2.3,<2.11\n", True),
        ("requirements.txt", "keras<3  # the old one\n", True),
        ("requirements.txt", "tensorflow<2.16\n", True),
        ("environment.yml", "dependencies:\n  - tensorflow=2.10\n", True),
        ("setup.py", "setup(install_requires=['tensorflow~=2.8', 'torch'])\n", True),
        ("pyproject.toml", 'tensorflow = "2.10"\n', True),
        ("requirements.txt", "tensorflow>=2.16\nkeras>=3\n", False),
        ("requirements.txt", "tensorflow>=2.4\n", False),
        ("requirements.txt", "tensorflow==2.18.0\nkeras==3.6\n", False),
        ("requirements.txt", "tensorflow-probability==0.9\nkeras-tuner==1.0\n", False),
        ("requirements.txt", "tensorflow\nnumpy==1.2\n", False),
        ("pyproject.toml", '"keras>=3.6",\n"mypy<2"\n', False),
    ],
)
def test_requirements(tmp_path: Path, name: str, text: str, old: bool) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_text(text)
    path = tmp_path / "src" / "train.py"
    path.parent.mkdir()
    path.write_text("import keras")
    assert is_keras_2(file("import keras", str(path))) is old


def test_backend() -> None:
    assert backend(file('import os\nos.environ["KERAS_BACKEND"] = "torch"')) == "torch"
    assert backend(file('os.environ.setdefault("KERAS_BACKEND", "jax")')) == "jax"
    assert backend(file('keras.config.set_backend("torch")')) == "torch"
    assert backend(file("import keras")) == ""
