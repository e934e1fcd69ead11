import keras
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

kl = nn.KLDivLoss(reduction="batchmean")
kl_of_logarithms = nn.KLDivLoss(reduction="batchmean", log_target=True)


def distill(student, teacher, x, T, options):
    p, q = student(x), teacher(x)
    a = kl(F.softmax(p / T, dim=1), F.softmax(q / T, dim=1))  # XFR407
    b = kl(F.log_softmax(p / T, dim=1), F.softmax(q / T, dim=1))
    c = kl(F.log_softmax(p, dim=1), F.log_softmax(q, dim=1))  # XFR407
    d = kl_of_logarithms(F.log_softmax(p, dim=1), F.log_softmax(q, dim=1))
    e = kl_of_logarithms(F.log_softmax(p, dim=1), F.softmax(q, dim=1))  # XFR407
    f = F.kl_div(p.softmax(-1), q.softmax(-1), reduction="sum")  # XFR407
    g = F.kl_div(p.softmax(-1).log(), q.softmax(-1), reduction="sum")
    h = F.kl_div(nn.Linear(8, 4)(x), q.softmax(-1), reduction="sum")  # XFR407
    i = F.kl_div(p.log_softmax(-1), q.log_softmax(-1), reduction="sum", log_target=True)
    j = F.kl_div(p.log_softmax(-1), q.log_softmax(-1), **options)
    k = F.kl_div(p, q, reduction="batchmean")
    m = F.kl_div(p.log_softmax(-1), q.log_softmax(-1), reduction="sum", log_target=x.is_cuda)
    n = F.kl_div(input=torch.sigmoid(p), target=q, reduction="none")  # XFR407
    return a + b + c + d + e + f + g + h + i + j + k + m + n


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.criterion = nn.KLDivLoss(reduction="sum")

    def forward(self, x):
        return F.softmax(self.fc(x), dim=-1)

    def training_step(self, batch):
        x, y = batch
        return self.criterion(self(x), y)  # XFR407

    def validation_step(self, batch):
        x, y = batch
        return self.criterion(self(x).log(), y)


def label_smoothing(x, true_dist):
    criterion = nn.KLDivLoss(reduction="sum")
    return criterion(x, true_dist.clone().detach())


def keras_losses(y, x):
    loss = keras.losses.KLDivergence()
    a = loss(y, tf.nn.log_softmax(x))  # XFR407
    b = loss(y, tf.nn.softmax(x))
    c = keras.losses.kl_divergence(y, keras.layers.Dense(4)(x))  # XFR407
    d = keras.losses.kl_divergence(tf.nn.softmax(y), keras.ops.softmax(x))
    e = keras.losses.KLD(y, keras.ops.log_softmax(x))  # XFR407
    return a + b + c + d + e


def build(activation):
    model = keras.Sequential([keras.layers.Dense(4)])
    model.compile("adam", loss="kld")  # XFR407
    other = keras.Sequential([keras.layers.Dense(4, activation=activation)])
    other.compile("adam", loss="kl_divergence")
    right = keras.Sequential([keras.layers.Dense(4), keras.layers.Softmax()])
    right.compile("adam", loss="kullback_leibler_divergence")
    return model, other, right
