"""Right ports pass every rung at 1e-9 in float64, in both directions."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn

EXACT = 1e-9


def mlp_torch():
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 3))


def mlp_keras():
    return keras.Sequential(
        [
            L.Input((6,)),
            L.Dense(16, activation="relu"),
            L.Dense(8),
            L.Activation("tanh"),
            L.Dense(3),
        ]
    )


class CnnTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=2)
        self.bn2 = nn.BatchNorm2d(12)
        self.conv3 = nn.Conv2d(12, 6, 3, padding="same", dilation=2)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.25)
        self.fc = nn.Linear(6 * 2 * 2, 5)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        x = F.leaky_relu(self.bn2(self.conv2(x)), 0.125)
        x = F.avg_pool2d(self.conv3(x), 2)
        return self.fc(self.drop(torch.flatten(x, 1)))


class CnnKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1 = L.Conv2D(8, 3, padding="same")
        self.bn1 = L.BatchNormalization(epsilon=1e-5, momentum=0.9)
        self.pad = L.ZeroPadding2D(1)
        self.conv2 = L.Conv2D(12, 3, strides=2, groups=2)
        self.bn2 = L.BatchNormalization(epsilon=1e-5, momentum=0.9)
        self.conv3 = L.Conv2D(6, 3, padding="same", dilation_rate=2)
        self.pool = L.MaxPooling2D(2)
        self.average = L.AveragePooling2D(2)
        self.drop = L.Dropout(0.25)
        self.flatten = L.Flatten()
        self.fc = L.Dense(5)

    def call(self, x, training=None):
        x = self.pool(keras.ops.relu(self.bn1(self.conv1(x), training=training)))
        x = self.bn2(self.conv2(self.pad(x)), training=training)
        x = self.average(self.conv3(keras.ops.leaky_relu(x, 0.125)))
        return self.fc(self.drop(self.flatten(x), training=training))


class BlockTorch(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(cout)
        self.short = nn.Conv2d(cin, cout, 1)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)) + self.short(x))


class ResTorch(nn.Module):
    """Nested custom modules, global pooling by mean."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([BlockTorch(3, 6), BlockTorch(6, 8)])
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(8, 4))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.pool(x))


def res_keras():
    """Functional, with a nested functional head."""
    inputs = x = L.Input((8, 8, 3))
    for channels in (6, 8):
        y = L.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        y = L.BatchNormalization(epsilon=1e-5, momentum=0.9)(y)
        x = L.ReLU()(L.Add()([y, L.Conv2D(channels, 1)(x)]))
    features = L.Input((8,))
    head = keras.Model(features, L.Dense(4)(features), name="head")
    return keras.Model(inputs, head(L.GlobalAveragePooling2D()(x)))


class TextTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.norm = nn.LayerNorm(8)
        self.hidden = nn.Linear(8, 16)
        self.out = nn.Linear(16, 4)

    def forward(self, tokens):
        return self.out(F.silu(self.hidden(self.norm(self.embed(tokens)))).mean(1))


class TextKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed = L.Embedding(20, 8)
        self.norm = L.LayerNormalization(epsilon=1e-5)
        self.hidden = L.Dense(16, activation="silu")
        self.out = L.Dense(4)

    def call(self, tokens):
        return self.out(keras.ops.mean(self.hidden(self.norm(self.embed(tokens))), axis=1))


def signal_torch():
    return nn.Sequential(
        nn.Conv1d(2, 6, 5, padding=2),
        nn.BatchNorm1d(6),
        nn.ELU(),
        nn.AvgPool1d(2),
        nn.Conv1d(6, 4, 3, stride=2),
        nn.Flatten(),
        nn.Linear(12, 3),
    )


def signal_keras():
    return keras.Sequential(
        [
            L.Input((16, 2)),
            L.Conv1D(6, 5, padding="same"),
            L.BatchNormalization(epsilon=1e-5, momentum=0.9),
            L.ELU(),
            L.AveragePooling1D(2),
            L.Conv1D(4, 3, strides=2),
            L.Flatten(),
            L.Dense(3),
        ]
    )


def volume_torch():
    return nn.Sequential(
        nn.Conv3d(1, 4, 3, padding=1),
        nn.BatchNorm3d(4),
        nn.Softplus(),
        nn.MaxPool3d(2),
        nn.Flatten(),
        nn.Linear(4 * 2 * 3 * 4, 2),
    )


