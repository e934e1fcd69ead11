import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn


def train(model, train_loader, device, optimizer):
    model.to(device)
    for images, labels in train_loader:
        images.to(device)  # XFR601
        labels.cuda()  # XFR601
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()


def train_rightly(model, train_loader, device, optimizer):
    model.to(device)
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()


def evaluate(model, loader, device):
    right = 0
    for _, (x, y) in enumerate(loader):
        x.to(device, non_blocking=True)  # XFR601
        right += (model(x).argmax(1) == y).sum()
    for batch in loader:
        batch.to(device)
        x, y = batch
        y.long()  # XFR601
        right += (model(x).argmax(1) == y).sum()
    for _, inputs in enumerate(loader):
        inputs.to(device)
    return right


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.fc.to("cpu")
        self.blocks = nn.ModuleList([nn.Linear(4, 4)])
        for block in self.blocks:
            block.cuda()

    def forward(self, x):
        h = torch.relu(x)
        h.squeeze()  # XFR601
        h.squeeze_()
        h.detach()  # XFR601
        mask = h > 0
        mask.unsqueeze(1)  # XFR601
        torch.flatten(h, 1)  # XFR601
        torch.clamp(h, 0, 1, out=h)
        return self.fc(h)


def state(optimizer, module, device):
    for child in module.children():
        child.to(device)
    for name, child in module.named_children():
        child.float()
    module.half()
    optimizer.to(device)


@tf.function
def prepare(x, y):
    tf.cast(x, tf.float32)  # XFR601
    tf.expand_dims(y, -1)  # XFR601
    tf.identity(x, name="inputs")
    tf.reshape(y, (-1,), name="targets")
    x = tf.cast(x, tf.float32)
    return x, y


def arrays(x):
    np.expand_dims(x, 0)  # XFR601
    np.clip(x, 0, 1, out=x)
    np.random.shuffle(x)
    return x


def benchmark(x):
    for _ in range(100):
        tf.reshape(x, (-1,))


def expected(x):
    try:
        tf.reshape(x, (7, -1))
    except ValueError:
        print("does not fit")


tf.reshape(tf.ones(4), (2, 2))
for k in range(3):
    square = tf.ones((2, 2))
    tf.transpose(square)  # XFR601
    tf.squeeze(tf.expand_dims(square, 0), 0)
