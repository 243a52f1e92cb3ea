import { workflowHandler } from '../backfill/workflow/workflow-handler.ts';

export const handler = workflowHandler(process.env);
