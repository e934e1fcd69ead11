import copy

import torch
import torch.optim as optim
from torch import nn
from torch.cuda.amp import GradScaler
from torch.optim import SGD

from elsewhere import Engine, accelerator, penalty_of, refresh

model = nn.Linear(4, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters())
loader = [(torch.ones(2, 4), torch.ones(2, 1))] * 3


# -- mistaken ---------------------------------------------------------------------------------------

for epoch in range(2):
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()  # XFR202
        optimizer.step()


def while_loop(net, opt, batches):
    i = 0
    while i < 10:
        x, y = next(batches)
        criterion(net(x), y).backward()  # XFR202
        opt.step()
        i += 1


def solver_by_origin(batches):
    net = nn.Linear(4, 1)
    solver = SGD(net.parameters(), lr=0.1)
    for x, y in batches:
        out = criterion(net(x), y)
        out.backward()  # XFR202
        solver.step()


def cleared_once_before_the_loop(net, opt, batches):
    opt.zero_grad()
    for x, y in batches:
        criterion(net(x), y).backward()  # XFR202
        opt.step()


def accumulates_and_never_clears(net, opt, batches):
    for i, (x, y) in enumerate(batches):
        (criterion(net(x), y) / 4).backward()  # XFR202
        if (i + 1) % 4 == 0:
            opt.step()


def micro_batches(net, opt, batches):
    for batch in batches:
        for x, y in batch:
            criterion(net(x), y).backward()  # XFR202
        opt.step()


def scaled(net, opt, batches):
    scaler = GradScaler()
    for x, y in batches:
        with torch.autocast("cuda"):
            loss = criterion(net(x), y)
        scaler.scale(loss).backward()  # XFR202
        scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(opt)
        scaler.update()


def with_scheduler(net, opt, batches, sched):
    for x, y in batches:
        loss = criterion(net(x), y)
        loss.backward()  # XFR202
        opt.step()
        sched.step()
        print(loss.item())
        torch.save(net.state_dict(), "w.pt")


def closure_without_clearing(net, batches):
    opt = torch.optim.LBFGS(net.parameters())
    for x, y in batches:

        def closure():
            loss = criterion(net(x), y)
            loss.backward()  # XFR202
            return loss

        opt.step(closure)


def step_of(net, opt, x, y):
    loss = criterion(net(x), y)
    loss.backward()  # XFR202
    opt.step()
    return loss


def calls_step_of(batches):
    net = nn.Linear(4, 1)
    opt = optim.SGD(net.parameters(), 0.1)
    for x, y in batches:
        step_of(net, opt, x, y)


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optim = optim.AdamW(self.net.parameters())

    def train_step(self, x, y):
        loss = criterion(self.net(x), y)
        loss.backward()  # XFR202
        self.optim.step()
        return loss.item()

    def fit(self, batches):
        return [self.train_step(x, y) for _ in range(3) for x, y in batches]

    def run(self, batches):
        for x, y in batches:
            self.train_step(x, y)


class Agent:
    def __init__(self, net):
        self.net = net
        self.policy_optimizer = optim.Adam(net.parameters())

    def learn_from(self, x, y):
        loss = criterion(self.net(x), y)
        loss.backward()  # XFR202
        self.policy_optimizer.step()


def rollouts(agent, env):
    state = env.reset()
    for _ in range(100):
        state, reward = env.step(agent(state))
        agent.learn_from(state, reward)


def only_one_of_two(real, noise):
    gen, dis = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(dis.parameters())
    for x in real:
        opt_d.zero_grad()
        d_loss = dis(gen(noise).detach()).mean() - dis(x).mean()
        d_loss.backward()
        opt_d.step()
        g_loss = -dis(gen(noise)).mean()
        g_loss.backward()  # XFR202
        opt_g.step()


def folds(batches):
    for fold in range(5):
        net = nn.Linear(4, 1)
        opt = torch.optim.SGD(net.parameters(), lr=0.1)
        for x, y in batches:
            criterion(net(x), y).backward()  # XFR202
            opt.step()


def after_a_guard(net, opt, batches):
    for x, y in batches:
        if x is None:
            continue
        loss = criterion(net(x), y)
        if torch.isnan(loss):
            continue
        loss.backward()  # XFR202
        opt.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def every_turn(net, opt, batches):
    for x, y in batches:
        opt.zero_grad(set_to_none=True)
        criterion(net(x), y).backward()
        opt.step()


