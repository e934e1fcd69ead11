import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from sklearn.datasets import make_regression
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Regression(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 16)
        self.out = nn.Linear(16, 1)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(x).squeeze(-1)


def from_a_table(df, x):
    y = torch.tensor(df["price"].values, dtype=torch.float32)
    criterion = nn.MSELoss()
    a = criterion(Regression()(x), y)  # XFR909
    b = criterion(Regression()(x).squeeze(), y)
    c = criterion(Regression()(x), y.unsqueeze(1))
    d = criterion(Flat()(x), y)
    e = criterion(Regression()(x), y.view(-1, 1))
    f = F.l1_loss(Regression()(x), torch.from_numpy(df["price"].to_numpy()).float())  # XFR909
    g = torch.mean((Regression()(x) - y) ** 2)  # XFR909
    h = ((y - Regression()(x)) ** 2).mean()  # XFR909
    i = criterion(nn.Linear(8, 2)(x), y)
    return a, b, c, d, e, f, g, h, i


def from_a_loader():
    x, y = make_regression(100, 8)
    x_train, x_test, y_train, y_test = train_test_split(x, y)
    data = TensorDataset(torch.FloatTensor(x_train), torch.FloatTensor(y_train))
    model = Regression()
    for xb, yb in DataLoader(data, batch_size=8):
        F.mse_loss(model(xb), yb).backward()  # XFR909
    column = TensorDataset(torch.FloatTensor(x_train), torch.FloatTensor(y_train).unsqueeze(1))
    for step, (xb, yb) in enumerate(DataLoader(column, batch_size=8)):
        F.mse_loss(model(xb), yb).backward()


def in_tensorflow(x, data):
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
    y = tf.constant([1.0, 2.0, 3.0])
    dataset = tf.data.Dataset.from_tensor_slices((x, np.linspace(0, 1, 100))).batch(10)
    losses = [tf.reduce_mean(tf.square(model(x) - y))]  # XFR909
    losses.append(keras.losses.MeanSquaredError()(y, model(x)))
    for xb, yb in dataset:
        losses.append(tf.reduce_mean((yb - model(xb)) ** 2))  # XFR909
    losses.append(tf.reduce_mean(tf.square(model(x) - data[:, 3:4])))
    losses.append(tf.reduce_mean(tf.abs(model(x) - data[:, 3])))  # XFR909
    return losses


def one_number(x):
    return F.mse_loss(Regression()(x), torch.tensor([0.0]))


def unseen(model, x, y):
    return F.mse_loss(model(x), y) + F.mse_loss(nn.Linear(8, 1)(x), y)
