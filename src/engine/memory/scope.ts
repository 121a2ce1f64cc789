import type { MemoryScope } from '../../core/memory.ts';

/** Where somebody is: the repository, and the branch unless none is checked out. */
export interface Place {
  repo: string;
  branch?: string | undefined;
}

/** True when what holds in a scope holds here. */
export const holdsHere = (scope: MemoryScope, here: Place): boolean => {
  switch (scope.type) {
    case 'user':
      return true;
    case 'repo':
      return scope.repo === here.repo;
    case 'branch':
      return scope.repo === here.repo && scope.branch === here.branch;
  }
};

/** True for the same scope. */
export const sameScope = (a: MemoryScope, b: MemoryScope): boolean =>
  a.type === b.type &&
  (a.type === 'user' || (b.type !== 'user' && a.repo === b.repo)) &&
  (a.type !== 'branch' || (b.type === 'branch' && a.branch === b.branch));

/** A scope in a few words, for the human. */
export const describeScope = (scope: MemoryScope): string => {
  switch (scope.type) {
    case 'user':
      return 'everywhere';
    case 'repo':
      return scope.repo;
    case 'branch':
      return `${scope.repo}, branch ${scope.branch}`;
  }
};
