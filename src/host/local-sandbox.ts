import type { Sandbox } from '../core/sandbox.ts';
import { localLauncher } from './local-launcher.ts';
import { workspaceSandbox, type WorkspaceOptions } from './workspace-sandbox.ts';

/**
 * Effects on this machine, with nothing in the way: who may do what is the policy's business.
 * @throws when the root does not exist.
 */
export const localSandbox = (options: WorkspaceOptions): Sandbox => workspaceSandbox(options, () => localLauncher());
