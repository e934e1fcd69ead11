import keras
import numpy as np
import tensorflow as tf
import tensorflow.keras.backend as K


def accuracy(logits: tf.Tensor, y):
    predicted = tf.argmax(logits, axis=1)
    correct = tf.cast(predicted == y, tf.float32).sum()  # XFR602
    return correct.item() / logits.size(0)  # XFR602


class Attention(keras.layers.Layer):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads
        self.qkv = keras.layers.Dense(96)

    def call(self, x, training=None):
        q = self.qkv(x).permute(0, 2, 1)  # XFR602
        scores = tf.matmul(q, q, transpose_b=True)
        weights = tf.nn.softmax(scores, axis=-1).masked_fill(scores == 0, 0.0)  # XFR602
        return tf.matmul(weights, q).transpose(1, 2).contiguous()  # XFR602


def loop(dataset_of_pairs):
    model = keras.Sequential([keras.layers.Dense(1)])
    losses = []
    for x, y in tf.data.Dataset.from_tensor_slices(dataset_of_pairs).batch(4):
        x = x.cuda()  # XFR602
        loss = keras.losses.MeanSquaredError()(y.float(), model(x))  # XFR602
        losses.append(loss.detach())  # XFR602
    return losses


def helper(x):
    return tf.expand_dims(x, 0)


def through_a_helper(image):
    batch = helper(image)
    return batch.unsqueeze(1)  # XFR602


class Model(tf.keras.Model):
    def call(self, inputs):
        return inputs.view(-1, 8) - inputs.unsqueeze(1)  # XFR602


def mixed():
    a = tf.random.normal((2, 3)) * 2
    a = -a
    print(a.numel(), a[0].dim())  # XFR602
    return a.numpy().mean(), a.shape, a.cpu()


# -- right ones ------------------------------------------------------------------------------------


def arrays(model, x):
    net = keras.Sequential([keras.layers.Dense(1)])
    out = net.predict(x)
    print(out.mean(), out.reshape(-1), tf.ones(3).numpy().sum())
    print(np.ones(3).transpose(), K.mean(x), tf.size(x), model(x).item())
    print(keras.ops.convert_to_numpy(keras.ops.argmax(x)).item())
    words = "a b".split()
    return words, x.view(-1), out.item()


def by_backend(x):
    if keras.backend.backend() == "torch":
        y = keras.ops.relu(x)
        return y.permute(0, 2, 1)
    return keras.ops.transpose(x, (0, 2, 1))


class Reshapes(keras.layers.Layer):
    def call(self, x):
        x = keras.ops.relu(x)
        return x.reshape((-1, 4)).squeeze()


def sometimes(flag, x, other):
    y = tf.ones(3) if flag else other(x)
    return y.view(-1)


def parts(x):
    a, b = tf.split(x, 2)
    mean, variance = tf.nn.moments(x, axes=[0])
    return [part.size for part in (a, b)], mean, variance


class Names(dict):
    def size(self):
        return len(self)


names = Names()
print(names.size())


def raises():
    try:
        tf.ones(3).size()
    except AttributeError as error:
        print(error)


class Tokenizer(keras.layers.Layer):
    def call(self, inputs):
        if isinstance(inputs, np.ndarray):
            return tf.constant(inputs.tolist()), inputs.numel()
        return inputs.mean(), inputs.item(), inputs.view("int32")

class Decorated(keras.layers.Layer):
    @somewhere.decorated  # noqa: F821
    def call(self, inputs):
        return inputs.unsqueeze(0)
