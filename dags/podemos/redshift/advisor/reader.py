"""One statement as a `Query`: names resolved through aliases, CTEs and subqueries down to the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from podemos.redshift.advisor.conditions import condition
from podemos.redshift.advisor.workload import All, ColumnRef, Condition, Join, Name, Opaque, Query, Use

Known = Mapping[Name, frozenset[str]]
"""Columns of the tables that are known."""
Found = list[tuple[int, str]]
"""Columns of occurrences: a column of a UNION is one of each branch."""
_DEPTH = 40
_PUSHABLE = (exp.Limit, exp.Offset, exp.Window, exp.Qualify)


class Reader:
    """Reads one statement. Every name that cannot be resolved is left out, never guessed."""

    def __init__(self, tree: exp.Expr, known: Known, now: datetime | None) -> None:
        """Resolves nothing yet."""
        self._known, self._now = known, now
        self._scopes = traverse_scope(tree)
        self._tables: list[Name] = []
        self._leaves: dict[tuple[int, str], int] = {}
        self._columns: list[set[str]] = []
        self._everything: list[bool] = []
        self._filtered: list[set[str]] = []
        self._conditions: list[list[Condition]] = []
        self._joins: dict[Join, None] = {}
        self._referred = Counter(id(source) for scope in self._scopes for _, source in scope.selected_sources.values())

    def query(self, text: str, seconds: float, runs: int) -> Query:
        """The statement's uses of tables, joins and groupings."""
        for scope in self._scopes:
            for alias, (_, source) in scope.selected_sources.items():
                if isinstance(source, exp.Table) and source.name:
                    self._leaf(scope, alias, source)
        groups: dict[frozenset[ColumnRef], None] = {}
        for scope in self._scopes:
            if not isinstance(scope.expression, exp.Select):
                continue
            self._read(scope)
            for tree in self._filters(scope):
                self._restrict(scope, *tree)
            self._using(scope)
            if group := self._group(scope):
                groups[group] = None
        uses = tuple(
            Use(
                table,
                None if self._everything[n] else frozenset(self._columns[n]),
                All(tuple(self._conditions[n])),
                frozenset(self._filtered[n]),
            )
            for n, table in enumerate(self._tables)
        )
        return Query(text, seconds, runs, uses, tuple(self._joins), tuple(groups))

    def _leaf(self, scope: Scope, alias: str, table: exp.Table) -> None:
        self._leaves[id(scope), alias.lower()] = len(self._tables)
        self._tables.append(self._name(table))
        self._columns.append(set())
        self._everything.append(False)
        self._filtered.append(set())
        self._conditions.append([])

    def _name(self, table: exp.Table) -> Name:
        name = table.name.lower()
        if table.db:
            return table.db.lower(), name
        named = [known for known in self._known if known[1] == name]
        return named[0] if len(named) == 1 else ("public", name)

    def _read(self, scope: Scope) -> None:
        for column in scope.columns:
            for leaf, name in self._resolve(column, scope):
                self._columns[leaf].add(name)
        if scope.parent is None or (scope.parent.parent is None and scope.is_union):
            for projection in _selects(scope.expression):
                if projection.is_star and not isinstance(projection, exp.Count):
                    wanted = projection.table.lower() if isinstance(projection, exp.Column) else ""
                    for (owner, alias), leaf in self._leaves.items():
                        if owner == id(scope) and wanted in ("", alias):
                            self._everything[leaf] = True

    def _filters(self, scope: Scope) -> Iterator[tuple[exp.Expr, str, bool]]:
        """(conjunct, the joined alias, which side it may not restrict)."""
        for clause in ("where", "having"):
            if found := scope.expression.args.get(clause):
                yield from ((part, "", False) for part in _conjuncts(found.this))
        for join in scope.expression.args.get("joins") or ():
            if on := join.args.get("on"):
                alias = join.alias_or_name.lower()
                side = (join.side or "").upper()
                if side == "FULL":
                    alias, side = "", "NONE"
                yield from ((part, alias if side else "", side != "LEFT") for part in _conjuncts(on))

    def _restrict(self, scope: Scope, tree: exp.Expr, joined: str, others: bool) -> None:
        """Conditions of one conjunct on every occurrence that it names, and the joins in it.

        Args:
            scope: whose conjunct it is.
            tree: the conjunct.
            joined: of an outer join, the alias that is joined; empty means that every occurrence may be restricted.
            others: of an outer join, whether the occurrences but the joined one may be restricted.
        """
        named: dict[int, None] = {}
        joins = (
            isinstance(tree, exp.EQ) and isinstance(tree.this, exp.Column) and isinstance(tree.expression, exp.Column)
        )
        for column in tree.find_all(exp.Column):
            if _inside_subquery(column, tree):
                continue
            for leaf, name in self._resolve(column, scope):
                if not joins:
                    self._filtered[leaf].add(name)
                named[leaf] = None
        for leaf in named:
            if joined and ((self._leaves.get((id(scope), joined)) == leaf) == others):
                continue
            found = condition(tree, lambda e, leaf=leaf: self._own(e, scope, leaf), self._now)  # type: ignore[misc]
            if not isinstance(found, Opaque):
                self._conditions[leaf].append(found)
        self._joined(scope, tree)

    def _own(self, tree: exp.Expr | None, scope: Scope, leaf: int) -> str | None:
        while isinstance(tree, exp.Paren):
            tree = tree.this
        if not isinstance(tree, exp.Column):
            return None
        for found, name in self._resolve(tree, scope, pushing=True):
            if found == leaf:
                return name
        return None

    def _joined(self, scope: Scope, tree: exp.Expr) -> None:
        for equal in tree.find_all(exp.EQ):
            if equal.find_ancestor(exp.Not) or _inside_subquery(equal, tree):
                continue
            self._edges(scope, equal.this, scope, equal.expression)
        for among in tree.find_all(exp.In):
            subquery = among.args.get("query")
            if subquery is None or _inside_subquery(among, tree):
                continue
            select = subquery.unnest() if isinstance(subquery, exp.Subquery) else subquery
            inner = next((s for s in self._scopes if s.expression is select), None)
            projections = _selects(select)
            if inner is not None and len(projections) == 1:
                self._edges(scope, among.this, inner, projections[0].unalias())

    def _edges(self, scope: Scope, left: exp.Expr, other: Scope, right: exp.Expr) -> None:
        if not (isinstance(left, exp.Column) and isinstance(right, exp.Column)):
            return
        for one, one_column in self._resolve(left, scope):
            for two, two_column in self._resolve(right, other):
                if one != two:
                    ends = sorted([(one, one_column), (two, two_column)])
                    self._joins[Join(*ends[0], *ends[1])] = None

    def _using(self, scope: Scope) -> None:
        for join in scope.expression.args.get("joins") or ():
            for identifier in join.args.get("using") or ():
                name = identifier.name
                right = self._resolve(exp.column(name, join.alias_or_name), scope)
                for alias in scope.selected_sources:
                    if alias != join.alias_or_name and (left := self._resolve(exp.column(name, alias), scope)):
                        for one in left:
                            for two in right:
                                ends = sorted([one, two])
                                self._columns[one[0]].add(one[1])
                                self._columns[two[0]].add(two[1])
                                self._joins[Join(*ends[0], *ends[1])] = None
                        break

    def _group(self, scope: Scope) -> frozenset[ColumnRef]:
        group, columns = scope.expression.args.get("group"), []
        selects = _selects(scope.expression)
        for tree in group.expressions if group else selects if scope.expression.args.get("distinct") else ():
            if isinstance(tree, exp.Literal) and not tree.is_string and 0 < int(tree.this) <= len(selects):
                tree = selects[int(tree.this) - 1]
            tree = tree.unalias()
            if isinstance(tree, exp.Column):
                columns += self._resolve(tree, scope)
        return frozenset(ColumnRef(self._tables[leaf], name) for leaf, name in columns)

    def _resolve(self, column: exp.Expr, scope: Scope, *, pushing: bool = False, depth: int = 0) -> Found:
        """The tables' columns behind a column, through aliases and subqueries.

        Args:
            column: as it stands in the query.
            scope: where it stands.
            depth: subqueries that were passed on the way.
            pushing: only where a condition on it may be moved down to the table.
        """
        if depth > _DEPTH or not isinstance(column, exp.Column):
            return []
        sources, name, qualifier = scope.selected_sources, column.name.lower(), column.table.lower()
        aliases = [alias for alias in sources if alias.lower() == qualifier] if qualifier else self._owners(scope, name)
        for alias in aliases:
            _, source = sources[alias]
            if isinstance(source, exp.Table):
                leaf = self._leaves.get((id(scope), alias.lower()))
                return [] if leaf is None else [(leaf, name)]
            if isinstance(source, Scope):
                return self._through(source, name, pushing, depth)
        if scope.parent is not None and not scope.is_cte and not aliases:
            return self._resolve(column, scope.parent, pushing=False, depth=depth + 1) if not pushing else []
        return []

    def _through(self, inner: Scope, name: str, pushing: bool, depth: int) -> Found:
        if pushing and self._referred[id(inner)] > 1:
            return []
        tree = inner.expression
        if isinstance(tree, exp.SetOperation):
            position = [p.alias_or_name.lower() for p in tree.selects]
            if name not in position:
                return []
            found: Found = []
            for branch in inner.union_scopes or ():
                selects = _selects(branch.expression)
                at = position.index(name)
                if at < len(selects):
                    found += self._projected(branch, selects[at], pushing, depth)
            return found
        if not isinstance(tree, exp.Select):
            return []
        for projection in tree.selects:
            if projection.alias_or_name.lower() == name:
                return self._projected(inner, projection, pushing, depth)
        if any(projection.is_star for projection in tree.selects):
            if pushing and any(tree.args.get(kind.key) for kind in (exp.Limit, exp.Offset)):
                return []
            return self._resolve(exp.column(name), inner, pushing=pushing, depth=depth + 1)
        return []

    def _projected(self, inner: Scope, projection: exp.Expr, pushing: bool, depth: int) -> Found:
        bare = projection.unalias()
        if not isinstance(bare, exp.Column):
            return []
        if pushing:
            tree = inner.expression
            if tree.args.get("limit") or tree.args.get("offset") or tree.find(exp.Window, exp.Qualify):
                return []
            group = tree.args.get("group")
            if group and bare not in group.expressions and projection.alias_or_name not in [
                _named(tree, expression) for expression in group.expressions
            ]:  # fmt: skip
                return []
        return self._resolve(bare, inner, pushing=pushing, depth=depth + 1)

    def _owners(self, scope: Scope, name: str) -> list[str]:
        """The sources that have a column of this name; the only source has it unless it is known not to."""
        sources = scope.selected_sources
        having, perhaps = [], []
        for alias, (_, source) in sources.items():
            if isinstance(source, exp.Table):
                columns = self._known.get(self._name(source))
                if columns is None:
                    perhaps.append(alias)
                elif name in columns:
                    having.append(alias)
            elif isinstance(source, Scope):
                selects = _selects(source.expression)
                if any(p.alias_or_name.lower() == name for p in selects):
                    having.append(alias)
                elif any(p.is_star for p in selects):
                    perhaps.append(alias)
        return having[:1] or (perhaps if len(perhaps) == 1 else [])


def _selects(tree: exp.Expr) -> list[exp.Expr]:
    return list(tree.selects) if isinstance(tree, exp.Query) else []


def _conjuncts(tree: exp.Expr) -> Iterator[exp.Expr]:
    while isinstance(tree, exp.Paren):
        tree = tree.this
    if isinstance(tree, exp.And):
        for part in tree.flatten():
            yield from _conjuncts(part)
    else:
        yield tree


def _named(select: exp.Expr, group: exp.Expr) -> str:
    """The projection that a GROUP BY expression means, by its name or its position."""
    selects = _selects(select)
    if isinstance(group, exp.Literal) and not group.is_string and 0 < int(group.this) <= len(selects):
        return str(selects[int(group.this) - 1].alias_or_name)
    return str(group.name)


def _inside_subquery(node: exp.Expr, top: exp.Expr) -> bool:
    """Whether a query of its own stands between the node and the top; that scope reads it itself."""
    while node is not top and node.parent is not None:
        if isinstance(node, exp.Query):
            return True
        node = node.parent
    return False
