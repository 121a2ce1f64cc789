import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Command } from 'commander';
import { PassThrough } from 'node:stream';
import { trustFolder } from '../../../src/app/trust.ts';
import { projectWorkflows } from '../../../src/app/workflows/project-verbs.ts';
import { builtInWorkflow } from '../../../src/app/workflows/run-workflow.ts';
import { builtInVerbs } from '../../../src/app/workflows/verbs.ts';
import { projectWorkflowCommands, workflowCommands } from '../../../src/cli/commands/workflows.ts';
import { agentFrom } from '../../../src/engine/markdown.ts';
import { readTemplates } from '../../../src/host/templates.ts';
import { tempProject, type TempProject } from '../../../src/testing.ts';
import { cliHarness } from '../../support/cli.ts';

test('what the command line knows of the workflows is what their files say', () => {
  const files = [...readTemplates('workflows', '.md').keys()].sort();
  expect(builtInVerbs.map(({ name }) => name).sort()).toEqual(files);
  for (const verb of builtInVerbs) {
    const { name, summary, alone, arguments: words, flags } = builtInWorkflow(verb.name);
    expect(verb).toEqual({ name, summary, alone, arguments: words, flags });
  }
});

test('every workflow has an agent, and those that write nothing have one that cannot', () => {
  const agents = readTemplates('agents', '.md');
  for (const verb of builtInVerbs) {
    const { agent, writes } = builtInWorkflow(verb.name);
    const { tools } = agentFrom(agent, agents.get(agent) ?? '', 1);
    expect([verb.name, tools.includes('edit')]).toEqual([verb.name, writes]);
  }
});

describe('workflows of a project', () => {
  const file = '---\nsummary: bring the notes up to date\nwrites: true\n---\n\nUpdate the notes: {request}\n';
  let project: TempProject;
  let home: ReturnType<typeof cliHarness>;
  beforeEach(() => {
    home = cliHarness();
    project = tempProject({
      '.llm-copilot/workflows/notes.md': file,
      '.llm-copilot/workflows/refactor.md': file,
      '.llm-copilot/workflows/wrong.md': '---\nproofs: none\n---\n\nx\n',
    });
  });
  afterEach(() => {
    project.close();
    home.close();
  });
  const env = () => ({
    HOME: home.home,
    XDG_CONFIG_HOME: `${home.home}/config`,
    LLM_COPILOT_DATA_DIR: `${home.home}/data`,
  });
  const program = async (): Promise<Command> => {
    const io = {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      env: env(),
      cwd: project.root,
      onInterrupt: () => () => undefined,
    };
    const command = new Command();
    const cli = { io, plugins: [], exit: () => undefined };
    workflowCommands(command, cli);
    await projectWorkflowCommands(command, cli);
    return command;
  };
  const described = async (): Promise<string[]> =>
    (await program()).commands.map((one) => `${one.name()}: ${one.description()}`);

  test('are no verbs until the folder is trusted, nor when they changed since', async () => {
    expect(await described()).toHaveLength(8);
    trustFolder(env(), project.root);
    expect(await described()).toContain('notes: bring the notes up to date');
    project.write('.llm-copilot/workflows/notes.md', file.replace('Update', 'Delete'));
    expect(projectWorkflows(env(), project.root)).toEqual([]);
  });

  test('cannot take the name of another command', async () => {
    trustFolder(env(), project.root);
    expect((await described()).filter((line) => line.startsWith('refactor'))).toEqual([
      'refactor: change the form of code and keep what it does',
    ]);
  });

  test('that cannot be used say so when they are called, and hinder nothing else', async () => {
    trustFolder(env(), project.root);
    await expect((await program()).parseAsync(['wrong'], { from: 'user' })).rejects.toThrow('"summary" is missing');
  });
});
