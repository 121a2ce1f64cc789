import type { ParseShell, SyntaxNode } from '../../core/shell.ts';
import { compounds } from './compound.ts';
import type { Io, Machine, Result, Shared } from './machine.ts';
import { quiet, unchanged } from './machine.ts';
import { redirect } from './redirects.ts';
import type { Scene } from './scene.ts';
import { simpleStatement } from './simple-statement.ts';
import { runCommand } from './run-command.ts';
import { inOrder, pipeline, sequence } from './sequences.ts';
import { mergeStates, type State } from './state.ts';
import { childrenOf, partsOf, treeFault } from './syntax.ts';
import { anything } from './value.ts';

const maxDepth = 4;

const pipelineNode = (machine: Machine, node: SyntaxNode, state: State, io: Io): Result => {
  const stages = partsOf(node).map((stage) => (stageIo: Io) => machine.statement(machine, stage, state, stageIo));
  return pipeline(machine, stages, state, io);
};

const list = (machine: Machine, node: SyntaxNode, state: State, io: Io): Result => {
  const [left, right, ...rest] = partsOf(node);
  const operator = childrenOf(node).find((child) => child.type === '&&' || child.type === '||');
  if (!left || !right || !operator || rest.length > 0) {
    machine.fail('it has a form nobody looked into');
    return unchanged(state);
  }
  return inOrder(operator.type, machine.statement(machine, left, state, io), (at) =>
    machine.statement(machine, right, at, io),
  );
};

const statement = (machine: Machine, node: SyntaxNode, state: State, io: Io): Result => {
  if (!machine.scene.step()) {
    machine.fail('it is too long to be looked through');
    return unchanged(state);
  }
  if (io.extra && node.type !== 'command') machine.fail('it has words behind a redirect');
  switch (node.type) {
    case 'program':
    case 'compound_statement':
    case 'do_group':
      return sequence(machine, childrenOf(node), state, io);
    case 'subshell': {
      const { out } = sequence(machine, childrenOf(node), state, io);
      return unchanged(state, out);
    }
    case 'list':
      return list(machine, node, state, io);
    case 'pipeline':
      return pipelineNode(machine, node, state, io);
    case 'negated_command': {
      const [inner, ...others] = childrenOf(node).filter((child) => child.isNamed);
      if (!inner || others.length > 0) break;
      const { ok, no, out } = machine.statement(machine, inner, state, io);
      return { ok: no, no: ok, out };
    }
    case 'redirected_statement':
      return redirect(machine, node, state, io);
    default: {
      const run = compounds[node.type] ?? simpleStatement[node.type];
      if (run) return run(machine, node, state, io);
    }
  }
  machine.fail(`it has a part nobody looked into (${node.type})`);
  return unchanged(state);
};

const script = (machine: Machine, text: string, state: State, io: Io): Result => {
  if (machine.depth >= maxDepth) {
    machine.fail('scripts in it start too many others');
    return unchanged(state);
  }
  const root = machine.parse(text);
  const fault = root ? treeFault(root, text) : 'it cannot be parsed';
  if (fault !== undefined) machine.fail(fault);
  if (!root) return unchanged(state);
  const inner = { ...machine, source: text, depth: machine.depth + 1 };
  return statement(inner, root, state, io);
};

/** Takes a line apart and writes what it does into the scene; `fail` hears why something cannot be told. */
export const interpret = (
  line: string,
  scene: Scene,
  parse: ParseShell,
  first: State,
  fail: (why: string) => void,
): void => {
  const shared: Shared = { concurrent: false, traps: new Set(), escapes: [] };
  const machine: Machine = {
    scene,
    parse,
    source: '',
    depth: -1,
    calls: [],
    shared,
    fail,
    statement,
    script,
    command: runCommand,
  };
  const run = (): void => {
    const { ok, no } = script(machine, line, first, quiet);
    const end = [first, ok, no, ...shared.escapes].reduce(mergeStates);
    // A trap runs whenever it likes, so nothing is known of the variables it finds.
    const variables = new Map([...end.variables.keys()].map((name) => [name, anything]));
    for (const text of shared.traps) script(machine, text, { ...end, variables }, quiet);
  };
  run();
  // What runs at the same time may see names and files that are made further on.
  if (shared.concurrent && scene.marks() > 0) run();
};
