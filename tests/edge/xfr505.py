import keras
from torch import nn


class TorchDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.up1 = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1)
        self.up2 = nn.ConvTranspose2d(4, 4, kernel_size=5, stride=2, padding=2)
        self.up3 = nn.ConvTranspose2d(4, 4, 2, 2)
        self.up4 = nn.ConvTranspose2d(4, 4, 4, 2, 1)


class KerasDecoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.up1 = keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same")  # XFR505
        self.up2 = keras.layers.Conv2DTranspose(4, 5, strides=2, padding="same")  # XFR505
        self.up3 = keras.layers.Conv2DTranspose(4, 2, 2, "same")
        self.up4 = keras.layers.Conv2DTranspose(4, 4, 2, "same")


def generator_torch():
    return nn.Sequential(nn.ConvTranspose1d(8, 4, 3, 2, 1, 1))


def generator_keras():
    return keras.Sequential([keras.layers.Conv1DTranspose(4, 3, 2, "same")])  # XFR505


pt_up = nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1)
tf_up = keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same")  # XFR505
keras_grow = keras.layers.Conv2DTranspose(2, 5, strides=2, padding="same")
torch_grow = nn.ConvTranspose2d(2, 2, 5, stride=2, padding=2, output_padding=1)  # XFR505
torch_cube = nn.ConvTranspose3d(2, 2, 3, 2, 1, 1)
keras_cube = keras.layers.Conv3DTranspose(2, 3, 2, "same")  # XFR505

# -- right -----------------------------------------------------------------------------------------

valid_pt = nn.ConvTranspose2d(2, 2, 3, stride=2)
valid_tf = keras.layers.Conv2DTranspose(2, 3, strides=2)
six_pt = nn.ConvTranspose2d(2, 2, 6, stride=2, padding=2)
six_tf = keras.layers.Conv2DTranspose(2, 6, strides=2, padding="same")
one_pt = nn.ConvTranspose2d(2, 2, 3, padding=1)
one_tf = keras.layers.Conv2DTranspose(2, 3, padding="same")
upsample = keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same")
