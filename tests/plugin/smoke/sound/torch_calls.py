"""Sound torch models that are called, or give back, something out of the ordinary."""

from collections import namedtuple
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import rnn

from .torch_steps import CLASSES, batch, mlp, sgd, trained

Outputs = namedtuple("Outputs", "logits hidden")


class NamedTuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(8, 16), nn.Linear(16, CLASSES)

    def forward(self, x):
        hidden = torch.tanh(self.body(x))
        return Outputs(self.head(hidden), hidden)


def named_tuple_outputs():
    return trained(NamedTuple(), loss=lambda out, y: F.cross_entropy(out.logits, y))


@dataclass
class ModelOutput:
    """As Hugging Face's: the loss comes with the outputs."""

    logits: torch.Tensor
    loss: torch.Tensor | None = None


class BringsItsLoss(NamedTuple):
    def forward(self, inputs, labels=None):
        logits = super().forward(inputs).logits
        loss = None if labels is None else F.cross_entropy(logits, labels)
        return ModelOutput(logits, loss)


def model_with_its_own_loss():
    model = BringsItsLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)

    def step(batch):
        optimizer.zero_grad()
        outputs = model(**batch)
        outputs.loss.backward()
        optimizer.step()
        return outputs.loss

    x, y = batch()
    return model, {"inputs": x, "labels": y}, None, {"step": step}


class WithAuxiliaryLoss(NamedTuple):
    def forward(self, x):
        hidden = torch.tanh(self.body(x))
        return self.head(hidden), hidden.square().mean()


def auxiliary_loss_in_a_tuple():
    return trained(
        WithAuxiliaryLoss(), loss=lambda out, y: F.cross_entropy(out[0], y) + 0.1 * out[1]
    )


def hidden_state_between_calls():
    model = nn.GRU(8, CLASSES, batch_first=True)
    optimizer = sgd(model)
    state = {"hidden": None}

    def step(x, y):
        optimizer.zero_grad()
        outputs, hidden = model(x.unsqueeze(1), state["hidden"])
        state["hidden"] = hidden.detach()
        loss = F.cross_entropy(outputs[:, -1], y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


class KeepsItsState(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.GRUCell(8, 6), nn.Linear(6, CLASSES)
        self.state = None

    def forward(self, x):
        self.state = self.cell(x, self.state)
        return self.head(self.state)

    def forget(self):
        self.state = None


def state_on_the_model():
    model = KeepsItsState()
    optimizer = sgd(model)

    def step(x, y):
        model.forget()
        optimizer.zero_grad()
        loss = sum(F.cross_entropy(model(part), y) for part in (x, x + 0.1))
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6, padding_idx=0)
        self.rnn, self.head = nn.LSTM(6, 8, batch_first=True), nn.Linear(8, CLASSES)

    def forward(self, tokens, lengths):
        packed = rnn.pack_padded_sequence(
            self.embed(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        return self.head(self.rnn(packed)[1][0][-1])


def packed_sequences():
    lengths = torch.tensor([5, 3, 4, 1, 2, 5])
    tokens = torch.randint(1, 11, (6, 5))
    tokens[torch.arange(5) >= lengths[:, None]] = 0
    return Packed(), (tokens, lengths), batch(6)[1], {"loss": "cross_entropy"}


def checkpointed():
    from torch.utils.checkpoint import checkpoint

    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = mlp(nn.Dropout(0.2), outputs=16), nn.Linear(16, CLASSES)

        def forward(self, x):
            return self.head(checkpoint(self.body, x, use_reentrant=False))

    return trained(Checkpointed())


def gradient_penalty():
    model = mlp(outputs=1)
    optimizer = sgd(model, 0.01)

    def step(x, y):
        optimizer.zero_grad()
        x = x.clone().requires_grad_()
        scores = model(x)
        (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
        loss = (scores.squeeze(1) - y).square().mean() + slope.square().sum(1).mean()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def batch_from_an_iterator():
    """A step that draws its own noise and keeps a history of tensors."""
    model = mlp()
    optimizer = sgd(model)
    generator, history = torch.Generator().manual_seed(1), []

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x + 0.01 * torch.randn(x.shape, generator=generator)), y)
        loss.backward()
        optimizer.step()
        history.append(loss.detach())
        return torch.stack(history[-3:]).mean()

    return model, *batch(), {"step": step}


SOUND = [
    named_tuple_outputs,
    model_with_its_own_loss,
    auxiliary_loss_in_a_tuple,
    hidden_state_between_calls,
    state_on_the_model,
    packed_sequences,
    checkpointed,
    gradient_penalty,
    batch_from_an_iterator,
]
