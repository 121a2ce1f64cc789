import type { Sandbox } from '../../src/core/sandbox.ts';
import { localLauncher } from '../../src/host/sandbox/local-launcher.ts';
import { workspaceSandbox, type WorkspaceOptions } from '../../src/host/sandbox/workspace-sandbox.ts';

/**
 * Effects on this machine, with nothing in the way: who may do what is the policy's business.
 * @throws when the root does not exist.
 */
export const localSandbox = (options: WorkspaceOptions): Sandbox => workspaceSandbox(options, () => localLauncher());
