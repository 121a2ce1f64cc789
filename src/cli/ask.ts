import { createInterface } from 'node:readline';
import { printable } from '../base/printable.ts';
import { describeEffect, type Answer, type Ask } from '../core/policy.ts';
import type { Io } from './io.ts';

/** More effects than this nobody reads; the reason says what matters. */
const maxShownEffects = 12;

const prompt = 'Allow? [y]es, [s]ession, [a]lways in this folder, [n]o, or say why not: ';
/** No rule holds in a run that has read text from outside. */
const taintedPrompt = 'Allow? [y]es, [s]ession, [n]o, or say why not: ';
const codePrompt = 'One-time code (empty: no): ';

const parseAnswer = (line: string): Answer => {
  const word = line.trim().toLowerCase();
  if (word === 'y' || word === 'yes') return { allow: true };
  if (word === 's' || word === 'session') return { allow: true, remember: 'session' };
  if (word === 'a' || word === 'always') return { allow: true, remember: 'always' };
  const said = line.trim();
  return word === '' || word === 'n' || word === 'no'
    ? { allow: false }
    : { allow: false, feedback: `The user said no: ${said}` };
};

const parseCode = (line: string): Answer => {
  const code = line.replace(/\s/g, '');
  return /^\d+$/.test(code) ? { allow: true, code } : { allow: false };
};

/** Asks on standard error; undefined when no person is there (standard input or error is no terminal). */
export const terminalAsk = (io: Io): Ask | undefined => {
  if (!io.stdin.isTTY || !io.stderr.isTTY) return undefined;
  return (question, signal) =>
    new Promise((resolve, reject) => {
      // After an end of input (Ctrl-D) there will be no other answer, and nothing would tell us so.
      if (io.stdin.readableEnded || io.stdin.destroyed) {
        resolve({ allow: false });
        return;
      }
      const terminal = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
      const onAbort = (): void => {
        terminal.close();
        reject(signal.reason as Error);
      };
      let answered = false;
      const finish = (answer: Answer): void => {
        answered = true;
        signal.removeEventListener('abort', onAbort);
        terminal.close();
        resolve(answer);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      terminal.once('line', (line) => finish(question.wantsCode ? parseCode(line) : parseAnswer(line)));
      terminal.once('close', () => {
        if (!answered && !signal.aborted) finish({ allow: false });
      });
      const lines = question.effects.map((effect) => `  ${printable(describeEffect(effect))}\n`);
      const more = lines.length - maxShownEffects;
      const effects = lines.slice(0, maxShownEffects).join('') + (more > 0 ? `  … and ${more} more\n` : '');
      io.stderr.write(
        `\n${question.tool} wants to\n${effects}${printable(question.why)}\n${question.wantsCode ? codePrompt : question.tainted ? taintedPrompt : prompt}`,
      );
    });
};
