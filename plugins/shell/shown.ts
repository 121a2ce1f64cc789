import { stripVTControlCharacters } from 'node:util';
import type { ExecResult } from 'llm-copilot-agent';

/** What a terminal would show at last of a line that went back to its beginning. */
const lastState = (line: string): string => {
  const end = line.replace(/\r+$/, '');
  return end.slice(end.lastIndexOf('\r') + 1);
};

/** Output as a model should read it: no colours, and of a line that overwrote itself only its last state. */
export const plain = (output: string): string => {
  const text = stripVTControlCharacters(output);
  return text.includes('\r') ? text.split('\n').map(lastState).join('\n') : text;
};

/** True for output that is not text: a null byte, or more than a tenth undecodable. */
export const isBinary = (output: string): boolean =>
  output.includes('\0') || (output.match(/\uFFFD/g)?.length ?? 0) > Math.max(8, output.length / 10);

/** How a command ended, in a few words. */
export const ending = (result: ExecResult, timeoutMs?: number): string => {
  if (result.timedOut) return `timed out after ${(timeoutMs ?? result.durationMs) / 1000} s and was killed`;
  return result.exitCode === null ? `killed by ${result.signal ?? 'a signal'}` : `exit code ${result.exitCode}`;
};

/** The text of a result or of a part of its output. */
export const shown = (output: string, bytes: number, outputFile?: string): string => {
  if (isBinary(output)) {
    return `(${bytes} bytes of binary output not shown${outputFile === undefined ? '' : `; they are in ${outputFile}`})`;
  }
  return plain(output).trimEnd() || '(no output)';
};