def volume_keras():
    return keras.Sequential(
        [
            L.Input((4, 6, 8, 1)),
            L.Conv3D(4, 3, padding="same"),
            L.BatchNormalization(epsilon=1e-5, momentum=0.9),
            L.Activation("softplus"),
            L.MaxPooling3D(2),
            L.Flatten(),
            L.Dense(2),
        ]
    )


def swap(x):
    return np.transpose(x, (0, 2, 1))


def data(name, seed):
    """Inputs for torch and for Keras, class targets."""
    rng = np.random.default_rng(seed)
    if name == "text":
        tokens = rng.integers(0, 20, (4, 6))
        return tokens, tokens, rng.integers(0, 4, 4)
    shapes = {
        "mlp": ((8, 6), 3),
        "cnn": ((4, 3, 16, 16), 5),
        "res": ((4, 3, 8, 8), 4),
        "signal": ((4, 2, 16), 3),
        "volume": ((3, 1, 4, 6, 8), 2),
    }
    shape, classes = shapes[name]
    x = rng.normal(size=shape).astype(np.float32)
    return x, np.moveaxis(x, 1, -1) if x.ndim > 2 else x, rng.integers(0, classes, shape[0])


MODELS = {
    "mlp": (mlp_torch, mlp_keras),
    "cnn": (CnnTorch, CnnKeras),
    "res": (ResTorch, res_keras),
    "text": (TextTorch, TextKeras),
    "signal": (signal_torch, signal_keras),
    "volume": (volume_torch, volume_keras),
}


def climbed(report):
    return {rung.name: rung.status for rung in report.rungs}


@pytest.mark.parametrize("direction", ["to_keras", "to_torch"])
@pytest.mark.parametrize("name", MODELS)
def test_every_rung_passes(parity, name, direction):
    make_torch, make_keras = MODELS[name]
    x_torch, x_keras, y = data(name, 0)
    options = {"loss": "cross_entropy", "tolerance": EXACT}
    if name == "signal":  # rank 3: no layout that a shape could tell
        options["port_inputs"] = swap
    if direction == "to_keras":
        report = parity(make_torch(), make_keras(), x_torch, y, **options)
    else:
        report = parity(make_keras(), make_torch(), x_keras, y, **options)
    statuses = climbed(report)
    assert set(statuses.values()) <= {"pass", "explained"}
    has_batch_norm = name in ("cnn", "res", "signal", "volume")
    assert statuses["eval-after"] == ("explained" if has_batch_norm else "pass")
    assert all(r.error <= EXACT for r in report.rungs if r.error is not None and r.bound == EXACT)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ["cnn", "text"])
def test_no_false_alarm_with_other_weights_and_data(parity, name, seed):
    torch.manual_seed(seed)
    make_torch, make_keras = MODELS[name]
    x, _, y = data(name, seed)
    parity(make_torch, make_keras, x, y, loss="cross_entropy", optimizer="adam", tolerance=EXACT)


@pytest.mark.parametrize(
    "optimizer", ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad"]
)
def test_named_optimizers_agree(parity, optimizer):
    x, _, y = data("mlp", 0)
    parity(mlp_torch, mlp_keras, x, y, loss="cross_entropy", optimizer=optimizer, tolerance=EXACT)


def test_rounding_noise_is_left_out_of_training(parity):
    """A bias before batch norm has no gradient; RMSprop would make whole steps of its noise."""
    x, _, y = data("volume", 0)
    options = {"loss": "cross_entropy", "optimizer": "rmsprop", "tolerance": EXACT}
    report = parity(volume_torch(), volume_keras(), x, y, **options)
    assert report.notes == [
        "0.bias: the gradient is zero but for rounding, and left out of training"
    ]


def _targets(loss, rng):
    distribution = rng.random((8, 3))
    distribution /= distribution.sum(axis=1, keepdims=True)
    return {
        "cross_entropy": distribution,
        "mse": rng.normal(size=(8, 3)),
        "l1": rng.normal(size=(8, 3)),
        "huber": 3 * rng.normal(size=(8, 3)),
        "bce_with_logits": rng.integers(0, 2, (8, 3)).astype(float),
        "nll": rng.integers(0, 3, 8),
        "kl_div": distribution,
    }[loss]


@pytest.mark.parametrize(
    "loss", ["cross_entropy", "mse", "l1", "huber", "bce_with_logits", "nll", "kl_div"]
)
def test_named_losses_agree(parity, rng, loss):
    x, _, _ = data("mlp", 0)
    reference, port = mlp_torch(), mlp_keras()
    if loss in ("nll", "kl_div"):  # of log-probabilities
        reference.append(nn.LogSoftmax(dim=1))
        port.add(L.Activation("log_softmax"))
    parity(reference, port, x, _targets(loss, rng), loss=loss, tolerance=EXACT)


