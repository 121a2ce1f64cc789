import type { SyntaxNode } from '../../core/shell.ts';
import { quiet, type Machine } from './machine.ts';
import { sequence } from './sequences.ts';
import type { State } from './state.ts';
import { childrenOf, fieldsOf } from './syntax.ts';
import { anything, type Value } from './value.ts';
import { expandWord, type WordPlace } from './words.ts';

/** What a substitution leaves of what was printed. */
const printed = (value: Value): Value =>
  value.text === undefined ? value : { ...value, text: value.text.replace(/\n+$/, '') };

/** Where the words of a script are expanded, beginning in a state; it holds the state they leave. */
export const wordPlace = (machine: Machine, first: State): WordPlace => {
  const place: WordPlace = {
    scene: machine.scene,
    source: machine.source,
    state: first,
    fail: machine.fail,
    substitute: (node: SyntaxNode): Value => {
      const [redirect, ...others] = fieldsOf(node, 'redirect');
      if (!redirect) return printed(sequence(machine, childrenOf(node), place.state, quiet).out);
      const [word, ...more] = fieldsOf(redirect, 'destination');
      const args = word ? expandWord(word, place) : [];
      const isRead = childrenOf(redirect)[0]?.type === '<';
      for (const arg of args) {
        const { cwds } = place.state;
        if (arg.text === undefined || (!cwds && !arg.text.startsWith('/')) || !machine.scene.read(arg.text, cwds ?? []))
          machine.fail('it reads a file that is named only when it runs');
      }
      const fromNet = args.some(
        ({ text }) => text !== undefined && machine.scene.isFetched(`${place.state.cwds?.[0] ?? ''}/${text}`),
      );
      if (!isRead || others.length > 0 || more.length > 0) machine.fail('it has a redirect nobody looked into');
      return fromNet ? { text: undefined, fromNet } : anything;
    },
    substituteText: (text: string): Value => printed(machine.script(machine, text, place.state, quiet).out),
    connect: (node: SyntaxNode): Value => {
      machine.shared.concurrent = true;
      // What is written into >(…) comes from the command it stands with, of which nothing is known here.
      const writes = node.text.trimStart().startsWith('>');
      const io = writes ? { ...quiet, stdin: { piped: true, value: anything } } : quiet;
      const { out } = sequence(machine, childrenOf(node), place.state, io);
      return writes ? anything : out;
    },
  };
  return place;
};
