import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import AdamW

model = nn.Linear(4, 2)
loader = [(torch.ones(2, 4), torch.zeros(2, dtype=torch.long))]

for epoch in range(3):
    for x, y in loader:
        opt = optim.Adam(model.parameters(), lr=1e-3)  # XFR214
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


class Trainer:
    def __init__(self, net, lr):
        self.net = net
        self.lr = lr

    def fit(self, batches):
        for x, y in batches:
            self.optimizer = AdamW(self.net.parameters(), lr=self.lr)  # XFR214
            self.optimizer.zero_grad()
            F.mse_loss(self.net(x), y).backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimizer.step()


def with_a_scaler(net, batches, scaler):
    for x, y in batches:
        with torch.autocast("cuda"):
            optimizer = torch.optim.RMSprop([p for p in net.parameters()], 1e-3)  # XFR214
            loss = F.mse_loss(net(x), y)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()


def with_a_tape(dataset):
    net = keras.Sequential([keras.layers.Dense(1)])
    for x, y in dataset:
        optimizer = keras.optimizers.Adam(1e-3)  # XFR214
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((net(x, training=True) - y) ** 2)
        weights = net.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))


def train_step(net, x, y):
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)  # XFR214
    optimizer.zero_grad()
    loss = F.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
    return loss


def calls_it(batches):
    net = nn.Linear(4, 1)
    for x, y in batches:
        train_step(net, x, y)


class Agent:
    def __init__(self):
        self.policy = nn.Linear(4, 2)

    def learn(self, x, y):
        optimizer = torch.optim.Adam(self.policy.parameters())  # XFR214
        optimizer.zero_grad()
        F.cross_entropy(self.policy(x), y).backward()
        optimizer.step()

    def run(self, episodes):
        for x, y in episodes:
            self.learn(x, y)


def closure(net, batches):
    def step(x, y):
        opt = torch.optim.Adagrad(net.parameters())  # XFR214
        opt.zero_grad()
        F.mse_loss(net(x), y).backward()
        opt.step()

    for x, y in batches:
        step(x, y)


def defined_in_the_loop(net, batches):
    for x, y in batches:

        def step():
            optimizer = optim.Adam(net.parameters())  # XFR214
            optimizer.zero_grad()
            F.mse_loss(net(x), y).backward()
            optimizer.step()

        step()


# -- right ones ------------------------------------------------------------------------------------


def folds(splits):
    for x, y in splits:
        net = nn.Linear(4, 1)
        optimizer = optim.Adam(net.parameters())
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()


def settings(net, x, y):
    for lr in (0.1, 0.01):
        optimizer = optim.Adam(net.parameters(), lr=lr)
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()


def tasks(net, batches, start):
    for x, y in batches:
        net.load_state_dict(start)
        optimizer = optim.Adam(net.parameters())
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()


def stages(net, batches):
    for stage in range(3):
        optimizer = optim.Adam(net.parameters())
        for x, y in batches:
            optimizer.zero_grad()
            F.mse_loss(net(x), y).backward()
            optimizer.step()


def unfreezes(net, batches):
    optimizer = optim.Adam(net.fc.parameters())
    for epoch, (x, y) in enumerate(batches):
        if epoch == 5:
            optimizer = optim.Adam(net.parameters())
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()


def without_a_state(net, batches):
    for x, y in batches:
        optimizer = optim.SGD(net.parameters(), lr=0.1)
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()


def images(batches):
    for target in batches:
        image = torch.rand(3, 8, 8, requires_grad=True)
        optimizer = optim.Adam([image])
        optimizer.zero_grad()
        F.mse_loss(image, target).backward()
        optimizer.step()


def clients(net, shards):
    for shard in shards:
        train(net, shard)


def train(net, shard):
    optimizer = optim.Adam(net.parameters())
    for x, y in shard:
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()


def once(net, x, y):
    optimizer = optim.Adam(net.parameters())
    optimizer.zero_grad()
    F.mse_loss(net(x), y).backward()
    optimizer.step()


def calls_it_once(x, y):
    once(nn.Linear(4, 1), x, y)
    for _ in range(3):
        once(nn.Linear(4, 1), x, y)


def models_in_turn(nets, x, y):
    for net in nets:
        optimizer = keras.optimizers.Adam()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((net(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, net.trainable_variables)
        optimizer.apply_gradients(zip(gradients, net.trainable_variables))


def numbers():
    return np.arange(3)


def collected(nets, batches):
    for x, y in batches:
        optimizer = optim.Adam([p for n in nets for p in n.parameters()])
        optimizer.zero_grad()
        F.mse_loss(nets[0](x), y).backward()
        optimizer.step()
        nets.handlers[0]()
