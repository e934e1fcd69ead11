"""Shapes in which a module used as a function was reported, with the fixed twin."""

from torch import nn

# -- as reported in Lightning-AI/pytorch-lightning#2282: beside other slips ------------------------


class Autoencoder(nn.Module):
    def __init__(self, hparams):
        super().__init__()
        self.encode = nn.Conv1d(hparams.in_channels, hparams.out_channels, hparams.kernel_size)
        self.decode = nn.ConvTranspose1d(hparams.out_channels, hparams.in_channels, 3)

    def forward(self, x):
        x = self.encode(x)
        encoded = nn.ReLU(x)  # XFR120
        return self.decode(encoded), encoded


class AutoencoderFixed(nn.Module):
    def __init__(self, hparams):
        super().__init__()
        self.encode = nn.Conv1d(hparams.in_channels, hparams.out_channels, hparams.kernel_size)
        self.decode = nn.ConvTranspose1d(hparams.out_channels, hparams.in_channels, 3)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.encode(x)
        encoded = self.relu(x)
        return self.decode(encoded), encoded
