import keras
import numpy as np
import pandas as pd
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras.datasets import mnist
from keras.utils import to_categorical
from sklearn.model_selection import train_test_split
from torch import nn


def build(loss):
    model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", loss=loss, metrics=["accuracy"])
    return model


def numbers():
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x_train / 255, y_train)  # XFR408
    y_train = to_categorical(y_train, 10)
    model.fit(x_train / 255, y_train)
    return model


def rows(x, y):
    y = keras.utils.to_categorical(y)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
    model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy())
    model.fit(x_train, y_train, validation_data=(x_test, y_test))  # XFR408
    model.fit(x=x_train, y=y_train.astype("float32")[:100])  # XFR408
    model.fit(x_train, np.argmax(y_train, axis=1))
    return model


def frames(df):
    model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    y = pd.get_dummies(df["species"]).values
    model.fit(df.drop("species"), y)  # XFR408
    model.fit(df.drop("species"), df["species"])
    return model


def two_losses(x, flag):
    y = to_categorical(x.argmax(1))
    model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
    if flag:
        model.compile("adam", "sparse_categorical_crossentropy")
    else:
        model.compile("adam", "categorical_crossentropy")
    model.fit(x, y)


def called(model, x, y):
    scce = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    cce = keras.losses.CategoricalCrossentropy(from_logits=True)
    a = scce(tf.one_hot(y, 10), model(x))  # XFR408
    b = cce(tf.one_hot(y, 10), model(x))
    c = scce(y, model(x))
    d = cce(tf.argmax(y, axis=1), model(x))  # XFR408
    return a + b + c + d


def in_torch(model, loader):
    criterion = nn.CrossEntropyLoss()
    binary = nn.BCEWithLogitsLoss()
    for x, y in loader:
        rows = F.one_hot(y, num_classes=4)
        a = criterion(model(x), rows)  # XFR408
        b = criterion(model(x), rows.float())
        c = criterion(model(x), F.one_hot(y, 4).to(torch.float32))
        d = criterion(model(x), y.long())
        e = binary(model(x), y.long())  # XFR408
        f = binary(model(x), y.float())
        g = F.binary_cross_entropy(model(x), F.one_hot(y, 4))  # XFR408
        h = binary(model(x), y.long().float())
        yield a + b + c + d + e + f + g + h


class Trainer:
    def __init__(self):
        self.model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
        self.model.compile("adam", loss="sparse_categorical_crossentropy")

    def train(self, x, y):
        y = to_categorical(y)
        self.model.fit(x, y)  # XFR408
