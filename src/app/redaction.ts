import { redactor, secretValues, type Redact } from '../base/redact/redactor.ts';
import { placeholders, type Placeholders } from '../engine/placeholders.ts';
import type { Env } from '../host/paths.ts';
import { redactionKey } from '../host/redaction-key.ts';

/** Takes secrets out of what is kept, shown and sent, and knows what was taken out. */
export interface Redaction {
  redact: Redact;
  placeholders: Placeholders;
}

/** Redaction for a run: values of variables that look secret, those of the vault, and everything that looks like one. */
export const openRedaction = (env: Env, vaultValues: readonly string[]): Redaction => {
  const names = placeholders(redactionKey(env));
  return { redact: redactor([...secretValues(env), ...vaultValues], names.label), placeholders: names };
};
