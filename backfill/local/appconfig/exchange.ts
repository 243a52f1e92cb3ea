import * as z from 'zod';
import { badRequest } from './service-error.ts';

/** A request, as far as an operation sees it. */
export interface Exchange {
  /** Parts of the path that stand for something, by name. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly nowMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes as JSON, text as it is. */
  readonly body?: object | string;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{Name}` where something stands for another. */
  readonly path: string;
  /** Whether what it did has to outlast a restart. */
  readonly changesState?: boolean;
  readonly answer: (exchange: Exchange) => Answer | Promise<Answer>;
}

/** Finds what answers a request; `{Name}` is any text without a slash. */
export function findRoute(
  routes: readonly Route[],
  method: string | undefined,
  pathname: string,
): { readonly route: Route; readonly path: Readonly<Record<string, string>> } | undefined {
  const segments = pathname.split('/');
  for (const route of routes) {
    const wanted = route.path.split('/');
    if (route.method !== method || wanted.length !== segments.length) continue;
    const names = wanted.map((segment) => /^\{(\w+)\}$/.exec(segment)?.[1]);
    if (!wanted.every((segment, at) => names[at] !== undefined || segment === segments[at])) continue;
    const path = Object.fromEntries(
      names.flatMap((name, at) => (name === undefined ? [] : [[name, decodeURIComponent(segments[at] ?? '')]])),
    );
    return { route, path };
  }
  return undefined;
}

/** @throws ServiceError BadRequestException */
export function parseBody<T>({ body }: Exchange, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(body.toString() || '{}');
  } catch (cause) {
    throw badRequest(`The body is no JSON: ${String(cause)}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
  return parsed.data;
}

/** @throws ServiceError BadRequestException */
export function parseWhole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name} is no whole number.`);
  return Number(text);
}

const PAGE_ITEMS_MAX = 50;

/** A page of a list, as AppConfig's List operations give it. */
export function pageOf<T>(items: readonly T[], { query }: Exchange): Answer {
  const limit = parseWhole('MaxResults', query.get('max_results') ?? undefined) ?? PAGE_ITEMS_MAX;
  if (limit < 1 || limit > PAGE_ITEMS_MAX) throw badRequest(`MaxResults is from 1 to ${PAGE_ITEMS_MAX}.`);
  const begin = parseWhole('NextToken', query.get('next_token') ?? undefined) ?? 0;
  const end = begin + limit;
  return {
    status: 200,
    body: { Items: items.slice(begin, end), ...(end < items.length && { NextToken: String(end) }) },
  };
}
