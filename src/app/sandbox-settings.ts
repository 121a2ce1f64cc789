import type { LoadedConfig } from '../host/config/config.ts';
import type { Confinement, Limits, PathRules } from '../host/sandbox/launcher.ts';
import { baseOf, matchesFile, type PatternPlace } from '../engine/path-patterns.ts';
import { matchesHost } from '../engine/hosts.ts';
import { parseBytes } from '../engine/rule.ts';
import type { RuleSet } from './permissions.ts';
import { undoSettings } from '../host/undo/undo-settings.ts';

/** What configuration and rules ask of the sandbox, whichever is chosen. */
export interface SandboxWish extends Pick<Confinement, 'allowedHosts' | 'limits' | 'context'> {
  kind: 'auto' | 'docker' | 'bubblewrap' | 'local';
  image?: string;
  level: 'strict' | 'moderate' | 'minimal';
  hidden?: PathRules;
  readOnly?: PathRules;
  undo: ReturnType<typeof undoSettings>;
}

const least = (...values: (number | undefined)[]): number | undefined => {
  const given = values.filter((value) => value !== undefined);
  return given.length > 0 ? Math.min(...given) : undefined;
};

/** Paths that deny rules of one kind name, as the sandbox masks them. */
const pathRules = (set: RuleSet, kind: 'read' | 'write', place: PatternPlace): PathRules | undefined => {
  if (set.mode === 'bypass') return undefined;
  const patterns = set.rules
    .filter((rule) => rule.verdict === 'deny' && rule.kind === kind)
    .map((rule) => rule.pattern);
  if (patterns.length === 0) return undefined;
  // "Nothing may be written" is for the mode and the policy; a sandbox of that kind could not even build.
  const below = patterns.filter((pattern) => pattern !== '*' && pattern !== '**');
  if (below.length === 0) return undefined;
  const bases = [...place.roots, ...below.flatMap((pattern) => baseOf(pattern, place))].filter(
    (path, index, all) =>
      !all.some((other, at) => at !== index && (path.startsWith(`${other}/`) || (path === other && at < index))),
  );
  return { bases, matches: (path) => below.some((pattern) => matchesFile(pattern, path, place)) };
};

/** True when a deny rule names the host, or one of those a wildcard stands for: a proxy knows no exceptions. */
const isDenied = (host: string, denied: readonly string[]): boolean =>
  denied.some((pattern) => matchesHost(pattern, host.replace(/^\*\./, ''), false) || matchesHost(host, pattern, true));

/** Hosts that settings and allow rules name and no deny rule takes back. */
const allowedHosts = (set: RuleSet, configured: readonly string[]): string[] => {
  const hosts = (verdict: 'allow' | 'deny'): string[] =>
    set.rules.filter((rule) => rule.kind === 'net' && rule.verdict === verdict).map((rule) => rule.pattern);
  const denied = hosts('deny');
  return [...configured, ...hosts('allow')].filter((host) => !isDenied(host, denied));
};

/** Puts `sandbox.*`, `undo.*` and the rules together. */
export const sandboxWish = ({ value }: LoadedConfig, set: RuleSet, place: PatternPlace): SandboxWish => {
  const { kind = 'auto', image, resources = {}, isolation = {} } = value.sandbox ?? {};
  const { memory, cpu, network } = resources;
  const quota = (resource: string): number | undefined =>
    least(...set.limits.filter((limit) => limit.resource === resource).map((limit) => limit.amount));
  const limits: { [Key in keyof Limits]: Limits[Key] | undefined } = {
    memoryBytes: least(memory?.limit === undefined ? undefined : parseBytes(memory.limit), quota('memory')),
    memoryThreshold: memory?.threshold,
    cpuSeconds: least(cpu?.timeLimit, quota('cpu')),
    cpuPriority: cpu?.priority,
    pids: quota('pids'),
    maxConnections: least(network?.maxConnections, quota('connections')),
  };
  const hidden = pathRules(set, 'read', place);
  const readOnly = pathRules(set, 'write', place);
  const given = Object.entries(limits).filter(([, amount]) => amount !== undefined);
  return {
    kind,
    ...(image === undefined ? {} : { image }),
    level: isolation.level ?? 'moderate',
    context: isolation.context ?? 'shared',
    ...(hidden === undefined ? {} : { hidden }),
    ...(readOnly === undefined ? {} : { readOnly }),
    allowedHosts: allowedHosts(set, network?.allowedHosts ?? []),
    limits: Object.fromEntries(given),
    undo: undoSettings(value),
  };
};
