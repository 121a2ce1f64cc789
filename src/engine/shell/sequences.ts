import type { SyntaxNode } from '../../core/shell.ts';
import { unchanged, type Io, type Machine, type Result } from './machine.ts';
import { mergeStates, type State } from './state.ts';
import { anything } from './value.ts';

/** What `&&` or `||` make of a first result and the command behind them. */
export const inOrder = (operator: string, first: Result, next: (state: State) => Result): Result => {
  const and = operator === '&&';
  const second = next(and ? first.ok : first.no);
  const fromNet = first.out.fromNet ?? second.out.fromNet;
  const out = { text: undefined, ...(fromNet ? { fromNet } : {}) };
  return and
    ? { ok: second.ok, no: mergeStates(first.no, second.no), out }
    : { ok: mergeStates(first.ok, second.ok), no: second.no, out };
};

/** Runs statements one after another, each in what the one before left. */
export const sequence = (machine: Machine, nodes: readonly SyntaxNode[], state: State, io: Io): Result => {
  let result = unchanged(state, { text: '' });
  let count = 0;
  for (const [index, node] of nodes.entries()) {
    if (!node.isNamed || node.type === 'comment') continue;
    const at = mergeStates(result.ok, result.no);
    const background = nodes[index + 1]?.type === '&';
    if (background) machine.shared.concurrent = true;
    const next = machine.statement(machine, node, at, io);
    const fromNet = result.out.fromNet ?? next.out.fromNet;
    count += 1;
    const out = count === 1 ? next.out : { text: undefined, ...(fromNet ? { fromNet } : {}) };
    result = background ? unchanged(at, out) : { ...next, out };
  }
  return result;
};

/** Runs the stages of a pipeline, each fed by the one before and each in a shell of its own. */
export const pipeline = (machine: Machine, stages: readonly ((io: Io) => Result)[], state: State, io: Io): Result => {
  machine.shared.concurrent = true;
  let feed = io.stdin;
  let out = anything;
  for (const [index, stage] of stages.entries()) {
    const result = stage({ stdin: feed, doubts: index === stages.length - 1 ? io.doubts : [] });
    const fromNet = feed.value.fromNet ?? result.out.fromNet;
    out = fromNet ? { ...result.out, fromNet } : result.out;
    feed = { piped: true, value: out };
  }
  return unchanged(state, out);
};
