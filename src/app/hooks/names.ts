export { hookNames, isHookName, type HookName } from '../../engine/hooks/hook-names.ts';
