"""A planted mistake fails, is named, and the counterfactual shows the drop."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn


def cnn_torch(**changes):
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2, padding=1),
        nn.BatchNorm2d(6, **changes),
        nn.LeakyReLU(0.01),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(6 * 2 * 3, 4),
    )


def cnn_keras(epsilon=1e-5, momentum=0.9, slope=0.01, flatten=None):
    return keras.Sequential(
        [
            L.Input((8, 12, 3)),
            L.ZeroPadding2D(1),
            L.Conv2D(6, 3, strides=2, name="conv"),
            L.BatchNormalization(epsilon=epsilon, momentum=momentum, name="bn"),
            L.LeakyReLU(negative_slope=slope),
            L.MaxPooling2D(2),
            *(flatten or [L.Flatten()]),
            L.Dense(4, name="fc"),
        ]
    )


@pytest.fixture
def images(rng):
    return rng.normal(size=(4, 3, 8, 12)).astype(np.float32), rng.integers(0, 4, 4)


def only_finding(report, rung):
    """The one cause of a report that failed at `rung`, its drop checked."""
    assert not report.passed
    assert report.rung(rung).status == "FAIL", report.text()
    assert len(report.findings) == 1, report.text()
    finding = report.findings[0]
    assert finding.before > 1e-7 > finding.after, report.text()
    assert not report.unexplained
    return finding


def test_batch_norm_epsilon(parity, images):
    report = parity.report(cnn_torch(), cnn_keras(epsilon=1e-3), *images, loss="cross_entropy")
    finding = only_finding(report, "forward-eval")
    assert finding.change == "epsilon=1e-05"
    assert "drops from" in report.text()
    assert "bn (BatchNormalization)" in report.divergence
    assert "the layer itself differs" in report.divergence


def test_batch_norm_epsilon_in_a_torch_port(parity, images):
    x, y = images
    x = np.moveaxis(x, 1, -1)
    report = parity.report(cnn_keras(), cnn_torch(eps=1e-3), x, y, loss="cross_entropy")
    assert only_finding(report, "forward-eval").change == "eps=1e-05"


def test_smallest_layer_norm_epsilon(parity, rng):
    port = keras.Sequential([L.Input((6,)), L.LayerNormalization(epsilon=1e-6), L.Dense(3)])
    reference = nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 3))
    report = parity.report(reference, port, rng.normal(size=(5, 6)))
    assert only_finding(report, "forward-eval").change == "epsilon=1e-05"


def test_one_setting_wrong_in_several_layers_is_one_cause(parity, rng):
    reference = nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 6), nn.LayerNorm(6))
    port = keras.Sequential(
        [
            L.Input((6,)),
            L.LayerNormalization(name="first"),
            L.Dense(6),
            L.LayerNormalization(name="second"),
        ]
    )
    finding = only_finding(parity.report(reference, port, rng.normal(size=(5, 6))), "forward-eval")
    assert "first, second" in finding.cause


def test_batch_norm_momentum_shows_only_in_eval_after(parity, images):
    report = parity.report(cnn_torch(), cnn_keras(momentum=0.99), *images, loss="cross_entropy")
    finding = only_finding(report, "eval-after")
    assert report.rung("curve").status == "pass"
    assert finding.change == "momentum=0.9"


def test_batch_norm_momentum_copied_into_torch(parity, images):
    x, y = images
    reference, port = cnn_keras(), cnn_torch(momentum=0.9)
    report = parity.report(reference, port, np.moveaxis(x, 1, -1), y, loss="cross_entropy")
    assert only_finding(report, "eval-after").change == "momentum=0.1"


def test_settings_fail_without_a_loss_too(parity, images):
    report = parity.report(cnn_torch(), cnn_keras(momentum=0.99), images[0])
    assert report.failed_rung == "settings"
    assert "momentum 0.99" in report.findings[0].cause


@pytest.mark.parametrize("to_keras", [True, False])
def test_same_padding_under_stride(parity, images, to_keras):
    x, _ = images
    conv = nn.Conv2d(3, 6, 3, stride=2, padding=1)
    theirs = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    ours = keras.Sequential(
        [
            L.Input((8, 12, 3)),
            L.Conv2D(6, 3, strides=2, padding="same", name="conv"),
            L.ReLU(),
            L.GlobalAveragePooling2D(),
        ]
    )
    if to_keras:
        report = parity.report(theirs, ours, x)
    else:
        report = parity.report(ours, theirs, np.moveaxis(x, 1, -1))
    finding = only_finding(report, "forward-eval")
    assert "pads 0 before, 1 after" in finding.cause or "pads 1 before, 1 after" in finding.cause
    assert finding.rule == "XFR502"
    assert ("ZeroPadding2D(1) before" if to_keras else "F.pad(x, (0, 1, 0, 1))") in finding.fix


def test_zero_padding_before_a_max_pool(parity, rng):
    x = -1 - rng.random((2, 3, 8, 8))
    reference = nn.Sequential(nn.MaxPool2d(3, 2, 1))
    port = keras.Sequential([L.Input((8, 8, 3)), L.ZeroPadding2D(1), L.MaxPooling2D(3, 2)])
    finding = only_finding(parity.report(reference, port, x), "forward-eval")
    assert "padded with zeros" in finding.cause
    assert finding.rule == "XFR503"


@pytest.mark.parametrize("to_keras", [True, False])
def test_average_pool_counts_its_padding(parity, rng, to_keras):
    x = rng.normal(size=(2, 3, 8, 8))
    theirs = nn.Sequential(nn.AvgPool2d(3, 1, 1))
    ours = keras.Sequential([L.Input((8, 8, 3)), L.AveragePooling2D(3, 1, padding="same")])
    if to_keras:
        report = parity.report(theirs, ours, x)
    else:
        report = parity.report(ours, theirs, np.moveaxis(x, 1, -1))
    finding = only_finding(report, "forward-eval")
    wanted = (
        "leaves its padding out of the average, the reference counts" if to_keras else "counts its"
    )
    assert wanted in finding.cause
    assert finding.rule == "XFR504"


def test_flatten_order(parity, images):
    port = cnn_keras(flatten=[L.Permute((2, 1, 3)), L.Flatten()])
    report = parity.report(cnn_torch(), port, *images, loss="cross_entropy")
    finding = only_finding(report, "forward-eval")
    assert "flattens (W, H, C)" in finding.cause
    assert "order (H, W, C)" in finding.change
    assert "the layer is right" in report.divergence
    assert finding.rule == "XFR506"


def test_flatten_order_of_a_torch_port(parity, images):
    class Permuted(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = cnn_torch()[:4]
            self.fc = nn.Linear(36, 4)

        def forward(self, x):
            return self.fc(self.body(x).permute(0, 1, 3, 2).flatten(1))

    x, y = images
    report = parity.report(cnn_keras(), Permuted(), np.moveaxis(x, 1, -1), y, loss="cross_entropy")
    finding = only_finding(report, "forward-eval")
    assert "flattens (C, W, H)" in finding.cause


def test_own_weights_copied_by_a_plain_transpose(parity, images):
    reference, port = cnn_torch(), cnn_keras()
    conv, bn, fc = reference[0], reference[1], reference[5]
    port.get_layer("conv").set_weights(
        [conv.weight.detach().permute(2, 3, 1, 0).numpy(), conv.bias.detach().numpy()]
    )
    port.get_layer("bn").set_weights(
        [t.detach().numpy() for t in (bn.weight, bn.bias, bn.running_mean, bn.running_var)]
    )
    port.get_layer("fc").set_weights([fc.weight.detach().T.numpy(), fc.bias.detach().numpy()])
    report = parity.report(reference, port, *images, loss="cross_entropy", weights="own")
    assert report.failed_rung == "weights"
    (finding,) = report.findings
    assert "flatten order" in finding.cause
    assert finding.before > 0.01
    assert finding.after < 1e-9


def mlp_torch(activation):
    return nn.Sequential(nn.Linear(6, 16), activation, nn.Linear(16, 3))


class FunctionalKeras(keras.Model):
    def __init__(self, activation):
        super().__init__()
        self.hidden, self.out, self.activation = L.Dense(16), L.Dense(3), activation

    def call(self, x):
        return self.out(self.activation(self.hidden(x)))


def approximate_gelu(x):
    return keras.activations.gelu(x, approximate=True)


def argument(activation):
    return keras.Sequential([L.Input((6,)), L.Dense(16, activation=activation), L.Dense(3)])


def layer(activation):
    return keras.Sequential([L.Input((6,)), L.Dense(16), activation, L.Dense(3)])


@pytest.mark.parametrize(
    ("reference", "port", "ours", "theirs"),
    [
        (nn.GELU(), lambda: FunctionalKeras(approximate_gelu), "gelu (tanh", "gelu (erf)"),
        (nn.GELU("tanh"), lambda: argument("gelu"), "gelu (erf)", "gelu (tanh"),
        (nn.LeakyReLU(), lambda: layer(L.LeakyReLU()), "slope 0.3", "slope 0.01"),
        (nn.ReLU(), lambda: argument(None), "no activation", "relu"),
        (nn.Identity(), lambda: argument("relu"), "relu", "no activation"),
        (nn.SiLU(), lambda: FunctionalKeras(keras.ops.relu), "relu", "silu"),
    ],
)  # fmt: skip
def test_activation_variants(parity, rng, reference, port, ours, theirs):
    report = parity.report(mlp_torch(reference), port(), rng.normal(size=(8, 6)))
    finding = only_finding(report, "forward-eval")
    assert ours in finding.cause.split(", the reference")[0]
    assert theirs in finding.cause.split(", the reference")[1]


def test_activation_variant_in_a_torch_port(parity, rng):
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = nn.Linear(6, 16), nn.Linear(16, 3)

        def forward(self, x):
            return self.out(F.gelu(self.hidden(x), approximate="tanh"))

    report = parity.report(argument("gelu"), Functional(), rng.normal(size=(8, 6)))
    assert "nn.GELU()" in only_finding(report, "forward-eval").fix


@pytest.mark.parametrize("functional", [True, False])
def test_softmax_at_the_end(parity, rng, functional):
    port = (
        keras.Sequential([L.Input((6,)), L.Dense(3), L.Lambda(keras.ops.softmax)])
        if functional
        else keras.Sequential([L.Input((6,)), L.Dense(3, activation="softmax")])
    )
    reference = nn.Sequential(nn.Linear(6, 3))
    finding = only_finding(parity.report(reference, port, rng.normal(size=(8, 6))), "forward-eval")
    assert "softmax" in finding.cause


def test_two_mistakes_are_told_apart(parity, images):
    port = cnn_keras(epsilon=1e-3, slope=0.3)
    report = parity.report(cnn_torch(), port, *images, loss="cross_entropy")
    assert [f.cause.split(" ")[0] for f in report.findings] == ["epsilon", "after"]
    assert report.findings[0].where == " at 1"
    assert report.findings[1].after < 1e-7
    assert not report.unexplained


def mlp(rng):
    return mlp_torch(nn.ReLU()), argument("relu"), rng.normal(size=(8, 6)), rng.integers(0, 3, 8)


@pytest.mark.parametrize(
    ("make", "optimizer", "change"),
    [
        (lambda p: torch.optim.SGD(p, lr=0.1), keras.optimizers.SGD, "learning_rate=0.1"),
        (
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
            lambda: keras.optimizers.SGD(0.1, momentum=0.8),
            "momentum=0.9",
        ),
        (
            lambda p: torch.optim.Adam(p, lr=1e-3, betas=(0.9, 0.999)),
            lambda: keras.optimizers.Adam(1e-3, beta_2=0.99),
            "beta_2=0.999",
        ),
    ],
)
def test_optimizer_hyperparameters(parity, rng, make, optimizer, change):
    report = parity.report(*mlp(rng), loss="cross_entropy", optimizer=(make, optimizer()))
    failed = report.failed_rung
    assert failed in ("one-step", "curve")
    assert only_finding(report, failed).change == change


def test_learning_rate_of_a_torch_port(parity, rng):
    theirs, ours, x, y = mlp(rng)
    pair = (lambda p: torch.optim.SGD(p, lr=0.01), keras.optimizers.SGD(0.1))
    report = parity.report(ours, theirs, x, y, loss="cross_entropy", optimizer=pair)
    assert only_finding(report, "one-step").change == "lr=0.1"


def test_missing_from_logits(parity, rng):
    losses = (nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy())
    report = parity.report(*mlp(rng), loss=losses)
    finding = only_finding(report, "loss")
    assert finding.change == "from_logits=True"
    assert finding.rule == "XFR402"


def test_softmax_before_torchs_cross_entropy(parity, rng):
    theirs, ours, x, y = mlp(rng)
    theirs.append(nn.Softmax(dim=1))
    ours.add(L.Softmax())
    losses = (nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy())
    report = parity.report(ours, theirs, x, y, loss=losses)
    assert only_finding(report, "loss").rule == "XFR401"


def test_dropout_rate_is_a_setting(parity, rng):
    reference = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.2), nn.Linear(8, 3))
    port = keras.Sequential([L.Input((6,)), L.Dense(8), L.Dropout(0.8), L.Dense(3)])
    report = parity.report(reference, port, rng.normal(size=(8, 6)))
    assert report.failed_rung == "settings"
    assert report.findings[0].rule == "XFR307"
    assert report.rung("forward-train").status == "pass"


def test_forgotten_dropout_is_a_setting(parity, rng):
    reference = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.2), nn.Linear(8, 3))
    port = keras.Sequential([L.Input((6,)), L.Dense(8), L.Dense(3)])
    report = parity.report(reference, port, rng.normal(size=(8, 6)))
    assert report.failed_rung == "settings"
    assert "none in the port" in report.findings[0].cause


def test_frozen_in_the_port_alone(parity, rng):
    theirs, ours, x, y = mlp(rng)
    ours.layers[0].trainable = False
    report = parity.report(theirs, ours, x, y, loss="cross_entropy")
    finding = only_finding(report, "gradients")
    assert "frozen in the port alone" in finding.cause
    assert ours.layers[0].trainable is False


def test_missing_bias_lists_both_sides(parity, rng):
    reference = nn.Sequential(nn.Linear(6, 3))
    port = keras.Sequential([L.Input((6,)), L.Dense(3, use_bias=False, name="head")])
    report = parity.report(reference, port, rng.normal(size=(8, 6)))
    assert report.failed_rung == "structure"
    text = report.text()
    assert "reference  0: Linear (weight (3, 6), bias (3,))" in text
    assert "port       head: Dense (weight (3, 6))" in text


def test_nothing_is_guessed(parity, rng):
    """What happens outside the frameworks is reported with its place and size, and no cause."""
    reference = mlp_torch(nn.ReLU())
    port = FunctionalKeras(lambda x: tf.constant(1.5 * np.maximum(x, 0) + np.sin(x)))
    report = parity.report(reference, port, rng.normal(size=(8, 6)))
    assert report.failed_rung == "forward-eval"
    assert report.findings == []
    assert "no known cause" in report.unexplained
    assert "between 0 and it" in report.divergence


def test_mistakes_of_later_rungs_are_named_in_the_same_report(parity, images):
    """Keras' defaults: epsilon fails at once, momentum would only show once that is mended."""
    port = cnn_keras(epsilon=1e-3, momentum=0.99)
    report = parity.report(cnn_torch(), port, *images, loss="cross_entropy")
    assert [finding.change for finding in report.findings] == ["epsilon=1e-05", "momentum=0.9"]
    assert report.findings[1].where == " of eval-after"
    assert (port.get_layer("bn").epsilon, port.get_layer("bn").momentum) == (1e-3, 0.99)


