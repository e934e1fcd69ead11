import random

import numpy as np
import tensorflow as tf

AUTOTUNE = tf.data.AUTOTUNE


def chains(files, parse, batch_size, n):
    a = tf.data.Dataset.from_tensor_slices(files).batch(32).shuffle(100)  # XFR702
    b = tf.data.Dataset.list_files(files).map(parse).batch(batch_size).prefetch(2).shuffle(n)  # XFR702
    c = tf.data.TFRecordDataset(files).padded_batch(8).repeat().shuffle(buffer_size=64)  # XFR702
    d = tf.data.Dataset.range(9).shuffle(1).batch(3)  # XFR702
    e = tf.data.Dataset.range(9).shuffle(buffer_size=1).map(parse).batch(3)  # XFR702
    f = tf.data.Dataset.range(9).shuffle(batch_size).batch(batch_size)  # XFR702
    return a, b, c, d, e, f


def right(files, parse, batch_size, n):
    a = tf.data.Dataset.from_tensor_slices(files).shuffle(100).batch(32)
    b = tf.data.Dataset.from_tensor_slices(files).shuffle(100).batch(32).shuffle(100)
    c = tf.data.Dataset.from_tensor_slices(files).batch(32).unbatch().shuffle(100)
    d = tf.data.Dataset.range(9).batch(1).shuffle(9)
    e = tf.data.Dataset.range(9).shuffle(batch_size * 10).batch(batch_size)
    f = tf.data.Dataset.range(9).shuffle(4).batch(4)
    g = tf.data.Dataset.list_files(files, shuffle=True).batch(32).shuffle(100)
    return a, b, c, d, e, f, g


def by_name(files, parse, batch_size):
    ds = tf.data.Dataset.from_tensor_slices(files)
    ds = ds.map(parse, num_parallel_calls=AUTOTUNE)
    ds = ds.batch(batch_size)
    ds = ds.shuffle(1000)  # XFR702
    return ds.prefetch(AUTOTUNE)


def make_dataset(pairs, fmt):
    dataset = tf.data.Dataset.from_tensor_slices(pairs)
    dataset = dataset.batch(64)
    dataset = dataset.map(fmt)
    return dataset.shuffle(2048).prefetch(16).cache()  # XFR702


def windows(text, length, split):
    sequences = tf.data.Dataset.from_tensor_slices(text).batch(length + 1, drop_remainder=True)
    dataset = sequences.map(split)
    dataset = dataset.shuffle(10000).batch(64, drop_remainder=True)
    return dataset


def windows_in_steps(text, length, split):
    dataset = tf.data.Dataset.from_tensor_slices(text).batch(length + 1).map(split)
    dataset = dataset.shuffle(10000)
    return dataset.batch(64)


def unseen(dataset, flag):
    if flag:
        dataset = dataset.batch(8)
    dataset = dataset.shuffle(100)
    random.shuffle(flag)
    np.random.shuffle(flag)
    return dataset


def already_mixed(files, x):
    order = np.random.permutation(len(x))
    ds = tf.data.Dataset.from_tensor_slices(x[order])
    ds = ds.shuffle(len(x))
    ds = ds.map(str).batch(8)
    return ds.shuffle(10)


def only_looked_at(files, n):
    val_ds = tf.data.Dataset.from_tensor_slices(files).batch(n).shuffle(100)
    visualization_ds = tf.data.Dataset.from_tensor_slices(files).batch(n).shuffle(8)
    return val_ds, visualization_ds


class Data:
    def __init__(self, files):
        self.ds = tf.data.Dataset.from_tensor_slices(files).batch(8)

    def train(self):
        return self.ds.shuffle(100)  # XFR702
