import keras
import tensorflow as tf
import torch
from torch import autograd, nn
from torch.autograd import grad

critic = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.optimizers.Adam()


# ---- torch: mistakes, each with its fixed twin -------------------------------------------------


def gradient_penalty(net, real, fake):
    eps = torch.rand(real.size(0), 1)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_(True)
    score = net(mixed)
    grads = autograd.grad(  # XFR223
        outputs=score, inputs=mixed, grad_outputs=torch.ones_like(score), retain_graph=True
    )[0]
    return ((grads.view(grads.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


def gradient_penalty_fixed(net, real, fake):
    eps = torch.rand(real.size(0), 1)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_(True)
    score = net(mixed)
    grads = autograd.grad(
        outputs=score,
        inputs=mixed,
        grad_outputs=torch.ones_like(score),
        create_graph=True,
        retain_graph=True,
    )[0]
    return ((grads.view(grads.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


def r1(net, real, optimizer):
    real.requires_grad_()
    score = net(real).mean()
    slope = grad(score, [real], retain_graph=True)[0]  # XFR223
    size = slope.pow(2).reshape(slope.shape[0], -1).sum(1).mean()
    optimizer.zero_grad()
    (score + 5.0 * size).backward()
    optimizer.step()


def contractive(model, criterion, x, optimizer):
    x.requires_grad_(True)
    code = model(x)
    jac = torch.autograd.grad(code.sum(), x, retain_graph=True)  # XFR223
    loss = criterion(code, x)
    loss = loss + 0.1 * sum(j.abs().sum() for j in jac)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


class Critic(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.net = nn.Linear(3, 1)
        self.weight = weight

    def slope(self, x):
        return torch.autograd.grad(self.net(x).sum(), x, only_inputs=True)[0]  # XFR223

    def learn(self, x, optimizer):
        penalty = self.weight * torch.mean((self.slope(x).norm(dim=1) - 1) ** 2)
        loss = self.net(x).mean() + penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# ---- torch: look-alikes ------------------------------------------------------------------------


def adversarial(model, criterion, x, y, optimizer):
    x.requires_grad_(True)
    (g,) = torch.autograd.grad(criterion(model(x), y), x)
    attacked = x + 0.1 * g.sign()
    optimizer.zero_grad()
    loss = criterion(model(attacked), y)
    loss.backward()
    optimizer.step()


def first_order_maml(model, criterion, x, y, params, functional):
    grads = torch.autograd.grad(criterion(model(x), y), params)
    fast = [p - 0.1 * g for p, g in zip(params, grads)]
    loss = criterion(functional(x, fast), y)
    loss.backward()


def matched(model, criterion, real, made, y, params):
    target = torch.autograd.grad(criterion(model(real), y), params)
    own = torch.autograd.grad(criterion(model(made), y), params, create_graph=True)
    loss = sum(((a - b) ** 2).sum() for a, b in zip(own, target))
    loss.backward()


def deterministic_policy(actor, q, states, optimizer):
    actions = actor(states)
    (slope,) = torch.autograd.grad(q(states, actions).sum(), actions, retain_graph=True)
    loss = -(slope * actor(states)).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def logged(model, criterion, x, y, params, optimizer):
    loss = criterion(model(x), y)
    grads = torch.autograd.grad(loss, params, retain_graph=True)
    norm = sum(g.norm() for g in grads)
    print(norm.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def chosen(net, x, training, optimizer):
    x.requires_grad_(True)
    slope = grad(net(x).sum(), x, create_graph=training)[0]
    optimizer.zero_grad()
    (slope**2).sum().backward()
    optimizer.step()


# ---- TensorFlow --------------------------------------------------------------------------------


def second(x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.sin(x)
    dy = inner.gradient(y, x)  # XFR223
    return outer.gradient(dy, x)


def second_fixed(x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.sin(x)
        dy = inner.gradient(y, x)
    return outer.gradient(dy, x)


def penalty(net, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = net(x, training=True)  # XFR223
    slope = tape.gradient(score, x)
    return tf.reduce_mean((tf.norm(slope, axis=1) - 1.0) ** 2)


def before_the_tape(x, fake):
    size = penalty(critic, x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(critic(fake, training=True)) + 10.0 * size
    grads = tape.gradient(loss, critic.trainable_variables)
    opt.apply_gradients(zip(grads, critic.trainable_variables))


def penalty_inside(net, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = net(x, training=True)
    slope = tape.gradient(score, x)
    return tf.reduce_mean((tf.norm(slope, axis=1) - 1.0) ** 2)


def inside_the_tape(x, fake):
    with tf.GradientTape() as tape:
        size = penalty_inside(critic, x)
        loss = tf.reduce_mean(critic(fake, training=True)) + 10.0 * size
    grads = tape.gradient(loss, critic.trainable_variables)
    opt.apply_gradients(zip(grads, critic.trainable_variables))


def physics(t):
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(t)
            u = critic(t, training=True)
    u_t = inner.gradient(u, t)  # XFR223
    loss = tf.reduce_mean(u_t**2)
    return outer.gradient(loss, critic.trainable_variables)


def two_at_once(t):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(t)
        u = critic(t, training=True)
        u_t = tape.gradient(u, t)
    return tape.gradient(u_t, t)


def attack(x, y, loss_fn):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = loss_fn(y, critic(x, training=False))
    moved = x + 0.1 * tf.sign(tape.gradient(loss, x))
    with tf.GradientTape() as tape:
        loss = loss_fn(y, critic(moved, training=True))
    return tape.gradient(loss, critic.trainable_variables)
