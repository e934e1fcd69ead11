"""Shapes in which a step without new gradients is written, each with its fixed twin."""

import torch.nn.functional as F
from torch import nn, optim

# -- the order of a page's bullet list, in a notebook ----------------------------------------------------

model = nn.Linear(4, 2)
optimizer = optim.Adam(model.parameters())
train_dataloader = []

for epoch in range(5):
    for x, y in train_dataloader:
        pred = model(x)
        loss = F.cross_entropy(pred, y)
        optimizer.zero_grad()
        optimizer.step()  # XFR206
        loss.backward()

second = nn.Linear(4, 2)
adam = optim.Adam(second.parameters())

for epoch in range(5):
    for x, y in train_dataloader:
        pred = second(x)
        loss = F.cross_entropy(pred, y)
        adam.zero_grad()
        loss.backward()
        adam.step()


# -- two optimizers, one of them too early -----------------------------------------------------------------


def actor_critic(actor, critic, batches):
    for_actor, for_critic = optim.Adam(actor.parameters()), optim.Adam(critic.parameters())
    for s, a, r in batches:
        for_critic.zero_grad()
        value_loss = F.mse_loss(critic(s), r)
        value_loss.backward()
        for_critic.step()
        for_actor.zero_grad()  # XFR205
        policy_loss = F.cross_entropy(actor(s), a)
        for_actor.step()  # XFR206
        policy_loss.backward()


def actor_critic_fixed(actor, critic, batches):
    for_actor, for_critic = optim.Adam(actor.parameters()), optim.Adam(critic.parameters())
    for s, a, r in batches:
        for_critic.zero_grad()
        value_loss = F.mse_loss(critic(s), r)
        value_loss.backward()
        for_critic.step()
        for_actor.zero_grad()
        policy_loss = F.cross_entropy(actor(s), a)
        policy_loss.backward()
        for_actor.step()
