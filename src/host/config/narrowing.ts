import { defaults, limitOf, type BudgetSetting, type Config, type WrittenRule } from '../../core/config.ts';
import { findingSeverities } from '../../core/finding.ts';
import type { BudgetScope } from '../../core/budget.ts';

/** One value of a layer by its key. */
export interface Flat {
  key: string;
  value: unknown;
}

const strictness = ['plan', 'ask', 'accept-edits', 'auto', 'bypass'];
/** Built-in roles, each with those that allow nothing it does not. */
const narrowerRoles: Readonly<Record<string, readonly string[]>> = {
  none: ['reviewer', 'viewer'],
  admin: ['reviewer', 'viewer'],
  operator: ['reviewer', 'viewer'],
  developer: ['reviewer', 'viewer'],
  reviewer: ['viewer'],
};

/** True when a role narrows whatever role is in force: its rules take the place of the other's. */
const narrowsRole = (
  role: string,
  { role: current = 'none', roles = {} }: NonNullable<Config['permissions']>,
): boolean =>
  role === current ||
  // What the user defined himself by a built-in role's name may allow anything, and deny what nothing else does.
  (!Object.hasOwn(roles, role) && !Object.hasOwn(roles, current) && narrowerRoles[current]?.includes(role) === true);

/** True for a rule that allows, however it is spelled: YAML keeps spaces around a quoted key. */
const widens = (rule: WrittenRule): boolean =>
  typeof rule === 'string' ? /^\s*allow\b/.test(rule) : Object.keys(rule).some((key) => key.trim().startsWith('allow'));

interface Subjects {
  allow?: string[];
  deny?: string[];
}

/**
 * What an untrusted project's file may say: until the user trusts the folder it only narrows, and what would widen is
 * left out and told, one line each.
 */
export const narrowed = (flat: readonly Flat[], below: Config, path: string): { kept: Flat[]; notices: string[] } => {
  const notices: string[] = [];
  const ignore = (what: string): [] => {
    notices.push(
      `${path}: ${what} is ignored: a project may only narrow permissions until you trust it (llm-copilot trust add).`,
    );
    return [];
  };
  const kept = flat.flatMap((one): Flat[] => {
    const { key, value } = one;
    const keepIf = (narrows: boolean, what = key): Flat[] => (narrows ? [one] : ignore(what));
    switch (key) {
      case 'permissions.mode': {
        const current = below.permissions?.mode ?? defaults.permissions.mode;
        return keepIf(
          strictness.indexOf(String(value)) <= strictness.indexOf(current),
          `permissions.mode "${String(value)}"`,
        );
      }
      case 'permissions.rules': {
        const rules = (value as WrittenRule[]).filter((rule) => {
          if (!widens(rule)) return true;
          const line = typeof rule === 'string' ? rule : Object.entries(rule).map((entry) => entry.join(': '))[0];
          ignore(`rule "${line?.trim() ?? ''}"`);
          return false;
        });
        return [{ key, value: rules }];
      }
      case 'permissions.role':
        return keepIf(narrowsRole(String(value), below.permissions ?? {}), `permissions.role "${String(value)}"`);
      case 'sandbox.kind': {
        const current = below.sandbox?.kind ?? defaults.sandbox.kind;
        const narrows = value === current || (current === 'auto' && value !== 'local');
        return keepIf(narrows, `sandbox.kind "${String(value)}"`);
      }
      case 'sandbox.permissions': {
        const { allow, deny } = value as Subjects;
        if (allow?.length) ignore('sandbox.permissions.allow');
        // A section's value takes the place of the one below: what that one says stays said.
        const current = below.sandbox?.permissions;
        return deny?.length ? [{ key, value: { ...current, deny: [...(current?.deny ?? []), ...deny] } }] : [];
      }
      case 'maxCostUsd':
      case 'maxTokens':
      case 'timeoutSeconds': {
        const limit = below[key];
        return keepIf(limit === undefined || Number(value) <= limit);
      }
      // Each of them makes a run longer, and dearer.
      case 'maxTurns':
      case 'maxRepairs':
      case 'stallTimeoutSeconds':
        return keepIf(Number(value) <= (below[key] ?? defaults[key]));
      // A wish where the user has none: it chooses only among the providers whose keys he has.
      case 'model':
        return keepIf(below.model === undefined && below.route?.models === undefined);
      case 'verify':
        return keepIf(value === 'auto');
      case 'requireVerified':
        return keepIf(value === true);
      case 'budget.run':
      case 'budget.day':
      case 'budget.month':
      case 'budget.perRepo': {
        const above = limitOf(below.budget?.[key.slice('budget.'.length) as BudgetScope]);
        const here = limitOf(value as BudgetSetting);
        return keepIf(
          (above.usd === undefined || (here.usd !== undefined && here.usd <= above.usd)) &&
            (above.tokens === undefined || (here.tokens !== undefined && here.tokens <= above.tokens)),
        );
      }
      case 'lossiness':
        return keepIf(value === 'strict');
      case 'redact.requests':
        return keepIf(value === true);
      case 'memory.recall':
      case 'memory.autoAccept':
        return keepIf(value === false);
      case 'hooks.model':
        return keepIf(value === false);
      case 'hooks.timeoutSeconds':
        return keepIf(Number(value) <= (below.hooks?.timeoutSeconds ?? defaults.hooks.timeoutSeconds));
      // A gate that lets less through; `findingSeverities` begins with the worst.
      case 'review.failOn':
      case 'hooks.failOn': {
        const section = key === 'review.failOn' ? 'review' : 'hooks';
        const gates: readonly unknown[] = ['never', ...findingSeverities];
        const current = below[section]?.failOn ?? defaults[section].failOn;
        return keepIf(gates.indexOf(value) >= gates.indexOf(current));
      }
      case 'review.rules':
      case 'review.exclude':
        return ignore(key);
      // They send text to somebody beside the model the user chose, be it by a flag.
      case 'fallbackModel':
      case 'smallModel':
      case 'embedding.model':
      case 'models':
      case 'rateLimits':
      case 'route.strategy':
      case 'route.models':
      case 'profile':
      case 'profiles':
      case 'permissions.roles':
      case 'permissions.users':
      case 'sandbox.resources':
      case 'sandbox.isolation':
        return ignore(key);
      default:
        return /^(?:undo|secrets|audit|web|network|timeouts|concurrency)\./.test(key) ? ignore(key) : [one];
    }
  });
  return { kept, notices };
};
