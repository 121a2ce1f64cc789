import type { ReviewRule } from '../rule.ts';
import { apiBreak, untestedExport } from './api-break.ts';
import { ciChange } from './ci-change.ts';
import { complexityJump } from './complexity-jump.ts';
import { conflictMarker } from './conflict-marker.ts';
import { dangerousCall } from './dangerous-call.ts';
import { debugLeftover } from './debug-leftover.ts';
import { dependencyAdded, dependencyChanged } from './dependencies.ts';
import { disabledTest } from './disabled-test.ts';
import { focusedTest } from './focused-test.ts';
import { binaryFile, largeFile } from './large-file.ts';
import { licenceChange } from './licence-change.ts';
import { lockfileDrift } from './lockfile-drift.ts';
import { permissionChange } from './permission-change.ts';
import { removedAssertion, removedTest } from './removed-test.ts';
import { secret } from './secret.ts';
import { swallowedError } from './swallowed-error.ts';
import { todoAdded } from './todo-added.ts';
import { unawaitedPromise } from './unawaited-promise.ts';

/** Every rule there is; they do not depend on each other. */
export const reviewRules: readonly ReviewRule[] = [
  secret,
  conflictMarker,
  focusedTest,
  disabledTest,
  debugLeftover,
  dangerousCall,
  permissionChange,
  ciChange,
  licenceChange,
  lockfileDrift,
  dependencyChanged,
  dependencyAdded,
  swallowedError,
  binaryFile,
  largeFile,
  todoAdded,
  unawaitedPromise,
  apiBreak,
  removedTest,
  removedAssertion,
  complexityJump,
  untestedExport,
];
