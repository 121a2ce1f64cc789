import type { SyntaxNode } from '../../core/shell.ts';
import { steers } from './environment.ts';
import { unchanged, type Io, type Machine, type Result } from './machine.ts';
import { checkArithmetic } from './parameters.ts';
import { followRedirects, noteOutputs } from './redirects.ts';
import { withVariable, type State, type Variable } from './state.ts';
import { childrenOf, fieldsOf, joinWords, partsOf } from './syntax.ts';
import { anything, known, type Value } from './value.ts';
import { assign, lookUp } from './variables.ts';
import { wordPlace } from './word-place.ts';
import { expandText, expandWord, substitutionsIn, type WordPlace } from './words.ts';

type Run = (machine: Machine, node: SyntaxNode, state: State, io: Io) => Result;

/** Name and value of an assignment; an element of an array makes the array unknown. */
const assignment = (node: SyntaxNode, place: WordPlace): { name: string; value: Variable } => {
  const target = node.childForFieldName('name');
  const written = node.childForFieldName('value');
  const adds = childrenOf(node).some((child) => child.type === '+=');
  if (target?.type === 'subscript') {
    const name = target.childForFieldName('name')?.text ?? '';
    const index = target.childForFieldName('index');
    const inner = substitutionsIn(target, place);
    if (index && !/^\d+$/.test(index.text)) checkArithmetic(index.text.replace(/^"|"$/g, ''), place, inner);
    if (written) expandText(written, place);
    return { name, value: { text: undefined } };
  }
  const name = target?.text ?? '';
  if (!/^[A-Za-z_]\w*$/.test(name)) place.fail('it sets something that is no variable');
  if (written?.type === 'array') {
    const items = partsOf(written).flatMap((part) => expandWord(part, place));
    const keyed = partsOf(written).some((part) => part.text.startsWith('['));
    return { name, value: adds || keyed ? { text: undefined } : { ...(items[0] ?? { text: '' }), items } };
  }
  const value = written ? expandText(written, place) : { text: '' };
  if (!adds) return { name, value };
  const before = lookUp(name, place);
  const fromNet = before.fromNet ?? value.fromNet;
  if (before.items || before.text === undefined || value.text === undefined)
    return { name, value: { text: undefined, ...(fromNet ? { fromNet } : {}) } };
  return { name, value: { text: before.text + value.text } };
};

/** What setting a variable for good does to everything behind it. */
export const setVariable = (state: State, name: string, value: Variable): State => {
  const next = withVariable(state, name, value);
  if (name === 'IFS') return { ...next, splits: false };
  return { ...next, poison: next.poison ?? steers(name, value) };
};

const assignments: Run = (machine, node, state) => {
  const place = wordPlace(machine, state);
  const nodes = node.type === 'variable_assignment' ? [node] : childrenOf(node);
  let fromNet = false;
  for (const one of nodes) {
    const { name, value } = assignment(one, place);
    fromNet ||= value.fromNet === true;
    place.state = setVariable(place.state, name, value);
  }
  return unchanged(place.state, { text: '' });
};

const command: Run = (machine, node, state, io) => {
  const place = wordPlace(machine, state);
  const children = childrenOf(node);
  const redirects = children.filter((child) => child.type.endsWith('_redirect'));
  const nameNode = node.childForFieldName('name');
  const prefix: { name: string; value: Value }[] = [];
  for (const child of children) if (child.type === 'variable_assignment') prefix.push(assignment(child, place));
  const isArithmetic = nameNode?.text.startsWith('((');
  if (isArithmetic && nameNode) {
    checkArithmetic(nameNode.text.replace(/^\(\(|\)\)$/g, ''), place, substitutionsIn(nameNode, place));
    if (fieldsOf(node, 'argument').length > 0 || redirects.length > 0)
      machine.fail('it can be read in more than one way');
    return unchanged(place.state, { text: '' });
  }
  const { extra = [], ...plainIo } = io;
  const nodes = [...(nameNode ? [nameNode] : []), ...fieldsOf(node, 'argument')];
  const signs = children.filter((child) => child.text === '$' && !child.isNamed);
  const unplaced = children.filter(
    (child) =>
      child.isNamed &&
      child.type !== 'variable_assignment' &&
      child.type !== 'comment' &&
      !redirects.includes(child) &&
      !nodes.includes(child),
  );
  if (unplaced.length > 0) machine.fail(`it has a part nobody looked into (${unplaced[0]?.type ?? ''})`);
  const words = joinWords(inOrder([...nodes, ...signs])).flatMap((word) => expandWord(word, place));
  const redirected = followRedirects(machine, redirects, place, plainIo);
  // Behind a redirect of the command itself there may be words too.
  const behind = [...extra, ...(redirected.io.extra ?? [])].flatMap((word) => expandWord(word, place));
  const all = [...words, ...behind];
  if (isReserved(nameNode?.text ?? '')) machine.fail('it can be read in more than one way');
  const { extra: _, ...runIo } = redirected.io;
  const result = machine.command(machine, all, place.state, runIo, { prefix });
  noteOutputs(machine, redirected, result);
  return result;
};

