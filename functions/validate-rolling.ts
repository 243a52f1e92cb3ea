import { standingFallback } from './flag/standing-fallback.ts';
import { rollingHandler } from './validation/rolling-handler.ts';

export const handler = rollingHandler(process.env, standingFallback(process.env));
