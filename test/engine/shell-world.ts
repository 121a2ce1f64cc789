import { resolve } from 'node:path';
import type { ShellPlace } from '../../src/core/shell.ts';
import { commandEffects } from '../../src/engine/shell/command-effects.ts';
import type { Effect } from '../../src/core/policy.ts';
import { loadShellParser } from '../../src/host/shell-parser.ts';

/** A workspace that exists only in memory: texts of files, where links lead, and files that are one. */
export interface World {
  files: Readonly<Record<string, string>>;
  links?: Readonly<Record<string, string>>;
  same?: readonly (readonly string[])[];
  tracked?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** The workspace most tests look at. */
export const usual: World = {
  files: {
    '/w/.env': 'KEY=1',
    '/w/.git/config': '[remote "origin"]\n\turl = git@github.com:a/b.git\n',
    '/w/README.md': '',
    '/w/package.json': '{}',
    '/w/src/a.ts': '',
    '/w/src/b.ts': '',
    '/w/vault/.env': '',
    '/w/hook.sh': '#!/bin/bash\ncat "$1"\n',
    '/home/u/.ssh/id_rsa': '',
    '/etc/passwd': '',
  },
  links: { '/w/link': '/w/.env', '/w/up': '/' },
  same: [['/w/.env', '/w/hard']],
  tracked: ['README.md', 'package.json', 'src/a.ts', 'src/b.ts'],
};

const placeOf = ({ files, links = {}, same = [], tracked = [], env = {} }: World): ShellPlace => {
  const paths = [...Object.keys(files), ...Object.keys(links), ...same.flat()];
  const real = (path: string): string => {
    let at = '/';
    for (const name of resolve(path).split('/').slice(1)) at = links[resolve(at, name)] ?? resolve(at, name);
    return at;
  };
  return {
    cwd: '/w',
    home: '/home/u',
    root: '/w',
    env: (name) => ({ HOME: '/home/u', PATH: '/usr/bin', ...env })[name],
    list: (folder) => {
      const at = real(folder);
      const names = paths.flatMap((path) => {
        const rest = path.startsWith(at === '/' ? '/' : `${at}/`) ? path.slice(at === '/' ? 1 : at.length + 1) : '';
        return rest === '' ? [] : [rest.split('/', 1)[0] ?? ''];
      });
      return names.length > 0 ? [...new Set(names)] : undefined;
    },
    real,
    read: (path) => files[real(path)],
    links: (path) =>
      same.filter((group) => group.includes(path)).flatMap((group) => group.filter((one) => one !== path)),
    tracked: () => tracked,
  };
};

const shortPath = (path: string): string => (path === '/w' ? '.' : path.startsWith('/w/') ? path.slice(3) : path);

const line = (effect: Effect): string => {
  switch (effect.kind) {
    case 'read':
    case 'write':
      return `${effect.how ?? effect.kind}${effect.recursive ? '*' : ''} ${shortPath(effect.path)}`;
    case 'exec':
      return `${effect.danger === undefined ? (effect.reach ?? '?') : 'danger'} ${effect.command}`;
    case 'net':
      return `${effect.access === 'write' ? 'send' : 'fetch'} ${effect.host}`;
    default:
      return `${effect.kind} ${effect.name}`;
  }
};

/** What a command would do, one short line per effect; paths in the workspace are relative. */
export const taken = async (command: string, world: World = usual): Promise<string[]> =>
  commandEffects(command, placeOf(world), await loadShellParser()).map(line);

/** The effects themselves. */
export const effectsOf = async (command: string, world: World = usual): Promise<Effect[]> =>
  commandEffects(command, placeOf(world), await loadShellParser());
