import { expect, test } from 'vitest';

test('the package gives its reads under its own name', async () => {
  const library = await import('kpi-migrate');
  expect(Object.keys(library).sort()).toEqual(['ROUTER_DEFAULTS', 'openReads']);
});
