import keras
import tensorflow as tf
from keras import layers
from keras.layers import Conv2D, Dense, MaxPooling2D
from torch import nn

IN_CHANNELS, WIDTH = 3, 64


def double_conv(x, in_channels, out_channels):
    x = layers.Conv2D(in_channels, out_channels, 3)(x)  # XFR118
    x = layers.BatchNormalization(out_channels)(x)  # XFR118
    x = layers.ReLU(True)(x)  # XFR118
    return layers.ReLU(inplace=True)(x)  # XFR118


def right_conv(x, in_channels, out_channels, channel_axis=-1):
    x = layers.Conv2D(out_channels, 3)(x)
    x = layers.BatchNormalization(channel_axis)(x)
    x = layers.Conv2D(in_channels, 1, 1)(x)
    x = layers.Conv2D(in_channels, out_channels)(x)
    return layers.ReLU(6.0)(x)


class Block(keras.layers.Layer):
    def __init__(self, in_planes, planes, d_model=512, num_heads=8, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = Conv2D(in_planes, planes, kernel_size=3)  # XFR118
        self.conv2 = Conv2D(16, 32, 3, padding="same")  # XFR118
        self.conv3 = layers.Conv2DTranspose(64, 32, 5)  # XFR118
        self.conv4 = layers.Conv2D(3, 64, 3, 1, 1)  # XFR118
        self.conv5 = layers.SeparableConv2D(64, 128, 1)  # XFR118
        self.conv6 = layers.Conv1D(in_planes, planes, 3)  # XFR118
        self.conv7 = layers.Conv2D(16, 3, padding=1)  # XFR118
        self.conv8 = layers.Conv2D(filters=16, kernel_size=3, stride=2)  # XFR118
        self.pool = layers.MaxPool2D(3, 2, 1)  # XFR118
        self.pool2 = MaxPooling2D(kernel_size=2)  # XFR118
        self.norm1 = layers.BatchNormalization(64)  # XFR118
        self.norm2 = layers.LayerNormalization([8, 8, 16])  # XFR118
        self.norm3 = layers.LayerNormalization(1e-6)  # XFR118
        self.norm4 = layers.GroupNormalization(8, 64)  # XFR118
        self.norm5 = layers.LayerNormalization(d_model)
        self.norm6 = layers.BatchNormalization(eps=1e-5)  # XFR118
        self.attention = layers.MultiHeadAttention(d_model, num_heads)  # XFR118
        self.attention2 = layers.MultiHeadAttention(512, 8)  # XFR118
        self.drop = layers.Dropout(p=0.5)  # XFR118
        self.rnn = layers.LSTM(8, 16)  # XFR118
        self.dense = layers.Dense(in_planes, self.out_dim)  # XFR118
        self.rnn2 = layers.GRU(16, batch_first=True)  # XFR118
        self.soft = layers.Softmax(dim=-1)  # XFR118
        self.embed = layers.Embedding(num_embeddings=100, embedding_dim=8)  # XFR118


class Right(keras.layers.Layer):
    def __init__(self, in_planes, planes, d_model=512, num_heads=8, axis=(1, 2), **kwargs):
        super().__init__(**kwargs)
        self.conv1 = Conv2D(planes, kernel_size=3)
        self.conv2 = Conv2D(32, 3, padding="same")
        self.conv3 = layers.Conv2D(32, 3, 2)
        self.conv4 = layers.Conv2D(768, 16, 16)
        self.conv5 = layers.Conv2D(32, 8, 4, "valid")
        self.conv6 = layers.Conv1D(64, 41, 4, "same", groups=4)
        self.conv7 = layers.Conv2D(64, (3, 3), (1, 1))
        self.conv8 = layers.Conv2D(planes, in_planes, 1)
        self.conv9 = layers.Conv2D(*in_planes)
        self.pool = layers.MaxPool2D(3, 2, "same")
        self.norm1 = layers.BatchNormalization(3)
        self.norm2 = layers.LayerNormalization([1, 2, 3])
        self.norm3 = layers.LayerNormalization(axis)
        self.norm4 = layers.GroupNormalization(8, -1)
        self.norm5 = layers.BatchNormalization(-1, 0.9)
        self.attention = layers.MultiHeadAttention(num_heads, d_model)
        self.attention2 = layers.MultiHeadAttention(8, 64)
        self.attention3 = layers.MultiHeadAttention(64, 128)
        self.attention4 = layers.MultiHeadAttention(2, 2)
        self.drop = layers.Dropout(0.5)
        self.rnn = layers.LSTM(16, "tanh", return_sequences=True)
        self.dense = layers.Dense(8, "relu")
        self.dense2 = layers.Dense(8, tf.nn.relu)
        self.dense3 = layers.Dense(8, kwargs.get("activation"))
        self.dense4 = layers.Dense(in_planes, self.output_activation)
        self.embed = layers.Embedding(100, 8)
        self.torch = nn.Conv2d(3, 16, 3)


# notebook style
model = keras.Sequential([Dense(784, 128), Dense(128, 10)])  # XFR118
model = keras.Sequential([Dense(128, "relu"), Dense(10)])
model = keras.Sequential([Conv2D(IN_CHANNELS, WIDTH, 3)])  # XFR118
model = keras.Sequential([Dense(8, bias=False)])  # XFR118
try:
    norm = layers.BatchNormalization(eps=1e-5)
except TypeError:
    norm = layers.BatchNormalization(epsilon=1e-5)