const inOrder = (nodes: readonly SyntaxNode[]): SyntaxNode[] =>
  [...new Set(nodes)].sort((one, other) => one.startIndex - other.startIndex);

const isReserved = (word: string): boolean =>
  /^(?:if|then|elif|else|fi|do|done|for|while|until|case|esac|in|function|select|\{|\}|\[\[|\]\]|!)$/.test(word);

const declares: Run = (machine, node, state, io) => {
  const place = wordPlace(machine, state);
  const [keyword, ...parts] = childrenOf(node).filter((child) => child.type !== 'comment');
  const name = keyword?.text ?? '';
  const words = [known(name)];
  let flags = '';
  const set: { name: string; value: Variable }[] = [];
  const names: string[] = [];
  for (const part of parts) {
    if (part.type.endsWith('_redirect')) machine.fail('it has a redirect nobody looked into');
    else if (part.type === 'variable_assignment') {
      const one = assignment(part, place);
      set.push(one);
      words.push(
        one.value.text === undefined
          ? { text: undefined, source: part.text, prefix: `${one.name}=` }
          : known(`${one.name}=${one.value.text}`),
      );
    } else if (part.type === 'variable_name') {
      names.push(part.text);
      words.push(known(part.text));
    } else if (part.isNamed) {
      for (const word of expandWord(part, place)) {
        words.push(word);
        const [, variable, text = ''] = /^([A-Za-z_]\w*)\+?=([^]*)$/.exec(word.text ?? word.prefix) ?? [];
        if (/^[-+]/.test(word.text ?? '')) flags += word.text ?? '';
        else if (variable !== undefined)
          set.push({ name: variable, value: word.text === undefined ? anything : { text } });
        else if (word.text === undefined) machine.fail('it declares a variable that is named only when it runs');
        else if (!/^[A-Za-z_]\w*$/.test(word.text)) machine.fail('it declares something nobody looked into');
      }
    }
  }
  if (flags.includes('n') && name !== 'export') machine.fail('it gives a variable a second name');
  if (flags.includes('f') && name === 'export' && parts.length > 1) machine.fail('it hands functions to other shells');
  const odd = /[luaAc]/.test(flags) && name !== 'export';
  if (flags.includes('i') && name !== 'export')
    machine.fail('arithmetic on text that is only known when it runs may run commands');
  for (const one of set) {
    // A local variable is gone after its function, so what is left afterwards is not known either.
    const value = odd ? { text: undefined } : one.value;
    place.state = setVariable(place.state, one.name, value);
  }
  for (const one of names) {
    const value = lookUp(one, place);
    if (odd || /local|declare|typeset/.test(name)) assign(place, one, { text: undefined });
    else if (name === 'export')
      place.state = {
        ...place.state,
        poison: place.state.poison ?? (state.variables.has(one) ? steers(one, value) : undefined),
      };
  }
  // Letters of a variable declared so change with every assignment.
  if (name === 'readonly' || /[rluc]/.test(flags)) {
    const frozen = new Set([...place.state.frozen, ...set.map((one) => one.name), ...names]);
    place.state = { ...place.state, frozen };
  }
  const prints = set.length === 0 && names.length === 0 && !/[fF]/.test(flags);
  if (prints || (flags.includes('p') && names.length === 0)) machine.scene.env('*');
  return machine.command(machine, words, place.state, io, { prefix: [] });
};

const unsets: Run = (machine, node, state, io) => {
  const place = wordPlace(machine, state);
  const words = [known('unset')];
  for (const part of partsOf(node)) for (const word of expandWord(part, place)) words.push(word);
  for (const { text } of words.slice(1)) {
    if (text === undefined || !/^-?[A-Za-z_]\w*$/.test(text))
      machine.fail('it unsets something that is named only when it runs');
    else if (!text.startsWith('-')) {
      // Outside functions it is empty; inside, an outer one may show again.
      place.state = setVariable(
        place.state,
        text,
        machine.calls.length === 0 && !state.frozen.has(text) ? { text: '' } : anything,
      );
      const functions = new Map(place.state.functions);
      if (functions.delete(text)) machine.fail('it forgets a function');
      if (text === 'IFS') place.state = { ...place.state, splits: state.splits };
    }
  }
  return machine.command(machine, words, place.state, io, { prefix: [] });
};

/** Statements that are one command, by the type of their node. */
export const simpleStatement: Readonly<Record<string, Run>> = {
  command,
  variable_assignment: assignments,
  variable_assignments: assignments,
  declaration_command: declares,
  unset_command: unsets,
};
