"""A detector in YOLO's manner: a convolutional body, a head at each of two scales, boxes decoded in
the model: sigmoid of the centres plus the grid, exp of the sizes times the anchors, sigmoid of
objectness and classes. One output for each scale: (N, H * W * anchors, 5 + classes)."""

import keras
import numpy as np
import torch
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from torch import nn

SMALL = {"width": 4, "classes": 2}
SMALL_BATCH = {"size": 32, "classes": 2, "n": 2}
ANCHORS = (((10.0, 13.0), (16.0, 30.0), (33.0, 23.0)), ((30.0, 61.0), (62.0, 45.0), (59.0, 119.0)))
STRIDES = (8, 16)


def conv(cin, cout, kernel, stride=1):
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(cout, eps=1e-3, momentum=0.03),
        nn.SiLU(),
    )


class Detect(nn.Module):
    def __init__(self, cin, classes, anchors, stride):
        super().__init__()
        self.conv = nn.Conv2d(cin, len(anchors) * (5 + classes), 1)
        self.stride = stride
        self.register_buffer("anchors", torch.tensor(anchors), persistent=False)

    def forward(self, x):
        x = self.conv(x)
        n, _, h, w = x.shape
        x = x.view(n, len(self.anchors), -1, h, w).permute(0, 3, 4, 1, 2)
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        grid = torch.stack([columns, rows], dim=-1).view(1, h, w, 1, 2)
        centre = (torch.sigmoid(x[..., 0:2]) + grid) * self.stride
        size = torch.exp(x[..., 2:4]) * self.anchors
        scores = torch.sigmoid(x[..., 4:])
        return torch.cat([centre, size, scores], dim=-1).reshape(n, -1, x.shape[-1])


class Yolo(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.body = nn.Sequential(
            conv(3, width, 3, 2), conv(width, 2 * width, 3, 2), conv(2 * width, 4 * width, 3, 2)
        )
        self.down = conv(4 * width, 8 * width, 3, 2)
        self.lateral = conv(8 * width, 4 * width, 1)
        self.merge = conv(8 * width, 4 * width, 3)
        self.detect = nn.ModuleList(
            Detect(cin, classes, anchors, stride)
            for cin, anchors, stride in zip((4 * width, 8 * width), ANCHORS, STRIDES, strict=True)
        )

    def forward(self, x):
        fine = self.body(x)
        coarse = self.down(fine)
        up = F.interpolate(self.lateral(coarse), scale_factor=2, mode="nearest")
        fine = self.merge(torch.cat([up, fine], 1))
        return [head(x) for head, x in zip(self.detect, (fine, coarse), strict=True)]


def torch_model(width=32, classes=80):
    return Yolo(width, classes)


class KerasConv(L.Layer):
    def __init__(self, filters, kernel, stride=1):
        super().__init__()
        self.pad = L.ZeroPadding2D(kernel // 2)
        self.conv = L.Conv2D(filters, kernel, strides=stride, use_bias=False)
        self.norm = L.BatchNormalization(epsilon=1e-3, momentum=0.97)

    def call(self, x, training=None):
        return ops.silu(self.norm(self.conv(self.pad(x)), training=training))


class KerasDetect(L.Layer):
    def __init__(self, classes, anchors, stride):
        super().__init__()
        self.conv = L.Conv2D(len(anchors) * (5 + classes), 1)
        self.anchors, self.stride = anchors, stride

    def call(self, x):
        x = self.conv(x)
        n, h, w, _ = x.shape
        x = ops.reshape(x, (n, h, w, len(self.anchors), -1))
        columns, rows = ops.meshgrid(ops.arange(w), ops.arange(h), indexing="xy")
        grid = ops.cast(ops.stack([columns, rows], axis=-1)[None, :, :, None], x.dtype)
        centre = (ops.sigmoid(x[..., 0:2]) + grid) * self.stride
        size = ops.exp(x[..., 2:4]) * ops.convert_to_tensor(self.anchors, dtype=x.dtype)
        scores = ops.sigmoid(x[..., 4:])
        return ops.reshape(ops.concatenate([centre, size, scores], -1), (n, -1, x.shape[-1]))


class KerasYolo(keras.Model):
    def __init__(self, width, classes):
        super().__init__()
        self.body = keras.Sequential(
            [KerasConv(width, 3, 2), KerasConv(2 * width, 3, 2), KerasConv(4 * width, 3, 2)]
        )
        self.down = KerasConv(8 * width, 3, 2)
        self.lateral = KerasConv(4 * width, 1)
        self.upsample = L.UpSampling2D(2)
        self.merge = KerasConv(4 * width, 3)
        self.detect = [
            KerasDetect(classes, anchors, stride)
            for anchors, stride in zip(ANCHORS, STRIDES, strict=True)
        ]

    def call(self, x, training=None):
        fine = self.body(x, training=training)
        coarse = self.down(fine, training=training)
        up = self.upsample(self.lateral(coarse, training=training))
        fine = self.merge(ops.concatenate([up, fine], axis=-1), training=training)
        return [head(x) for head, x in zip(self.detect, (fine, coarse), strict=True)]


def keras_model(width=32, classes=80):
    return KerasYolo(width, classes)


def torch_loss(outputs, targets):
    """Squared error of the boxes in pixels, scaled down, and cross-entropy of the scores."""
    total = 0.0
    for output, target in zip(outputs, targets, strict=True):
        boxes = F.mse_loss(output[..., :4], target[..., :4]) / 1024
        total = total + boxes + F.binary_cross_entropy(output[..., 4:], target[..., 4:])
    return total


def keras_loss(targets, outputs):
    total = 0.0
    for output, target in zip(outputs, targets, strict=True):
        boxes = ops.mean(ops.square(output[..., :4] - target[..., :4])) / 1024
        p, t = output[..., 4:], target[..., 4:]
        scores = -ops.mean(t * ops.log(p) + (1 - t) * ops.log(1 - p))
        total = total + boxes + scores
    return total


LOSS = (torch_loss, keras_loss)


def batch(rng, size=256, classes=80, n=2):
    targets = []
    for anchors, stride in zip(ANCHORS, STRIDES, strict=True):
        cells = (size // stride) ** 2 * len(anchors)
        boxes = rng.uniform(0, size, (n, cells, 4))
        scores = rng.integers(0, 2, (n, cells, 1 + classes)).astype(float)
        targets.append(np.concatenate([boxes, scores], axis=-1))
    return rng.random((n, 3, size, size)), targets
