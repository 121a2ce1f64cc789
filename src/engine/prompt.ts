/** Facts about the place a run works in. */
export interface Surroundings {
  root: string;
  /** Such as `linux`. */
  os: string;
  /** `YYYY-MM-DD`. */
  date: string;
  git: { branch: string; changes: string[]; changeCount: number } | undefined;
  instructions: { path: string; text: string } | undefined;
  /** Commands that will decide whether the work holds. */
  checks: readonly { name: string; command: string }[];
  /** Folders besides the root that count as the workspace. */
  addedFolders: readonly string[];
}

/** The whole system prompt: the agent's own text, the surroundings, project instructions, the user's addition. */
export const systemPrompt = (agentText: string, place: Surroundings, appended: string | undefined): string => {
  const { git, checks, addedFolders, instructions } = place;
  const status =
    git === undefined
      ? 'not a git repository'
      : `branch ${git.branch}, ${git.changeCount === 0 ? 'clean' : `${git.changeCount} changed`}`;
  const more =
    git && git.changeCount > git.changes.length ? [`… and ${git.changeCount - git.changes.length} more`] : [];
  const environment = [
    `Folder: ${place.root}`,
    ...addedFolders.map((folder) => `Also: ${folder}`),
    `Git: ${status}`,
    ...(git?.changes ?? []).map((line) => `  ${line}`),
    ...more.map((line) => `  ${line}`),
    ...checks.map((check) => `Check ${check.name}: ${check.command}`),
    `Date: ${place.date}; OS: ${place.os}`,
  ].join('\n');
  const project =
    instructions &&
    `<project_instructions file="${instructions.path}">\n${instructions.text.trim()}\n</project_instructions>`;
  return [agentText, environment, project, appended].filter((part) => part !== undefined && part !== '').join('\n\n');
};
