"""Which assignment: where the names of a file get the values they hold at one place."""

from __future__ import annotations

import ast
from bisect import bisect_left

from .walk import COMPREHENSIONS, LOOPS, Binding, File, position, remembered


@remembered
def reaching(file: File, name: ast.Name) -> list[Binding]:
    """The bindings whose value `name` may hold where it stands, earlier ones that are surely
    overwritten left out."""
    scope = file.scope(name).find(name.id)
    if scope is None:
        return []
    bindings = scope.bindings[name.id]
    inner = file.scope(name)
    while inner is not scope and inner.outer and isinstance(inner.node, COMPREHENSIONS):
        inner = inner.outer  # runs where it stands
    if inner is not scope or isinstance(scope.node, COMPREHENSIONS):
        return bindings
    use = _Place(file, name, scope.node)
    kept: list[Binding] = []
    sure: _Place | None = None
    around: list[tuple[Binding, _Place]] = []  # those that reach the name in a later turn alone
    # Backwards from where the name stands, as far as what surely overwrites it.
    here = bisect_left(bindings, use.start, key=lambda binding: position(binding.node))
    for binding in reversed(bindings[:here]):
        where = _place(file, binding.node, scope.node)
        if binding.kind == "parameter" or where.surely_before(use):
            kept.append(binding)
            if binding.kind != "augment":
                sure = where
                break
        elif where.before_in_this_turn(use):
            kept.append(binding)
        else:
            around.append((binding, where))
    kept.reverse()
    if use.in_loop:  # what stands below runs before in the next turn
        around += [(later, _Place(file, later.node, scope.node)) for later in bindings[here:]]
        kept += [binding for binding, where in around if where.before_in_next_turn(use, sure)]
    return kept


@remembered
def _place(file: File, node: ast.AST, scope: ast.AST) -> _Place:
    return _Place(file, node, scope)


def may_precede(file: File, one: ast.AST, other: ast.AST) -> bool:
    """Whether control may pass `one` and then reach `other`, in the same function and without
    turning a loop."""
    scope = file.function(one) or file.tree
    if scope is not (file.function(other) or file.tree):
        return False
    place, following = _Place(file, one, scope), _Place(file, other, scope)
    return place.before_in_this_turn(following) and not place.leaves_before(following)


class _Place:
    """Where a statement stands in its function: the blocks around it, outermost first."""

    def __init__(self, file: File, node: ast.AST, scope: ast.AST) -> None:
        self.start = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        chain: list[tuple[ast.AST, str, int]] = []
        blocks = file.blocks
        child: ast.AST | None = node
        while child is not None and child is not scope:
            if (place := blocks.get(child)) is not None:
                chain.append(place)
            child = file.parent(child)
        self.chain = chain[::-1]
        self.own = node

    @property
    def in_loop(self) -> bool:
        return any(isinstance(block, LOOPS) for block, _, _ in self.chain)

    def surely_before(self, use: _Place) -> bool:
        """Whether control cannot reach `use` (in this turn of a loop) without passing here."""
        for depth, (block, name, place) in enumerate(self.chain):
            if depth >= len(use.chain):
                return False
            other_block, other_name, other_place = use.chain[depth]
            if block is not other_block or name != other_name:
                return False
            if place != other_place:
                if place > other_place:
                    return False
                # Only `with` always runs its body to the end.
                inner = self.chain[depth + 1 :]
                return all(isinstance(b, (ast.With, ast.AsyncWith)) for b, _, _ in inner)
        # The same statement: a loop or `with` head binds before its body runs.
        return len(self.chain) < len(use.chain) and isinstance(
            self.own, (*LOOPS, ast.With, ast.AsyncWith)
        )

    def before_in_this_turn(self, use: _Place) -> bool:
        """Whether control may pass here and then reach `use` without turning a loop."""
        for (block, name, _), (other_block, other_name, _) in zip(
            self.chain, use.chain, strict=False
        ):
            if block is other_block and name != other_name and isinstance(block, ast.If):
                return False
            if block is not other_block:
                break
        return self.start < use.start and not self._same_statement(use)

    def leaves_before(self, use: _Place) -> bool:
        """Whether the function, or a loop's turn, ends on the way from here to `use`."""
        shared = len(self._shared(use))
        endings: tuple[type[ast.stmt], ...] = (ast.Return, ast.Raise, ast.Break, ast.Continue)
        for block, name, place in reversed(self.chain[shared:]):
            if any(isinstance(statement, endings) for statement in getattr(block, name)[place:]):
                return True
            if isinstance(block, LOOPS):
                endings = (ast.Return, ast.Raise)
        return False

    def before_in_next_turn(self, use: _Place, sure: _Place | None) -> bool:
        """Whether a loop around both brings control from here to `use`, past what `sure` binds."""
        loops = [block for block, _, _ in self._shared(use) if isinstance(block, LOOPS)]
        # What a loop's own head binds, it binds again in each turn.
        passed = {*(block for block, _, _ in sure.chain), sure.own} if sure is not None else set()
        return bool(loops) and loops[-1] not in passed

    def _same_statement(self, use: _Place) -> bool:
        return self.chain == use.chain

    def _shared(self, use: _Place) -> list[tuple[ast.AST, str, int]]:
        shared = []
        for mine, theirs in zip(self.chain, use.chain, strict=False):
            if mine[0] is not theirs[0] or mine[1] != theirs[1]:
                break
            shared.append(mine)
        return shared