def test_image_to_image_with_float_targets(parity, rng):
    """Outputs and targets of rank 4 move their channel axis."""
    reference = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.GELU(), nn.Conv2d(4, 2, 1))
    port = keras.Sequential(
        [
            L.Input((6, 8, 3)),
            L.Conv2D(4, 3, padding="same"),
            L.Lambda(lambda x: keras.activations.gelu(x, approximate=False)),
            L.Conv2D(2, 1),
        ]
    )
    x, y = rng.normal(size=(2, 3, 6, 8)), rng.normal(size=(2, 2, 6, 8))
    report = parity(reference, port, x, y, loss="mse")
    assert report.rung("gradients").status == "pass"


def test_segmentation_classes_on_the_channel_axis(parity, rng):
    reference = nn.Conv2d(3, 4, 3, padding=1)
    port = keras.Sequential([L.Input((6, 8, 3)), L.Conv2D(4, 3, padding="same")])
    x, y = rng.normal(size=(2, 3, 6, 8)), rng.integers(0, 4, (2, 6, 8))
    parity(nn.Sequential(reference), port, x, y, loss="cross_entropy", tolerance=EXACT)


def test_sequence_outputs_of_rank_three_by_override(parity, rng):
    """(N, C, L) against (N, L, C): inputs and outputs by the user's own transposes."""
    reference = nn.Sequential(nn.Conv1d(2, 3, 3, padding=1))
    port = keras.Sequential([L.Input((8, 2)), L.Conv1D(3, 3, padding="same")])
    x, y = rng.normal(size=(2, 2, 8)), rng.normal(size=(2, 3, 8))
    parity(
        reference,
        port,
        x,
        y,
        loss="mse",
        port_inputs=swap,
        port_outputs=swap,
        tolerance=EXACT,
    )


class TwoTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(4, 3), nn.Linear(5, 3)

    def forward(self, a, b):
        left, right = self.left(a), self.right(b)
        return {"sum": left + right, "left": left}


class TwoKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.left, self.right = L.Dense(3), L.Dense(3)

    def call(self, a, b):
        left, right = self.left(a), self.right(b)
        return {"sum": left + right, "left": left}


def test_several_inputs_and_outputs(parity, rng):
    inputs = rng.normal(size=(6, 4)), rng.normal(size=(6, 5))
    report = parity(TwoTorch(), TwoKeras(), inputs, tolerance=EXACT)
    statuses = climbed(report)
    assert statuses["gradients"] == "pass"
    assert statuses["loss"] == statuses["curve"] == "skipped"

    def keras_loss(target, output):
        return keras.ops.mean(keras.ops.square(output["sum"] - target))

    pair = (lambda output, target: F.mse_loss(output["sum"], target), keras_loss)
    parity(TwoTorch(), TwoKeras(), inputs, rng.normal(size=(6, 3)), loss=pair, tolerance=EXACT)


def test_own_adam_pair_is_explained_by_its_epsilon(parity):
    x, _, y = data("mlp", 0)
    pair = (lambda p: torch.optim.Adam(p, lr=1e-3), keras.optimizers.Adam(1e-3))
    report = parity(mlp_torch(), mlp_keras(), x, y, loss="cross_entropy", optimizer=pair)
    assert report.rung("one-step").status == "explained"
    assert "sqrt(1 - beta_2^t)" in report.rung("one-step").detail


def test_own_losses(parity):
    x, _, y = data("mlp", 0)
    losses = (nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    parity(mlp_torch(), mlp_keras(), x, y, loss=losses, tolerance=EXACT)


def test_port_that_flattens_in_torchs_order_needs_no_permutation(parity, rng):
    reference = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 4 * 6, 5))
    port = keras.Sequential(
        [L.Input((6, 8, 3)), L.Conv2D(4, 3), L.Permute((3, 1, 2)), L.Flatten(), L.Dense(5)]
    )
    report = parity(reference, port, rng.normal(size=(2, 3, 6, 8)), tolerance=EXACT)
    assert "permuted" not in report.rung("weights").detail


def test_padding_index_is_explained(parity, rng):
    reference = TextTorch()
    reference.embed = nn.Embedding(20, 8, padding_idx=0)
    tokens = rng.integers(0, 20, (4, 6))
    tokens[:, 4:] = 0
    y = rng.integers(0, 4, 4)
    report = parity(reference, TextKeras(), tokens, y, loss="cross_entropy", tolerance=EXACT)
    assert report.rung("gradients").status == "explained"


