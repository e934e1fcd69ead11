"""Shapes in which a second backward through one graph was reported, each with its fixed twin."""

from torch import nn, optim

# -- as reported in lucidrains/denoising-diffusion-pytorch#109: prepared once, outside the loop ----


def prepared_once(images):
    conv, model = nn.Conv1d(3, 8, 1), nn.Conv1d(8, 8, 1)
    optimizer = optim.Adam([*conv.parameters(), *model.parameters()])
    data = conv(images)
    for _ in range(1000):
        optimizer.zero_grad()
        loss = model(data).pow(2).mean()
        loss.backward()  # XFR207
        optimizer.step()


def prepared_once_fixed(images):
    conv, model = nn.Conv1d(3, 8, 1), nn.Conv1d(8, 8, 1)
    optimizer = optim.Adam([*conv.parameters(), *model.parameters()])
    for _ in range(1000):
        optimizer.zero_grad()
        loss = model(conv(images)).pow(2).mean()
        loss.backward()
        optimizer.step()
