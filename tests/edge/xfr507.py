import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn
from torch.utils.data import DataLoader

x = torch.ones(2, 3, 4)
a = torch.transpose(x, (0, 2, 1))  # XFR507
b = x.transpose(0, 2, 1)  # XFR507
c = torch.permute(x, 0, 2, 1)  # XFR507
d = torch.from_numpy(np.ones((2, 3, 4))).transpose([0, 2, 1])  # XFR507
e = torch.transpose(x, 0, 2, 1)  # XFR507
f = tf.ones((2, 3, 4))
g = tf.transpose(f, 0, 2, 1)  # XFR507
h = keras.ops.transpose(f, 1, 2)  # XFR507
i = keras.layers.Permute((0, 2, 1))(f)  # XFR507
k = np.transpose(np.ones((2, 3, 4)), 1, 2)  # XFR507


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 1)

    def forward(self, x):
        y = self.conv(x)
        y = y.transpose(0, 2, 1)  # XFR507
        return x.transpose((0, 2, 1)), y  # XFR507


net = Net()
both = (x + 1).transpose(0, 2, 1)  # XFR507
part = torch.ones(2, 2, 3, 4)[0].transpose(0, 2, 1)  # XFR507
made = net(x).transpose(0, 2, 1)  # XFR507
loaded = torch.load("file").transpose(0, 2, 1)

for images, labels in DataLoader([]):
    images = images.cuda().transpose(0, 2, 3, 1)  # XFR507

# -- right -----------------------------------------------------------------------------------------

order = (0, 2, 1)
torch.transpose(x, 1, 2)
torch.transpose(x, dim0=1, dim1=2)
x.transpose(1, 2).permute(0, 2, 1).permute((0, 2, 1))
torch.permute(x, (0, 2, 1))
torch.permute(x, order)
tf.transpose(f, [0, 2, 1])
tf.transpose(f, perm=[0, 2, 1])
tf.transpose(f)
keras.ops.transpose(f, (0, 2, 1))
keras.layers.Permute((2, 1))(f)
np.transpose(np.ones((2, 3, 4)), (0, 2, 1))
x.numpy().transpose(0, 2, 1)
x.detach().cpu().numpy().transpose((0, 2, 1))
np.ones((2, 3, 4)).transpose(0, 2, 1)
tf.ones((2, 3)).numpy().transpose(1, 0)


def unknown(image, *dims):
    return image.transpose(2, 0, 1), x.transpose(*dims), image.transpose((2, 0, 1))


class Convert(nn.Module):
    def forward(self, x, image):
        return x.transpose(-1, -2), image.transpose(2, 0, 1)
