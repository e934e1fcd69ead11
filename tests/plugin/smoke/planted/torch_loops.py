"""Bugs of torch loops: the wrong optimizer, model, order or target, and what a step undoes."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 3


def batch(samples=16):
    return torch.randn(samples, 8), torch.arange(samples) % CLASSES


def mlp(outputs=CLASSES):
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, outputs))


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


def loop(model, optimizer=None, before=None, after=None, forward=None, loss=F.cross_entropy):
    """A right loop; `before` and `after` are done at the start and the end of each step."""
    optimizer = optimizer or sgd(model)

    def step(x, y):
        if before:
            before()
        optimizer.zero_grad()
        value = loss((forward or model)(x), y)
        value.backward()
        optimizer.step()
        if after:
            after()
        return value

    return model, *batch(), {"step": step}


def wrong_optimizer_cleared():
    model, other = mlp(), sgd(mlp())
    optimizer = sgd(model)

    def step(x, y):
        other.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def output_detached():
    model = mlp()
    return loop(model, forward=lambda x: model(x).detach().requires_grad_())


def loss_wrapped_anew():
    return loop(mlp(), loss=lambda out, y: F.cross_entropy(out, y).detach().requires_grad_())


def argmax_in_the_loss():
    def loss(out, y):
        return F.mse_loss(out.argmax(-1).float().requires_grad_(), y.float())

    return loop(mlp(), loss=loss)


def another_model_trained():
    model = mlp()
    copied = copy.deepcopy(model)
    return loop(model, sgd(copied), forward=copied)


def model_made_in_the_step():
    return loop(mlp(), forward=lambda x: mlp()(x))


def targets_shuffled():
    return loop(mlp(), loss=lambda out, y: F.cross_entropy(out, y[torch.randperm(len(y))]))


def targets_rolled():
    return loop(mlp(), loss=lambda out, y: F.cross_entropy(out, y.roll(1)))


def inputs_sorted():
    model = mlp()
    return loop(model, forward=lambda x: model(x[x[:, 0].argsort()]))


def frozen_by_the_first_step():
    model = mlp()
    return loop(model, after=lambda: model[0].requires_grad_(False))


def initialised_in_every_step():
    model = mlp()

    def again():
        for layer in (model[0], model[2]):
            layer.reset_parameters()

    return loop(model, before=again)


def best_weights_loaded_in_every_step():
    model = mlp()
    best = copy.deepcopy(model.state_dict())
    return loop(model, after=lambda: model.load_state_dict(best))


def head_replaced_in_every_step():
    model = mlp()

    def replace():
        model[2] = nn.Linear(16, CLASSES)

    return loop(model, before=replace)


def optimizer_made_in_every_step():
    model = mlp()

    def step(x, y):
        optimizer = torch.optim.Adam(model.parameters())
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def gradients_not_stored():
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        torch.autograd.grad(loss, list(model.parameters()))
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def rate_of_a_group_zero():
    model = mlp()
    groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[2].parameters()}]
    return loop(model, torch.optim.Adam(groups, lr=0.01))


def loss_of_another_step():
    model, *data = loop(mlp())
    step = data[-1]["step"]
    x, y = data[:2]

    def stale(x, y):
        step(x, y)
        return 1.0

    return model, x, y, {"step": stale}


def maximised():
    model = mlp()
    return loop(model, torch.optim.SGD(model.parameters(), lr=0.1, maximize=True))


def regulariser_in_place_of_the_loss():
    model = mlp()
    return loop(model, loss=lambda out, y: 0.01 * model[0].weight.square().sum())


def loss_times_zero():
    return loop(mlp(), loss=lambda out, y: 0 * F.cross_entropy(out, y))


def trained_under_inference_mode_first():
    model = mlp()

    def forward(x):
        with torch.no_grad():
            hidden = model[0](x)
        return model[2](model[1](hidden))

    return loop(model, forward=forward)


BUGS = [
    (wrong_optimizer_cleared, "fresh-gradients", "never clears the gradients", "XFR202"),
    (output_detached, "gradients", "does not lead back to the weights", "XFR220"),
    (loss_wrapped_anew, "gradients", "does not lead back to the weights", "XFR220"),
    (argmax_in_the_loss, "gradients", "does not lead back to the weights", "XFR220"),
    (another_model_trained, "gradients", "holds 4 weights of another", ""),
    (model_made_in_the_step, "gradients", "never calls Sequential", ""),
    (targets_shuffled, "pairing", "stand in different orders", ""),
    (targets_rolled, "pairing", "that of sample 15 acts on the output of 0", ""),
    (inputs_sorted, "pairing", "stand in different orders", ""),
    (frozen_by_the_first_step, "updates", "step 1 freezes them", ""),
    (initialised_in_every_step, "learns", "itself before the forward pass", ""),
    (best_weights_loaded_in_every_step, "updates", "the step itself sets them back", ""),
    (head_replaced_in_every_step, "gradients", "new weights into the model", ""),
    (optimizer_made_in_every_step, "updates", "made anew in every step", "XFR214"),
    (gradients_not_stored, "updates", "returned by autograd.grad", ""),
    (rate_of_a_group_zero, "updates", "parameter group is 0", ""),
    (loss_of_another_step, "learns", "stays the same while the weights move", ""),
    (maximised, "learns", "climbs the loss", ""),
    (regulariser_in_place_of_the_loss, "gradients", "does not depend on what 2 gives", ""),
    (loss_times_zero, "gradients", "exactly zero", ""),
    (trained_under_inference_mode_first, "gradients", "0 runs without recording", "XFR221"),
]
