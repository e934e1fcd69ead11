import contextlib

import tensorflow as tf
import torch
from torch import autocast, nn, no_grad
from torch.cuda.amp import autocast as amp


def evaluate(model, x):
    no_grad()  # XFR313
    return model(x)


def infer(model, x):
    torch.inference_mode(True)  # XFR313
    torch.inference_mode  # XFR313
    return model(x)


def mixed(model, x, context):
    autocast("cuda", dtype=torch.float16)  # XFR313
    amp()  # XFR313
    with no_grad, amp():  # XFR313
        y = model(x)
    with context, contextlib.nullcontext(), torch.no_grad(), autocast("cuda"):
        return y + model(x)


def on_device(x):
    tf.device("/GPU:0")  # XFR313
    with tf.device("/GPU:0"):
        return tf.square(x)


def spread():
    strategy = tf.distribute.MirroredStrategy()
    strategy.scope()  # XFR313
    with strategy.scope():
        return tf.Variable(1.0)


@torch.no_grad
def decorated(model, x):
    return model(x)


@no_grad()
def called(model, x):
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)
    return model(x)


class Scoped:
    def scope(self):
        return self

    def enter(self, stack):
        context = torch.no_grad()
        context.__enter__()
        stack.enter_context(torch.no_grad())
        self.scope()
        return torch.inference_mode()


model = nn.Linear(4, 2)
torch.no_grad()  # XFR313
torch.autograd.detect_anomaly()  # XFR313
