import type { SyntaxNode } from '../../core/shell.ts';
import { besideHeredoc, heredocText } from './heredoc.ts';
import { unchanged, type Feed, type Io, type Machine, type Result } from './machine.ts';
import { inOrder, pipeline } from './sequences.ts';
import type { State } from './state.ts';
import { childrenOf, fieldsOf, partsOf } from './syntax.ts';
import { anything, literally, type Arg } from './value.ts';
import { wordPlace } from './word-place.ts';
import { expandText, expandWord, type WordPlace } from './words.ts';

/** What redirects do to the command they belong to. */
export interface Redirected {
  readonly io: Io;
  /** Absolute files that get its output. */
  readonly outputs: readonly string[];
}

const network = /^\/dev\/(?:tcp|udp)\/([^/]*)\//;
const devices = /^\/dev\/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|mapper|dm-|loop|ram|mem$|kmem$|port$)/;

/** Why writing to a path is dangerous; undefined when it is not. */
export const deviceDanger = (path: string): string | undefined =>
  devices.test(path) ? `writes the device ${path} directly` : undefined;

const absolute = (path: string, state: State): string[] =>
  path.startsWith('/') ? [path] : (state.cwds ?? []).map((cwd) => `${cwd}/${path}`);

const fileRedirect = (machine: Machine, node: SyntaxNode, place: WordPlace, before: Redirected): Redirected => {
  const { scene } = machine;
  const parts = childrenOf(node);
  const operator = parts.find((part) => !part.isNamed)?.type ?? '';
  const descriptor = parts.find((part) => part.type === 'file_descriptor')?.text;
  const [target, ...extra] = fieldsOf(node, 'destination');
  const io: Io = extra.length > 0 ? { ...before.io, extra: [...(before.io.extra ?? []), ...extra] } : before.io;
  const doubt = (why: string): Redirected => ({ ...before, io: { ...io, doubts: [...io.doubts, why] } });
  const fed = (value: Feed['value']): Redirected => ({
    ...before,
    io: descriptor === undefined || descriptor === '0' ? { ...io, stdin: { piped: true, value } } : io,
  });
  if (operator === '>&-' || operator === '<&-')
    return target ? doubt('a redirect can be read in more than one way') : { ...before, io };
  if (!target) return doubt('a redirect leads nowhere');
  const args = expandWord(target, place);
  const [arg, ...more] = args;
  if (!arg || more.length > 0) return doubt('a redirect leads to more than one file');
  if ((operator === '>&' || operator === '<&') && arg.text !== undefined && /^(?:\d+-?|-)$/.test(arg.text))
    return operator === '<&' ? fed(anything) : { ...before, io };
  if (arg.channel)
    return arg.channel === 'read'
      ? fed({ text: undefined, ...(arg.fromNet ? { fromNet: true } : {}) })
      : { ...before, io };
  if (arg.text === undefined || operator === '<&')
    return doubt('a redirect leads to a file that is named only when it runs');
  const { cwds } = place.state;
  if (!cwds && !arg.text.startsWith('/')) return doubt('a redirect leads to a file in a folder nobody knows');
  const host = network.exec(arg.text)?.[1];
  if (host !== undefined) {
    scene.net(host, 'read');
    scene.net(host, 'write');
    return fed({ text: undefined, fromNet: true });
  }
  if (operator === '<') {
    if (!scene.read(arg.text, cwds ?? [])) return doubt('it reads what only the running command can tell');
    const fromNet = absolute(arg.text, place.state).some(scene.isFetched);
    return fed({ text: undefined, ...(fromNet ? { fromNet: true } : {}) });
  }
  if (!['>', '>>', '>|', '&>', '&>>', '>&', '<>'].includes(operator)) return doubt('a redirect nobody looked into');
  const danger = deviceDanger(arg.text);
  if (danger !== undefined) scene.exec({ command: node.text, reach: 'opaque', why: 'it writes a device', danger });
  if (!scene.write(arg.text, cwds ?? [])) return doubt('it writes what only the running command can tell');
  return { io, outputs: [...before.outputs, ...absolute(arg.text, place.state)] };
};

/** Follows redirects in the order they are written. */
export const followRedirects = (
  machine: Machine,
  nodes: readonly SyntaxNode[],
  place: WordPlace,
  io: Io,
): Redirected => {
  let result: Redirected = { io, outputs: [] };
  for (const node of nodes) {
    if (node.type === 'file_redirect') result = fileRedirect(machine, node, place, result);
    else if (node.type === 'herestring_redirect') {
      const word = partsOf(node).find((part) => part.type !== 'file_descriptor');
      const value = word ? expandText(word, place) : anything;
      const text = value.text === undefined ? value : literally(`${value.text}\n`);
      result = { ...result, io: { ...result.io, stdin: { piped: true, value: text } } };
    } else if (node.type === 'heredoc_redirect') {
      const value = heredocText(node, place);
      if (value === undefined) machine.fail('it has a heredoc that can be read in more than one way');
      const { words, redirects } = besideHeredoc(node);
      const fed: Io = { ...result.io, stdin: { piped: true, value: value ?? anything } };
      const withWords = words.length > 0 ? { ...fed, extra: [...(fed.extra ?? []), ...words] } : fed;
      const inner = followRedirects(machine, redirects, place, withWords);
      result = { io: inner.io, outputs: [...result.outputs, ...inner.outputs] };
    } else machine.fail('it has a redirect nobody looked into');
  }
  return result;
};