def clears_the_model(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        opt.step()
        net.zero_grad()


def accumulates(net, opt, batches):
    for i, (x, y) in enumerate(batches):
        criterion(net(x), y).backward()
        if (i + 1) % 4 == 0:
            opt.step()
            opt.zero_grad()


def clears_in_outer_loop_only(net, opt, epochs):
    # another rule's business
    for batches in epochs:
        opt.zero_grad()
        for x, y in batches:
            criterion(net(x), y).backward()
        opt.step()


def by_hand(net, opt, batches):
    for x, y in batches:
        for p in net.parameters():
            p.grad = None
        criterion(net(x), y).backward()
        opt.step()


def by_hand_in_place(w, batches):
    opt = optim.SGD([w], lr=0.1)
    for x, y in batches:
        ((x @ w - y) ** 2).mean().backward()
        opt.step()
        w.grad.zero_()


def by_hand_data(w, batches):
    opt = optim.SGD([w], lr=0.1)
    for x, y in batches:
        ((x @ w - y) ** 2).mean().backward()
        opt.step()
        w.grad.data.zero_()


def by_hand_fill(w, batches):
    opt = optim.SGD([w], lr=0.1)
    for x, y in batches:
        ((x @ w - y) ** 2).mean().backward()
        opt.step()
        w.grad.data.fill_(0)


def by_hand_delete(w, batches):
    opt = optim.SGD([w], lr=0.1)
    for x, y in batches:
        ((x @ w - y) ** 2).mean().backward()
        opt.step()
        del w.grad


def by_hand_zeros(w, batches):
    opt = optim.SGD([w], lr=0.1)
    for x, y in batches:
        ((x @ w - y) ** 2).mean().backward()
        opt.step()
        w.grad = torch.zeros_like(w)


def helper_elsewhere(net, opt, batches):
    for x, y in batches:
        refresh(opt)
        criterion(net(x), y).backward()
        opt.step()


def helper_by_name(net, opt, batches, tools):
    for x, y in batches:
        tools.reset_grad()
        criterion(net(x), y).backward()
        opt.step()


class Solver:
    def __init__(self, net):
        self.net = net
        self.opt = optim.Adam(net.parameters())

    def prepare(self):
        self.opt.zero_grad()

    def finish(self):
        self.opt.step()
        self.prepare()

    def fit(self, batches):
        for x, y in batches:
            criterion(self.net(x), y).backward()
            self.finish()


class Inherited(Engine):
    def fit(self, batches):
        for x, y in batches:
            self.before_turn()
            criterion(self.net(x), y).backward()
            self.optimizer.step()


def closure_clears(net, opt, batches):
    for x, y in batches:

        def closure():
            opt.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            return loss

        opt.step(closure)


def fresh_each_turn(data):
    for x, y in data:
        net = nn.Linear(4, 1)
        opt = optim.SGD(net.parameters(), lr=0.1)
        criterion(net(x), y).backward()
        opt.step()


def fresh_copy(data):
    for x, y in data:
        trainer = Trainer(copy.deepcopy(model))
        trainer.train_step(x, y)


def each_optimizer_once(net, optimizers, x, y):
    for opt in optimizers:
        criterion(net(x), y).backward()
        opt.step()


def one_turn(net, opt, x, y):
    for _ in range(1):
        criterion(net(x), y).backward()
        opt.step()


def leaves_after_one(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        opt.step()
        break


def no_loop(net, opt, x, y):
    criterion(net(x), y).backward()
    opt.step()


def input_gradients(net, opt, batches):
    for x, y in batches:
        (g,) = torch.autograd.grad(criterion(net(x), y), x)
        x = x - g
        opt.step()


def with_accelerate(net, opt, batches):
    for x, y in batches:
        accelerator.backward(criterion(net(x), y))
        opt.step()


def engine_does_it(net, batches):
    engine = Engine(net)
    for x, y in batches:
        loss = criterion(net(x), y)
        engine.backward(loss)
        engine.step()


def seen_as_value(net, opt, batches):
    for x, y in batches:
        loss = criterion(net(x), y) + penalty_of(net)
        opt.zero_grad()
        loss.backward()
        opt.step()


def list_of_optimizers(nets, optimizers, batches):
    for x, y in batches:
        [o.zero_grad() for o in optimizers]
        sum(criterion(net(x), y) for net in nets).backward()
        for o in optimizers:
            o.step()


def environment(env, policy):
    state = env.reset()
    for _ in range(10):
        loss = policy(state)
        loss.backward()
        state = env.step(policy(state))


class OwnOptimizer(torch.optim.Optimizer):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.add_(p.grad, alpha=-group["lr"])
                p.grad = None


def own_optimizer(net, batches):
    opt = OwnOptimizer(net.parameters(), {"lr": 0.1})
    for x, y in batches:
        criterion(net(x), y).backward()
        opt.step()


class NoamOpt:
    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self):
        self.optimizer.step()
        self.optimizer.zero_grad()


def wrapped_optimizer(net, batches):
    opt = NoamOpt(optim.Adam(net.parameters()))
    for x, y in batches:
        criterion(net(x), y).backward()
        opt.step()


def averaged(net, opt, batches, ema):
    for x, y in batches:
        criterion(net(x), y).backward()  # XFR202
        opt.step()
        ema.update(net)


class Told:
    def __init__(self, net, hooks):
        self.net = net
        self.opt = optim.SGD(net.parameters(), lr=0.1)
        self.hooks = hooks

    def run(self, batches):
        for x, y in batches:
            criterion(self.net(x), y).backward()  # XFR202
            self.opt.step()
            self.hooks.trigger_callbacks(self.net)
