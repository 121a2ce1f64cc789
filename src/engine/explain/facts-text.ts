import type { Explained, NamedChange } from './explained.ts';

const symbolText = ({ change, name, from }: NamedChange): string =>
  change === 'renamed' ? `renamed ${from ?? ''} to ${name}` : `${change} ${name}`;

const cut = (lines: readonly string[], most: number): string[] =>
  lines.length <= most ? [...lines] : [...lines.slice(0, most), `… and ${lines.length - most} more`];

/** The facts of a change as text, at most so many lines of each kind per area. */
export const factsText = (
  { areas, api, dependencies, commits, title, files, added, deleted }: Explained,
  detail: number,
): string => {
  const lines = [`change: ${title}, ${files} files, +${added} -${deleted}`];
  if (commits.length > 0)
    lines.push(
      'commits:',
      ...cut(
        commits.map(({ subject }) => `- ${subject.slice(0, 200)}`),
        Math.max(5, detail),
      ),
    );
  for (const area of areas) {
    lines.push('', `area "${area.name}" (${area.kind}): ${area.files.length} files, +${area.added} -${area.deleted}`);
    lines.push(
      ...cut(
        area.files.map(
          ({ path, oldPath, status, note }) =>
            `- ${status} ${oldPath === undefined ? '' : `${oldPath} to `}${path}${note === undefined ? '' : ` (${note})`}`,
        ),
        detail,
      ),
      ...cut(
        area.symbols.map((one) => `  ${symbolText(one)} in ${one.path}`),
        detail,
      ),
    );
  }
  if (api.length > 0)
    lines.push(
      '',
      'exported:',
      ...cut(
        api.map((one) => `- ${symbolText(one)}${one.after === undefined ? '' : `: ${one.after.slice(0, 160)}`}`),
        detail,
      ),
    );
  if (dependencies.length > 0)
    lines.push(
      '',
      'dependencies:',
      ...cut(
        dependencies.map(({ name, from = 'new', to = 'gone' }) => `- ${name}: ${from} to ${to}`),
        detail,
      ),
    );
  return lines.join('\n');
};
