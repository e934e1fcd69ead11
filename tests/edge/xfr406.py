import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import BCELoss, BCEWithLogitsLoss


class Discriminator(nn.Module):
    def __init__(self, sigmoid=True):
        super().__init__()
        layers = [nn.Conv2d(3, 8, 4), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 4)]
        self.main = nn.Sequential(*layers, nn.Sigmoid())

    def forward(self, x):
        return self.main(x).view(-1)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Conv2d(3, 8, 4), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 4))

    def forward(self, x):
        return self.main(x).flatten()


def at_the_loss(z, y):
    a = F.binary_cross_entropy_with_logits(torch.sigmoid(z), y)  # XFR406
    b = BCEWithLogitsLoss()(z.sigmoid(), y)  # XFR406
    c = nn.BCEWithLogitsLoss(pos_weight=y)(F.softmax(z, dim=1), y)  # XFR406
    d = F.binary_cross_entropy(nn.Linear(8, 1)(z), y)  # XFR406
    e = BCELoss(reduction="sum")(nn.Linear(8, 1)(z).squeeze(1), y)  # XFR406
    return a + b + c + d + e


def harmless(z, y):
    a = F.binary_cross_entropy(torch.sigmoid(z), y)
    b = F.binary_cross_entropy_with_logits(z, y)
    c = F.binary_cross_entropy(F.softmax(z, dim=1), y)
    d = F.binary_cross_entropy(z.clamp(0, 1), y)
    e = F.binary_cross_entropy(torch.clamp(nn.Linear(8, 1)(z), 0, 1), y)
    f = F.binary_cross_entropy(torch.tanh(z), y)
    g = F.binary_cross_entropy_with_logits(z, torch.sigmoid(z))
    return a + b + c + d + e + f + g


def gan(real, fake, valid, flag):
    discriminator, critic = Discriminator(), Critic()
    logits, probabilities = nn.BCEWithLogitsLoss(), nn.BCELoss()
    adversarial_loss = torch.nn.BCELoss() if flag else torch.nn.BCEWithLogitsLoss()
    logits(discriminator(real), valid).backward()  # XFR406
    logits(critic(real), valid).backward()
    probabilities(discriminator(fake.detach()), valid).backward()
    probabilities(critic(fake.detach()), valid).backward()  # XFR406
    adversarial_loss(critic(fake), valid).backward()
    # the accuracy is measured on probabilities, after the loss
    out = critic(real)
    loss = logits(out, valid)
    out = torch.sigmoid(out)
    return loss, (out > 0.5).float().mean()


class Lit(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 1)
        self.loss_fn = nn.BCEWithLogitsLoss()
        self.bce = nn.BCELoss()

    def forward(self, x):
        return torch.sigmoid(self.fc(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        y_hat = self(x)
        return self.loss_fn(y_hat.view(-1), y)  # XFR406

    def validation_step(self, batch, batch_idx):
        x, y = batch
        return self.bce(self(x), y)


def weighted_bce(prediction, target):
    return F.binary_cross_entropy_with_logits(prediction, target, reduction="none").mean()


def by_helper(net, x, y):
    return weighted_bce(net(x), y)


class Parallel(nn.Module):
    def __init__(self, ngpu):
        super().__init__()
        self.ngpu = ngpu
        self.main = nn.Sequential(nn.Conv2d(3, 1, 4), nn.Sigmoid())

    def forward(self, x):
        if x.is_cuda and self.ngpu > 1:
            output = nn.parallel.data_parallel(self.main, x, range(self.ngpu))
        else:
            output = self.main(x)
        return output.view(-1, 1).squeeze(1)


def dcgan(real, label):
    netD = Parallel(1)
    criterion = nn.BCEWithLogitsLoss()
    right = nn.BCELoss()
    return criterion(netD(real), label) + right(netD(real), label)  # XFR406
