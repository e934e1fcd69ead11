"""Bugs of advanced torch training: torch.func, autograd.Function, GANs, turns, inner loops."""

import copy
import itertools
import warnings

import torch
from torch import nn
from torch.func import functional_call, grad_and_value
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from .torch_loops import CLASSES, batch, loop, mlp, sgd


def by_torch_func(write):
    """`write(model, gradients)` is what the step does with the gradients of torch.func."""
    model = mlp()

    def loss_of(weights, x, y):
        return F.cross_entropy(functional_call(model, weights, (x,)), y)

    def step(x, y):
        weights = {name: p.detach() for name, p in model.named_parameters()}
        gradients, loss = grad_and_value(loss_of)(weights, x, y)
        with torch.no_grad():
            write(model, gradients)
        return loss

    return model, *batch(), {"step": step}


def functional_update_never_written():
    return by_torch_func(lambda model, g: {n: p - g[n] for n, p in model.named_parameters()})


def functional_update_with_a_plus():
    return by_torch_func(lambda model, g: [p.add_(g[n]) for n, p in model.named_parameters()])


def column_against_vector_in_a_td_loss():
    """The targets are made in the step: nothing of them was handed over."""
    q, target = mlp(), mlp()
    optimizer = sgd(q)

    def step(x, y):
        bootstrapped = target(x).max(1).values.detach()
        loss = F.smooth_l1_loss(q(x).gather(1, y[:, None]), bootstrapped)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return q, *batch(), {"step": step}


def second_optimizer_in_turn_never_cleared():
    encoder, head, turn = nn.Linear(8, 8), nn.Linear(8, CLASSES), itertools.count()
    first, second = sgd(encoder), sgd(head)

    def step(x, y):
        if next(turn) % 2:
            loss = F.cross_entropy(head(encoder(x).detach()), y)
            loss.backward()
            second.step()
        else:
            loss = F.mse_loss(encoder(x), x)
            first.zero_grad()
            loss.backward()
            first.step()
        return loss

    return [encoder, head], *batch(), {"step": step}


def critic_never_stepped():
    return gan(step_critic=False)


def fake_detached_for_the_generator():
    return gan(detach=True)


def gan(step_critic=True, detach=False):
    generator, critic = nn.Linear(4, 8), nn.Linear(8, 1)
    of_generator, of_critic = sgd(generator), sgd(critic)

    def step(real):
        with torch.no_grad():
            fake = generator(torch.randn(len(real), 4))
        loss = critic(fake).mean() - critic(real).mean()
        of_critic.zero_grad()
        loss.backward()
        if step_critic:
            of_critic.step()
        fake = generator(torch.randn(len(real), 4))
        of_generator.zero_grad()
        (-critic(fake.detach() if detach else fake).mean()).backward()
        of_generator.step()
        return loss

    return (generator, critic), batch()[0], None, {"step": step}


def lbfgs_never_cleared():
    model = mlp(1)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=5)

    def step(x, y):
        def closure():
            loss = F.mse_loss(model(x), x[:, :1])
            loss.backward()
            return loss

        return optimizer.step(closure)

    return model, *batch(), {"step": step}


class Skips(torch.optim.SGD):
    """Updates its first group alone."""

    def step(self, closure=None):
        groups, self.param_groups = self.param_groups, self.param_groups[:1]
        super().step(closure)
        self.param_groups = groups


def second_group_skipped_by_the_optimizer():
    model = mlp()
    groups = [{"params": layer.parameters()} for layer in (model[0], model[2])]
    return loop(model, Skips(groups, lr=0.1))


class NoGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(weight)
        return x @ weight

    @staticmethod
    def backward(ctx, gradient):
        return gradient @ ctx.saved_tensors[0].T, None


class Zeros(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, gradient):
        return torch.zeros_like(gradient)


def backward_that_returns_none():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.weight = nn.Linear(8, 16), nn.Parameter(torch.randn(16, CLASSES))

        def forward(self, x):
            return NoGradient.apply(self.first(x).relu(), self.weight)

    return loop(Net())


def backward_that_returns_zeros():
    model = mlp()
    return loop(model, forward=lambda x: model[2](Zeros.apply(model[:2](x))))


