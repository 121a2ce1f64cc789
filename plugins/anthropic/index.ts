import type { Plugin } from 'llm-copilot-agent';

/** Anthropic's Messages API. */
const plugin: Plugin = {
  name: 'anthropic',
  // Default read from https://platform.claude.com/docs/en/models/overview on 2026-11-21.
  providers: [
    {
      name: 'anthropic',
      keyEnv: ['ANTHROPIC_API_KEY'],
      defaultModel: 'claude-sonnet-5-5',
      settingsEnv: ['ANTHROPIC_BASE_URL'],
    },
  ],
  load: () => import('./provider.ts'),
};

export default plugin;
