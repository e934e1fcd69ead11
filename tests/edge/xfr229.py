import keras
import tensorflow as tf
import torch
from torch import nn

net = nn.Linear(3, 1)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
lr = 0.1


# ---- torch: mistakes, each with its fixed twin -------------------------------------------------


def by_hand(x, y):
    loss = ((net(x) - y) ** 2).mean()
    net.zero_grad()
    loss.backward()
    for param in net.parameters():
        param = param - lr * param.grad  # XFR229


def by_hand_fixed(x, y):
    loss = ((net(x) - y) ** 2).mean()
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for param in net.parameters():
            param -= lr * param.grad


def named(x, y):
    loss = ((net(x) - y) ** 2).mean()
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for i, (name, p) in enumerate(net.named_parameters()):
            p = p - lr * p.grad  # XFR229
            print(i, name)


def zipped(x, y):
    loss = ((net(x) - y) ** 2).mean()
    params = list(net.parameters())
    grads = torch.autograd.grad(loss, params)
    for p, g in zip(params, grads):
        p = p - lr * g  # XFR229


def linear(x, y):
    w = torch.randn(3, 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for _ in range(10):
        loss = ((x @ w + b - y) ** 2).mean()
        loss.backward()
        w = w - lr * w.grad  # XFR229
        b = b - lr * b.grad  # XFR229


def linear_no_grad(x, y):
    w = torch.zeros(3, 1).requires_grad_()
    for _ in range(10):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w = w - lr * w.grad  # XFR229


def linear_in_place(x, y):
    w = nn.Parameter(torch.zeros(3, 1))
    for _ in range(10):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        w -= lr * w.grad  # XFR229
        w.grad.zero_()


def linear_fixed(x, y):
    w = torch.zeros(3, 1, requires_grad=True)
    for _ in range(10):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            w.grad.zero_()


# ---- torch: look-alikes ------------------------------------------------------------------------


def leaf_again(x, y):
    w = torch.zeros(3, 1, requires_grad=True)
    for _ in range(10):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        w = w - lr * w.grad
        w = w.detach().requires_grad_()


def leaf_in_place(x, y):
    w = torch.zeros(3, 1, requires_grad=True)
    for _ in range(10):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w = w - lr * w.grad
        w.requires_grad = True


def fast_weights(x, y):
    loss = ((net(x) - y) ** 2).mean()
    grads = torch.autograd.grad(loss, list(net.parameters()), create_graph=True)
    fast = []
    for p, g in zip(net.parameters(), grads):
        p = p - lr * g
        fast.append(p)
    return fast


def data(x, y):
    loss = ((net(x) - y) ** 2).mean()
    net.zero_grad()
    loss.backward()
    for p in net.parameters():
        p.data -= lr * p.grad


def shifted(x):
    for row in x:
        row = row - 1.0
    return x


# ---- TensorFlow and Keras ----------------------------------------------------------------------


def each_weight(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    grads = tape.gradient(loss, model.trainable_variables)
    for w, g in zip(model.trainable_variables, grads):
        w = w - lr * g  # XFR229


def each_weight_in_place(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    grads = tape.gradient(loss, model.trainable_weights)
    for g, w in zip(grads, model.trainable_weights):
        w -= lr * g  # XFR229


def each_weight_fixed(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    grads = tape.gradient(loss, model.trainable_variables)
    for w, g in zip(model.trainable_variables, grads):
        w.assign_sub(lr * g)


def two_variables(x, y):
    w = tf.Variable(tf.zeros((3, 1)))
    b = tf.Variable(0.0)
    for _ in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ w + b - y) ** 2)
        dw, db = tape.gradient(loss, [w, b])
        w, b = w - lr * dw, b - lr * db  # XFR229
    return w, b


def two_variables_fixed(x, y):
    w = tf.Variable(tf.zeros((3, 1)))
    b = tf.Variable(0.0)
    for _ in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ w + b - y) ** 2)
        dw, db = tape.gradient(loss, [w, b])
        w.assign_sub(lr * dw)
        b.assign_sub(lr * db)
    return w, b


def once():
    w = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = w * w
    w -= 0.1 * tape.gradient(loss, w)  # XFR229
    return w


class Line:
    def fit(self, x, y):
        slope = tf.Variable(1.0)
        while True:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((slope * x - y) ** 2)
            g = tape.gradient(loss, slope)
            if g is None:
                break
            slope = slope - lr * g  # XFR229
        return slope


# ---- TensorFlow: look-alikes -------------------------------------------------------------------


def watched_tensor(x, y):
    w = tf.constant(1.0)
    for _ in range(10):
        with tf.GradientTape() as tape:
            tape.watch(w)
            loss = tf.reduce_mean((w * x - y) ** 2)
        w = w - lr * tape.gradient(loss, w)
    return w


def new_variable(x, y):
    w = tf.Variable(1.0)
    for _ in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((w * x - y) ** 2)
        w = tf.Variable(w - lr * tape.gradient(loss, w))
    return w


def inner_step(x, y):
    w = tf.Variable(1.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_mean((w * x - y) ** 2)
        fast = w - lr * inner.gradient(loss, w)
        after = tf.reduce_mean((fast * x - y) ** 2)
    return outer.gradient(after, w)


def read_only():
    total = 0.0
    for w in model.trainable_variables:
        w = w - tf.reduce_mean(w)
        total += tf.reduce_sum(w**2)
    return total
