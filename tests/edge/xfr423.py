import keras
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras import metrics
from torch import nn

METRICS = [
    keras.metrics.BinaryAccuracy(name="acc"),  # XFR423
    keras.metrics.AUC(name="auc"),
]


def compiled(base, inputs, flag):
    logits = keras.losses.BinaryCrossentropy(from_logits=True)
    model = keras.Model(inputs, keras.layers.Dense(1)(base(inputs)))
    model.compile("adam", loss=logits, metrics=["acc"])  # XFR423
    model.compile("adam", loss=logits, metrics=[metrics.BinaryAccuracy()])  # XFR423
    model.compile(
        optimizer="adam",
        loss=logits,
        metrics=[
            metrics.Precision(),  # XFR423
            metrics.Recall(thresholds=0),
            metrics.BinaryAccuracy(threshold=0.0),
            metrics.BinaryAccuracy("name", None, 0.0),
            metrics.MeanSquaredError(),
        ],
    )
    model.compile("adam", loss=logits, metrics=METRICS)
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])  # XFR402
    model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=flag), metrics=["acc"])
    model.compile("adam", loss=logits)
    several = keras.Sequential([keras.layers.Dense(10)])
    several.compile("adam", loss=logits, metrics=["accuracy"])
    several.compile("adam", loss=logits, metrics=["binary_accuracy"])  # XFR423
    several.compile(
        "adam",
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", metrics.Precision()],
    )
    right = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    right.compile("adam", loss=keras.losses.BinaryCrossentropy(), metrics=["accuracy"])
    repaired = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    repaired.compile("adam", loss=logits, metrics=["accuracy"])
    base.compile("adam", loss=logits, metrics=["accuracy"])  # XFR423


def custom_loop(model, dataset):
    loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
    accuracy = keras.metrics.BinaryAccuracy()
    right = keras.metrics.BinaryAccuracy(threshold=0)
    for x, y in dataset:
        logits = model(x, training=True)
        loss = loss_fn(y, logits)
        accuracy.update_state(y, logits)  # XFR423
        right.update_state(y, logits)
        accuracy.update_state(y, tf.sigmoid(logits))
        predicted = tf.cast(logits > 0.5, tf.float32)  # XFR423
        yield loss, predicted


def torch_loop(model, loader):
    criterion = nn.BCEWithLogitsLoss()
    for x, y in loader:
        out = model(x)
        loss = criterion(out.squeeze(1), y)
        a = (out > 0.5).float()  # XFR423
        b = torch.round(out)  # XFR423
        c = out.squeeze().round()  # XFR423
        d = (out > 0).float()
        e = (torch.sigmoid(out) > 0.5).float()
        f = torch.round(torch.sigmoid(out))
        g = (loss > 0.5).float()
        h = 0.5 < out.max()
        out = torch.sigmoid(out)
        i = (out > 0.5).float()
        yield a, b, c, d, e, f, g, h, i


def probabilities(model, x, y):
    out = torch.sigmoid(model(x))
    return F.binary_cross_entropy(out, y), out > 0.5


def regression(model, x, y):
    out = model(x)
    return F.mse_loss(out, y), out > 0.5


class Lit(nn.Module):
    def training_step(self, batch, batch_idx):
        x, y = batch
        z = self(x).view(-1)
        loss = F.binary_cross_entropy_with_logits(z, y.float())
        acc = ((z >= 0.5) == y).float().mean()  # XFR423
        return loss, acc


def called_again(loader, x):
    net, other = nn.Sequential(nn.Linear(8, 1)), nn.Linear(8, 1)
    criterion = nn.BCEWithLogitsLoss()
    for images, y in loader:
        criterion(net(images), y).backward()
    a = x[torch.squeeze(net(x) >= 0.5)]  # XFR423
    b = x[torch.squeeze(torch.sigmoid(net(x)) >= 0.5)]
    c = other(x) > 0.5
    return a, b, c


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc(x).view(-1)


def accuracy_of(model, loader):
    for x, y in loader:
        logits = model(x)
        yield ((logits > 0.5).long() == y).float().mean()  # XFR423


def train_it(loader):
    model = Sentiment()
    for x, y in loader:
        scores = model(x)
        F.binary_cross_entropy_with_logits(scores, y).backward()
    return list(accuracy_of(model, loader))
