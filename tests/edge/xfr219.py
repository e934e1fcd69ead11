import torch
from torch import nn

from elsewhere import AverageMeter

criterion = nn.CrossEntropyLoss()


# -- mistaken ---------------------------------------------------------------------------------------


def running_loss(net, opt, loader):
    running = 0.0
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        running += loss  # XFR219
    return running / len(loader)


def weighted_by_the_batch(net, opt, loader):
    running = 0
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        running = running + loss * x.size(0)  # XFR219
        loss.backward()
        opt.step()
    print(running)


def in_a_dict(net, opt, loader, device):
    stats = {"loss": 0.0}
    history = []
    for epoch in range(3):
        for x, y in loader:
            opt.zero_grad()
            out = net(x.to(device))
            loss = criterion(out, y.to(device))
            loss.backward()
            opt.step()
            stats["loss"] += loss  # XFR219
            history.append(loss.cpu())  # XFR219
    return stats, history


def one_term_of_two(net, opt, loader):
    kl_sum, rec_sum = 0, 0
    for x in loader:
        opt.zero_grad()
        out, mu = net(x)
        rec_loss = nn.functional.mse_loss(out, x)
        kl_loss = 0.5 * mu.pow(2).mean()
        loss = rec_loss + 0.1 * kl_loss
        loss.backward()
        opt.step()
        rec_sum += rec_loss  # XFR219
        kl_sum += kl_loss.item()


def scaled(net, opt, loader, scaler):
    total = 0
    for x, y in loader:
        opt.zero_grad()
        with torch.autocast("cuda"):
            loss = criterion(net(x), y)
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
        total += loss  # XFR219


def train_step(net, opt, x, y):
    opt.zero_grad()
    loss = criterion(net(x), y)
    loss.backward()
    opt.step()
    return loss


def steps_in_a_helper(net, opt, loader):
    total = 0.0
    for x, y in loader:
        total += train_step(net, opt, x, y)  # XFR219
    return total


def printed_now_and_then(net, opt, loader):
    running = 0
    for i, (x, y) in enumerate(loader):
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        running += loss  # XFR219
        if i % 100 == 99:
            print(running / 100)
            running = 0


def loss_of_the_model(model, opt, loader):
    first, second = 0, 0
    for batch in loader:
        outputs = model(**batch)
        loss = outputs.loss
        opt.zero_grad()
        loss.backward()
        opt.step()
        first += loss  # XFR219
        other = model(**batch)[0]
        opt.zero_grad()
        other.backward()
        opt.step()
        second += other  # XFR219
        second += loss.item() + outputs.size


class Trainer:
    def __init__(self, net, opt):
        self.net, self.opt = net, opt
        self.losses = []

    def step(self, x, y):
        self.opt.zero_grad()
        loss = criterion(self.net(x), y)
        loss.backward()
        self.opt.step()
        return loss

    def fit(self, loader):
        for x, y in loader:
            loss = self.step(x, y)
            self.losses.append(loss)  # XFR219


# -- right, or not to be judged ------------------------------------------------------------------------


def numbers(net, opt, loader):
    total, other, third, fourth, history = 0, 0, 0, 0, []
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        total += loss.item()
        other += float(loss) * x.size(0)
        third += loss.detach()
        fourth += loss.data
        history.append(loss.detach().cpu().numpy())
        with torch.no_grad():
            total += loss
    return total, other, third, fourth, history


def summed_before_backward(net, opt, loader):
    for xs, ys in loader:
        opt.zero_grad()
        total = 0
        for x, y in zip(xs, ys):
            loss = criterion(net(x), y)
            total += loss
        total.backward()
        opt.step()


def summed_over_the_epoch(net, opt, loader):
    opt.zero_grad()
    total = 0
    for x, y in loader:
        loss = criterion(net(x), y)
        total += loss
    total.backward()
    opt.step()


def listed_before_backward(net, opt, loader):
    for xs, ys in loader:
        losses = []
        for x, y in zip(xs, ys):
            losses.append(criterion(net(x), y))
        opt.zero_grad()
        torch.stack(losses).mean().backward()
        opt.step()


def reset_in_each_turn(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        running = 0
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        running += loss
        print(running)


def rebound_to_a_number(net, opt, loader):
    total = 0
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        loss = loss.item()
        total += loss
    return total


def regularised(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        for p in net.parameters():
            loss += 0.01 * p.pow(2).sum()
        loss.backward()
        opt.step()


def metered(net, opt, loader):
    meter = AverageMeter()
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        meter.update(loss)


def evaluated(net, loader):
    total = 0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(net(x), y)
    return total


def number_step(net, opt, x, y):
    opt.zero_grad()
    loss = criterion(net(x), y)
    loss.backward()
    opt.step()
    return loss.item()


def numbers_from_a_helper(net, opt, loader):
    total = 0.0
    for x, y in loader:
        total += number_step(net, opt, x, y)
    return total


def targets_kept(net, opt, loader, device):
    kept = []
    for x, y in loader:
        opt.zero_grad()
        y = y.to(device)
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        kept.append(y)
    return kept


def other_result_of_the_same_call(net, opt, loader, compute):
    right = 0
    for x, y in loader:
        opt.zero_grad()
        loss, correct = compute(net, x, y)
        loss.backward()
        opt.step()
        right += correct
    return right


def weight_of_the_loss(net, opt, loader, weigh):
    weights = 0
    for x, y in loader:
        opt.zero_grad()
        weight = weigh(x)
        loss = weight * criterion(net(x), y)
        loss.backward()
        opt.step()
        weights += weight
    return weights


class Scratch:
    def backward(self, x, out, y):
        error = y - out
        return x.t() @ error, error.sum()

    def fit(self, x, y, epochs):
        for _ in range(epochs):
            gradient, error = self.backward(x, x @ self.weights, y)
            self.weights += gradient
            self.bias += error


def accumulated_on_purpose(net, opt, loader):
    total = 0
    for i, (x, y) in enumerate(loader):
        loss = criterion(net(x), y)
        total += loss
        if i % 4 == 3:
            opt.zero_grad()
            total.backward()
            opt.step()
            total = 0


def summed_up(output):
    loss = 0.0
    if isinstance(output, torch.Tensor):
        return output.sum()
    for part in output:
        loss += summed_up(part)
    return loss


def nested_outputs(net, opt, x):
    out = net(x)
    opt.zero_grad()
    summed_up(out).backward()
    opt.step()
