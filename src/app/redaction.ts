import { redactor, secretValues, type Label, type Redact } from '../base/redact/redactor.ts';
import { placeholders, type Placeholders } from '../engine/placeholders.ts';
import type { Env } from '../host/paths.ts';
import { redactionKey } from '../host/log/redaction-key.ts';

/** Takes secrets out of what is kept, shown and sent, and knows what was taken out. */
export interface Redaction {
  redact: Redact;
  placeholders: Placeholders;
}

/** Redaction for a run: values of variables that look secret, those of the vault, and everything that looks like one. */
export const openRedaction = (env: Env, vaultValues: readonly string[]): Redaction => {
  // What was put back may stand anywhere from then on, without what it was recognised by.
  const names = placeholders(redactionKey(env), (value) => redact.learn?.(value));
  const label: Label = (rule, value) => {
    // A few lines from the middle of a key say nothing; once the key was seen, they are known.
    if (rule === 'private-key') redact.learn?.(...(value.replace(/\\+[nrt]/g, ' ').match(/[A-Za-z0-9+/]{40,}/g) ?? []));
    return names.label(rule, value);
  };
  const redact: Redact = redactor([...secretValues(env), ...vaultValues], label);
  return { redact, placeholders: names };
};

/** The same error, and what caused it, without secrets in what they say and in their stacks. */
export const withoutSecretsInError = (error: unknown, redact: Redact): unknown => {
  const seen = new Set<unknown>();
  for (let one: unknown = error; one instanceof Error && !seen.has(one); one = one.cause) {
    seen.add(one);
    // The error itself is kept: its class and codes matter to who catches it. What cannot be set stays.
    for (const name of ['message', 'stack', 'hint']) {
      const said: unknown = Reflect.get(one, name);
      if (typeof said === 'string') Reflect.set(one, name, redact(said));
    }
  }
  return error;
};
