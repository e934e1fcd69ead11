# one spelling
from ops import mean


def step(x, optimizer):
    loss = mean(x)
    loss.backward()
    optimizer.step()
