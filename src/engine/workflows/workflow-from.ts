import { configError } from '../../base/errors.ts';
import {
  proofNames,
  type ProofName,
  type WorkflowArgument,
  type WorkflowDefinition,
  type WorkflowFlag,
} from '../../core/workflow-definition.ts';
import { frontMatter } from '../front-matter.ts';

type Wrong = (message: string) => Error;

const argumentsFrom = (line: string, wrong: Wrong): WorkflowArgument[] =>
  line.split(',').flatMap((part): WorkflowArgument[] => {
    const [name, ...words] = part.trim().split(/\s+/);
    if (name === '' || name === undefined) return [];
    if ((name !== 'targets' && name !== 'request') || words.some((word) => word !== 'required' && word !== 'new'))
      throw wrong('"arguments" are targets and request, each with "required" or "new" behind it.');
    const is = (word: string): boolean => words.includes(word);
    return [{ name, ...(is('required') ? { required: true } : {}), ...(is('new') ? { new: true } : {}) }];
  });

const flagFrom = (name: string, line: string, wrong: Wrong): WorkflowFlag => {
  const [, value, description = ''] = /^(?:<([a-z][a-z -]*)>\s+)?(.*)$/.exec(line) ?? [];
  if (!/^(?!no-|help$)[a-z][a-z0-9-]{1,30}$/.test(name) || description === '')
    throw wrong(
      'a flag is "flag-<name>: <value> what it says", with a name of small letters and dashes that is not "help" and does not begin with "no-".',
    );
  return { name, description, ...(value === undefined ? {} : { value }) };
};

/**
 * Reads a workflow from Markdown: front matter of single lines, the body is the task.
 * @param where names the file in errors
 * @throws CopilotError exit 3 that says what is wrong with it
 */
export const workflowFrom = (name: string, source: string, where = `workflow ${name}`): WorkflowDefinition => {
  const wrong = (message: string): Error =>
    configError(`${where}: ${message}`, 'templates/README.md says what a workflow looks like.');
  const { fields, body } = frontMatter(source);
  const known = ['name', 'summary', 'agent', 'writes', 'alone', 'arguments', 'proofs'];
  const unknown = [...fields.keys()].find((key) => !known.includes(key) && !key.startsWith('flag-'));
  if (unknown !== undefined) throw wrong(`"${unknown}" is none of ${known.join(', ')}, flag-….`);
  if ((fields.get('name') ?? name) !== name) throw wrong('its name is not that of its file.');
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) throw wrong('its name is not made of small letters, digits and dashes.');
  const isSet = (key: string): boolean => {
    const value = fields.get(key) ?? 'false';
    if (value !== 'true' && value !== 'false') throw wrong(`"${key}" is true or false.`);
    return value === 'true';
  };
  const summary = fields.get('summary') ?? '';
  if (summary.length > 200) throw wrong('"summary" is longer than 200 characters.');
  if (summary === '') throw wrong('"summary" is missing.');
  if (body === '') throw wrong('there is no task in it.');
  const proofs = (fields.get('proofs') ?? '').split(',').flatMap((word): ProofName[] => {
    const wanted = word.trim();
    if (wanted === '') return [];
    const proof = proofNames.find((one) => one === wanted);
    if (!proof) throw wrong(`"${wanted}" is none of the proofs ${proofNames.join(', ')}.`);
    return [proof];
  });
  return {
    ...{ name, summary, body, proofs },
    agent: fields.get('agent') ?? 'coder',
    writes: isSet('writes'),
    alone: isSet('alone'),
    arguments: argumentsFrom(fields.get('arguments') ?? '', wrong),
    flags: [...fields].flatMap(([key, line]) =>
      key.startsWith('flag-') ? [flagFrom(key.slice('flag-'.length), line, wrong)] : [],
    ),
  };
};

/** What stands in place of a switch that is on, and of one that is off. */
const spoken = (value: string | boolean | undefined): string =>
  value === undefined || value === false ? 'no' : value === true ? 'yes' : value;

/** The task with its placeholders filled in; what a value says is never looked at for placeholders. */
export const fillIn = (
  definition: WorkflowDefinition,
  values: Readonly<Record<string, string | boolean | undefined>>,
): string => {
  const names = new Set(['targets', 'request', ...definition.flags.map(({ name }) => name)]);
  return definition.body.replace(/\{([a-z][a-z0-9-]*)\}/g, (whole, name: string) =>
    names.has(name) ? spoken(values[name]) : whole,
  );
};
