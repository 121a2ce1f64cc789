import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configError, messageOf } from '../base/errors.ts';
import type { Config } from '../core/config.ts';
import type { Decision, Effect } from '../core/policy.ts';
import type { Enforcement } from '../core/sandbox.ts';
import type { Rule } from '../engine/rule.ts';
import type { LoadedConfig } from '../host/config/config.ts';
import type { Env } from '../host/paths.ts';
import { confine, type Confined } from './confine.ts';
import { loadSettings } from './settings.ts';

/** Where policy is asked about, and with which flags. */
export interface PolicyPlace {
  env: Env;
  cwd: string;
  flags?: Config;
  trust?: boolean;
}

const withPolicy = async <T>(
  place: PolicyPlace,
  use: (confined: Confined, config: LoadedConfig) => Promise<T> | T,
): Promise<T> => {
  const root = realpathSync(place.cwd);
  const config = await loadSettings(place.env, root, place);
  const confined = await confine({ root, env: place.env, config });
  confined.notices.unshift(...config.notices);
  try {
    return await use(confined, config);
  } finally {
    await confined.sandbox.close();
  }
};

/** What would happen to a command, and why. */
export interface Explanation {
  command: string;
  verdict: Decision['verdict'];
  effects: Effect[];
  rule: string | null;
  /** Where the rule was written. */
  origin: string | null;
  why: string;
  hint: string | null;
  enforced: 'sandbox' | 'parse-only';
  sandbox: string;
  enforces: Enforcement;
}

/** Says what the policy makes of a shell command, without running it; `tainted`: once text from outside is in the run. @throws CopilotError exit 3 or 7 */
export const explain = (place: PolicyPlace, command: string, tainted = false): Promise<Explanation> =>
  withPolicy(place, async ({ permissions, sandbox }) => {
    const decision = await permissions.policy.decide({ tool: 'shell', effects: [{ kind: 'exec', command }], tainted });
    const { verdict, effects, rule = null, origin = null, why, hint = null, enforced = 'parse-only' } = decision;
    const enforces = sandbox.enforces();
    return { command, verdict, effects, rule, origin, why, hint, enforced, sandbox: sandbox.name, enforces };
  });

/** One line of a policy test file. */
export interface PolicyCase {
  subject: string;
  effect: Effect;
  expect: Decision['verdict'];
  line: number;
}

/** A case and what came of it. */
export interface PolicyTestResult {
  subject: string;
  expect: Decision['verdict'];
  verdict: Decision['verdict'];
  passed: boolean;
  line: number;
  why: string;
}

const verdicts = ['allow', 'ask', 'deny'] as const;
const subjects = ['command', 'read', 'write', 'net'] as const;
const form = 'A case looks like "- { command: cat .env, expect: deny }"; instead of command: read, write or net.';

const readCases = async (path: string, root: string): Promise<PolicyCase[]> => {
  const { LineCounter, parseDocument } = await import('../host/yaml.ts');
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines });
  const [problem] = document.errors;
  if (problem) throw configError(`${path}: ${problem.message.split('\n', 1)[0] ?? ''}`, 'Mend the YAML.');
  const value: unknown = document.toJS();
  if (!Array.isArray(value)) throw configError(`${path} is no list of cases.`, form);
  return value.map((one: unknown, index): PolicyCase => {
    const node: unknown = document.getIn([index], true);
    const range =
      typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? node.range : [];
    const start: unknown = range[0];
    const line = typeof start === 'number' ? lines.linePos(start).line : index + 1;
    const entries = typeof one === 'object' && one !== null ? Object.entries(one as Record<string, unknown>) : [];
    const fields = new Map(entries);
    const expect = verdicts.find((verdict) => verdict === fields.get('expect'));
    const kind = subjects.find((name) => fields.has(name));
    const subject = kind === undefined ? undefined : fields.get(kind);
    const odd = entries.find(([name]) => name !== 'expect' && name !== kind);
    if (expect === undefined || kind === undefined || typeof subject !== 'string' || odd !== undefined)
      throw configError(`${path}:${line}: this is no case.`, form);
    const effect: Effect =
      kind === 'command'
        ? { kind: 'exec', command: subject }
        : kind === 'net'
          ? { kind: 'net', host: subject, access: 'read' }
          : { kind, path: resolve(root, subject) };
    return { subject, effect, expect, line };
  });
};

/** Where `policy test` looks when no file is named. */
export const defaultTestFile = join('.llm-copilot', 'policy-tests.yaml');

/** Runs the cases of a file against the policy in force. @throws CopilotError exit 3 when there is no such file */
export const testPolicy = async (place: PolicyPlace, file = defaultTestFile): Promise<PolicyTestResult[]> => {
  const path = resolve(place.cwd, file);
  if (!existsSync(path)) throw configError(`There is no ${path}.`, form);
  const cases = await readCases(path, realpathSync(place.cwd)).catch((error: unknown) => {
    throw error instanceof Error && 'exitCode' in error ? error : configError(`${path}: ${messageOf(error)}`);
  });
  return withPolicy(place, async ({ permissions }) => {
    const results: PolicyTestResult[] = [];
    for (const { subject, effect, expect, line } of cases) {
      const { verdict, why } = await permissions.policy.decide({ tool: 'shell', effects: [effect] });
      results.push({ subject, expect, verdict, passed: verdict === expect, line, why });
    }
    return results;
  });
};

/** The rules in force. */
export interface PolicyListing {
  mode: string;
  role: string | null;
  sandbox: string;
  enforces: Enforcement;
  rules: (Pick<Rule, 'text'> & { origin: string | null; reason: string | null; enforced: 'sandbox' | 'parse-only' })[];
  limits: { text: string; origin: string | null }[];
  notices: string[];
}

/** Every rule in force and what holds it up. @throws CopilotError exit 3 or 7 */
export const listPolicy = (place: PolicyPlace): Promise<PolicyListing> =>
  withPolicy(place, ({ permissions, rules, sandbox, notices }, { value }) => {
    const enforces = sandbox.enforces();
    const held = ({ kind, verdict }: Rule): boolean =>
      verdict === 'deny' &&
      ((kind === 'net' && enforces.net) || ((kind === 'read' || kind === 'write') && enforces.fs) || kind === 'env');
    return {
      mode: permissions.mode,
      role: value.permissions?.role ?? null,
      sandbox: sandbox.name,
      enforces,
      rules: rules.rules.map((rule) => ({
        text: rule.text,
        origin: rule.origin ?? null,
        reason: rule.reason ?? null,
        enforced: held(rule) ? 'sandbox' : 'parse-only',
      })),
      limits: rules.limits.map(({ text, origin }) => ({ text, origin: origin ?? null })),
      notices,
    };
  });
