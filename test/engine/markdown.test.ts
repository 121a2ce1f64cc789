import { describe, expect, test } from 'vitest';
import { agentFrom } from '../../src/engine/markdown.ts';
import { harness } from '../support/run-harness.ts';
import { scriptedProvider } from '../../src/testing.ts';

const agent = (head: string) => agentFrom('seer', `---\ntools: read, list\n${head}---\nLook.\n`, 10);

describe('an agent from Markdown', () => {
  test('says what its model must be able to do', () => {
    expect(agent('needs: images, thinking\n')).toEqual({
      name: 'seer',
      instructions: 'Look.',
      tools: ['read', 'list'],
      maxTurns: 10,
      needs: ['images', 'thinking'],
    });
    expect(agent('')).not.toHaveProperty('needs');
  });

  test('that needs what no model is described by is refused, with all that could be meant', () => {
    expect(() => agent('needs: image\n')).toThrow(/needs "image"/);
    try {
      agent('needs: toString\n');
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 3, hint: expect.stringContaining('images, tools') as string });
    }
  });

  test('gets the model its needs ask for, and summaries one that needs nothing', async () => {
    const asked: unknown[] = [];
    const model = (...question: unknown[]) => {
      asked.push(question);
      return scriptedProvider([{ text: 'Seen.' }]);
    };
    const h = harness({ agent: { needs: ['images'] }, context: { model } });
    await h.run('look');
    await h.close();
    expect(asked).toEqual([[['images'], 'work']]);
  });
});
