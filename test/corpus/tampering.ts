import { spawnSync } from 'node:child_process';
import { lstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject } from '../contract/sandbox-subjects.ts';
import { hiddenIn } from './attacks.ts';
import { attackedWorkspace, copyHome, copyWorkspace, stateOf } from './workspace.ts';

/**
 * What opaque programs may try inside a sandbox: change what later makes the user's git, shell or this agent run something.
 * `@OWN@` stands for a program that leaves a mark outside of the workspace; every line is safe to run in a fixture.
 */
export const tampering: readonly string[] = [
  'cp @OWN@ .git/hooks/post-checkout; cp @OWN@ .git/hooks/pre-commit',
  'ln -s @OWN@ .git/hooks/pre-commit',
  "node -e \"fs.copyFileSync('@OWN@','.git/hooks/pre-commit')\"",
  'mv .git/hooks .git/old && mkdir .git/hooks && cp @OWN@ .git/hooks/pre-commit',
  'rm -rf .git/hooks; mkdir -p .git/hooks; cp @OWN@ .git/hooks/pre-commit',
  'mkdir -p h; cp @OWN@ h/pre-commit; git config core.hooksPath h',
  'git config core.fsmonitor @OWN@',
  'git config diff.external @OWN@',
  "printf '[core]\\n\\tfsmonitor = @OWN@\\n' >> .git/config",
  'cp .git/config c; echo "[core]\n\tfsmonitor = @OWN@" >> c; mv -f c .git/config',
  "printf '[core]\\n\\tfsmonitor = @OWN@\\n' > .git/config.worktree; git config extensions.worktreeConfig true",
  'git config extensions.worktreeConfig true && git config --worktree core.fsmonitor @OWN@',
  "mv .git g && cp -r g .git && printf '[core]\\n\\tfsmonitor = @OWN@\\n' >> .git/config",
  "cp -r .git g && printf '[core]\\n\\tfsmonitor = @OWN@\\n' >> g/config && rm -rf .git && mv g .git",
  "cp -r .git g && printf '[core]\\n\\tfsmonitor = @OWN@\\n' >> g/config && mv .git old && echo 'gitdir: g' > .git",
  "cp -r .git g && printf '[core]\\n\\tfsmonitor = @OWN@\\n' >> g/config && rm -rf .git && ln -s g .git",
  "cp -r .git g && printf '[core]\\n\\tfsmonitor = @OWN@\\n' >> g/config && echo ../g > .git/commondir",
  'mkdir g && git -C g init -q --bare . && printf \'[core]\\n\\tfsmonitor = @OWN@\\n\' >> g/config && echo "$PWD/g" > .git/commondir',
  "node -e \"fs.renameSync('.git','.old');fs.cpSync('.old','.git',{recursive:true});fs.appendFileSync('.git/config','[core]\\n\\tfsmonitor = @OWN@\\n')\"",
  "python3 -c \"open('.git/config','a').write('[core]\\n\\tfsmonitor = @OWN@\\n')\"",
  'perl -e \'open F,">>.git/config"; print F "[core]\\n\\tfsmonitor = @OWN@\\n"\'',
  'git init -q --template=tools . ; git init -q',
  'git worktree add -q wt v1; cp @OWN@ .git/worktrees/wt/pre-commit',
  'echo "* filter=own" > .git/info/attributes; git config filter.own.clean @OWN@',
  'unshare -Urm sh -c "umount -l .git/config; umount -l .git/hooks; cp @OWN@ .git/hooks/pre-commit"',
  'umount -l .git/config .git/hooks .git; cp @OWN@ .git/hooks/pre-commit',
  'mount -o remount,rw,bind .git/hooks; cp @OWN@ .git/hooks/pre-commit',
  'setsid sh -c "sleep 0.4; cp @OWN@ .git/hooks/pre-commit" &',
  'echo x >> ~/.bashrc; echo x > @HOME@/.profile',
  'cp @OWN@ @HOME@/.bashrc',
  'echo ssh-rsa >> @HOME@/.ssh/authorized_keys',
  'git config --global core.fsmonitor @OWN@; git config --file @HOME@/.gitconfig core.fsmonitor @OWN@',
  'rm -rf @HOME@/.ssh @HOME@/.config',
  'echo "permissions: {mode: bypass}" > .llm-copilot/config.yaml',
  'rm -rf .llm-copilot; mkdir .llm-copilot; echo "permissions: {mode: bypass}" > .llm-copilot/config.yaml',
  'mv .llm-copilot old; mkdir .llm-copilot; echo x > .llm-copilot/config.yaml',
  'node -e "fs.rmSync(\'.llm-copilot\',{recursive:true})"',
  'echo x > @HOME@/.config/llm-copilot/config.yaml',
  'echo x > @HOME@/.local/share/llm-copilot/sessions.db',
  'touch ../outside; mkdir ../more; echo x > @ROOT@/../third',
  'rm -rf ../home; rm -rf @HOME@; rm -rf ..',
  'chmod -R 777 ..; chown -R nobody ..; chmod 000 @HOME@',
  'ln -s ../home/.bashrc b && echo x >> b',
  'mv ../home ../gone; mv @ROOT@ ../gone',
];

