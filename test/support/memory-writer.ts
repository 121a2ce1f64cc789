import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMemory } from '../../src/app/memory/open-memory.ts';
import { redactor } from '../../src/base/redact/redactor.ts';
import { localEmbedder } from '../../src/engine/embedding/local-embedder.ts';

// One process of several that remember: says on a line of its own what was acknowledged. Texts named `shared` are said
// by all of them.
const [root = '', line = '', writers = '1', name = '', count = '10'] = process.argv.slice(2);
const words = 'amber basil cedar delta ember fjord grove haven inlet jetty kelp lotus maple nectar olive prism'.split(
  ' ',
);
const wordsOf = (number: number): string =>
  [0, 1, 2, 3].map((place) => words[(number >> (4 * place)) % 16] ?? '').join(' ');

const signal = new AbortController().signal;
const memory = await openMemory({
  ...{ env: process.env, root, redact: redactor([]), embedder: localEmbedder() },
  speaker: { by: 'agent', autoAccept: true, source: () => ({ type: 'session', session: name, seq: 1 }) },
});
writeFileSync(join(line, name), '');
while (readdirSync(line).length < Number(writers)) await sleep(2);
for (let index = 0; index < Number(count); index += 1) {
  const own = await memory.remember(
    { kind: 'fact', text: `${name} ${index}: ${wordsOf(index * 2654435 + name.length)}`, sources: [] },
    signal,
  );
  process.stdout.write(`${own.item.id} ${own.outcome}\n`);
  if (index % 5 === 0) {
    const shared = await memory.remember(
      { kind: 'fact', text: `shared ${wordsOf(index * 7919)}`, sources: [] },
      signal,
    );
    process.stdout.write(`${shared.item.id} ${shared.outcome}\n`);
  }
}
await memory.close();
