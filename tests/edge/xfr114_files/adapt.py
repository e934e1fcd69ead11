import torch
from policies import Policy


def adapt(policy, loss, rate):
    slope = torch.autograd.grad(loss, policy.context)[0]
    policy.context = policy.context - rate * slope
    return policy


policy = Policy(4)
