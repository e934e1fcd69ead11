import os
from pathlib import Path

import keras
import numpy as np
import torch
from keras.callbacks import ModelCheckpoint
from keras.models import load_model, save_model

ROOT = Path("runs")


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)

    def keep(self, name):
        self.save_weights("last.ckpt")  # XFR705
        self.save_weights(f"{name}.weights.h5")


class OwnFormat(keras.Model):
    def save(self, path):
        np.savez(path, *self.get_weights())


def save(path, step, flag):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.save("saved_model/net")  # XFR705
    model.save(os.path.join(path, "net.pt"))  # XFR705
    model.save(ROOT / "net")  # XFR705
    model.save(f"{path}/net-{step}.ckpt")  # XFR705
    model.save_weights("net.h5")  # XFR705
    model.save_weights("checkpoints/net-%d.h5" % step)
    model.save_weights("checkpoints/net-%d-last.h5" % step)  # XFR705
    model.save_weights(path + "/weights.{epoch}.h5")  # XFR705
    model.load_weights("checkpoints/net.ckpt")
    net = Net()
    net(np.ones((1, 4)))
    net.save_weights(filepath="net.tf")  # XFR705
    save_model(net, "net")  # XFR705
    load_model("net")
    keras.models.load_model("net.pb")
    return model, net


def right(path, name, step, options):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.save("net.keras")
    model.save("net.h5")
    model.save(path)
    model.save(name + ".h5")
    model.save(f"{name}")
    model.save("net_{}".format(step))
    model.save(*options)
    model.save("gs://bucket/net")
    model.save_weights("net.weights.h5")
    model.save_weights(name + ".h5")
    model.load_weights("net.h5")
    model.load_weights("net.keras")
    load_model("net.keras")
    model.export("saved_model/net")
    OwnFormat().save("net")
    image = np.load("image.npy")
    image.save("picture.png")
    torch.save(torch.ones(2), "net.pt")
    return model


def callbacks(path, flag, options):
    return [
        ModelCheckpoint("best.h5", save_best_only=True),
        ModelCheckpoint("best.keras"),
        ModelCheckpoint("best.weights.h5", save_weights_only=True),
        ModelCheckpoint(path, save_weights_only=True),
        ModelCheckpoint("best.h5", save_weights_only=flag),
        ModelCheckpoint("best", **options),
        ModelCheckpoint("best.h5", "loss", 0, True, True),
        ModelCheckpoint("best.h5", save_weights_only=True),
        ModelCheckpoint("cp-{epoch:04d}.ckpt", save_weights_only=True),
        ModelCheckpoint(filepath="checkpoints/best"),
        keras.callbacks.ModelCheckpoint(os.path.join(path, "best.hdf5")),
    ]


def either_format(model):
    try:
        model.save("net")
    except ValueError:
        model.export("net")