def test_shared_weights(parity, rng):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            return self.inner(torch.relu(self.inner(x)))

    shared = L.Dense(4)
    inputs = L.Input((4,))
    port = keras.Model(inputs, shared(L.ReLU()(shared(inputs))))
    parity(Tied(), port, rng.normal(size=(5, 4)), rng.normal(size=(5, 4)), loss="mse")


def test_weights_of_the_port_or_its_own(parity):
    x, _, y = data("mlp", 0)
    reference, port = mlp_torch(), mlp_keras()
    port(x)
    parity(reference, port, x, y, loss="cross_entropy", weights="port", tolerance=EXACT)
    dense = [layer for layer in port.layers if layer.weights]
    linear = [module for module in reference if isinstance(module, nn.Linear)]
    for ours, theirs in zip(dense, linear, strict=True):
        ours.set_weights([theirs.weight.detach().numpy().T, theirs.bias.detach().numpy()])
    parity(reference, port, x, y, loss="cross_entropy", weights="own")


def test_report_is_plain_data(parity):
    import json

    x, _, y = data("mlp", 0)
    report = parity.report(mlp_torch(), mlp_keras(), x, y, loss="cross_entropy", steps=2)
    assert json.loads(json.dumps(report.to_dict()))["passed"] is True
    assert report.text().startswith("parity: Sequential (keras) equals Sequential (torch)")


class BranchTorch(nn.Module):
    """The block is called before the shortcut; the port calls them the other way round."""

    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 6, 3, padding=1),
            nn.BatchNorm2d(6),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(3, 6, 1), nn.BatchNorm2d(6))

    def forward(self, x):
        return F.relu(self.block(x) + self.shortcut(x))


def branch_keras():
    def norm(x):
        return L.BatchNormalization(epsilon=1e-5, momentum=0.9)(x)

    inputs = L.Input((8, 8, 3))
    shortcut = norm(L.Conv2D(6, 1)(inputs))
    x = L.ReLU()(norm(L.Conv2D(6, 3, padding="same")(inputs)))
    x = norm(L.Conv2D(6, 3, padding="same")(x))
    return keras.Model(inputs, L.ReLU()(L.Add()([x, shortcut])))


def test_branches_called_in_another_order_pair_by_what_they_follow(parity, rng):
    reference = BranchTorch()
    for parameter in reference.parameters():
        nn.init.normal_(parameter)
    x, y = rng.normal(size=(4, 3, 8, 8)), rng.normal(size=(4, 6, 8, 8))
    parity(reference, branch_keras(), x, y, loss="mse", tolerance=EXACT)


def test_inputs_that_make_training_explode(parity, rng):
    """Pixels of 0 to 255: the rate is lowered until the reference learns."""
    reference = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
    port = keras.Sequential([L.Input((6,)), L.Dense(16, activation="relu"), L.Dense(1)])
    x, y = rng.integers(0, 256, (8, 6)).astype(float), rng.normal(size=(8, 1))
    report = parity(reference, port, x, y, loss="mse", optimizer="momentum")
    assert "explodes" in report.notes[0]


class FunctionalDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.second(F.dropout(self.first(x), 0.25, training=self.training))


def test_functional_dropout_pairs_with_a_layer(parity, rng):
    port = keras.Sequential([L.Input((6,)), L.Dense(8), L.Dropout(0.25), L.Dense(3)])
    parity(FunctionalDropout(), port, rng.normal(size=(4, 6)))


def test_losses_of_the_keras_model_itself_are_told(parity, rng):
    port = keras.Sequential([L.Input((6,)), L.Dense(3, kernel_regularizer="l2")])
    report = parity(nn.Sequential(nn.Linear(6, 3)), port, rng.normal(size=(4, 6)))
    assert any("regularisers" in note for note in report.notes)


def test_dict_inputs_by_name(parity, rng):
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 3), nn.Linear(5, 3)

        def forward(self, left, right):
            return self.a(left) * self.b(right)

    left, right = L.Input((4,), name="left"), L.Input((5,), name="right")
    port = keras.Model({"left": left, "right": right}, L.Dense(3)(left) * L.Dense(3)(right))
    inputs = {"left": rng.normal(size=(6, 4)), "right": rng.normal(size=(6, 5))}
    parity(Named(), port, inputs, tolerance=EXACT)
    parity(port, Named(), inputs, tolerance=EXACT)
