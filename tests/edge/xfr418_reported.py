"""Shapes in which a schedule in the wrong unit was reported, each with its fixed twin."""

from torch import nn, optim

# -- as reported in ivadomed/ivadomed#55: a schedule over epochs, stepped in each batch ------------


def cmd_train(model, train_loader, num_epochs, params):
    optimizer = optim.Adam(model.parameters(), lr=params["lr"])
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, num_epochs)
    for epoch in range(num_epochs):
        for x, y in train_loader:
            loss = nn.functional.binary_cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()  # XFR418


def cmd_train_fixed(model, train_loader, num_epochs, params):
    optimizer = optim.Adam(model.parameters(), lr=params["lr"])
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, num_epochs)
    for epoch in range(num_epochs):
        for x, y in train_loader:
            loss = nn.functional.binary_cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
