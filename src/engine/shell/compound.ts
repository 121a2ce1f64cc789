import type { SyntaxNode } from '../../core/shell.ts';
import type { Io, Machine, Result } from './machine.ts';
import { unchanged } from './machine.ts';
import { mergeStates, withVariable, type State, type Variable } from './state.ts';
import { childrenOf, fieldsOf } from './syntax.ts';
import { checkArithmetic } from './parameters.ts';
import { anything, type Arg, type Value } from './value.ts';
import { lookUp, valueOf } from './variables.ts';
import { sequence } from './sequences.ts';
import { wordPlace } from './word-place.ts';
import { expandText, expandWord, substitutionsIn } from './words.ts';

type Run = (machine: Machine, node: SyntaxNode, state: State, io: Io) => Result;

const maxValues = 1000;

const after = ({ ok, no }: Result): State => mergeStates(ok, no);

const netOnly = (...values: readonly Value[]): Value =>
  values.some((value) => value.fromNet) ? { text: undefined, fromNet: true } : anything;

/** Runs something with its own list of early exits, which are ways out of it as well. */
const withEscapes = (machine: Machine, run: () => Result): Result => {
  const outer = machine.shared.escapes;
  machine.shared.escapes = [];
  const result = run();
  const escaped = machine.shared.escapes;
  machine.shared.escapes = [...outer, ...escaped];
  return {
    ok: escaped.reduce(mergeStates, result.ok),
    no: escaped.reduce(mergeStates, result.no),
    out: result.out,
  };
};

const sameValue = (one: Variable, other: Variable | undefined): boolean =>
  one === other ||
  (other !== undefined &&
    one.text === other.text &&
    one.within === other.within &&
    one.among === other.among &&
    one.from === other.from &&
    one.numeric === other.numeric &&
    one.fromNet === other.fromNet &&
    one.items === other.items);

const sameState = (one: State, other: State): boolean =>
  one === other ||
  (one.cwds?.length === other.cwds?.length &&
    one.variables.size === other.variables.size &&
    [...one.variables].every(([name, value]) => sameValue(value, other.variables.get(name))) &&
    one.args === other.args &&
    one.frozen.size === other.frozen.size &&
    [...one.functions].every(([name, bodies]) => other.functions.get(name)?.length === bodies.length) &&
    one.poison === other.poison &&
    one.aliases.size === other.aliases.size &&
    one.globs === other.globs &&
    one.splits === other.splits);

/** Runs the body until nothing new comes of it. */
const untilStable = (state: State, body: (state: State) => State, fail: (why: string) => void): State => {
  let at = state;
  for (let round = 0; round < 6; round += 1) {
    const next = mergeStates(at, body(at));
    if (sameState(at, next)) return next;
    at = round < 3 ? next : { ...next, cwds: undefined };
  }
  fail('a loop in it changes too much');
  return at;
};

const ifStatement: Run = (machine, node, state, io) => {
  const children = childrenOf(node);
  const branches: { condition: SyntaxNode[]; body: SyntaxNode[] }[] = [{ condition: [], body: [] }];
  let otherwise: SyntaxNode | undefined;
  let thenSeen = false;
  for (const [index, child] of children.entries()) {
    const [first] = branches;
    if (child.type === 'then') thenSeen = true;
    else if (child.type === 'elif_clause') {
      const parts = childrenOf(child);
      const then = parts.findIndex((part) => part.type === 'then');
      branches.push({ condition: parts.slice(0, then), body: parts.slice(then + 1) });
    } else if (child.type === 'else_clause') otherwise = child;
    else if (index > 0) (thenSeen ? first?.body : first?.condition)?.push(child);
  }
  let at = state;
  let end: State | undefined;
  let out: Value = { text: '' };
  for (const { condition, body } of branches) {
    const tested = sequence(machine, condition, at, io);
    const done = sequence(machine, body, tested.ok, io);
    end = end ? mergeStates(end, after(done)) : after(done);
    at = tested.no;
    out = netOnly(out, tested.out, done.out);
  }
  const last = otherwise ? sequence(machine, childrenOf(otherwise), at, io) : unchanged(at);
  const state2 = end ? mergeStates(end, after(last)) : after(last);
  return unchanged(state2, netOnly(out, last.out));
};

/** A loop without end that starts processes beside itself fills the machine, unless it waits in between. */
const noteSwarm = (machine: Machine, node: SyntaxNode, body: readonly SyntaxNode[]): void => {
  const parts = body.flatMap(childrenOf);
  const starts = parts.some((part) => part.type === '&');
  const pauses = parts.some(
    (part, index) =>
      /^(?:sleep|wait|read|break|exit)\b|\|\| *(?:break|exit)\b/.test(part.text) && parts[index + 1]?.type !== '&',
  );
  if (starts && !pauses)
    machine.scene.exec({
      command: node.text,
      reach: 'opaque',
      why: 'it starts processes in an endless loop',
      danger: 'is a fork bomb',
    });
};

const whileStatement: Run = (machine, node, state, io) => {
  const parts = childrenOf(node);
  const body = fieldsOf(node, 'body');
  const condition = parts.filter((part, index) => index > 0 && !body.includes(part));
  machine.shared.concurrent = true;
  const always = node.text.startsWith('until') ? /^false$/ : /^(?:true|:|\(\(1\)\)|\[\[? 1 \]\]?)$/;
  if (condition.filter((part) => part.isNamed).every((part) => always.test(part.text))) noteSwarm(machine, node, body);
  let out: Value = { text: '' };
  return withEscapes(machine, () => {
    const end = untilStable(
      state,
      (at) => {
        const tested = sequence(machine, condition, at, io);
        const done = sequence(machine, body, after(tested), io);
        out = netOnly(out, tested.out, done.out);
        return mergeStates(after(tested), after(done));
      },
      machine.fail,
    );
    return unchanged(end, out);
  });
};

