import torch
from net import Tagger

model = Tagger.from_pretrained("small")
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


@torch.no_grad()
def estimate_loss(batches):
    return sum(model(x).mean() for x in batches)  # XFR301


def train(batches):
    for x in batches:
        optimizer.zero_grad()
        model(x).mean().backward()
        optimizer.step()
