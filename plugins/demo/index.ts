import type { Plugin } from 'llm-copilot-agent';

const demo: Plugin = {
  name: 'demo',
  providers: [{ name: 'demo', keyEnv: [], defaultModel: 'scripted' }],
  load: async () => {
    const { demoModel } = await import('./scripted-model.ts');
    return { setup: () => ({ providers: { demo: demoModel } }) };
  },
};

export default demo;
