import { rollingHandler } from './validation/rolling-handler.ts';

export const handler = rollingHandler(process.env);
