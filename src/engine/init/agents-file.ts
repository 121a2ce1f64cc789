import { inert } from '../changelog/inert.ts';
import { commandLines } from './commands.ts';
import { conventionLines } from './conventions.ts';
import { layoutLines } from './layout.ts';
import { jsonOf, textAt, type ProjectFacts } from './project-facts.ts';

const aboutOf = ({ name, texts }: ProjectFacts): string => {
  const manifest = jsonOf(texts.get('package.json'));
  const toml = texts.get('pyproject.toml') ?? texts.get('Cargo.toml') ?? '';
  const called = textAt(manifest, 'name') ?? /^name\s*=\s*"([^"\n]+)"/m.exec(toml)?.[1] ?? name;
  const description = textAt(manifest, 'description') ?? /^description\s*=\s*"([^"\n]+)"/m.exec(toml)?.[1];
  const said = description === undefined || description.trim() === '' ? '' : `: ${inert(description.slice(0, 200))}`;
  return `\`${called.replace(/[`\s]+/g, ' ').trim()}\`${said}`;
};

/**
 * The text of an AGENTS.md from what was found; sections with nothing to tell are left out.
 * @param template Markdown with `{about}`, `{layout}`, `{commands}` and `{conventions}`
 */
export const agentsText = (template: string, facts: ProjectFacts): string => {
  const parts: Readonly<Record<string, string>> = {
    about: aboutOf(facts),
    layout: layoutLines(facts).join('\n'),
    commands: commandLines(facts).join('\n'),
    conventions: conventionLines(facts).join('\n'),
  };
  return `${template
    .split(/(?=^## )/m)
    .map((section) => {
      const name = /\{(\w+)\}/.exec(section)?.[1];
      const text = name === undefined ? '' : (parts[name] ?? '');
      if (name !== undefined && text === '' && section.startsWith('## ')) return '';
      return section.replace(`{${name ?? ''}}`, () => text);
    })
    .join('')
    .trim()}\n`;
};

/** Commands of the checks that a text for agents does not name. */
export const unnamedCommands = (text: string, facts: Pick<ProjectFacts, 'checks'>): string[] =>
  facts.checks.map(({ command }) => command).filter((command) => !text.includes(command));
