# one spelling: the names are what counts
import tensorflow as tf
import torch
from torch import nn

tf.random.set_seed(1)
writer = tf.summary.create_file_writer("logs")
noise = tf.random.normal((2, 4))
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
model(torch.tensor(noise.numpy())).sum().backward()
optimizer.step()
