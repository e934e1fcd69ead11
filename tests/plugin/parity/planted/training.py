"""Mistakes in losses and optimizers, which only training shows."""

import keras
import torch
from torch import nn

from .plant import Plant

SCCE = keras.losses.SparseCategoricalCrossentropy
_CLASS_WEIGHTS = (0.5, 2.0, 1.0, 0.25, 3.0)


def _loss(name, model, cause, torchs, kerass, port="keras", **more):
    return Plant(name, model, "", "", cause, port, loss=lambda: (torchs(), kerass()), **more)


def _optimizer(name, cause, torchs, kerass, port="keras", model="small_cnn"):
    return Plant(name, model, "", "", cause, port, optimizer=lambda: (torchs, kerass()))


def weighted_cross_entropy():
    return nn.CrossEntropyLoss(weight=torch.tensor(_CLASS_WEIGHTS))


SGD, Adam, AdamW = keras.optimizers.SGD, keras.optimizers.Adam, keras.optimizers.AdamW
RMSprop, Adagrad = keras.optimizers.RMSprop, keras.optimizers.Adagrad


PLANTS = (
    _loss("from_logits forgotten", "small_cnn", r"from_logits=True", nn.CrossEntropyLoss, SCCE),
    _loss(
        "loss summed",
        "resnet18",
        r"(?i)is a sum over",
        nn.CrossEntropyLoss,
        lambda: SCCE(from_logits=True, reduction="sum"),
    ),
    _loss(
        "loss summed in torch",
        "small_cnn",
        r"(?i)sum",
        lambda: nn.CrossEntropyLoss(reduction="sum"),
        lambda: SCCE(from_logits=True),
        "torch",
    ),
    _loss(
        "label smoothing forgotten",
        "small_cnn",
        r"(?i)label.smoothing",
        lambda: nn.CrossEntropyLoss(label_smoothing=0.1),
        lambda: SCCE(from_logits=True),
    ),
    _loss(
        "class weights forgotten",
        "small_cnn",
        r"(?i)weight",
        weighted_cross_entropy,
        lambda: SCCE(from_logits=True),
    ),
    _loss(
        "probabilities' loss on logits",
        "dcgan_discriminator",
        r"from_logits=True",
        nn.BCEWithLogitsLoss,
        keras.losses.BinaryCrossentropy,
    ),
    _loss(
        "logits' loss on probabilities in torch",
        "dcgan_discriminator",
        r"(?i)sigmoid|XFR40",
        nn.BCEWithLogitsLoss,
        keras.losses.BinaryCrossentropy,
        "torch",
        both=(
            (
                "return self.flatten(self.out(x))",
                "return keras.ops.sigmoid(self.flatten(self.out(x)))",
            ),
            ("nn.Flatten())", "nn.Flatten(), nn.Sigmoid())"),
        ),
    ),
    _loss(
        "absolute for squared error",
        "dcgan_generator",
        r"(?i)absolute|mse|l1|squared|kind",
        nn.MSELoss,
        keras.losses.MeanAbsoluteError,
    ),
    _loss(
        "delta of Huber",
        "dcgan_generator",
        r"(?i)delta|beta",
        lambda: nn.HuberLoss(delta=0.25),
        keras.losses.Huber,
    ),
    _loss(
        "smooth l1 for Huber",
        "dcgan_generator",
        r"(?i)beta|delta|factor",
        lambda: nn.SmoothL1Loss(beta=0.25),
        lambda: keras.losses.Huber(delta=0.25),
    ),
    _loss(
        "squared error summed",
        "dcgan_generator",
        r"(?i)sum",
        lambda: nn.MSELoss(reduction="sum"),
        keras.losses.MeanSquaredError,
    ),
    _loss(
        "softmax and from_logits",
        "small_cnn",
        r"softmax",
        nn.CrossEntropyLoss,
        lambda: SCCE(from_logits=True),
        more=(("L.Dense(classes)", 'L.Dense(classes, activation="softmax")'),),
    ),
    _loss(
        "softmax before torch's cross-entropy",
        "small_cnn",
        r"XFR401|softmax",
        nn.CrossEntropyLoss,
        SCCE,
        "torch",
        both=(
            ("L.Dense(classes)", 'L.Dense(classes, activation="softmax")'),
            ("nn.Linear(4 * width, classes)", "nn.Linear(4 * width, classes), nn.Softmax(1)"),
        ),
    ),
    _optimizer(
        "learning rate left at its default",
        r"learning_rate=0\.1",
        lambda p: torch.optim.SGD(p, lr=0.1),
        SGD,
    ),
    _optimizer(
        "learning rate in torch",
        r"lr=0\.01",
        lambda p: torch.optim.Adam(p),
        lambda: Adam(0.01),
        "torch",
    ),
    _optimizer(
        "momentum forgotten",
        r"momentum=0\.9",
        lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
        lambda: SGD(0.01),
    ),
    _optimizer(
        "nesterov forgotten",
        r"nesterov=(True|1)",
        lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
        lambda: SGD(0.01, momentum=0.9),
    ),
    _optimizer(
        "beta of Adam", r"beta_2=0\.999", lambda p: torch.optim.Adam(p), lambda: Adam(beta_2=0.99)
    ),
    _optimizer(
        "epsilon of Adam",
        r"(?i)epsilon",
        lambda p: torch.optim.Adam(p, eps=1e-8),
        lambda: Adam(epsilon=1e-3),
    ),
    _optimizer(
        "weight decay of AdamW at its default",
        r"weight_decay=0\.01",
        lambda p: torch.optim.AdamW(p),
        AdamW,
    ),
    _optimizer(
        "decoupled decay for L2",
        r"(?i)decoupled|L2|AdamW|XFR416",
        lambda p: torch.optim.Adam(p, weight_decay=0.1),
        lambda: Adam(weight_decay=0.1),
    ),
    _optimizer(
        "decay coupled to momentum",
        r"(?i)decoupled|coupled|L2|momentum",
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
        lambda: SGD(0.1, momentum=0.9, weight_decay=0.1),
    ),
    _optimizer("rho of RMSprop", r"rho=0\.99", lambda p: torch.optim.RMSprop(p, lr=1e-3), RMSprop),
    _optimizer(
        "Adagrad's first accumulator",
        r"(?i)initial_accumulator",
        lambda p: torch.optim.Adagrad(p, lr=0.01),
        lambda: Adagrad(0.01),
    ),
    _optimizer(
        "another optimizer",
        r"(?i)Adam, the reference SGD|is Adam",
        lambda p: torch.optim.SGD(p, lr=0.01),
        lambda: Adam(0.01),
    ),
    _optimizer(
        "gradients clipped in the port",
        r"(?i)clipnorm|clip",
        lambda p: torch.optim.SGD(p, lr=0.1),
        lambda: SGD(0.1, clipnorm=0.1),
    ),
    _optimizer(
        "amsgrad", r"(?i)amsgrad", lambda p: torch.optim.Adam(p), lambda: Adam(amsgrad=True)
    ),
    _optimizer(
        "schedule in the port only",
        r"(?i)schedule|decay|learning rate",
        lambda p: torch.optim.SGD(p, lr=0.1),
        lambda: SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)),
    ),
)
