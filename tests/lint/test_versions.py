"""Which Keras a file says that it is written for, and which backend it sets."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flake8_gradferry.source.project import parse
from flake8_gradferry.source.versions import Era, backend, is_keras_2, keras_era, spelled
from flake8_gradferry.source.walk import File


def era(source: str, path: str = "-") -> Era:
    return keras_era(File(ast.parse(source), path))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import keras\nkeras.Model()", Era.UNKNOWN),
        ("from tensorflow.keras import layers", Era.UNKNOWN),
        ("import tf_keras", Era.KERAS_2),
        ("import keras\nkeras.optimizers.legacy.Adam()", Era.KERAS_2),
        ("from tf_keras.layers import Dense", Era.KERAS_2),
        ("import keras\nkeras.backend.get_session()", Era.KERAS_2),
        ("import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nimport keras", Era.KERAS_2),
        ("from keras.layers.core import Dense", Era.FIRST),
        ("import keras.engine.topology as E", Era.FIRST),
        ("import tensorflow.compat.v1 as tf", Era.FIRST),
        ("from tensorflow.python.keras.layers import Dense", Era.FIRST),
        ("import tensorflow as tf\ntf.Session()", Era.FIRST),
        ("import keras\nmodel.fit_generator(data)", Era.FIRST),
        ("from .keras.engine import x", Era.FIRST),
        ("import keras\nkeras.optimizers.SGD(lr=0.1, decay=1e-6)", Era.FIRST),
        ("import keras\nkeras.optimizers.SGD(lr=0.1)", Era.UNKNOWN),
        ("import torch\ntorch.optim.SGD(p, lr=0.1, decay=1e-6)", Era.UNKNOWN),
        ("import keras\nmodel.fit(x, nb_epoch=3)", Era.FIRST),
        ("import tensorflow as tf\ntf.keras.layers.experimental.preprocessing.X()", Era.KERAS_2),
        ("from tensorflow.keras import layers as L\nL.experimental.X()", Era.KERAS_2),
        ("import tensorflow as tf\ntf.keras.experimental.CosineDecay()", Era.KERAS_2),
        ("import tensorflow as tf\ntf.data.experimental.AUTOTUNE", Era.UNKNOWN),
        ("from keras.mixed_precision import experimental", Era.FIRST),
        ("import tensorflow as tf\ntf.keras.wrappers.scikit_learn.KerasClassifier", Era.FIRST),
        ("from keras.wrappers import SKLearnClassifier", Era.UNKNOWN),
        ("from tensorflow.keras.layers import CuDNNLSTM", Era.FIRST),
        ("from tensorflow.keras.backend import set_session", Era.FIRST),
        ("from keras.utils import np_utils", Era.FIRST),
        ("from sqlalchemy.orm import Session\nimport keras", Era.UNKNOWN),
        ("from keras import backend as K\nK.mean(x)", Era.KERAS_2),
        ("import keras\nkeras.backend.int_shape(x)", Era.KERAS_2),
        ("from keras import backend as K\nK.clear_session()", Era.UNKNOWN),
        ("from tensorflow.keras import backend as K\nK.mean(x)", Era.UNKNOWN),
        ("import keras\nx.mean()", Era.UNKNOWN),
    ],
)
def test_source_tells(source: str, expected: Era) -> None:
    assert era(source) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("# !pip install tensorflow==2.3", Era.FIRST),
        ("# !pip3 install -q tensorflow-gpu==2.0.0-beta1 numpy", Era.FIRST),
        ('# %pip install --quiet "tensorflow-text==2.11.*"', Era.KERAS_2),
        ("# !pip install Keras==2.2.4", Era.FIRST),
        ("# !conda install tensorflow=2.12", Era.KERAS_2),
        ("# %tensorflow_version 2.x", Era.FIRST),
        ("# !pip install tensorflow", Era.UNKNOWN),
        ("# !pip install tensorflow>=2.4 numpy==1.19", Era.UNKNOWN),
        ("# !pip install tensorflow_probability==0.12.0", Era.UNKNOWN),
        ("# the model was installed with tensorflow==2.3", Era.UNKNOWN),
    ],
)
def test_what_a_notebook_installs_first(line: str, expected: Era) -> None:
    assert keras_era(file_of(f"{line}\nimport keras\n")) is expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("requirements.txt", "numpy\ntensorflow==2.3.0\n", Era.FIRST),
        ("requirements.txt", "tensorflow-gpu~=2.10\n", Era.FIRST),
        ("requirements.txt", "tensorflow<2.16\n", Era.KERAS_2),
        ("requirements.txt", "tensorflow<=2.16\n", Era.UNKNOWN),
        ("requirements.txt", "tensorflow<3\n", Era.UNKNOWN),
        ("requirements.txt", "tensorflow>=2.3\nkeras>=2\n", Era.UNKNOWN),
        ("requirements.txt", "keras<3\n", Era.KERAS_2),
        ("setup.py", "install_requires=[\n    'tensorflow==1.15',\n]\n", Era.FIRST),
        ("pyproject.toml", 'dependencies = [\n  "tensorflow==2.15.1",\n]\n', Era.KERAS_2),
        ("environment.yml", "dependencies:\n  - tensorflow=2.4\n", Era.FIRST),
    ],
)
def test_requirements_tell(tmp_path: Path, name: str, text: str, expected: Era) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    package = tmp_path / "src" / "app"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    assert era("import keras", str(package / "net.py")) is expected


@pytest.mark.parametrize(
    ("imports", "use", "expected"),
    [
        (
            "import tensorflow as tf",
            "tf.keras.optimizers.legacy",
            "tensorflow.keras.optimizers.legacy",
        ),
        (
            "from tensorflow.keras.optimizers.legacy import Adam as A",
            "A",
            "tensorflow.keras.optimizers.legacy.Adam",
        ),
        ("import keras.optimizers", "keras.optimizers.Adam", "keras.optimizers.Adam"),
        ("import os", "nothing()", ""),
    ],
)
def test_names_as_they_are_written(imports: str, use: str, expected: str) -> None:
    file = File(ast.parse(f"{imports}\n{use}"))
    statement = file.tree.body[1]
    assert isinstance(statement, ast.Expr)
    assert spelled(file, statement.value) == expected


def file_of(source: str, path: str = "-") -> File:
    return File(parse(source, path), path, source.splitlines(keepends=True))


@pytest.mark.parametrize(
    "source",
    [
        "import tf_keras as keras",
        "from tensorflow.python.keras import layers",
        "from keras.layers.core import Dense",
        "from tensorflow.keras.layers.experimental import preprocessing",
        "import tensorflow_addons as tfa",
        "import tensorflow_compression as tfc",
        "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'",
        "from tensorflow.keras.optimizers import Adam\nopt = Adam(lr=0.1)",
        "model.fit_generator(data)",
        "import tensorflow as tf\ntf.compat.v1.disable_eager_execution()",
    ],
)
def test_what_only_keras_2_had(source: str) -> None:
    assert is_keras_2(file_of(source))


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
    assert not is_keras_2(file_of(source))


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
        ("requirements.txt", "Keras==2.2.4\n", True),
        ("requirements/base.txt", "tensorflow==2.4.1\n", True),
        ("environment-gpu.yml", "dependencies:\n  - tensorflow-gpu=2.10\n", True),
        ("pyproject.toml", 'tensorflow = ">=2.4,<2.11"\n', True),
        ("setup.py", "setup(install_requires=['tensorflow>=2.4', 'numpy==1.19'])\n", False),
        ("pyproject.toml", 'dependencies = ["keras>=3.6", "mypy<2"]\n', False),
        ("requirements.txt", "tensorflow>=2.16\nkeras>=3\n", False),
        ("requirements.txt", "tensorflow>=2.4\n", False),
        ("requirements.txt", "tensorflow==2.18.0\nkeras==3.6\n", False),
        ("requirements.txt", "tensorflow-probability==0.9\nkeras-tuner==1.0\n", False),
        ("requirements.txt", "tensorflow\nnumpy==1.2\n", False),
        ("pyproject.toml", '"keras>=3.6",\n"mypy<2"\n', False),
    ],
)
def test_requirements_of_every_form(tmp_path: Path, name: str, text: str, old: bool) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    path = tmp_path / "src" / "train.py"
    path.parent.mkdir()
    path.write_text("import keras")
    assert is_keras_2(file_of("import keras", str(path))) is old


def test_backend() -> None:
    assert backend(file_of('import os\nos.environ["KERAS_BACKEND"] = "torch"')) == "torch"
    assert backend(file_of('os.environ.setdefault("KERAS_BACKEND", "jax")')) == "jax"
    assert backend(file_of('keras.config.set_backend("torch")')) == "torch"
    assert backend(file_of("import keras")) == ""
