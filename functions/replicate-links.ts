import { streamHandler } from './sync/stream-handler.ts';

export const handler = streamHandler('links', process.env);
