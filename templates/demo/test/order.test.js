import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalCents } from '../src/order.js';

test('a small order pays the full price', () => {
  assert.equal(totalCents([{ packets: 2, cents: 450 }]), 900);
});

test('ten packets get ten percent off', () => {
  assert.equal(
    totalCents([
      { packets: 6, cents: 450 },
      { packets: 4, cents: 300 },
    ]),
    3510,
  );
});

test('an empty order costs nothing', () => {
  assert.equal(totalCents([]), 0);
});
