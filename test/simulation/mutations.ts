import { COPY_MUTATIONS } from './copy-mutations.ts';
import { ISOLATION_MUTATIONS } from './isolation-mutations.ts';
import { KPI_MUTATIONS } from './kpi-mutations.ts';
import { LINK_MUTATIONS } from './link-mutations.ts';
import type { Mutation } from './mutation.ts';
import { RECORD_MUTATIONS } from './record-mutations.ts';
import { WORKFLOW_MUTATIONS } from './workflow-mutations.ts';

/** Every one of these is found by the simulator (mutations.test.ts). */
export const MUTATIONS: readonly Mutation[] = [
  ...RECORD_MUTATIONS,
  ...LINK_MUTATIONS,
  ...KPI_MUTATIONS,
  ...COPY_MUTATIONS,
  ...ISOLATION_MUTATIONS,
  ...WORKFLOW_MUTATIONS,
];
