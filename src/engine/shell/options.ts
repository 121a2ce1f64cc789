import type { Call } from './call.ts';
import type { Arg } from './value.ts';

/**
 * What an option's value is, by the sign behind its name in a specification: `:` no path, `<` a file that is read, `>` one
 * that is written, `!` something that is run; without a sign it has none.
 */
type Kind = '' | ':' | '<' | '>' | '!';

/** A command's words, told apart. */
export interface Options {
  readonly operands: readonly Arg[];
  readonly has: (...names: string[]) => boolean;
  /** Values given to the options, in order. */
  readonly values: (...names: string[]) => Arg[];
  /** Options the specification does not name. */
  readonly unknown: readonly string[];
}

/** How words are told apart. */
export interface Reading {
  /** An option nobody knows may run or write something. */
  strict?: boolean;
  /** Options end at the first operand. */
  leading?: boolean;
}

const specifications = new Map<string, ReadonlyMap<string, Kind>>();

const compiled = (specification: string): ReadonlyMap<string, Kind> => {
  let known = specifications.get(specification);
  if (!known) {
    known = new Map(
      specification.split(/\s+/).flatMap((token): [string, Kind][] => {
        const [, name = '', kind = ''] = /^(.+?)([:<>!]?)$/.exec(token) ?? [];
        return name === '' ? [] : [[name, kind as Kind]];
      }),
    );
    specifications.set(specification, known);
  }
  return known;
};

const order: readonly Kind[] = ['!', '>', '<', ':', ''];

/** The value behind a name in one word, `--name=value`. */
const tailOf = (arg: Arg, length: number): Arg => ({
  ...arg,
  text: arg.text?.slice(length),
  source: arg.text?.slice(length) ?? arg.source,
  prefix: arg.prefix.slice(length),
});

/** Tells options and operands apart by a specification such as `n: f< output> v`, and says what values do. */
export const readOptions = (call: Call, specification: string, reading: Reading = {}, args = call.args): Options => {
  const known = compiled(specification);
  const operands: Arg[] = [];
  const unknown: string[] = [];
  const given = new Map<string, Arg[]>();
  const note = (name: string, value?: Arg): void => {
    const values = given.get(name) ?? [];
    if (value) values.push(value);
    given.set(name, values);
    const kind = known.get(name);
    if (kind === '!') call.doubt(`${call.name} ${name.length === 1 ? '-' : '--'}${name} runs something`);
    else if (!value || value.text === '-') return;
    else if (kind === '<') call.read(value);
    else if (kind === '>') call.write(value);
  };
  const miss = (name: string, value?: Arg): void => {
    unknown.push(name);
    if (reading.strict) call.doubt(`nobody looked into ${call.name} ${name}`);
    else if (value) call.read(value);
  };
  const longName = (name: string): string | undefined => {
    if (known.has(name)) return name;
    const longer = [...known.keys()].filter((one) => one.length > 1 && one.startsWith(name));
    return order.flatMap((kind) => longer.filter((one) => known.get(one) === kind))[0];
  };
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at];
    if (!arg) continue;
    const { prefix: text } = arg;
    const exact = arg.text !== undefined;
    if (reading.leading && operands.length > 0) operands.push(arg);
    else if (exact && text === '--') {
      operands.push(...args.slice(at + 1));
      break;
    } else if (!text.startsWith('-') || text === '-') {
      if (!exact && text === '' && arg.within === undefined && arg.numeric !== true && reading.strict)
        call.doubt(`${arg.source} is only known when it runs`);
      operands.push(arg);
    } else if (text.startsWith('--')) {
      const equals = text.indexOf('=');
      const typed = text.slice(2, equals < 0 ? undefined : equals);
      const name = exact || equals >= 0 ? longName(typed) : undefined;
      const value = equals < 0 ? undefined : tailOf(arg, equals + 1);
      const takes = name !== undefined && (known.get(name) ?? '') !== '';
      if (name === undefined) {
        if (!exact && equals < 0) call.doubt('an option is only known when it runs');
        miss(`--${typed}`, value);
      } else if (value || !takes) note(name, value);
      else {
        at += 1;
        note(name, args[at]);
      }
    } else {
      for (let i = 1; i < text.length; i += 1) {
        const name = text.charAt(i);
        const kind = known.get(name);
        if (kind === undefined) miss(`-${name}`);
        if (kind === undefined || kind === '') {
          note(name);
          if (i === text.length - 1 && !exact) call.doubt('an option is only known when it runs');
          continue;
        }
        const attached = i < text.length - 1 || !exact;
        if (!attached) at += 1;
        note(name, attached ? tailOf(arg, i + 1) : args[at]);
        break;
      }
      if (!exact && text.length === 1) call.doubt('an option is only known when it runs');
    }
  }
  return {
    operands,
    unknown,
    has: (...names) => names.some((name) => given.has(name)),
    values: (...names) => names.flatMap((name) => given.get(name) ?? []),
  };
};
