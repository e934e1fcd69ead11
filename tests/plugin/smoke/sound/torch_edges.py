"""Sound torch training that one guard of a check alone keeps quiet."""

import torch
from torch import nn
from torch.nn import functional as F

from .torch_steps import CLASSES, batch, mlp, sgd, trained


class Similarity(nn.Module):
    """Inputs without a batch axis beside those with one."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 4)

    def forward(self, x, anchors, temperature):
        return self.body(x) @ anchors.t() / temperature


def anchors_shared_by_the_batch():
    x, y = batch()
    inputs = (x, torch.randn(CLASSES, 4), torch.tensor(0.5))
    return Similarity(), inputs, y, {"loss": "cross_entropy", "optimizer": "sgd"}


def outputs_squeezed_in_the_step():
    loss = lambda out, y: F.mse_loss(out.squeeze(1), y)  # noqa: E731
    return trained(mlp(outputs=1), y=batch()[1].float(), loss=loss)


def inputs_reshaped_in_the_step():
    model, x, y, how = trained(mlp())
    step = how["step"]
    return model, x.reshape(16, 2, 4), y, {"step": lambda x, y: step(x.flatten(1), y)}


def both_nets_of_a_gan_that_one_wins():
    """The generator's loss rises, as the critic learns faster."""
    nets = nn.ModuleDict({"generator": mlp(features=4, outputs=8), "critic": mlp(outputs=1)})
    generator, critic = nets["generator"], nets["critic"]
    g_optimizer, c_optimizer = sgd(generator, lr=1e-5), sgd(critic, lr=0.1)
    judged = F.binary_cross_entropy_with_logits

    def step(real):
        made = generator(torch.randn(len(real), 4))
        truth, lie = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        c_optimizer.zero_grad()
        (judged(critic(real), truth) + judged(critic(made.detach()), lie)).backward()
        c_optimizer.step()
        g_optimizer.zero_grad()
        loss = judged(critic(made), truth)
        loss.backward()
        g_optimizer.step()
        return loss

    return nets, batch()[0], None, {"step": step}


class WithFrozenZeros(nn.Module):
    def __init__(self):
        super().__init__()
        self.net, self.rest = mlp(), nn.Linear(8, CLASSES)
        nn.init.zeros_(self.rest.weight)
        self.rest.requires_grad_(False)

    def forward(self, x):
        return self.net(x) + self.rest(x)


def frozen_layer_of_zeros():
    model = WithFrozenZeros()
    weights = [p for p in model.parameters() if p.requires_grad]
    return trained(model, torch.optim.SGD(weights, lr=0.1))


class SumsToOne(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp()

    def forward(self, x):
        logits = self.net(x)
        return 10 * (logits - logits.mean(-1, keepdim=True)) + 1 / CLASSES


def logits_that_sum_to_one():
    return trained(SumsToOne())


def unfrozen_after_eight_steps():
    model = mlp()
    optimizer, calls = sgd(model), 0

    def step(x, y):
        nonlocal calls
        model[0].requires_grad_(calls == 0 or calls > 8)
        calls += 1
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


class WithOffset(nn.Module):
    def __init__(self):
        super().__init__()
        self.net, self.offset = mlp(outputs=1), nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.net(x) + self.offset


def signs_of_the_errors_in_balance():
    """As many targets far above as far below: on this batch the offset's gradient is zero."""
    far = torch.tensor([100.0, -100.0]).repeat(8)[:, None]
    return trained(WithOffset(), y=far, loss=F.l1_loss)


SOUND = [
    anchors_shared_by_the_batch,
    both_nets_of_a_gan_that_one_wins,
    frozen_layer_of_zeros,
    inputs_reshaped_in_the_step,
    logits_that_sum_to_one,
    outputs_squeezed_in_the_step,
    signs_of_the_errors_in_balance,
    unfrozen_after_eight_steps,
]
