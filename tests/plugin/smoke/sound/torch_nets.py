"""Sound torch steps of several nets, of which some or all are handed over."""

import torch
from torch import nn
from torch.nn import functional as F

from .torch_steps import batch, mlp, sgd


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


SOUND = [
    gan_of_which_the_generator_is_passed,
    gan_of_which_the_critic_is_passed,
    generator_that_falls_behind,
    gan_in_a_module_dict,
    gan_as_a_dict,
    gan_as_a_tuple,
    critic_trained_more_often,
    distillation,
]
