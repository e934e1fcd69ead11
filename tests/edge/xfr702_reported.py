"""Shapes in which batches that stay together were reported, each with its fixed twin."""

import tensorflow as tf

# -- as reported in d2l-ai/d2l-en#2700: in one expression, a map behind it ----------------------------


def load_data_fashion_mnist(mnist_train, batch_size, resize_fn):
    return (
        tf.data.Dataset.from_tensor_slices(mnist_train)  # XFR702
        .batch(batch_size)
        .shuffle(len(mnist_train[0]))
        .map(resize_fn)
    )


def load_data_fashion_mnist_fixed(mnist_train, batch_size, resize_fn):
    return (
        tf.data.Dataset.from_tensor_slices(mnist_train)
        .shuffle(len(mnist_train[0]))
        .batch(batch_size)
        .map(resize_fn)
    )


# -- as asked in HasnainRaz/SemSegPipeline#5: step by step, under an option ----------------------------


class DataLoader:
    def __init__(self, paths, shuffle):
        self.paths, self.shuffle = paths, shuffle

    def data_batch(self, batch_size, buffer):
        data = tf.data.Dataset.from_tensor_slices(self.paths)
        data = data.map(tf.io.read_file, num_parallel_calls=2)
        data = data.batch(batch_size)
        if self.shuffle:
            data = data.prefetch(buffer).shuffle(buffer)  # XFR702
        return data

    def data_batch_fixed(self, batch_size, buffer):
        data = tf.data.Dataset.from_tensor_slices(self.paths)
        if self.shuffle:
            data = data.shuffle(buffer)
        data = data.map(tf.io.read_file, num_parallel_calls=2)
        return data.batch(batch_size).prefetch(buffer)


# -- as in tensorflow/tensorflow#39899: batches of sequences, taken apart again ------------------------


def kept_in_fives(elements):
    return tf.data.Dataset.range(elements).batch(5).shuffle(20).unbatch()
