# one spelling
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
import torch.nn.functional as F
from keras import layers


def train_one_epoch(loader, rate):
    classifier = keras.Sequential([layers.Dense(8), layers.Dropout(rate), layers.Dense(2)])
    optimizer = torch.optim.AdamW(classifier.parameters())
    classifier.train()  # XFR309
    for batch, target in loader:
        optimizer.zero_grad()
        F.cross_entropy(classifier(batch), target).backward()
        optimizer.step()


def train_one_epoch_rightly(loader, rate):
    classifier = keras.Sequential([layers.Dense(8), layers.Dropout(rate), layers.Dense(2)])
    optimizer = torch.optim.AdamW(classifier.parameters())
    for batch, target in loader:
        optimizer.zero_grad()
        F.cross_entropy(classifier(batch, training=True), target).backward()
        optimizer.step()


def with_batch_norm(loader):
    network = keras.Sequential([layers.Conv2D(8, 3), layers.BatchNormalization(), layers.Flatten()])
    adam = torch.optim.Adam(network.parameters(), lr=1e-3)
    for images, _ in loader:
        network.train()  # XFR309
        adam.zero_grad()
        network(images).mean().backward()
        adam.step()
