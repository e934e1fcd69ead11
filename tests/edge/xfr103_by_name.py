from torch import nn


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.policy = nn.Linear(4, 2)

    def call(self, state):
        return self.policy(state)


def act(agent, state):
    return agent.call(state)