const forStatement: Run = (machine, node, state, io) => {
  const place = wordPlace(machine, state);
  const variable = node.childForFieldName('variable')?.text;
  const body = fieldsOf(node, 'body');
  if (variable === undefined || body.length === 0) {
    machine.fail('it has a loop nobody looked into');
    return unchanged(state);
  }
  const words = fieldsOf(node, 'value');
  const bare = !childrenOf(node).some((child) => child.type === 'in');
  const unknownArgs: Arg[] = [{ text: undefined, source: '$@', prefix: '', several: true }];
  const values = bare ? (state.args ?? unknownArgs) : words.flatMap((word) => expandWord(word, place));
  machine.shared.concurrent = true;
  let out: Value = { text: '' };
  const turn = (at: State, value: Value): State => {
    const done = sequence(machine, body, withVariable(at, variable, value), io);
    out = netOnly(out, done.out);
    return after(done);
  };
  const endless = values.length > maxValues || childrenOf(node)[0]?.type === 'select';
  const exact = !endless && values.every((value) => value.text !== undefined);
  return withEscapes(machine, () => {
    if (exact) {
      const end = values.reduce<State>(
        (at, value) => mergeStates(machine.shared.escapes.reduce(mergeStates, at), turn(at, value)),
        place.state,
      );
      return unchanged(values.length > 0 ? end : place.state, out);
    }
    const end = untilStable(
      place.state,
      (at) => (endless ? [anything] : values).map((value) => turn(at, valueOf(value))).reduce(mergeStates, at),
      machine.fail,
    );
    return unchanged(end, out);
  });
};

const countingFor: Run = (machine, node, state, io) => {
  const place = wordPlace(machine, state);
  const body = fieldsOf(node, 'body');
  const head = childrenOf(node).filter((child) => !body.includes(child));
  const inner = head.flatMap((child) => substitutionsIn(child, place));
  const text = /^for\s*\(\(([^]*?)\)\)/.exec(node.text)?.[1] ?? '"';
  machine.shared.concurrent = true;
  checkArithmetic(text, place, inner);
  // The second turn sees what the first one set.
  checkArithmetic(text, place, inner);
  if (/^[^;]*;\s*1?\s*;/.test(text)) noteSwarm(machine, node, body);
  return withEscapes(machine, () => {
    const turn = (at: State): State => after(sequence(machine, body, at, io));
    return unchanged(untilStable(place.state, turn, machine.fail));
  });
};

const caseStatement: Run = (machine, node, state, io) => {
  const place = wordPlace(machine, state);
  for (const value of fieldsOf(node, 'value')) expandText(value, place);
  let end = place.state;
  let out: Value = { text: '' };
  for (const item of childrenOf(node).filter((child) => child.type === 'case_item')) {
    const patterns = fieldsOf(item, 'value');
    for (const pattern of patterns) {
      substitutionsIn(pattern, place);
    }
    const body = childrenOf(item).filter((child) => !patterns.includes(child));
    // Items may fall through to the next, so each may start in what any other left.
    const done = sequence(machine, body, mergeStates(place.state, end), io);
    end = mergeStates(end, after(done));
    out = netOnly(out, done.out);
  }
  return unchanged(end, out);
};

const functionDefinition: Run = (machine, node, state, io) => {
  const name = node.childForFieldName('name')?.text ?? '';
  const body = node.childForFieldName('body');
  if (!body || name === '' || /[\\'"$`]/.test(name) || name === 'command_not_found_handle') {
    machine.fail('it defines a function nobody looked into');
    return unchanged(state);
  }
  if (fieldsOf(node, 'redirect').length > 0) machine.fail('it defines a function with redirects');
  const functions = new Map(state.functions);
  functions.set(name, [{ node: body, source: machine.source }]);
  return unchanged({ ...state, functions }, io.stdin.value.fromNet ? anything : { text: '' });
};

const testCommand: Run = (machine, node, state) => {
  const place = wordPlace(machine, state);
  substitutionsIn(node, place);
  const text = node.text;
  // -v looks into subscripts, and arithmetic comparisons evaluate their sides: both may run commands.
  if (/(?:^|\s)-[vR]\s+[^\s\]]*[^\w\s\]]/.test(text)) machine.fail('a test in it may run commands');
  if (text.startsWith('[[')) {
    const compared = /(\S+)\s+-(?:eq|ne|lt|le|gt|ge)\s+(\S+)/g;
    for (const [, left = '', right = ''] of text.matchAll(compared))
      for (const side of [left, right])
        checkArithmetic(side.replace(/^"|"$/g, '').replace(/\$\{#\w+(?:\[[@*]\])?\}|\$#/g, '0'), place, []);
  }
  for (const [, name = ''] of text.matchAll(/\$\{?([A-Za-z_]\w*)/g)) lookUp(name, place);
  return unchanged(place.state, { text: '' });
};

const compoundNegation: Run = (machine, node, state, io) => sequence(machine, childrenOf(node), state, io);

/** Statements that hold others, by the type of their node. */
export const compounds: Readonly<Record<string, Run>> = {
  if_statement: ifStatement,
  while_statement: whileStatement,
  for_statement: forStatement,
  c_style_for_statement: countingFor,
  case_statement: caseStatement,
  function_definition: functionDefinition,
  test_command: testCommand,
  else_clause: compoundNegation,
};