/** What the user does afterwards, outside of any sandbox. */
const everyday = [
  ['status'],
  ['diff'],
  ['add', 'README.md'],
  ['commit', '-qm', 'x', '--allow-empty'],
  ['checkout', '-qb', 'n'],
];
const timeoutMs = 6_000;

/** Everything in a folder but the workspace's own files, with git's and our settings in it and the modes of what is outside. */
const guardedState = (folder: string): Map<string, string> => {
  const root = join(folder, 'project');
  const guarded = [join(root, '.llm-copilot'), join(root, '.git/hooks')];
  const state = new Map(
    [...stateOf(folder)].filter(
      ([path]) => !path.startsWith(`${root}/`) || guarded.some((one) => path.startsWith(one)),
    ),
  );
  const config = join(root, '.git/config');
  const text = spawnSync('cat', [config], { encoding: 'utf8' }).stdout;
  state.set(config, text);
  for (const path of ['.', 'home', 'home/.ssh']) {
    const info = lstatSync(join(folder, path), { throwIfNoEntry: false });
    state.set(`mode of ${path}`, info ? `${info.mode} ${info.uid}` : 'gone');
  }
  const git = lstatSync(join(root, '.git'), { throwIfNoEntry: false });
  state.set('kind and place of .git', git?.isDirectory() ? String(git.ino) : 'no folder');
  return state;
};

/**
 * Really runs each line in a sandbox, on a workspace of its own, lets the user use git and gives those lines after which
 * something that rules git, the shell or this agent had changed, or something outside the workspace had.
 */
export const runTampering = async (
  subject: Subject,
  lines: readonly string[],
): Promise<{ line: string; changed: string[] }[]> => {
  const fixture = attackedWorkspace(9);
  const caught: { line: string; changed: string[] }[] = [];
  const one = async (line: string, folder: string): Promise<string[]> => {
    const root = copyWorkspace(fixture, join(folder, 'project'));
    const home = copyHome(fixture, join(folder, 'home'));
    writeFileSync(join(root, 'own.sh'), `#!/bin/sh\ntouch ${folder}/mark\ncat\n`, { mode: 0o755 });
    const before = guardedState(folder);
    const sandbox = subject.open({
      root,
      dataDir: `${folder}-data`,
      env: { PATH: process.env.PATH, HOME: home },
      snapshots: false,
      hidden: hiddenIn(root),
    });
    const text = line.replaceAll('@OWN@', join(root, 'own.sh')).replaceAll('@HOME@', home).replaceAll('@ROOT@', root);
    await sandbox.exec(text, { timeoutMs }, new AbortController().signal);
    await sandbox.endProcesses();
    await sandbox.close();
    const env = { PATH: process.env.PATH, HOME: home, GIT_EDITOR: 'true' };
    for (const args of everyday) spawnSync('git', args, { cwd: root, env, timeout: timeoutMs });
    const after = guardedState(folder);
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((path) => before.get(path) !== after.get(path))
      .map((path) => path.replace(`${folder}/`, ''));
  };
  try {
    for (const [index, line] of lines.entries()) {
      const folder = join(fixture.folder, `tampering-${index}`);
      const changed = await one(line, folder);
      if (changed.length > 0) caught.push({ line, changed });
      for (const path of [folder, `${folder}-data`]) rmSync(path, { recursive: true, force: true });
    }
  } finally {
    fixture.remove();
  }
  return caught;
};
