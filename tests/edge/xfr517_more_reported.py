"""More shapes in which a missing batch_first was reported, each with its fixed twin."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

# -- as reported in pytorch/pytorch#1538 and yunjey/pytorch-tutorial#89: the rows of digits as steps ----


class Rnn(nn.Module):
    def __init__(self, in_dim, hidden_dim, n_layer, n_class):
        super(Rnn, self).__init__()
        self.lstm = nn.LSTM(in_dim, hidden_dim, n_layer)  # XFR517
        self.classifier = nn.Linear(hidden_dim, n_class)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.classifier(out[:, -1, :])


class RnnFixed(nn.Module):
    def __init__(self, in_dim, hidden_dim, n_layer, n_class):
        super(RnnFixed, self).__init__()
        self.lstm = nn.LSTM(in_dim, hidden_dim, n_layer, batch_first=True)
        self.classifier = nn.Linear(hidden_dim, n_class)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.classifier(out[:, -1, :])


def digits():
    data = datasets.MNIST("data", transform=transforms.ToTensor())
    model, fixed = Rnn(28, 128, 2, 10), RnnFixed(28, 128, 2, 10)
    for images, _ in DataLoader(data, batch_size=100):
        yield model(images.squeeze(1)), fixed(images.squeeze(1))


# -- as reported in HHTseng/video-classification#42: the features of a CNN, a frame at a time ------------


class DecoderRNN(nn.Module):
    def __init__(self, num_classes=50):
        super().__init__()
        self.LSTM = nn.LSTM(input_size=300, hidden_size=256, num_layers=3)  # XFR517
        self.fc1 = nn.Linear(256, num_classes)

    def forward(self, x_RNN):
        RNN_out, (h_n, h_c) = self.LSTM(x_RNN, None)
        return self.fc1(RNN_out[:, -1, :])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, 300)

    def forward(self, x_3d):
        frames = [self.fc(self.conv(x_3d[:, t]).mean((2, 3))) for t in range(x_3d.size(1))]
        return torch.stack(frames, dim=0).transpose(0, 1)
