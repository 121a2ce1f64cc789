/** The hooks of git that something here can be done in, in the order git runs them. */
export const hookNames = ['pre-commit', 'prepare-commit-msg', 'commit-msg', 'pre-push', 'post-merge'] as const;

/** One of {@link hookNames}. */
export type HookName = (typeof hookNames)[number];

/**
 * Installed when nobody says which. Not `prepare-commit-msg`: with a draft in the editor, closing it without a word
 * makes a commit, where it would have stopped one.
 */
export const usualHooks: readonly HookName[] = hookNames.filter((name) => name !== 'prepare-commit-msg');

/** True for a hook something can be done in. */
export const isHookName = (name: string): name is HookName => (hookNames as readonly string[]).includes(name);
