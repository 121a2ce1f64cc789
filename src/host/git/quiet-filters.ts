import { withoutFilters } from '../quiet-git.ts';
import type { Env } from '../paths.ts';
import type { Place } from './place.ts';

/** The environment in which git compares files without the filters the repository's own configuration names. */
export const quietFilters = ({ root, env }: Place): Promise<Env> => withoutFilters(root, env);