def test_batch_norm_after_instead_of_before_the_activation(parity, rng):
    """In evaluation the fresh statistics hide it, as long as no scale is negative; what moved is
    named twice."""
    reference = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    port = keras.Sequential(
        [
            L.Input((6,)),
            L.Dense(8, activation="relu"),
            L.BatchNormalization(epsilon=1e-5, momentum=0.9, name="bn"),
            L.Dense(3),
        ]
    )
    report = parity.report(reference, port, rng.normal(size=(8, 6)))
    assert report.failed_rung == "forward-eval"
    assert "this batch hides it" in report.rung("forward-eval").detail
    assert "port has relu, the reference no activation" in report.findings[0].cause
    assert "after bn the port has no activation, the reference relu" in report.findings[1].cause
    assert not report.unexplained


def test_frozen_batch_norm_differs_in_training_only(parity, images):
    port = cnn_keras()
    port.get_layer("bn").trainable = False
    report = parity.report(cnn_torch(), port, *images, loss="cross_entropy")
    finding = only_finding(report, "forward-train")
    assert "bn.gamma, bn.beta frozen" in finding.cause
    assert "the layer itself differs" in report.divergence


def test_layers_without_a_partner_are_shown(parity, rng):
    reference = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    port = keras.Sequential([L.Input((8, 8, 3)), L.Conv2D(4, 3), L.GlobalMaxPooling2D()])
    report = parity.report(reference, port, rng.normal(size=(2, 3, 8, 8)))
    assert "1 (adaptive_avg_pool2d(1))" in report.divergence
    assert "(GlobalMaxPooling2D)" in report.divergence
    assert (
        "GlobalMaxPooling2D), the reference 1 (adaptive"
        in only_finding(report, "forward-eval").cause
    )


