"""Flow: the events of a loop, their order, their objects, and what is known about their paths."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from flake8_gradferry.loop.flow import Event, Flow, Kind, common_loops, flows
from flake8_gradferry.loop.follow import trace
from flake8_gradferry.loop.things import Role, Thing, imports_torch, is_foreign, role
from flake8_gradferry.source.project import parse
from flake8_gradferry.source.walk import File


def file_of(source: str, path: str = "-") -> File:
    text = textwrap.dedent(source)
    return File(parse(text, path), path, text.splitlines(keepends=True))


def flow_of(body: str, name: str = "f", before: str = "") -> Flow:
    """The flow of `def f(...)` with this body."""
    source = f"import torch\n{textwrap.dedent(before)}\n"
    source += (
        f"def {name}(net, opt, x, y, batches):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    )
    file = file_of(source)
    root = next(node for node in file.index[ast.FunctionDef] if node.name == name)
    return Flow(file, root, trace(file, root)[0])


def told(flow: Flow, *kinds: Kind) -> list[str]:
    return [f"{event.kind.value} {event.key}".strip() for event in flow.of(*(kinds or tuple(Kind)))]


def only(flow: Flow, kind: Kind) -> Event:
    (event,) = flow.of(kind)
    return event


def test_events_stand_in_the_order_in_which_they_run() -> None:
    flow = flow_of(
        """
        net.train()
        for x, y in batches:
            opt.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            scheduler.step()
        net.eval()
        """
    )
    assert [line for line in told(flow) if not line.startswith("create")] == [
        "train net",
        "zero opt",
        "forward net",
        "backward loss",
        "clip net",
        "step opt",
        "schedule scheduler",
        "eval net",
    ]


def test_scaled_training_names_the_optimizer_and_the_scaler() -> None:
    flow = flow_of(
        """
        scaler = torch.amp.GradScaler()
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        scaler.step(opt)
        scaler.update()
        """
    )
    kinds = (Kind.BACKWARD, Kind.UNSCALE, Kind.STEP, Kind.UPDATE)
    assert told(flow, *kinds) == ["backward loss", "unscale opt", "step opt", "update scaler"]
    assert only(flow, Kind.STEP).through is not None
    assert only(flow, Kind.STEP).written == "opt"


@pytest.mark.parametrize(
    "clearing",
    [
        "opt.zero_grad()",
        "x.grad = None",
        "x.grad.zero_()",
        "x.grad.data.zero_()",
        "x.grad.fill_(0)",
        "x.grad.detach().zero_()",
        "x.grad *= 0",
        "x.grad[:] = 0",
        "x.grad = torch.zeros_like(x)",
        "x.grad = x.grad * 0",
        "del x.grad",
        "reset_grad()",
        "opt.clear_grad()",
        "net.cleargrads()",
        "tools.zero_gradients(net)",
    ],
)
def test_every_way_to_clear(clearing: str) -> None:
    flow = flow_of(clearing)
    assert only(flow, Kind.ZERO)


@pytest.mark.parametrize(
    "writing", ["x.grad = y", "x.grad += y", "x.grad.add_(y)", "x.grad[0] = y"]
)
def test_gradients_written_by_hand(writing: str) -> None:
    assert only(flow_of(writing), Kind.WRITE)


def test_parameters_of_a_model_are_the_model() -> None:
    flow = flow_of("for p in net.parameters():\n    p.grad = None")
    assert only(flow, Kind.ZERO).key == "net"


def test_helpers_speak_of_the_callers_objects() -> None:
    flow = flow_of(
        "for x, y in batches:\n    turn(y, optimizer=opt, model=net)",
        before="""
        def turn(loss, model, optimizer):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            local = torch.optim.SGD(model.parameters(), lr=0.1)
            local.step()
        """,
    )
    kinds = (Kind.ZERO, Kind.BACKWARD, Kind.STEP)
    assert told(flow, *kinds) == ["zero opt", "backward y", "step opt", "step turn():local"]
    assert all(event.depth == 1 and len(event.loops) == 1 for event in flow.of(*kinds))
    assert flow.of(Kind.STEP)[0].written == "optimizer"


def test_methods_inherited_and_closures_are_followed() -> None:
    source = """
        import torch

        class Base:
            def clear(self):
                self.opt.zero_grad()

        class Trainer(Base):
            def fit(self, batches):
                for x in batches:
                    def closure():
                        self.clear()
                        loss = self.net(x)
                        loss.backward()
                        return loss
                    self.opt.step(closure)
                    super().clear()
        """
    flow = next(f for f in flows(file_of(source)) if getattr(f.root, "name", "") == "fit")
    kinds = (Kind.ZERO, Kind.BACKWARD, Kind.STEP)
    assert told(flow, *kinds) == [
        "zero self.opt",
        "backward closure():loss",
        "step self.opt",
        "zero self.opt",
    ]
    assert only(flow, Kind.STEP).has_closure


def test_helpers_in_other_files_show_at_the_call(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("def turn(o, loss):\n    loss.backward()\n    o.step()\n")
    source = "import torch\nfrom steps import turn\nopt = torch.optim.SGD([])\nturn(opt, x)\n"
    (flow,) = flows(file_of(source, str(tmp_path / "main.py")))
    step = only(flow, Kind.STEP)
    assert (step.key, step.at.lineno, step.node.lineno) == ("opt", 4, 3)  # type: ignore[attr-defined]
    assert step.written == "opt"


def test_recursion_and_endless_helpers_end() -> None:
    chain = "\n".join(f"def h{i}(net):\n    h{i + 1}(net)\n" for i in range(20))
    flow = flow_of("h0(net)\nf(net, opt, x, y, batches)", before=chain)
    assert [event.involved[0].key for event in flow.of(Kind.OPAQUE)] == ["net"]


def test_calls_that_cannot_be_seen_are_opaque() -> None:
    flow = flow_of(
        """
        prepare(net)
        prepare([1, (net, *opt)], {"o": opt})
        save_checkpoint(net)
        print(net)
        torch.save(net, "f")
        net.parameters()
        look(x)
        """
    )
    assert [[thing.key for thing in e.involved] for e in flow.of(Kind.OPAQUE)] == [
        ["net"],
        ["opt", "net", "opt"],
        ["net"],
    ]
    assert [event.seems_harmless for event in flow.of(Kind.OPAQUE)] == [False, False, True]


def test_branches_exclude_and_imply() -> None:
    flow = flow_of(
        """
        for x, y in batches:
            if x:
                opt.zero_grad()
            else:
                loss.backward()
            if y:
                continue
            opt.step()
        """
    )
    zero, backward, step = (only(flow, k) for k in (Kind.ZERO, Kind.BACKWARD, Kind.STEP))
    assert zero.excludes(backward)
    assert not zero.excludes(step)
    assert step.conditional  # behind `continue`
    assert flow.last_before(backward, Kind.ZERO) is None
    assert flow.first_after(zero, Kind.STEP, Kind.BACKWARD) is step
    assert flow.between(zero, step, Kind.BACKWARD) == []
    assert common_loops(zero, step) == zero.loops


def test_expressions_branch_and_loop_too() -> None:
    flow = flow_of("[opt.step() for opt in opts] if x else None\nx and opt.step()\nopt.zero_grad()")
    first, second = flow.of(Kind.STEP)
    assert first.conditional
    assert second.conditional
    assert len(first.loops) == 1
    assert only(flow, Kind.ZERO).whenever(second)


def test_leaving_names_the_loops_that_end() -> None:
    flow = flow_of(
        """
        for x in batches:
            while True:
                if y:
                    break
                try:
                    opt.step()
                except ValueError:
                    return
                finally:
                    net.eval()
            match y:
                case 1:
                    net.train()
                case _:
                    raise ValueError
        """
    )
    assert [len(event.leaves) for event in flow.of(Kind.LEAVE)] == [1, 2, 1]
    assert only(flow, Kind.TRAIN).excludes(flow.of(Kind.LEAVE)[2])


def test_contexts_are_named() -> None:
    flow = flow_of("with torch.no_grad(), open('f') as g:\n    net(x)")
    assert only(flow, Kind.FORWARD).contexts == ("torch.no_grad", "open")


def test_a_new_object_has_a_new_name() -> None:
    flow = flow_of("for o, (p, *q) in batches:\n    net = Net()\n    a.b = SGD(p)\n    c = 3")
    assert told(flow, Kind.CREATE) == [f"create {n}" for n in ("o", "p", "q", "net", "a.b")]


def test_who_is_what() -> None:
    source = """
        import torch
        class Own(torch.optim.Optimizer): ...
        class Plain(dict): ...
        solver = torch.optim.Adam([])
        own = Own([])
        optimizer_like = {}
        decay = torch.optim.lr_scheduler.StepLR(solver, 1)
        gizmo = torch.nn.Linear(1, 1)
        criterion = torch.nn.MSELoss()
        [solver, own, optimizer_like, decay, gizmo, criterion, opt_g,
         lr_sched, my_net, thing, args.net]
        """
    file = file_of(source)
    names = file.index[ast.List][-1].elts
    assert [role(Thing(file.dotted(n) or "", file, n)) for n in names] == [
        Role.OPTIMIZER,
        Role.OPTIMIZER,
        Role.OTHER,
        Role.SCHEDULER,
        Role.MODEL,
        Role.OTHER,
        Role.OPTIMIZER,
        Role.SCHEDULER,
        Role.MODEL,
        Role.UNKNOWN,
        Role.MODEL,
    ]
    assert imports_torch(file)
    assert not is_foreign(file)
    assert is_foreign(file_of("from mxnet import nd"))


def test_files_without_torch_or_verbs_have_no_flow() -> None:
    assert flows(file_of("for i in range(3):\n    print(i)")) == []


def test_a_rule_is_a_few_lines() -> None:
    """Clipping after the step, said in the words of the flow."""
    flow = flow_of(
        """
        for x, y in batches:
            loss.backward()
            opt.step()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.zero_grad()
        """
    )
    (clip,) = flow.of(Kind.CLIP)
    used = flow.last_before(clip, Kind.STEP, Kind.BACKWARD)
    assert used is not None
    assert used.kind is Kind.STEP
    assert flow.within(clip.loops[0], Kind.STEP) == [used]
