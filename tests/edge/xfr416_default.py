import keras
import torch
from torch import nn

net = nn.Linear(4, 1)
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
k_opt = keras.optimizers.AdamW(learning_rate=1e-3)  # XFR416
k_opt = keras.optimizers.AdamW(1e-3, 0.01)
