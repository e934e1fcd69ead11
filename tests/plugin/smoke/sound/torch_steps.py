"""Sound torch steps: mixed precision, compilation, optimizers, schedules."""

import torch
from torch import nn
from torch.nn import functional as F

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


SOUND = [
    scaler_enabled,
    scaler_that_skips_its_first_updates,
    bfloat16_weights,
    compiled_model,
    compiled_inside_the_step,
    compiled_step,
    data_parallel,
    scripted,
    traced,
    foreach_adam,
    fused_adam,
    parameter_groups,
    lbfgs_by_name,
    lbfgs_instance_in_our_loop,
    closure_of_sgd,
    stepped_from_hooks,
    sharpness_aware,
    weight_averaging,
    one_cycle,
    noisy_one_cycle,
    plateau,
]
