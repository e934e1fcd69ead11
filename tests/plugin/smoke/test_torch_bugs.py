"""Bugs planted in torch models and loops, each caught with its cause named."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke

CLASSES = 3


def batch(seed=0, samples=16):
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, 8, generator=random)
    return x, torch.randint(0, CLASSES, (samples,), generator=random)


class Net(nn.Module):
    def __init__(self, dropout=0.2, outputs=CLASSES):
        super().__init__()
        self.fc1 = nn.Linear(8, 16)
        self.norm = nn.BatchNorm1d(16)
        self.drop = nn.Dropout(dropout)
        self.fc2 = nn.Linear(16, outputs)

    def forward(self, x):
        return self.fc2(self.drop(torch.relu(self.norm(self.fc1(x)))))


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr=lr)


def user_step(model, optimizer, *order, loss=F.cross_entropy):
    """A training step whose calls run in the order named."""

    def step(x, y):
        value = None
        for what in order:
            if what == "zero":
                optimizer.zero_grad()
            elif what == "forward":
                value = loss(model(x), y)
            elif what == "backward":
                value.backward()
            elif what == "negative backward":
                (-value).backward()
            elif what == "step":
                optimizer.step()
            elif what == "eval":
                model.eval()
            elif what == "train":
                model.train()
        return value.detach()

    return step


GOOD = ("zero", "forward", "backward", "step")


def own(model, *order, lr=0.1, loss=F.cross_entropy, optimizer=None):
    optimizer = optimizer or sgd(model, lr)
    return model, *batch(), {"step": user_step(model, optimizer, *order, loss=loss)}


def no_zero_grad():
    return own(Net(), "forward", "backward", "step")


def no_zero_grad_small_steps():
    """The gradients of two steps are so alike that only their size tells."""
    return own(nn.Linear(8, CLASSES), "forward", "backward", "step", lr=1e-5)


def no_zero_grad_clipped():
    model = Net()
    optimizer = sgd(model)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        return loss

    return model, *batch(), {"step": step, "optimizer": optimizer}


def no_zero_grad_by_hand():
    model = nn.Linear(8, CLASSES)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
        return loss

    return model, *batch(), {"step": step}


def zero_between():
    return own(Net(), "forward", "backward", "zero", "step")


def zero_between_kept():
    model = Net()
    optimizer = sgd(model)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def no_optimizer_step():
    return own(Net(), "zero", "forward", "backward")


def no_backward():
    return own(Net(), "zero", "forward", "step")


def step_before_backward():
    return own(Net(), "zero", "forward", "step", "backward")


def left_in_eval():
    return own(Net(), "eval", *GOOD)


def eval_at_the_end():
    return own(Net(), *GOOD, "eval")


def handed_over_in_eval():
    model = Net().eval()
    return own(model, *GOOD)


class Softmaxed(Net):
    def forward(self, x):
        return super().forward(x).softmax(-1)


def softmax_before_cross_entropy():
    return own(Softmaxed(), *GOOD)


def softmax_with_label_smoothing():
    return Softmaxed(), *batch(), {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)}


def softmax_in_the_step():
    loss = lambda out, y: F.cross_entropy(F.softmax(out, -1), y)  # noqa: E731
    return own(Net(), *GOOD, loss=loss)


def nll_of_logits():
    return Net(), *batch(), {"loss": "nll"}


def sigmoid_before_bce_with_logits():
    model = nn.Sequential(Net(outputs=1), nn.Sigmoid(), nn.Flatten(0))
    x, y = batch()
    return model, x, (y > 0).float(), {"loss": "bce_with_logits"}


def flipped_sign():
    return own(Net(), "zero", "forward", "negative backward", "step")


def flipped_loss():
    return own(Net(), *GOOD, loss=lambda out, y: -F.cross_entropy(out, y))


def target_broadcast():
    x, y = batch()
    return Net(outputs=1), x, y.float(), {"loss": "mse", "optimizer": "sgd"}


def target_broadcast_by_hand():
    model = Net(outputs=1)
    x, y = batch()
    step = user_step(model, sgd(model), *GOOD, loss=lambda out, y: ((out - y) ** 2).mean())
    return model, x, y.float(), {"step": step}


def optimizer_before_deepcopy():
    model = Net()
    optimizer = sgd(model)
    return own(copy.deepcopy(model), *GOOD, optimizer=optimizer)


def head_replaced_after_optimizer():
    model = Net()
    optimizer = sgd(model)
    model.fc2 = nn.Linear(16, CLASSES)
    return own(model, *GOOD, optimizer=optimizer)


def half_the_parameters():
    model = Net()
    return own(model, *GOOD, optimizer=sgd(model.fc2))


def zero_learning_rate():
    return own(Net(), *GOOD, lr=0.0)


def vanishing_learning_rate():
    return own(Net(), *GOOD, lr=1e-14)


def huge_learning_rate():
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, CLASSES))
    return own(model, *GOOD, lr=30.0)


def exploding_learning_rate():
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0))
    x, y = batch()
    return model, x, y.float(), {"step": user_step(model, sgd(model, 1e4), *GOOD, loss=F.mse_loss)}


class PlainList(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(8, 8), nn.Linear(8, 8)]
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.head(x)


def layers_in_a_list():
    return own(PlainList(), *GOOD)


class Detached(Net):
    def forward(self, x):
        return self.fc2(self.fc1(x).relu().detach())


def detached():
    return own(Detached(), *GOOD)


class NoGrad(Net):
    def forward(self, x):
        with torch.no_grad():
            x = self.fc1(x).relu()
        return self.fc2(x)


def forward_under_no_grad():
    return own(NoGrad(), *GOOD)


class Unused(Net):
    def forward(self, x):
        return self.fc2(self.fc1(x))


def layer_never_called():
    return own(Unused(), *GOOD)


class ZeroGradient(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 1)
        self.fc2 = nn.Linear(1, CLASSES)

    def forward(self, x):
        return self.fc2(self.fc1(x).softmax(-1))


def softmax_over_one_value():
    return own(ZeroGradient(), *GOOD)


class FunctionalDropout(Net):
    def forward(self, x):
        return self.fc2(F.dropout(torch.relu(self.fc1(x)), 0.5))


def dropout_without_training():
    model = FunctionalDropout()
    del model.norm, model.drop
    return own(model, *GOOD)


class MixesBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.fc(x.reshape(8, -1).t())


def view_mixes_the_batch():
    return own(MixesBatch(), *GOOD)


class SequenceFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 6)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


def missing_batch_first():
    _, y = batch()
    return SequenceFirst(), torch.randn(16, 5, 4), y, {"loss": "cross_entropy"}


class OwnGenerator(Net):
    def forward(self, x):
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(random_seed()))
        return super().forward(x + noise)


def random_seed():
    import secrets

    return secrets.randbelow(2**31)


def unseeded_noise():
    return own(OwnGenerator(), *GOOD)


class PlainState(Net):
    def __init__(self):
        super().__init__()
        self.mean = torch.zeros(8)

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        return super().forward(x - self.mean)


def running_mean_not_a_buffer():
    return own(PlainState(), *GOOD)


class Logarithm(Net):
    def forward(self, x):
        return super().forward(torch.log(x))


def log_of_a_negative():
    return own(Logarithm(), *GOOD)


def nan_in_the_inputs():
    model, x, y, how = own(Net(), *GOOD)
    x = x.clone()
    x[3, 2] = float("nan")
    return model, x, y, how


def frozen_weight_moves():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)
    x, y = batch()
    F.cross_entropy(model(x), y).backward()
    model.fc1.requires_grad_(False)

    def step(x, y):
        for p in model.fc2.parameters():
            p.grad = None
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        for p in (*model.norm.parameters(), *model.fc2.parameters()):
            p.grad = None
        return loss

    return model, x, y, {"step": step}


BUGS = [
    (no_zero_grad, "fresh-gradients", "sum of the one used before and the new one", "XFR202"),
    (no_zero_grad_small_steps, "fresh-gradients", "never clears", "XFR202"),
    (no_zero_grad_clipped, "fresh-gradients", "never clears", "XFR202"),
    (no_zero_grad_by_hand, "fresh-gradients", "never clears", "XFR202"),
    (zero_between, "updates", "cleared between the backward pass", "XFR205"),
    (zero_between_kept, "updates", "cleared between the backward pass", "XFR205"),
    (no_optimizer_step, "updates", "no optimizer was stepped", "XFR235"),
    (no_backward, "gradients", "never runs a backward pass", ""),
    (step_before_backward, "updates", "before the backward pass", "XFR206"),
    (left_in_eval, "modes", "Net.training is False", "XFR302"),
    (eval_at_the_end, "modes", "step 1 left it in evaluation mode", "XFR302"),
    (handed_over_in_eval, "modes", "Net.training is False", "XFR302"),
    (softmax_before_cross_entropy, "loss-input", "sum to 1", "XFR401"),
    (softmax_with_label_smoothing, "loss-input", "sum to 1", "XFR401"),
    (softmax_in_the_step, "loss-input", "sum to 1", "XFR401"),
    (nll_of_logits, "loss-input", "exponentials of its rows", "XFR404"),
    (sigmoid_before_bce_with_logits, "loss-input", "weights 30 times", "XFR406"),
    (flipped_sign, "learns", "climbs the loss", ""),
    (flipped_loss, "learns", "sign of the loss is flipped", ""),
    (target_broadcast, "shapes", "broadcast to (16, 16)", "XFR909"),
    (target_broadcast_by_hand, "shapes", "broadcast to (16, 16)", "XFR909"),
    (optimizer_before_deepcopy, "updates", "6 tensors it does hold are not", "XFR216"),
    (head_replaced_after_optimizer, "updates", "2 tensors it does hold are not", "XFR216"),
    (
        half_the_parameters,
        "updates",
        "though gradients were computed\ncause: no optimizer holds",
        "",
    ),
    (zero_learning_rate, "updates", "learning rate is 0", ""),
    (vanishing_learning_rate, "updates", "lost in rounding", ""),
    (huge_learning_rate, "learns", "is too high", ""),
    (exploding_learning_rate, "finite", "is too high", ""),
    (layers_in_a_list, "updates", "plain list hidden", "XFR106"),
    (detached, "gradients", "cut between fc1 and fc2", "XFR221"),
    (forward_under_no_grad, "gradients", "without recording gradients", "XFR221"),
    (layer_never_called, "gradients", "never calls norm", ""),
    (softmax_over_one_value, "gradients", "exactly zero", ""),
    (dropout_without_training, "modes", "F.dropout(p=0.5)", "XFR310"),
    (view_mixes_the_batch, "batch-independence", "other samples", ""),
    (missing_batch_first, "batch-independence", "batch_first=True", "XFR517"),
    (unseeded_noise, "reproducible", "same first step", ""),
    (running_mean_not_a_buffer, "save-load", "mean, which the state_dict", "XFR114"),
    (log_of_a_negative, "finite", "goes into fc1 (Linear)", ""),
    (nan_in_the_inputs, "finite", "1 NaN of 128", ""),
    (frozen_weight_moves, "updates", "moved although frozen", ""),
]


@pytest.mark.parametrize(("bug", "check", "words", "code"), BUGS, ids=[b[0].__name__ for b in BUGS])
def test_bug_is_caught_with_its_cause(bug, check, words, code):
    torch.manual_seed(1)
    model, x, y, how = bug()
    report = Smoke().report(model, x, y, **how)
    outcome = report.outcomes[check]
    assert outcome.status == "failed", str(report)
    text = "\n".join(str(finding) for finding in outcome.findings)
    assert words in text, str(report)
    assert code in {finding.code for finding in outcome.findings}, str(report)
    found = [check for check, outcome in report.outcomes.items() if outcome.findings]
    assert found == [check], f"one bug, found as several: {report}"
