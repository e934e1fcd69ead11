"""Sound torch training that a smoke test must let pass, odd as some of it is."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke

CLASSES = 3


def batch(samples=16, features=8):
    x = torch.randn(samples, features)
    return x, torch.randint(0, CLASSES, (samples,))


def mlp(*middle, features=8, hidden=16, outputs=CLASSES):
    return nn.Sequential(
        nn.Linear(features, hidden), nn.ReLU(), *middle, nn.Linear(hidden, outputs)
    )


def stepper(model, optimizer, loss=F.cross_entropy):
    def step(x, y):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    return step


def plain():
    return mlp(), *batch(), {"loss": "cross_entropy"}


def plain_sgd():
    return mlp(), *batch(), {"loss": nn.CrossEntropyLoss(), "optimizer": "sgd"}


def numpy_float64():
    x = np.random.default_rng(0).normal(size=(16, 8))
    return mlp(), x, np.arange(16) % 3, {"loss": "cross_entropy", "optimizer": torch.optim.AdamW}


def regression():
    x, _ = batch()
    return mlp(outputs=1), x, torch.randn(16, 1), {"loss": "mse"}


def regression_squeezed():
    x, _ = batch()
    model = nn.Sequential(mlp(outputs=1), nn.Flatten(0))
    return model, x, torch.randn(16), {"loss": "huber"}


def huge_targets():
    x, _ = batch()
    return mlp(outputs=1), x, 1e4 * torch.randn(16, 1), {"loss": "l1"}


def binary():
    x, y = batch()
    model = nn.Sequential(mlp(outputs=1), nn.Flatten(0))
    return model, x, (y > 0).int(), {"loss": "bce_with_logits"}


def binary_probabilities():
    x, y = batch()
    model = nn.Sequential(mlp(outputs=1), nn.Sigmoid(), nn.Flatten(0))
    return model, x, (y > 0).float(), {"loss": nn.BCELoss()}


def log_softmax_nll():
    model = nn.Sequential(mlp(), nn.LogSoftmax(-1))
    return model, *batch(), {"loss": "nll"}


def dropout_09():
    return mlp(nn.Dropout(0.9)), *batch(), {"loss": "cross_entropy"}


def dropout_09_own_loop():
    model = mlp(nn.Dropout(0.9), hidden=8)
    step = stepper(model, torch.optim.SGD(model.parameters(), lr=0.01))
    return model, *batch(), {"step": step}


def batch_norm_batch_of_two():
    return mlp(nn.BatchNorm1d(16)), *batch(2), {"loss": "cross_entropy"}


def linear_batch_norm():
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, CLASSES))
    return (
        model,
        *batch(),
        {"loss": "cross_entropy", "optimizer": lambda p: torch.optim.SGD(p, 0.1)},
    )


def tiny_batch():
    return mlp(hidden=4), *batch(2), {"loss": "cross_entropy"}


def one_sample():
    return mlp(), *batch(1), {"loss": "cross_entropy"}


def tiny_net():
    return nn.Linear(8, CLASSES), *batch(), {"loss": "cross_entropy", "optimizer": "sgd"}


def convolution():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.2),
        nn.Flatten(),
        nn.Linear(4 * 16, CLASSES),
    )
    return model, torch.randn(4, 3, 8, 8), batch(4)[1], {"loss": "cross_entropy"}


def segmentation():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, CLASSES, 1))
    target = torch.randint(0, CLASSES, (4, 8, 8))
    return model, torch.randn(4, 3, 8, 8), target, {"loss": "cross_entropy"}


def frozen_backbone():
    model = mlp(nn.BatchNorm1d(16))
    for p in model[0].parameters():
        p.requires_grad_(False)
    return model, *batch(), {"loss": "cross_entropy"}


def frozen_backbone_in_eval():
    model = mlp(nn.BatchNorm1d(16), nn.Dropout(0.5))
    model[0].requires_grad_(False)
    model[2].requires_grad_(False).eval()
    head = [p for p in model.parameters() if p.requires_grad]
    return model, *batch(), {"step": stepper(model, torch.optim.Adam(head))}


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.mix = nn.Linear(6, 6)
        self.out = nn.Linear(6, 11, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, tokens):
        return self.out(torch.tanh(self.mix(self.embed(tokens)))).transpose(1, 2)


def weight_tying():
    tokens = torch.randint(0, 11, (6, 5))
    return Tied(), tokens, tokens.roll(1, 1), {"loss": "cross_entropy"}


def sparse_embedding():
    model = nn.Sequential(nn.Embedding(11, 6, sparse=True), nn.Flatten(), nn.Linear(30, CLASSES))
    step = stepper(model, torch.optim.SGD(model.parameters(), lr=0.1))
    return model, torch.randint(0, 11, (16, 5)), batch()[1], {"step": step}


def accumulation_in_one_call():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())

    def step(x, y):
        optimizer.zero_grad()
        total = 0.0
        for part_x, part_y in zip(x.chunk(4), y.chunk(4), strict=True):
            loss = F.cross_entropy(model(part_x), part_y) / 4
            loss.backward()
            total += loss.item()
        optimizer.step()
        return total

    return model, *batch(), {"step": step}


def accumulation_over_calls():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    calls = 0

    def step(x, y):
        nonlocal calls
        loss = F.cross_entropy(model(x), y) / 4
        loss.backward()
        calls += 1
        if calls % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss * 4

    return model, *batch(), {"step": step}


def gradients_cleared_after_the_step():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return loss

    return model, *batch(), {"step": step}


def gradients_set_to_none_by_hand():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        for p in model.parameters():
            p.grad = None
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return {"loss": loss, "accuracy": 0.5}

    return model, *batch(), {"step": step}


def update_by_hand():
    model = mlp()

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for p, g in zip(model.parameters(), gradients, strict=True):
                p -= 0.1 * g
        return loss

    return model, *batch(), {"step": step}


def warm_up_schedule():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1e-3, 1.0, 50)
    inner = stepper(model, optimizer)

    def step(x, y):
        loss = inner(x, y)
        schedule.step()
        return loss

    return model, *batch(), {"step": step}


def schedule_down_to_zero():
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    inner = stepper(model, optimizer)

    def step(x, y):
        loss = inner(x, y)
        schedule.step()
        return loss

    return model, *batch(), {"step": step}


def lbfgs():
    model = mlp()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)

    def step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        return optimizer.step(closure)

    return model, *batch(), {"step": step, "optimizer": optimizer}


def grad_scaler():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def step(x, y):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss

    return model, *batch(), {"step": step}


class Gan(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = mlp(features=4, outputs=8)
        self.critic = mlp(outputs=1)


def gan():
    model = Gan()
    g_optimizer = torch.optim.Adam(model.generator.parameters(), lr=1e-2)
    c_optimizer = torch.optim.Adam(model.critic.parameters(), lr=1e-2)
    bce = F.binary_cross_entropy_with_logits

    def step(real, _):
        fake = model.generator(torch.randn(len(real), 4))
        c_optimizer.zero_grad()
        scores = model.critic(real), model.critic(fake.detach())
        c_loss = bce(scores[0], torch.ones(len(real), 1)) + bce(
            scores[1], torch.zeros(len(real), 1)
        )
        c_loss.backward()
        c_optimizer.step()
        g_optimizer.zero_grad()
        g_loss = bce(model.critic(fake), torch.ones(len(real), 1))
        g_loss.backward()  # reaches the critic too, cleared before use
        g_optimizer.step()
        return c_loss + g_loss

    return model, batch()[0], None, {"step": step}


class Variational(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(8, 6)
        self.decoder = nn.Linear(3, 8)

    def forward(self, x):
        mean, log_variance = self.encoder(x).chunk(2, -1)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decoder(z), mean, log_variance


def variational_autoencoder():
    model = Variational()

    def loss(outputs, x):
        image, mean, log_variance = outputs
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(-1).mean()
        return F.mse_loss(image, x) + 0.01 * divergence

    x, _ = batch()
    return model, x, x, {"loss": loss}


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(8, 4), nn.Linear(5, 4)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, left, right):
        return self.head(torch.cat([self.left(left), self.right(right)], -1).tanh())


def dict_inputs():
    x, y = batch()
    return TwoInputs(), {"left": x, "right": torch.randn(16, 5)}, y, {"loss": "cross_entropy"}


def tuple_inputs():
    x, y = batch()
    return TwoInputs(), (x, torch.randn(16, 5)), y, {"loss": "cross_entropy"}


class Recurrent(nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.rnn = nn.LSTM(4, 6, num_layers=2, dropout=0.3, batch_first=batch_first)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x):
        return self.head(self.rnn(x)[0])


def recurrent():
    target = torch.randint(0, CLASSES, (6, 5))
    loss = lambda out, y: F.cross_entropy(out.flatten(0, 1), y.flatten())  # noqa: E731
    return Recurrent(True), torch.randn(6, 5, 4), target, {"loss": loss}


def recurrent_sequence_first():
    target = torch.randint(0, CLASSES, (5, 6))
    loss = lambda out, y: F.cross_entropy(out.flatten(0, 1), y.flatten())  # noqa: E731
    return Recurrent(False), torch.randn(5, 6, 4), target, {"loss": loss}


def transformer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
    model = nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Flatten())
    model.append(nn.Linear(40, CLASSES))
    return model, torch.randn(4, 5, 8), batch(4)[1], {"loss": "cross_entropy"}


class Adapter(nn.Module):
    """The gradient of `down` is zero until `up` has left zero."""

    def __init__(self):
        super().__init__()
        self.base = nn.Linear(8, CLASSES)
        self.base.requires_grad_(False)
        self.down, self.up = nn.Linear(8, 2, bias=False), nn.Linear(2, CLASSES, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


def zero_initialised_adapter():
    return Adapter(), *batch(), {"loss": "cross_entropy"}


def learned_already():
    model = nn.Linear(8, 1, bias=False)
    x, _ = batch()
    return model, x, model(x).detach(), {"loss": "mse", "optimizer": "sgd"}


def evaluates_inside_the_step():
    model = mlp(nn.Dropout(0.5))
    inner = stepper(model, torch.optim.Adam(model.parameters()))

    def step(x, y):
        model.train()
        loss = inner(x, y)
        model.eval()
        with torch.no_grad():
            model(x)
        return loss

    return model, *batch(), {"step": step}


def lazy_layers():
    model = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.LazyLinear(CLASSES))
    return model, *batch(), {"loss": "cross_entropy"}


def feature_list():
    """Modules that stand in a list and in the module too."""

    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(8, 8), nn.Linear(8, CLASSES)]
            self.stack = nn.Sequential(*self.layers)

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    return Listed(), *batch(), {"loss": "cross_entropy"}


class Trainer:
    """The step as a method, with all it needs on the object."""

    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters())
        self.average = copy.deepcopy(model).requires_grad_(False)
        self.calls = 0

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.calls += 1
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
                slow.lerp_(fast, 1 / (self.calls + 1))
        return loss


def method_with_moving_average():
    model = mlp()
    return model, *batch(), {"step": Trainer(model).step}


SOUND = [
    accumulation_in_one_call,
    accumulation_over_calls,
    batch_norm_batch_of_two,
    binary,
    binary_probabilities,
    convolution,
    dict_inputs,
    dropout_09,
    dropout_09_own_loop,
    evaluates_inside_the_step,
    feature_list,
    frozen_backbone,
    frozen_backbone_in_eval,
    gan,
    grad_scaler,
    gradients_cleared_after_the_step,
    gradients_set_to_none_by_hand,
    huge_targets,
    lazy_layers,
    lbfgs,
    learned_already,
    linear_batch_norm,
    log_softmax_nll,
    method_with_moving_average,
    numpy_float64,
    one_sample,
    plain,
    plain_sgd,
    recurrent,
    recurrent_sequence_first,
    regression,
    regression_squeezed,
    schedule_down_to_zero,
    segmentation,
    sparse_embedding,
    tiny_batch,
    tiny_net,
    transformer,
    tuple_inputs,
    update_by_hand,
    variational_autoencoder,
    warm_up_schedule,
    weight_tying,
    zero_initialised_adapter,
]


@pytest.mark.parametrize("sound", SOUND, ids=lambda case: case.__name__)
def test_sound_training_passes(sound):
    torch.manual_seed(2)
    model, x, y, how = sound()
    report = Smoke()(model, x, y, **how)
    assert report.passed
