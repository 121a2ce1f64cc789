import type { Call, Handler } from '../call.ts';
import { tidy } from '../scene.ts';
import { mergeStates } from '../state.ts';
import { isFetched } from './readers.ts';

/** The text of a script about to run; undefined when it cannot be told, as after the line may have changed it. */
export const scriptText = (call: Call, path: string): string | undefined => {
  const { cwds } = call.state;
  const paths = path.startsWith('/') ? [path] : (cwds ?? []).map((cwd) => `${cwd}/${path}`);
  const [only, ...others] = paths.map(tidy);
  if (only === undefined || others.length > 0 || call.scene.isChanged(only)) return undefined;
  return call.scene.place.read(only);
};

/** `source`: a script in the same shell. */
export const sourceFile: Handler = (call) => {
  const [file, ...args] = call.args.filter(({ text }, index) => !(index === 0 && text === '--'));
  if (!file) return undefined;
  if (file.fromNet) call.danger('runs what it gets from the network');
  if (file.channel || file.text === undefined) {
    call.doubt('it runs a script that is only known when it runs');
    return undefined;
  }
  call.read(file);
  if (isFetched(call, file.text)) call.danger('runs what it gets from the network');
  // Without a slash bash looks along PATH first.
  const text = scriptText(call, file.text);
  if (text === undefined || (!file.text.includes('/') && call.scene.place.env('PATH') === undefined)) {
    call.doubt('it runs a script nobody could look into');
    return undefined;
  }
  call.program();
  const result = call.script(text, args.length > 0 ? { ...call.state, args } : call.state);
  const end = mergeStates(result.ok, result.no);
  call.become(args.length > 0 ? { ...end, args: call.state.args } : end, true);
  return result.out;
};

/** `eval`: its words as a script. */
export const evaluate: Handler = (call) => {
  const texts = call.args.map(({ text }) => text);
  if (call.args.some((arg) => arg.fromNet)) call.danger('runs what it gets from the network');
  if (texts.includes(undefined)) {
    call.doubt('eval runs text that is only known when it runs');
    return undefined;
  }
  const result = call.script(texts.join(' ').replace(/^--\s+/, ''));
  call.become(mergeStates(result.ok, result.no), true);
  return result.out;
};

/** `trap`: a text that runs later. */
export const trap: Handler = (call) => {
  const args = call.args.filter(({ text }) => text !== '--');
  const [action] = args;
  if (args.length < 2 || action?.text === '-' || action?.text === '' || action?.text === '-p' || action?.text === '-l')
    return undefined;
  const signals = args.slice(1).map(({ text }) => text ?? '?');
  const mild = /^(?:rm|kill|exit|echo|wait|true|:)\b[^=]*$/.test(action?.text ?? '');
  // Other traps run between any two commands and change what those see.
  if (
    signals.some(
      (signal) =>
        !/^(?:EXIT|0|(?:SIG)?(?:INT|TERM|HUP|QUIT))$/i.test(signal) || (!/^(?:EXIT|0)$/i.test(signal) && !mild),
    )
  )
    call.doubt('a trap may change what the rest does');
  if (action?.fromNet) call.danger('runs what it gets from the network');
  if (action?.text === undefined) call.doubt('trap runs text that is only known when it runs');
  else call.later(action.text);
  return undefined;
};