def test_optimizers_of_different_kinds(parity, rng):
    pair = (lambda p: torch.optim.SGD(p, lr=0.125), keras.optimizers.Adam(0.125))
    report = parity.report(*mlp(rng), loss="cross_entropy", optimizer=pair)
    assert report.failed_rung == "one-step"
    assert "Adam, the reference SGD" in report.rung("one-step").detail


def test_small_difference_is_traced_to_where_it_begins(parity, rng):
    """Every layer adds a little; the first one to do so is named, not the first above the bound."""
    reference = nn.Sequential(*(nn.Sequential(nn.Linear(6, 6), nn.LayerNorm(6)) for _ in range(3)))
    port = keras.Sequential([L.Input((6,))])
    for i in range(3):
        port.add(L.Dense(6))
        port.add(L.LayerNormalization(epsilon=1.1e-5, name=f"norm{i}"))
    x = rng.normal(size=(8, 6))
    report = parity.report(reference, port, x, tolerance=2e-6)
    assert report.rung("forward-eval").status == "FAIL", report.text()
    assert "norm0 (LayerNormalization)" in report.divergence
    assert "norm0, norm1, norm2" in report.findings[0].cause
    within = parity.report(reference, port, x, tolerance=1e-4)
    assert within.failed_rung == "settings"
    assert within.rung("gradients").status == "pass"
    assert 1e-7 < within.findings[0].before < 1e-4
    assert within.findings[0].after < 1e-12


def test_flatten_order_and_activation_into_one_layer(parity, images):
    """The second shows only once the first is mended."""

    class Port(keras.Model):
        def __init__(self):
            super().__init__()
            self.body = keras.Sequential(cnn_keras().layers[:-2])
            self.permute, self.flatten = L.Permute((2, 1, 3)), L.Flatten()
            self.fc, self.out = L.Dense(4, name="fc"), L.Dense(3, name="out")

        def call(self, x):
            x = self.fc(self.flatten(self.permute(self.body(x))))
            return self.out(keras.ops.relu(x))

    reference = nn.Sequential(*cnn_torch(), nn.SiLU(), nn.Linear(4, 3))
    report = parity.report(reference, Port(), images[0])
    assert [f.rule for f in report.findings] == ["XFR506", None]
    assert "the reference silu" in report.findings[1].cause
    assert not report.unexplained
