import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

IGNORE = -100


def token_loss(logits, labels, mask, options):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    y = tf.where(mask, labels, -100)
    a = loss_fn(y, logits)  # XFR424
    b = keras.losses.sparse_categorical_crossentropy(np.where(mask, IGNORE, labels), logits)  # XFR424
    c = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)  # XFR424
    skipping = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
    d = skipping(y, logits)
    e = keras.losses.SparseCategoricalCrossentropy(**options)(y, logits)
    f = loss_fn(tf.boolean_mask(y, y != -100), tf.boolean_mask(logits, y != -100))
    g = loss_fn(tf.where(mask, labels, 0), logits)
    h = F.cross_entropy(torch.tensor(logits), torch.where(mask, labels, -100))
    i = loss_fn(labels, logits)
    return a, b, c, d, e, f, g, h, i


def set_in_place(logits, labels, mask):
    labels = np.array(labels)
    labels[~mask] = -100
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return loss_fn(labels, logits)  # XFR424


def set_afterwards(logits, labels, mask):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = loss_fn(labels, logits)
    labels[~mask] = -100
    return loss


def fitted(x, labels, mask):
    y = np.where(mask, labels, IGNORE)
    model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y)  # XFR424
    other = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    other.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=-100))
    other.fit(x, y)


class Tagger(keras.Model):
    def train_step(self, data):
        x, y = data
        y = tf.where(y == 0, -100, y)
        loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return {"loss": loss_fn(y, self(x, training=True))}  # XFR424
