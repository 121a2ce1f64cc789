import type { Plugin } from 'llm-copilot-agent';

/** OpenAI's Responses API, and Chat Completions for every server that speaks it. */
const plugin: Plugin = {
  name: 'openai',
  providers: [
    // Default read from https://developers.openai.com/api/docs/models/gpt-6.2-sol on 2026-11-21.
    { name: 'openai', keyEnv: ['OPENAI_API_KEY'], defaultModel: 'gpt-6.2-sol' },
    // Newer models of OpenAI itself call tools only through Responses (their model pages, read 2026-11-21).
    { name: 'openai-chat', keyEnv: ['OPENAI_API_KEY'], defaultModel: 'gpt-5.4', table: 'openai' },
  ],
  load: () => import('./provider.ts'),
};

export default plugin;
