import copy
from collections import OrderedDict

import torch
from torch import nn

from elsewhere import build, evaluate, train, train_one_epoch


# -- mistaken ---------------------------------------------------------------------------------------


def early_stopping(model, loader, val_loader):
    best_acc, patience = 0.0, 0
    best_state = None
    for epoch in range(100):
        train_one_epoch(model, loader)
        acc = evaluate(model, val_loader)
        if acc > best_acc:
            best_acc = acc
            best_state = model.state_dict()  # XFR701
            patience = 0
        else:
            patience += 1
            if patience > 5:
                break
    model.load_state_dict(best_state)
    return model


def saved_at_the_end(net, opt, loader, path):
    best = float("inf")
    for epoch in range(10):
        for x, y in loader:
            opt.zero_grad()
            loss = nn.functional.mse_loss(net(x), y)
            loss.backward()
            opt.step()
        val = evaluate(net)
        is_best = val < best
        if is_best:
            best = val
            best_weights = dict(net.state_dict())  # XFR701
    torch.save(best_weights, path)


def in_a_checkpoint(net, loader):
    best = 0
    for epoch in range(10):
        train(net, loader)
        score = evaluate(net)
        if best < score:
            best = score
            checkpoint = {"epoch": epoch, "state_dict": net.state_dict()}  # XFR701
    net.load_state_dict(checkpoint["state_dict"])


def shallow_copies(net, loader):
    best = 0
    for epoch in range(10):
        train(net, loader)
        score = evaluate(net)
        if score > best:
            best, one = score, None
            one = net.state_dict().copy()  # XFR701
            two = copy.copy(net.state_dict())  # XFR701
            three = OrderedDict(net.state_dict())  # XFR701
    torch.save({"model": one}, "1.pt")
    torch.save(two, "2.pt")
    return three


def probed_in_each_turn(model, loaders):
    for loader in loaders:
        before = model.state_dict()  # XFR701
        train(model, loader)
        print(evaluate(model))
        model.load_state_dict(before)


class Stopper:
    def __init__(self):
        self.best_loss = None
        self.best_weights = None

    def __call__(self, loss, model):
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss = loss
            self.best_weights = model.state_dict()  # XFR701

    def restore(self, model):
        model.load_state_dict(self.best_weights)


class Trainer:
    def __init__(self, net):
        self.net = net
        self.kept = None
        self.best = 0

    def fit(self, loader):
        for epoch in range(10):
            train_one_epoch(self.net, loader)
            if (score := evaluate(self.net)) > self.best:
                self.best = score
                self.kept = self.net.state_dict()  # XFR701
        self.net.load_state_dict(self.kept)


def back_to_the_start(model, optimizer, loader):
    initial = model.state_dict()  # XFR701
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.load_state_dict(initial)


def each_fold_from_the_start(folds):
    model = nn.Linear(4, 1)
    fresh = model.state_dict()  # XFR701
    for fold in folds:
        model.load_state_dict(fresh)
        train(model, fold)


def the_model_itself(net, loader):
    best = 0
    for epoch in range(10):
        train(net, loader)
        if evaluate(net) > best:
            best = evaluate(net)
            best_net = net  # XFR701
    return best_net


notebook_model = nn.Linear(4, 1)
best_loss = 1e9
for epoch in range(20):
    train(notebook_model)
    val_loss = evaluate(notebook_model)
    if val_loss < best_loss:
        best_loss = val_loss
        best_model_wts = notebook_model.state_dict()  # XFR701
notebook_model.load_state_dict(best_model_wts)


# -- right, or not to be judged ------------------------------------------------------------------------


def copied(model, loader):
    best_acc = 0.0
    for epoch in range(100):
        train_one_epoch(model, loader)
        acc = evaluate(model)
        if acc > best_acc:
            best_acc = acc
            best_state = copy.deepcopy(model.state_dict())
            other = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(best_state)
    return other


def copied_a_line_later(model, loader):
    best_acc = 0.0
    for epoch in range(100):
        train_one_epoch(model, loader)
        acc = evaluate(model)
        if acc > best_acc:
            best_acc = acc
            state = model.state_dict()
            best_state = copy.deepcopy(state)
    model.load_state_dict(best_state)


def saved_at_once(model, loader, path):
    best_acc = 0.0
    for epoch in range(100):
        train_one_epoch(model, loader)
        acc = evaluate(model)
        state = {"epoch": epoch, "model": model.state_dict()}
        torch.save(state, path)
        if acc > best_acc:
            best_acc = acc
            best = model.state_dict()
            torch.save(best, path + ".best")


def training_ends_there(model, loader):
    for epoch in range(100):
        train_one_epoch(model, loader)
        acc = evaluate(model)
        if acc > 0.99:
            best_state = model.state_dict()
            break
    return best_state


def new_model_each_turn(loader):
    best = 0
    for width in (8, 16, 32):
        model = build(width)
        train(model, loader)
        score = evaluate(model)
        if score > best:
            best = score
            best_state = model.state_dict()
            best_model = model
    return best_state, best_model


def into_another(online, target, loader):
    weights = online.state_dict()
    target.load_state_dict(weights)
    train(online, loader)


def changed_and_given_back(model):
    state = model.state_dict()
    for key in state:
        state[key] = state[key] * 0.5
    model.load_state_dict(state)


def at_the_last_epoch(model, loader):
    for epoch in range(10):
        train(model, loader)
        if epoch >= 9:
            final = model.state_dict()
    return final


def optimizers_state(model, optimizer, loader):
    best = 0
    for epoch in range(10):
        train(model, loader)
        if evaluate(model) > best:
            best = evaluate(model)
            kept = optimizer.state_dict()
    return kept


def not_trained_between(model):
    state = model.state_dict()
    model.load_state_dict(state)


def only_the_score(model, loader):
    best = {"score": 0}
    for epoch in range(10):
        train(model, loader)
        if evaluate(model) > best["score"]:
            best = {"score": evaluate(model), "weights": model.state_dict()}
    print(best["score"])
