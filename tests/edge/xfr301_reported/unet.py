import torch
from torch import nn

# -- as reported in wolny/pytorch-3dunet#53: validate() of a trainer ------------------------------


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Conv3d(1, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU())
        self.final = nn.Conv3d(8, 2, 1)

    def forward(self, x):
        return self.final(self.encode(x))


class UNetTrainer:
    def __init__(self, loaders, criterion):
        self.model = UNet()
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.loaders, self.criterion = loaders, criterion

    def train(self):
        self.model.train()
        for i, (x, y) in enumerate(self.loaders["train"]):
            loss = self.criterion(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if i % 100 == 0:
                self.validate(self.loaders["val"])

    def validate(self, val_loader):
        total = 0.0
        with torch.no_grad():
            for x, y in val_loader:
                output = self.model(x)  # XFR301
                total += self.criterion(output, y).item()
        return total
