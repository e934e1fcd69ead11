"""Shapes in which a second backward through old states was reported, each with its fixed twin."""

import torch
from torch import nn

# -- as asked in MorvanZhou/PyTorch-Tutorial#57: the line with .data commented out ------------------


class RNN(nn.Module):
    def __init__(self):
        super(RNN, self).__init__()
        self.rnn = nn.RNN(input_size=1, hidden_size=32, num_layers=1, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, x, h_state):
        r_out, h_state = self.rnn(x, h_state)
        outs = [self.out(r_out[:, step, :]) for step in range(r_out.size(1))]
        return torch.stack(outs, dim=1), h_state


def sine(batches):
    rnn = RNN()
    optimizer = torch.optim.Adam(rnn.parameters(), lr=0.02)
    loss_func = nn.MSELoss()
    h_state = None
    for x, y in batches:
        prediction, h_state = rnn(x, h_state)
        # h_state = h_state.data
        loss = loss_func(prediction, y)
        optimizer.zero_grad()
        loss.backward()  # XFR708
        optimizer.step()


def sine_fixed(batches):
    rnn = RNN()
    optimizer = torch.optim.Adam(rnn.parameters(), lr=0.02)
    loss_func = nn.MSELoss()
    h_state = None
    for x, y in batches:
        prediction, h_state = rnn(x, h_state)
        h_state = h_state.data
        loss = loss_func(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
