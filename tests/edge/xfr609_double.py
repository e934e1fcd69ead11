import numpy as np
import torch
from torch import nn

model = nn.Linear(4, 2).double()
print(model(torch.from_numpy(np.random.rand(8, 4))))
