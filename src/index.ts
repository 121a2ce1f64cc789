// The public API and the only barrel: nothing inside src imports it; plugins import nothing else.
export * from './base/errors.ts';
export * from './core/agent.ts';
export * from './core/event.ts';
export * from './core/evidence.ts';
export * from './core/input.ts';
export * from './core/message.ts';
export * from './core/outcome.ts';
export * from './core/plugin.ts';
export * from './core/policy.ts';
export * from './core/provider.ts';
export * from './core/sandbox.ts';
export * from './core/session.ts';
export * from './core/stall-watch.ts';
export * from './core/tool.ts';
export * from './core/walk.ts';
export * from './core/workflow.ts';