def signs_in_the_middle():
    model = mlp()
    return loop(model, forward=lambda x: model[2](model[:2](x).sign()))


def first_layer_in_a_reentrant_checkpoint():
    model = mlp()

    def forward(x):
        return model[1:](checkpoint(model[0], x, use_reentrant=True))

    return loop(model, forward=forward)


def head_whose_output_is_not_used():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head, self.other = nn.Linear(8, 8), nn.Linear(8, CLASSES), mlp()

        def forward(self, x):
            hidden = self.body(x).relu()
            self.other(hidden)
            return self.head(hidden)

    return loop(Net())


def inner_loop_that_cuts_the_outer():
    """MAML whose inner step makes its weights anew: the outer loss does not lead back."""
    model = mlp()

    def adapted(x, y):
        weights = dict(model.named_parameters())
        loss = F.cross_entropy(functional_call(model, weights, (x,)), y)
        gradients = torch.autograd.grad(loss, list(weights.values()))
        moved = zip(weights.items(), gradients, strict=True)
        return {name: (p - 0.1 * g).detach().requires_grad_() for (name, p), g in moved}

    def forward(x):
        return functional_call(model, adapted(x, torch.arange(len(x)) % CLASSES), (x,))

    return loop(model, forward=forward)


def clipped_to_zero_with_weight_decay():
    model = mlp()
    model[0].bias.data.zero_()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.0)
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def log_probabilities_for_the_target_of_kl_div():
    teacher = mlp()

    def loss(logits, y):
        soft = F.log_softmax(teacher(torch.ones(len(y), 8)) / 4, 1).detach()
        return F.kl_div(F.log_softmax(logits / 4, 1), soft, reduction="batchmean")

    return loop(mlp(), loss=loss)


def logits_loss_on_a_decoder_with_a_sigmoid():
    """A variational autoencoder: an exp of its own overflows with weights far larger."""

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = mlp(4), nn.Sequential(nn.Linear(2, 8), nn.Sigmoid())

        def forward(self, x):
            mean, log_variance = self.encoder(x).chunk(2, 1)
            noise = torch.randn_like(mean) * (log_variance / 2).exp()
            return self.decoder(mean + noise), mean, log_variance

    model = VAE()
    optimizer = sgd(model)

    def step(x, y):
        decoded, mean, log_variance = model(x)
        loss = F.binary_cross_entropy_with_logits(decoded, x.sigmoid())
        loss = loss - 0.05 * (1 + log_variance - mean**2 - log_variance.exp()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def unfrozen_and_not_given_to_the_optimizer():
    model, steps = mlp(), itertools.count(1)
    model[0].requires_grad_(False)

    def unfreeze():
        if next(steps) == 3:
            model[0].requires_grad_(True)

    return loop(model, sgd(model[2]), before=unfreeze)


def generator_in_evaluation_mode():
    generator = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8))
    critic = nn.Linear(8, 1)
    of_generator, of_critic = sgd(generator), sgd(critic)

    def step(real):
        generator.eval()
        fake = generator(torch.randn(len(real), 4))
        loss = critic(fake.detach()).mean() - critic(real).mean()
        of_critic.zero_grad()
        loss.backward()
        of_critic.step()
        of_generator.zero_grad()
        (-critic(fake).mean()).backward()
        of_generator.step()
        return loss

    return {"generator": generator, "critic": critic}, batch()[0], None, {"step": step}


