import type { ProjectFacts } from './project-facts.ts';

/** A deny rule and why. */
export interface ProposedRule {
  deny: string;
  reason: string;
}

const ignored = (gitignore: string, pattern: RegExp): boolean =>
  gitignore.split(/\r?\n/).some((line) => !line.startsWith('!') && pattern.test(line.trim()));

/**
 * What an agent should not read in this project: files whose names hold secrets, where the project has them or is set up to
 * have them.
 * @param present names of files at the top, those git ignores too
 */
export const proposedRules = (
  { paths, texts }: Pick<ProjectFacts, 'paths' | 'texts'>,
  present: readonly string[],
): ProposedRule[] => {
  const gitignore = texts.get('.gitignore') ?? '';
  const names = new Set([...present, ...paths.map((path) => path.slice(path.lastIndexOf('/') + 1))]);
  const any = (pattern: RegExp): boolean =>
    [...names].some((name) => pattern.test(name)) || ignored(gitignore, pattern);
  const rules: ProposedRule[] = [];
  const add = (pattern: string, reason: string): void => void rules.push({ deny: `read(${pattern})`, reason });
  if (any(/^(?:\/|\*\*\/)?\.env(?:\.[\w*]+)*$/)) {
    const why = 'environment files hold secrets';
    add('.env', why);
    // Examples are made to be read, so not all that begins with .env.
    add('.env.local', why);
    add('.env.*.local', why);
    for (const name of ['production', 'staging', 'development', 'test'])
      if (names.has(`.env.${name}`)) add(`.env.${name}`, why);
  }
  if (any(/^(?:\*|[\w-]+)\.pem$/)) add('*.pem', 'private keys');
  if (any(/^(?:\*|[\w-]+)\.key$/)) add('*.key', 'private keys');
  if (any(/^id_(?:rsa|ed25519|ecdsa)$/)) add('id_*', 'private keys');
  if (any(/\.tfstate$|^\*\.tfstate/)) add('*.tfstate', 'state of Terraform holds secrets');
  if (any(/\.tfvars$/)) add('*.tfvars', 'variables of Terraform hold secrets');
  if (any(/^(?:credentials|service[-_]account[\w-]*|client_secrets?)\.json$/)) add('credentials.json', 'credentials');
  return rules;
};
