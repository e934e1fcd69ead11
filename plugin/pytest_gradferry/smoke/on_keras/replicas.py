"""Two replicas of a saved model on virtual CPUs, in a process of its own.

`python -m pytest_gradferry.smoke.on_keras.replicas FOLDER`: TensorFlow makes virtual devices only
before its first operation.  The folder holds `job.json`, `model.keras` and `batch.npz`; to it is
written `result.npz` or `error.txt`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def main(folder: Path) -> None:
    """Runs the job."""
    warnings.simplefilter("ignore")
    job = json.loads((folder / "job.json").read_text())
    sys.path[:0] = [path for path in job["path"] if path not in sys.path]
    try:
        arrays, losses = _train(folder, job)
    except BaseException as error:
        lines = str(error).strip().splitlines() or [""]
        (folder / "error.txt").write_text(f"{type(error).__name__}: {lines[0][:400]}")
        return
    weights: dict[str, Any] = {f"w{i}": array for i, array in enumerate(arrays)}
    np.savez(folder / "result.npz", losses=np.array(losses), **weights)


def _train(folder: Path, job: Any) -> tuple[list[Any], list[float]]:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * job["replicas"]
    tf.config.set_logical_device_configuration(cpu, devices)
    import keras

    own = {}
    for module, name in job["classes"]:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        own[found.__name__] = found
    names = [f"CPU:{index}" for index in range(job["replicas"])]
    with tf.distribute.MirroredStrategy(names).scope():
        model = keras.models.load_model(folder / "model.keras", custom_objects=own, safe_mode=False)
    with np.load(folder / "batch.npz") as batch:
        inputs, targets = batch["inputs"], batch["targets"]
    data = tf.data.Dataset.from_tensors((inputs, targets)).unbatch().batch(len(inputs))
    losses = []
    for _ in range(job["steps"]):
        keras.utils.set_random_seed(job["seed"])
        losses.append(float(model.fit(data, verbose=0).history["loss"][0]))
    return [keras.ops.convert_to_numpy(v) for v in model.trainable_variables], losses


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # TensorFlow's threads of a strategy may outlive the interpreter
