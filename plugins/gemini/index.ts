import type { Plugin } from 'llm-copilot-agent';

const keyEnv = ['GEMINI_API_KEY', 'GOOGLE_API_KEY'];

/** Google's Gemini API, spoken natively. */
const plugin: Plugin = {
  name: 'gemini',
  providers: [
    // The newest stable model of https://ai.google.dev/gemini-api/docs/deprecations and …/models/gemini-3.8-flash, read 2026-11-27.
    { name: 'gemini', keyEnv, defaultModel: 'gemini-3.8-flash', settingsEnv: ['GEMINI_BASE_URL'] },
  ],
  // https://ai.google.dev/api/embeddings, read 2026-11-27.
  embedders: [{ name: 'gemini', keyEnv, defaultModel: 'gemini-embedding-001' }],
  load: () => import('./provider.ts'),
};

export default plugin;