/** Notes which files got what came from the network. */
export const noteOutputs = (machine: Machine, { outputs }: Redirected, result: Result): void => {
  if (result.out.fromNet) for (const path of outputs) machine.scene.fetched(path);
};

const unlooked = (machine: Machine, state: State): Result => {
  machine.fail('it has a form nobody looked into');
  return unchanged(state);
};

/** Runs a node whose first command is fed by what stands before a heredoc's `|`. */
const fedFirst = (machine: Machine, node: SyntaxNode, first: (io: Io) => Result, state: State, io: Io): Result => {
  const parts = partsOf(node);
  const [left, right] = parts;
  if (node.type === 'list' && left && right && parts.length === 2) {
    const operator = childrenOf(node).find((child) => !child.isNamed)?.type ?? '';
    return inOrder(operator, fedFirst(machine, left, first, state, io), (at) =>
      machine.statement(machine, right, at, io),
    );
  }
  const stages = node.type === 'pipeline' ? parts : [node];
  const nested = stages.some(
    (stage) =>
      stage.type === 'list' ||
      (stage.type === 'redirected_statement' &&
        ['list', 'pipeline'].includes(stage.childForFieldName('body')?.type ?? '')),
  );
  if (nested) return unlooked(machine, state);
  return pipeline(
    machine,
    [first, ...stages.map((stage) => (stageIo: Io) => machine.statement(machine, stage, state, stageIo))],
    state,
    io,
  );
};

/** Runs a statement with redirects. They belong to its last command, wherever the tree puts them. */
export const redirect = (machine: Machine, node: SyntaxNode, state: State, io: Io): Result => {
  const redirects = fieldsOf(node, 'redirect');
  const body = node.childForFieldName('body');
  const others = partsOf(node).filter((part) => part !== body && !redirects.includes(part));
  if (others.length > 0) return unlooked(machine, state);
  const heredocs = redirects.filter((one) => one.type === 'heredoc_redirect');
  const piped = heredocs.flatMap((one) => partsOf(one).filter((part) => part.type === 'pipeline'));
  const rights = heredocs.flatMap((one) => fieldsOf(one, 'right'));
  const operator = heredocs.flatMap((one) => fieldsOf(one, 'operator'))[0]?.type ?? '';
  if (piped.length + rights.length > 1 || heredocs.length > 1) return unlooked(machine, state);

  const target = (one: SyntaxNode | null, at: State, targetIo: Io): Result => {
    const place = wordPlace(machine, at);
    const redirected = followRedirects(machine, redirects, place, targetIo);
    const result = one ? machine.statement(machine, one, place.state, redirected.io) : unchanged(place.state);
    if (!one && redirected.io.doubts.length > 0) machine.fail(redirected.io.doubts[0] ?? '');
    noteOutputs(machine, redirected, result);
    return result;
  };
  const last = (one: SyntaxNode | null, at: State, lastIo: Io): Result => {
    const parts = one ? partsOf(one) : [];
    const [left, right] = parts;
    if (one?.type === 'list' && left && right && parts.length === 2) {
      const sign = childrenOf(one).find((child) => !child.isNamed)?.type ?? '';
      return inOrder(sign, machine.statement(machine, left, at, lastIo), (then) => last(right, then, lastIo));
    }
    if (one?.type === 'pipeline') {
      const stages = parts.map(
        (stage, index) => (stageIo: Io) =>
          index === parts.length - 1 ? last(stage, at, stageIo) : machine.statement(machine, stage, at, stageIo),
      );
      return pipeline(machine, stages, at, lastIo);
    }
    if (one?.type === 'negated_command' && left && parts.length === 1) {
      const { ok, no, out } = last(left, at, lastIo);
      return { ok: no, no: ok, out };
    }
    const [next] = piped;
    const [stage] = next ? partsOf(next) : [];
    if (!next) return target(one, at, lastIo);
    return stage ? fedFirst(machine, stage, (stageIo) => target(one, at, stageIo), at, lastIo) : unlooked(machine, at);
  };
  const result = last(body, state, io);
  const [right] = rights;
  return right ? inOrder(operator, result, (at) => machine.statement(machine, right, at, io)) : result;
};

/** The absolute paths a word may name. */
export const pathsOf = (arg: Arg, state: State): string[] => (arg.text === undefined ? [] : absolute(arg.text, state));
