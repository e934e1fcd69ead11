"""Torch steps of all sorts that a smoke test must take as they are, and give back unchanged."""

import copy
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune, rnn

from pytest_gradferry.smoke import Smoke

CLASSES = 3


def batch(samples=16, features=8):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(samples, features, generator=random)
    return x, torch.randint(0, CLASSES, (samples,), generator=random)


def mlp(*middle, features=8, outputs=CLASSES):
    return nn.Sequential(nn.Linear(features, 16), nn.ReLU(), *middle, nn.Linear(16, outputs))


def sgd(model, lr=0.1, **options):
    return torch.optim.SGD(model.parameters(), lr=lr, **options)


def stepper(model, optimizer, loss=F.cross_entropy, forward=None):
    def step(x, y):
        optimizer.zero_grad()
        value = loss((forward or model)(x), y)
        value.backward()
        optimizer.step()
        return value

    return step


def trained(model, optimizer=None, x=None, y=None, **options):
    """A case: the model, its batch and a plain step."""
    given_x, given_y = batch()
    step = stepper(model, optimizer or sgd(model), **options)
    return model, given_x if x is None else x, given_y if y is None else y, {"step": step}


# precision and compilation


def scaler_enabled():
    model = mlp()
    optimizer, scaler = sgd(model), torch.amp.GradScaler("cpu", init_scale=2.0**12)

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        return loss

    return model, *batch(), {"step": step}


def scaler_that_skips_its_first_updates():
    """A scale too large: infinities, and no update until it has come down."""
    model = mlp()
    optimizer, scaler = sgd(model), torch.amp.GradScaler("cpu", init_scale=2.0**127)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y) * 100
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
        return loss

    return model, *batch(), {"step": step}


def bfloat16_weights():
    model = mlp().to(torch.bfloat16)
    return trained(model, x=batch()[0].bfloat16())


def compiled_model():
    return trained(torch.compile(mlp(), backend="eager"))


def compiled_inside_the_step():
    model = mlp()
    return trained(model, forward=torch.compile(model, backend="eager"))


def compiled_step():
    model, x, y, how = trained(mlp())
    return model, x, y, {"step": torch.compile(how["step"], backend="eager")}


def data_parallel():
    return trained(nn.DataParallel(mlp()))


def scripted():
    return trained(torch.jit.script(mlp(nn.Dropout(0.2))))


def traced():
    return trained(torch.jit.trace(mlp(), batch()[0]))


# optimizers


def foreach_adam():
    model = mlp()
    return trained(model, torch.optim.Adam(model.parameters(), foreach=True))


def fused_adam():
    model = mlp()
    return trained(model, torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True))


def parameter_groups():
    model = mlp()
    groups = [
        {"params": model[0].parameters(), "lr": 1e-2},
        {"params": model[2].parameters(), "weight_decay": 0.1},
    ]
    return trained(model, torch.optim.AdamW(groups))


def lbfgs_by_name():
    return mlp(), *batch(), {"loss": "cross_entropy", "optimizer": "lbfgs"}


def lbfgs_instance_in_our_loop():
    model = mlp()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, line_search_fn="strong_wolfe")
    return model, *batch(), {"loss": "cross_entropy", "optimizer": optimizer}


def closure_of_sgd():
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        return optimizer.step(closure)

    return model, *batch(), {"step": step}


def stepped_from_hooks():
    """An optimizer a weight, stepped as its gradient is complete: no gradient is ever kept."""
    model = mlp()
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}

    def update(p):
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in model.parameters():
        p.register_post_accumulate_grad_hook(update)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    return model, *batch(), {"step": step}


def sharpness_aware():
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        with torch.no_grad():
            moves = [0.05 * p.grad / p.grad.norm() for p in model.parameters()]
            for p, move in zip(model.parameters(), moves, strict=True):
                p += move
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p, move in zip(model.parameters(), moves, strict=True):
                p -= move
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def weight_averaging():
    model = mlp(nn.BatchNorm1d(16))
    average = torch.optim.swa_utils.AveragedModel(model)
    optimizer = sgd(model)
    schedule = torch.optim.swa_utils.SWALR(optimizer, swa_lr=0.05)
    inner = stepper(model, optimizer)

    def step(x, y):
        loss = inner(x, y)
        average.update_parameters(model)
        schedule.step()
        return loss

    return model, *batch(), {"step": step}


def one_cycle():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=20)
    inner = stepper(model, optimizer)

    def step(x, y):
        loss = inner(x, y)
        schedule.step()
        return loss

    return model, *batch(), {"step": step}


