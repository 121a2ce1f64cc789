import type { Env } from '../paths.ts';
import type { Git } from './run-git.ts';

/** An opened repository, as its parts need it. */
export interface Place {
  git: Git;
  /** The work tree's top. */
  root: string;
  gitDir: string;
  commonDir: string;
  isShallow: boolean;
  /** What git is asked with. */
  env: Env;
}