def scripted_net_in_evaluation_mode():
    net = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.2), nn.Linear(16, CLASSES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        model = torch.jit.script(net)
    return loop(model, before=model.eval)


def target_net_copied_over_the_trained_one():
    """Every fifth step, as in Q learning, but the wrong way round."""
    q, steps = mlp(), itertools.count(1)
    target = copy.deepcopy(q)

    def synchronise():
        if next(steps) % 5 == 0:
            q.load_state_dict(target.state_dict())

    return loop(q, after=synchronise)


class LowRank(nn.Module):
    """A frozen layer with a product of two matrices beside it."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.base = nn.Linear(inputs, outputs).requires_grad_(False)
        self.down = nn.Parameter(torch.zeros(2, inputs))
        self.up = nn.Parameter(torch.zeros(outputs, 2))

    def forward(self, x):
        return self.base(x) + x @ self.down.T @ self.up.T


def both_factors_zero():
    model = nn.Sequential(LowRank(8, 16), nn.Tanh(), LowRank(16, CLASSES))
    return loop(model, torch.optim.Adam(model.parameters(), lr=0.01))


def penalized(slope_of):
    """A penalty on the slope of the scores, as a critic of WGAN-GP has it."""
    model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, CLASSES))
    optimizer = sgd(model)

    def step(x, y):
        x = x.clone().requires_grad_()
        out = model(x)
        penalty = ((slope_of(out.sum(), x).flatten(1).norm(dim=1) - 1) ** 2).mean()
        loss = F.cross_entropy(out, y) + 0.1 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def penalty_without_a_graph():
    return penalized(lambda out, x: torch.autograd.grad(out, x, retain_graph=True)[0])


def penalty_of_detached_gradients():
    return penalized(lambda out, x: torch.autograd.grad(out, x, create_graph=True)[0].detach())


def by_hand(clip, clipped_first=True):
    """`clip` is called on every gradient."""
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        if not clipped_first:
            optimizer.step()
        for p in model.parameters():
            clip(p.grad)
        if clipped_first:
            optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def clamped_after_the_update():
    return by_hand(lambda gradient: gradient.data.clamp_(-0.01, 0.01), clipped_first=False)


def clamped_to_one_sign():
    return by_hand(lambda gradient: gradient.clamp_(0, 1))


def clamped_for_nothing():
    return by_hand(lambda gradient: gradient.clamp(-0.01, 0.01))


BUGS = [
    (clamped_after_the_update, "clipping", "after the optimizer's step", "XFR227"),
    (clamped_to_one_sign, "clipping", "what is below 0 is lost", ""),
    (clamped_for_nothing, "clipping", "its result is not used", ""),
    (penalty_without_a_graph, "gradients", "a penalty on them trains nothing", "XFR223"),
    (penalty_of_detached_gradients, "gradients", "is cut off their graph", ""),
    (both_factors_zero, "gradients", "all of them start at zero", ""),
    (functional_update_never_written, "updates", "never written to the model's weights", ""),
    (functional_update_with_a_plus, "learns", "each step climbs the loss", ""),
    (column_against_vector_in_a_td_loss, "shapes", "compared with every target", "XFR909"),
    (
        second_optimizer_in_turn_never_cleared,
        "fresh-gradients",
        "never clears the gradients",
        "XFR202",
    ),
    (critic_never_stepped, "updates", "the SGD that holds them is never stepped", "XFR235"),
    (fake_detached_for_the_generator, "gradients", "graph is cut between 0 and 1", "XFR221"),
    (lbfgs_never_cleared, "fresh-gradients", "never clears the gradients", "XFR202"),
    (second_group_skipped_by_the_optimizer, "updates", "step() of Skips leaves them", ""),
    (backward_that_returns_none, "gradients", "backward of NoGradient returns None", ""),
    (backward_that_returns_zeros, "gradients", "it ends at Zeros", ""),
    (signs_in_the_middle, "gradients", "it ends at sign", ""),
    (first_layer_in_a_reentrant_checkpoint, "gradients", "reentrant checkpoint", ""),
    (head_whose_output_is_not_used, "gradients", "not depend on what other.2 gives", ""),
    (inner_loop_that_cuts_the_outer, "updates", "backward() starts from does not lead back", ""),
    (clipped_to_zero_with_weight_decay, "clipping", "nothing is left of the gradients", ""),
    (log_probabilities_for_the_target_of_kl_div, "finite", "log-probabilities", ""),
    (logits_loss_on_a_decoder_with_a_sigmoid, "loss-input", "given probabilities", "XFR406"),
    (generator_in_evaluation_mode, "modes", "generator (Sequential) is in evaluation", "XFR302"),
    (scripted_net_in_evaluation_mode, "modes", "training is False", "XFR302"),
    (target_net_copied_over_the_trained_one, "updates", "sets them back", ""),
    (unfrozen_and_not_given_to_the_optimizer, "updates", "no optimizer holds them", ""),
]
