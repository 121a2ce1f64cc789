import { afterAll, expect, it } from 'vitest';
import { tasks } from '../../plugins/tasks/tasks.ts';
import { toolBench } from '../support/tool-bench.ts';

const bench = toolBench();
afterAll(() => bench.close());

it('keeps the list as data and tells the model how far it is', async () => {
  const items = [
    { text: 'find', status: 'done' },
    { text: 'mend', status: 'doing' },
    { text: 'check', status: 'todo' },
  ];
  const output = await bench.call(tasks, { items });
  expect(output.text).toBe('1 of 3 done');
  expect(output.data).toEqual({ items });
});

it('takes an empty list and touches nothing', async () => {
  expect(tasks.prepare({ items: [] }).effects).toEqual([]);
  expect((await bench.call(tasks, { items: [] })).text).toBe('0 of 0 done');
});

it('names the item whose status is unknown', () => {
  expect(() => tasks.prepare({ items: [{ text: 'a', status: 'open' }] })).toThrow(
    '"items[0].status" must be one of "todo", "doing", "done", not the string "open"',
  );
});
