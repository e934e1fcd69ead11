import torch


def adapt(policy, loss, rate):
    slope = torch.autograd.grad(loss, policy.context)[0]
    policy.context = policy.context - rate * slope
    return policy
