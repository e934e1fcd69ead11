import lightning
from torch import nn
from torch.utils.data import DataLoader


class Collated(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(4, 8)

    def forward(self, x):
        return self.rnn(x)[1][-1]


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8)

    def forward(self, x):
        return self.lstm(x)[1][0][-1]

    def training_step(self, batch, index):
        x, y = batch
        return self(x).mean()


net = Collated()
for x, y in DataLoader([], collate_fn=list):
    net(x)
