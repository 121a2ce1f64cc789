import { printableName } from '../../base/printable.ts';
import { inert } from '../changelog/inert.ts';
import type { Area, DependencyChange, Explained, NamedChange } from './explained.ts';

/** How a text is written: for terminals, or as Markdown. */
export type TextForm = 'text' | 'markdown';

const mostNames = 12;
const mostFiles = 12;
const mostLines = 30;

const verbs = ['removed', 'renamed', 'added', 'changed'] as const;

const shown = (items: readonly string[], most: number): string =>
  items.length > most ? `${items.slice(0, most).join(', ')} and ${items.length - most} more` : items.join(', ');

const cut = (lines: readonly string[], most: number): string[] =>
  lines.length > most ? [...lines.slice(0, most), `… and ${lines.length - most} more`] : [...lines];

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** An explanation for people. */
export const explainedText = (explained: Explained, form: TextForm): string => {
  const isMarkdown = form === 'markdown';
  const word = (text: string): string => (isMarkdown ? inert(text) : printableName(text));
  const code = (text: string): string => {
    if (!isMarkdown) return printableName(text);
    const name = printableName(text).trim();
    const ticks = '`'.repeat(Math.max(0, ...(name.match(/`+/g) ?? []).map((run) => run.length)) + 1);
    return name.includes('`') ? `${ticks} ${name} ${ticks}` : `\`${name}\``;
  };
  const heading = (text: string): string => (isMarkdown ? `## ${text}` : text);
  const item = (text: string): string => (isMarkdown ? `- ${text}` : `  ${text}`);
  const bare = ({ change, name, from }: NamedChange): string =>
    change === 'renamed' && from !== undefined ? `${code(from)} to ${code(name)}` : code(name);

  const areaLines = (area: Area): string[] => {
    const head = `${plural(area.files.length, 'file')}, +${area.added} -${area.deleted}`;
    const names = verbs.flatMap((verb) => {
      const found = area.symbols.filter(({ change }) => change === verb);
      return found.length === 0 ? [] : [item(`${verb}: ${shown([...new Set(found.map(bare))], mostNames)}`)];
    });
    const files = area.files.map(({ path, oldPath, status, note }) =>
      [
        oldPath === undefined ? code(path) : `${code(oldPath)} to ${code(path)}`,
        ...(status === 'modified' ? [] : [status]),
        ...(note === undefined ? [] : [`(${note})`]),
      ].join(' '),
    );
    const title = area.name.includes('/') || area.kind === 'code' ? code(area.name) : area.name;
    return [
      isMarkdown ? `### ${title}: ${head}\n` : `${title}: ${head}`,
      ...(area.prose === undefined ? [] : [isMarkdown ? `${word(area.prose)}\n` : item(word(area.prose))]),
      ...names,
      item(`files: ${shown(files, mostFiles)}`),
    ];
  };
  const moved = ({ name, from, to, manifest }: DependencyChange): string =>
    from === undefined
      ? `${code(name)} ${word(to ?? '')} is new (${code(manifest)})`
      : to === undefined
        ? `${code(name)} ${word(from)} is gone (${code(manifest)})`
        : `${code(name)} ${word(from)} to ${word(to)} (${code(manifest)})`;
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [[heading(title), ...(isMarkdown ? [''] : []), ...cut(lines, mostLines)].join('\n')];

  const { title, files, added, deleted, commits, risk, api, dependencies, areas } = explained;
  const inCommits = commits.length === 0 ? '' : ` in ${plural(commits.length, 'commit')}`;
  return [
    `${isMarkdown ? `# ${word(title)}\n\n` : `${word(title)}: `}${plural(files, 'file')}, +${added} -${deleted}${inCommits}. Risk: ${risk.level} (${risk.score} of 100).`,
    ...block(
      'Why this risk',
      risk.reasons.map(({ points, reason }) => item(`${points}  ${word(reason)}`)),
    ),
    ...areas.map((area) => areaLines(area).join('\n')),
    ...block(
      'What others use',
      api.map((one) => {
        const both = one.before !== undefined && one.after !== undefined && one.before !== one.after;
        const name = one.change === 'renamed' ? `renamed ${bare(one)}` : `${one.change} ${code(one.name)}`;
        return item(
          `${name} in ${code(one.path)}${both && one.change === 'changed' ? `: ${code(one.before ?? '')} is now ${code(one.after ?? '')}` : ''}`,
        );
      }),
    ),
    ...block(
      'Dependencies',
      dependencies.map((one) => item(moved(one))),
    ),
    ...block(
      'Read it in this order',
      explained.readingOrder.map(({ path, why }, at) => `${isMarkdown ? '' : '  '}${at + 1}. ${code(path)}: ${why}`),
    ),
  ].join('\n\n');
};