def noisy_one_cycle():
    """So noisy that a longer run is looked at, which the schedule has no rates for."""
    model = mlp(nn.Dropout(0.9))
    optimizer = sgd(model, 1e-6)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-6, total_steps=20)
    inner = stepper(model, optimizer)

    def step(x, y):
        loss = inner(x, y)
        schedule.step()
        return loss

    return model, *batch(), {"step": step}


def plateau():
    model = mlp()
    optimizer = sgd(model)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=1.0)
    inner = stepper(model, optimizer)

    def step(x, y):
        loss = inner(x, y)
        schedule.step(loss.item())
        return loss

    return model, *batch(), {"step": step}


# several nets


def generator_and_critic(passed):
    generator, critic = mlp(features=4, outputs=8), mlp(outputs=1)
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3)
    c_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3)
    bce = F.binary_cross_entropy_with_logits

    def step(real):
        noise = torch.randn(len(real), 4)
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        c_optimizer.zero_grad()
        c_loss = bce(critic(real), ones) + bce(critic(generator(noise).detach()), zeros)
        c_loss.backward()
        nn.utils.clip_grad_norm_(critic.parameters(), 1.0)
        c_optimizer.step()
        g_optimizer.zero_grad()
        g_loss = bce(critic(generator(noise)), ones)
        g_loss.backward()
        nn.utils.clip_grad_norm_(generator.parameters(), 1.0)
        g_optimizer.step()
        return c_loss + g_loss

    nets = {"generator": generator, "critic": critic}
    return passed(nets), batch()[0], None, {"step": step}


def gan_of_which_the_generator_is_passed():
    return generator_and_critic(lambda nets: nets["generator"])


def gan_of_which_the_critic_is_passed():
    return generator_and_critic(lambda nets: nets["critic"])


def generator_that_falls_behind():
    """Its loss rises, as the critic outside of the model learns faster."""
    generator, critic = mlp(features=4, outputs=8), mlp(outputs=1)
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

    return generator, batch()[0], None, {"step": step}


def gan_in_a_module_dict():
    return generator_and_critic(nn.ModuleDict)


def gan_as_a_dict():
    return generator_and_critic(dict)


def gan_as_a_tuple():
    return generator_and_critic(lambda nets: tuple(nets.values()))


def critic_trained_more_often():
    generator, critic = mlp(features=4, outputs=8), mlp(outputs=1)
    g_optimizer = torch.optim.RMSprop(generator.parameters(), lr=1e-4)
    c_optimizer = torch.optim.RMSprop(critic.parameters(), lr=1e-4)
    calls = 0

    def step(real):
        nonlocal calls
        calls += 1
        noise = torch.randn(len(real), 4)
        c_optimizer.zero_grad()
        c_loss = critic(generator(noise).detach()).mean() - critic(real).mean()
        c_loss.backward()
        c_optimizer.step()
        with torch.no_grad():
            for p in critic.parameters():
                p.clamp_(-0.5, 0.5)
        if calls % 5 == 0:
            g_optimizer.zero_grad()
            (-critic(generator(noise)).mean()).backward()
            g_optimizer.step()
        return c_loss

    return (generator, critic), batch()[0], None, {"step": step}


def distillation():
    teacher, student = mlp().eval().requires_grad_(False), mlp()

    def loss(x, y):
        return F.kl_div(
            student(x).log_softmax(-1), teacher(x).softmax(-1), reduction="batchmean"
        ) + F.cross_entropy(student(x), y)

    optimizer = sgd(student)

    def step(x, y):
        optimizer.zero_grad()
        value = loss(x, y)
        value.backward()
        optimizer.step()
        return value

    return student, *batch(), {"step": step}


# models


def sparse_adam():
    model = nn.Sequential(nn.EmbeddingBag(11, 6, sparse=True), nn.Linear(6, CLASSES))
    optimizers = [
        torch.optim.SparseAdam(model[0].parameters(), lr=1e-2),
        torch.optim.Adam(model[1].parameters(), lr=1e-2),
    ]

    def step(x, y):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return loss

    return model, torch.randint(0, 11, (16, 5)), batch()[1], {"step": step}


def weight_normalised():
    model = mlp()
    parametrizations.weight_norm(model[0])
    return trained(model)


def spectrally_normalised():
    model = mlp()
    parametrizations.spectral_norm(model[0])
    return trained(model)


def orthogonal():
    model = mlp()
    parametrizations.orthogonal(model[0])
    return trained(model)


def pruned():
    model = mlp()
    prune.l1_unstructured(model[0], "weight", 0.5)
    return trained(model)


class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(0.3 * torch.randn(8, CLASSES, dtype=torch.complex64))

    def forward(self, x):
        return (x.to(torch.complex64) @ self.weight).abs()


