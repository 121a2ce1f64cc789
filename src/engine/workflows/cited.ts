import { isToolError } from '../../core/tool.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import type { Proof } from '../patterns/proof.ts';
import { textNow } from './changed-files.ts';
import { placesIn, type Place } from './places.ts';
import { proven } from './trying.ts';

const said = 'the places it names are there';

/** Why a place is not there; undefined when it is. */
const lacking = async (
  place: Place,
  context: WorkflowContext,
  lines: Map<string, number | undefined>,
): Promise<string | undefined> => {
  const { path, line, endLine } = place;
  if (!lines.has(path)) {
    try {
      const text = await textNow(context, path);
      lines.set(path, text.replace(/\n$/, '').split('\n').length);
    } catch (error) {
      if (!isToolError(error)) throw error;
      lines.set(path, undefined);
    }
  }
  const count = lines.get(path);
  if (count === undefined) return 'no such file';
  if (line < 1 || endLine < line || endLine > count) return `no such line, it has ${count}`;
  return undefined;
};

/** The file and line references of an answer exist; those that do not are marked in it. */
export const cited = (): Proof => ({
  async *after({ answer }, context) {
    yield* [];
    const places = placesIn(answer, context.sandbox.root);
    const lines = new Map<string, number | undefined>();
    let marked = answer;
    const wrong: string[] = [];
    for (const place of places.toReversed()) {
      const why = await lacking(place, context, lines);
      if (why === undefined) continue;
      const end = place.at + place.length;
      wrong.unshift(`${answer.slice(place.at, end)} (${why})`);
      marked = `${marked.slice(0, end)} [${why}]${marked.slice(end)}`;
    }
    if (wrong.length > 0)
      return {
        ...proven(
          'cited',
          'unverified',
          said,
          `${wrong.length} of ${places.length} are not: ${wrong.slice(0, 3).join('; ')}.`,
        ),
        problems: [`These places do not exist: ${wrong.join('; ')}. Look them up and give the whole answer again.`],
        answer: marked,
      };
    if (places.length === 0) return proven('cited', 'unverified', said, 'The answer names no line of any file.');
    return proven('cited', 'verified', said, `All ${places.length} lines it names exist.`);
  },
});
