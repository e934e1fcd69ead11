from torch import nn


class Block(nn.Linear):
    def forward(self, x):
        out = super().forward(x)
        return out if self.trainable else out.detach()


def freeze(net):
    block = Block(4, 4)
    block.trainable = False
    for child in net.modules():
        child.trainable = False
    return block