def complex_weights():
    return trained(Complex())


def fake_quantised():
    """Quantisation-aware training: buffers change in the forward pass."""

    class Quantised(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()
            self.register_buffer("largest", torch.zeros(()))

        def forward(self, x):
            if self.training:
                self.largest.copy_(torch.maximum(self.largest, x.detach().abs().max()))
            x = torch.fake_quantize_per_tensor_affine(x, 0.05, 0, -128, 127)
            return self.net(x)

    return trained(Quantised())


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


class LazyConvolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d()
        self.head = nn.LazyLinear(CLASSES)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).flatten(1))


def lazy_layers():
    return LazyConvolution(), torch.randn(8, 3, 6, 6), batch(8)[1], {"loss": "cross_entropy"}


def checkpointed():
    from torch.utils.checkpoint import checkpoint

    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = mlp(nn.Dropout(0.2), outputs=16), nn.Linear(16, CLASSES)

        def forward(self, x):
            return self.head(checkpoint(self.body, x, use_reentrant=False))

    return trained(Checkpointed())


def functional_call():
    """torch.func: the model is called with weights of its own."""
    model = mlp()
    parameters = dict(model.named_parameters())
    optimizer = sgd(model)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(torch.func.functional_call(model, parameters, (x,)), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


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
    auxiliary_loss_in_a_tuple,
    batch_from_an_iterator,
    bfloat16_weights,
    checkpointed,
    closure_of_sgd,
    compiled_inside_the_step,
    compiled_model,
    compiled_step,
    complex_weights,
    critic_trained_more_often,
    data_parallel,
    distillation,
    fake_quantised,
    foreach_adam,
    functional_call,
    fused_adam,
    gan_as_a_dict,
    gan_as_a_tuple,
    gan_in_a_module_dict,
    gan_of_which_the_critic_is_passed,
    gan_of_which_the_generator_is_passed,
    generator_that_falls_behind,
    gradient_penalty,
    hidden_state_between_calls,
    lazy_layers,
    lbfgs_by_name,
    lbfgs_instance_in_our_loop,
    model_with_its_own_loss,
    named_tuple_outputs,
    noisy_one_cycle,
    one_cycle,
    orthogonal,
    packed_sequences,
    parameter_groups,
    plateau,
    pruned,
    scaler_enabled,
    scaler_that_skips_its_first_updates,
    scripted,
    sharpness_aware,
    sparse_adam,
    spectrally_normalised,
    state_on_the_model,
    stepped_from_hooks,
    traced,
    weight_averaging,
    weight_normalised,
]


def modules_of(model):
    nets = model.values() if isinstance(model, dict) else model
    return [model] if isinstance(model, nn.Module) else list(nets)


def state_of(model, how):
    """Everything that a run must leave alone."""
    step = how.get("step")
    cells = (
        [] if step is None else [c.cell_contents for c in getattr(step, "__closure__", None) or ()]
    )
    things = [x for cell in cells for x in (cell if isinstance(cell, (list, tuple)) else [cell])]
    kept = [x for x in things if hasattr(x, "state_dict")]
    return copy.deepcopy(
        {
            "weights": [net.state_dict() for net in modules_of(model)],
            "modes": [m.training for net in modules_of(model) for m in net.modules()],
            "hooks": [len(m._forward_hooks) for n in modules_of(model) for m in n.modules()],
            "gradients": [p.grad for net in modules_of(model) for p in net.parameters()],
            "kept": [x.state_dict() for x in kept],
            "generators": [x.get_state() for x in things if isinstance(x, torch.Generator)],
            "plain": [x for x in things if isinstance(x, (int, float))],
            "random": torch.get_rng_state(),
            "threads": torch.get_num_threads(),
        }
    )


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    return a == b


# torch says that TorchScript is deprecated, and reads .grad of all it compiles.
@pytest.mark.filterwarnings("ignore:.*torch.jit", "ignore:The .grad attribute of a Tensor")
@pytest.mark.parametrize("sound", SOUND, ids=lambda case: case.__name__)
def test_sound_training_passes_and_is_undone(sound):
    torch.manual_seed(2)
    model, x, y, how = sound()
    lazy = any(
        isinstance(p, nn.parameter.UninitializedParameter)
        for p in modules_of(model)[0].parameters()
    )
    before = None if lazy else state_of(model, how)
    report = Smoke().report(model, x, y, **how)
    assert report.passed, str(report)
    if before is not None:
        after = state_of(model, how)
        changed = [key for key in before if not same(before[key], after[key])]
        assert not changed
