import { describe, expect, it } from 'vitest';
import { childEnv } from '../../../src/host/sandbox/child-env.ts';

describe('the environment of commands', () => {
  it('is what programs need, and nothing that is not known', () => {
    const env = {
      PATH: '/bin',
      HOME: '/h',
      LC_ALL: 'C',
      XDG_CACHE_HOME: '/c',
      CI: 'true',
      FOO: '1',
      DATABASE_URL: 'x',
    };
    expect(childEnv(env)).toEqual({ PATH: '/bin', HOME: '/h', LC_ALL: 'C', XDG_CACHE_HOME: '/c', CI: 'true' });
  });

  it('holds no secret of a model, a forge, a cloud or an agent', () => {
    const names = [
      'OPENAI_API_KEY',
      'GITHUB_TOKEN',
      'AWS_SECRET_ACCESS_KEY',
      'NPM_TOKEN',
      'SSH_AUTH_SOCK',
      'PGPASSWORD',
    ];
    expect(childEnv(Object.fromEntries([...names, 'LC_SECRET', 'DISPLAY'].map((name) => [name, 'x'])))).toEqual({});
  });

  it('never holds what opens the vault, whatever rules say', () => {
    const env = { LLM_COPILOT_VAULT_KEY: 'x', LLM_COPILOT_VAULT_PASSPHRASE: 'y', LLM_COPILOT_RUN: 'z' };
    expect(childEnv(env, { allowed: ['*', 'LLM_COPILOT_VAULT_KEY'] })).toEqual({ LLM_COPILOT_RUN: 'z' });
  });

  it('searches programs only in absolute folders', () => {
    expect(childEnv({ PATH: '.:/a::node_modules/.bin:/b:' })).toEqual({ PATH: '/a:/b' });
  });

  it('takes what rules allow, also a secret by name or pattern, less what they deny', () => {
    const env = { MY_TOKEN: '1', APP_A: '2', APP_B: '3', CI: 'true', HOME: '/h' };
    expect(childEnv(env, { allowed: ['MY_TOKEN', 'APP_*'], denied: ['APP_B', 'C*'] })).toEqual({
      MY_TOKEN: '1',
      APP_A: '2',
      HOME: '/h',
    });
  });

  it('lets nothing through by pattern alone that makes programs run others', () => {
    const env = { LD_PRELOAD: 'x', BASH_ENV: 'x', 'BASH_FUNC_ls%%': 'x', OTHER: '1' };
    expect(childEnv(env, { allowed: ['*'] })).toEqual({ OTHER: '1' });
    expect(childEnv(env, { allowed: ['BASH_ENV'] })).toEqual({ BASH_ENV: 'x' });
  });

  it('leaves out what is not set', () => {
    expect(childEnv({ HOME: undefined })).toEqual({});
  });
});
