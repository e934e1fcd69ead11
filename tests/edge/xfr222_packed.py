import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

criterion = nn.MSELoss()


def packed(loader):
    lstm = nn.LSTM(4, 8)
    opt = torch.optim.Adam(lstm.parameters())
    for x, y, lengths in loader:
        out, _ = lstm(pack_padded_sequence(x, lengths))
        loss = criterion(out.data, pack_padded_sequence(y, lengths).data)
        opt.zero_grad()
        loss.backward()
        opt.step()
