import type { Answer, Exchange } from '../appconfig/exchange.ts';

/**
 * STS's answer in its query protocol. A request that nobody signed is refused, as STS does (AWS STS API Reference, "Common
 * Errors"). Every key is one of a user of this account, named after the key.
 */
export function getCallerIdentity({ headers }: Exchange, account: string, requestId: string): Answer {
  const key = /Credential=([^/,\s]+)/.exec(headers.authorization ?? '')?.[1];
  if (key === undefined) {
    return xml(
      403,
      `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    );
  }
  const user = escaped(key);
  return xml(
    200,
    `<GetCallerIdentityResponse xmlns="${NAMESPACE}"><GetCallerIdentityResult><Arn>arn:aws:iam::${account}:user/${user}</Arn><UserId>${user}</UserId><Account>${account}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  );
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

function xml(status: number, body: string): Answer {
  return { status, headers: { 'Content-Type': 'text/xml' }, body };
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
