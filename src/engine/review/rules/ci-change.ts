import type { Detected, FindingSeverity } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import { detected, freshMatches } from './detected.ts';

const workflow =
  /(?:^|\/)\.(?:github|gitea|forgejo)\/(?:workflows\/[^/]+\.ya?ml|actions\/(?:.*\/)?action\.ya?ml)$|^action\.ya?ml$/;
const otherCi =
  /(?:^|\/)(?:\.gitlab-ci\.ya?ml|\.circleci\/.*\.ya?ml|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|\.travis\.ya?ml|Jenkinsfile|\.drone\.ya?ml|\.woodpecker.*\.ya?ml|appveyor\.ya?ml|cloudbuild\.ya?ml|\.buildkite\/.*\.ya?ml)$/;
const docker = /(?:^|[/.-])(?:Dockerfile|Containerfile)(?:[.-][\w-]+)?$/i;
const runs = /\.(?:sh|bash)$|(?:^|\/)Makefile$/;

interface Change {
  pattern: RegExp;
  in: 'workflow' | 'ci' | 'run';
  severity: FindingSeverity;
  message: (what: string) => string;
  suggestion: string;
}

const changes: readonly Change[] = [
  {
    pattern:
      /^\s*(permissions\s*:\s*write-all|(?:contents|packages|id-token|actions|deployments|pull-requests|issues|security-events|checks|statuses|attestations|pages)\s*:\s*["']?write)\b/g,
    in: 'workflow',
    severity: 'medium',
    message: (what) => `\`${what}\` gives the job's token more rights: every step and action of the job has them.`,
    suggestion: 'Give the right to the one job that needs it, and nothing more.',
  },
  {
    pattern:
      /^\s*-?\s*["']?(pull_request_target|workflow_run)\b["']?\s*:?\s*$|^\s*on\s*:.*?\b(pull_request_target|workflow_run)\b/g,
    in: 'workflow',
    severity: 'high',
    message: (what) => `\`${what}\` runs with secrets and a token that may write, also for pull requests of strangers.`,
    suggestion: 'Use `pull_request`; where it must be this one, never check out or run what the pull request brings.',
  },
  {
    pattern:
      /^\s*-?\s*uses\s*:\s*["']?((?!\.|docker:\/\/)[\w.-]+\/[\w./-]+@(?![0-9a-f]{40}\b)(?:main|master|latest|dev(?:elop)?|HEAD|next|trunk|edge|nightly|canary)|(?!\.|docker:\/\/)[\w.-]+\/[\w./-]+(?=["']?\s*(?:#.*)?$))(?:["']?\s*(?:#.*)?)$/g,
    in: 'workflow',
    severity: 'medium',
    message: (what) => `The action \`${what}\` is taken from a branch: whoever can push there runs code in this job.`,
    suggestion: 'Pin it to a commit hash.',
  },
  {
    pattern:
      /^\s*-?\s*uses\s*:\s*["']?((?!\.|docker:\/\/|actions\/|github\/)[\w.-]+\/[\w./-]+)@(?![0-9a-f]{40}\b)(?!(?:main|master|latest|dev(?:elop)?|HEAD|next|trunk|edge|nightly|canary)\b)[\w.-]+/g,
    in: 'workflow',
    severity: 'low',
    message: (what) =>
      `The third-party action \`${what}\` is not pinned to a commit: its tag can be moved to other code.`,
    suggestion: 'Pin it to a commit hash, with the version in a remark.',
  },
  {
    pattern:
      /\$\{\{\s*(github\.(?:event\.(?:issue|pull_request|comment|review|review_comment|discussion|head_commit|commits)[\w.[\]*]*\.(?:title|body|message|label|ref|name|email)|head_ref)|github\.event\.inputs\.\w+|inputs\.\w+)\s*\}\}/g,
    in: 'workflow',
    severity: 'high',
    message: (what) => `\`${what}\` is put into a script as it is: whoever writes it runs commands in this job.`,
    suggestion: 'Hand it over as an environment variable and use that, in quotes.',
  },
  {
    pattern:
      /(\b(?:echo|printf|print|cat|tee|console\.log)\b[^|>\n]*\$\{\{\s*secrets\.\w+\s*\}\})(?![^\n]*(?:\||>|base64))/g,
    in: 'workflow',
    severity: 'high',
    message: () => 'A secret is printed: a changed form of it is not masked in the log.',
    suggestion: 'Hand it to the program that needs it, by its environment.',
  },
  {
    pattern: /^\s*runs-on\s*:.*\b(self-hosted)\b/g,
    in: 'workflow',
    severity: 'medium',
    message: () => 'The job runs on a machine of your own; code of pull requests would run there, too.',
    suggestion: 'Let only trusted events start it.',
  },
  {
    pattern:
      /^\s*(ACTIONS_ALLOW_UNSECURE_COMMANDS\s*:\s*["']?true|secrets\s*:\s*inherit|persist-credentials\s*:\s*["']?true)/g,
    in: 'workflow',
    severity: 'medium',
    message: (what) => `\`${what}\` hands more to the steps than they need.`,
    suggestion: 'Hand over only what is needed, by name.',
  },
  {
    pattern: /^\s*-?\s*(continue-on-error\s*:\s*true|allow_failure\s*:\s*true)\b/g,
    in: 'ci',
    severity: 'low',
    message: (what) => `\`${what}\`: a failure of this step does not stop the run any more.`,
    suggestion: 'Let it fail, or say why it may.',
  },
  {
    pattern:
      /(\b(?:curl|wget|iwr|Invoke-WebRequest)\b[^|\n]*\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:env\s+)?(?:ba|z|da|k)?sh\b|\b(?:ba|z)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)\b|\b(?:curl|wget)\b[^|\n]*\|\s*(?:sudo\s+)?(?:python3?|node|perl|ruby|iex)\b|\|\s*iex\b)/g,
    in: 'run',
    severity: 'medium',
    message: () => 'A script is fetched and run at once: whoever controls that address runs code here.',
    suggestion: 'Fetch a fixed version, compare its hash, then run it.',
  },
];

/** Less care in what builds and checks the project. */
export const ciChange: ReviewRule = {
  name: 'ci-change',
  severity: 'medium',
  claim: 'What builds or checks the project has more rights, runs code nobody pinned, or lets failures pass.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      const { path, place } = file;
      const isWorkflow = workflow.test(path);
      const isCi = isWorkflow || otherCi.test(path);
      const isRun = isCi || docker.test(path) || runs.test(path);
      if (!isRun || place === 'fixture') continue;
      const level = { workflow: isWorkflow, ci: isCi, run: isRun };
      for (const change of changes) {
        if (!level[change.in]) continue;
        for (const { at, match } of freshMatches(file, change.pattern, 'text')) {
          if (/^\s*#/.test(at.text)) continue;
          const what = (match[1] ?? match[2] ?? match[0]).trim();
          // A value that a script gets by its environment cannot become part of it.
          if (/^(?:github\.|inputs)/.test(what) && !isInScript(file.afterCode, at.line)) continue;
          // Who may start a workflow by hand may push.
          if (/^(?:inputs|github\.event\.inputs)/.test(what)) continue;
          yield detected(this, path, at, {
            severity: change.severity,
            message: change.message(what),
            suggestion: { text: change.suggestion },
          });
        }
      }
    }
  },
};

/** True of a line of a `run:` or `script:`. */
const isInScript = (lines: readonly (string | undefined)[], line: number): boolean => {
  const own = lines[line - 1] ?? '';
  if (/^\s*-?\s*(?:run|script)\s*:/.test(own)) return true;
  let indent = own.search(/\S/);
  for (let number = line - 1; number > 0; number--) {
    const above = lines[number - 1];
    if (above === undefined) return false;
    if (above.trim() === '') continue;
    const depth = above.search(/\S/);
    if (depth >= indent) continue;
    indent = depth;
    if (/^\s*-?\s*(?:run|script)\s*:\s*[|>]/.test(above)) return true;
    if (/^\s*-?\s*[\w-]+\s*:/.test(above)) return false;
  }
  return false;
};
