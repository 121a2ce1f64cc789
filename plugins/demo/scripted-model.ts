import type { ModelProvider } from 'llm-copilot-agent';
import { scriptedProvider, type ScriptedTurn } from 'llm-copilot-agent/testing';

/** What a model said about the demo project; tools, permissions and checks around it are real. */
const turns: readonly ScriptedTurn[] = [
  {
    text: 'I reproduce the failure first.',
    calls: [
      { name: 'list', input: { glob: '**/*.js' } },
      { name: 'shell', input: { command: 'node --test' } },
    ],
  },
  {
    text: 'Ten packets should get the discount and do not. I read where it is decided.',
    calls: [
      { name: 'grep', input: { pattern: 'discountRate' } },
      { name: 'read', input: { path: 'src/discount.js' } },
      { name: 'read', input: { path: 'test/order.test.js' } },
    ],
  },
  {
    text: 'The comment says "ten packets or more", the code says more than ten.',
    calls: [{ name: 'edit', input: { path: 'src/discount.js', old: 'packets > 10', new: 'packets >= 10' } }],
  },
  { calls: [{ name: 'shell', input: { command: 'node --test' } }] },
  {
    text: [
      'An order of exactly ten packets got no discount: `discountRate` compared with `>` where "ten or more" needs `>=`.',
      'I changed that one character in `src/discount.js`; no test was touched.',
      '',
      '```claims',
      'tests_pass: all three tests pass',
      '```',
    ].join('\n'),
  },
];

/** The model behind `llm-copilot demo`. */
export const demoModel = (): ModelProvider => scriptedProvider(turns, { name: 'demo/scripted' });
