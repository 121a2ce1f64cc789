// A scripted model server as a process of its own: `main.ts --turns <file.json>`. The file is a JSON list of turns, the
// last of which repeats. Prints its URL as the first line and runs until its stdin closes or SIGTERM comes.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { wireServer, type Turn } from './wire-server.ts';

const { values } = parseArgs({ options: { turns: { type: 'string' } } });
if (values.turns === undefined) throw new Error('usage: main.ts --turns <file.json>');
const turns = JSON.parse(readFileSync(values.turns, 'utf8')) as Turn[];
const last = turns.at(-1);
if (!last) throw new Error(`${values.turns} holds no turns`);

const server = await wireServer((_request, index) => turns[index] ?? last);
process.stdout.write(`${server.url}\n`);
const stop = (): void => void server.close().then(() => process.stdin.destroy());
process.once('SIGTERM', stop);
process.stdin.on('end', stop).resume();
