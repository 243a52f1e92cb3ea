import { heartbeatHandler } from './health/heartbeat-handler.ts';

export const handler = heartbeatHandler(process.env);
