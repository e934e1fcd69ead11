import keras
import tensorflow as tf
from keras import layers


class Net(keras.Model):
    def __init__(self, units, build=True):
        super().__init__()
        self.layers = [layers.Dense(units)]  # XFR112
        self.metrics = [keras.metrics.Mean()]  # XFR112
        self.losses = {}  # XFR112
        self.build = build  # XFR112
        self.summary = "a net"  # XFR112
        self.fit = False  # XFR112


class Block(layers.Layer):
    def __init__(self, units, dtype=tf.float32):
        super().__init__()
        self.dtype = dtype  # XFR112
        self.input = layers.Dense(units)  # XFR112
        self.output = layers.Dense(units)  # XFR112
        self.weights, self.units = [], units  # XFR112


class Late(Block):
    def build(self, shape):
        self.variables = [self.add_weight(name="w", shape=shape)]  # XFR112


class Loss(Net):
    def fit_all(self, data):
        self.trainable_variables = data  # XFR112


# -- what may be set, and what the class defines itself --------------------------------------------


class Free(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.blocks = [layers.Dense(units)]
        self.trainable = True
        self.built = False
        self.loss = keras.losses.MeanSquaredError()
        self.optimizer = None
        self.inputs = self.outputs = None
        self.state = 0
        self.call = tf.function(self.call)
        self.summary = self.describe
        self.build = None

    def describe(self):
        return "free"


class OwnMetrics(keras.Model):
    def __init__(self):
        super().__init__()
        self.tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.tracker]


class OwnLayers(keras.Model):
    layers = None

    def __init__(self):
        super().__init__()
        self.layers = [layers.Dense(4)]


class Guarded(layers.Layer):
    def __init__(self):
        super().__init__()
        try:
            self.output = 3
        except AttributeError:
            self.out = 3


class Plain:
    def __init__(self):
        self.layers = [layers.Dense(4)]
        self.weights = []


class Stop(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []
        self.metrics = []
