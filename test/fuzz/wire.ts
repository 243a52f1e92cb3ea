/**
 * DynamoDB's own JSON over HTTP, without the SDK. What is stored is what the text says, and what comes back is compared as
 * DynamoDB sent it: the SDK is a part of what is under test.
 */

/** An attribute value as DynamoDB's JSON has it: binary values in base64 (API Reference, "AttributeValue"). */
export type WireValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly B: string }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly L: readonly WireValue[] }
  | { readonly M: WireItem };

export type WireItem = Readonly<Record<string, WireValue>>;

/** The engine refused a request. */
export class WireError extends Error {
  readonly status: number;

  constructor(target: string, status: number, text: string) {
    super(`${target}: HTTP ${status} ${text}`);
    this.name = 'WireError';
    this.status = status;
  }
}

/** Items a scan page examines: DynamoDB Local slows down without a limit. */
const SCAN_LIMIT = 1_000;

export class Wire {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** @returns false where the engine refuses to store the item, so that no service can have stored it either. */
  async put(tableName: string, item: WireItem): Promise<boolean> {
    try {
      await this.#call('PutItem', { TableName: tableName, Item: item });
      return true;
    } catch (error) {
      if (error instanceof WireError) return false;
      throw error;
    }
  }

  async delete(tableName: string, id: string): Promise<void> {
    await this.#call('DeleteItem', { TableName: tableName, Key: { id: { S: id } } });
  }

  async scan(tableName: string): Promise<WireItem[]> {
    const items: WireItem[] = [];
    let cursor: unknown;
    do {
      const page = await this.#call('Scan', {
        TableName: tableName,
        ConsistentRead: true,
        Limit: SCAN_LIMIT,
        ...(cursor !== undefined && { ExclusiveStartKey: cursor }),
      });
      items.push(...(page.Items as WireItem[]));
      cursor = page.LastEvaluatedKey;
    } while (cursor !== undefined);
    return items;
  }

  async #call(target: string, request: object): Promise<Record<string, unknown>> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${target}`,
        // DynamoDB Local looks for a key id and checks no signature.
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00',
      },
      body: JSON.stringify(request),
    });
    const text = await response.text();
    if (!response.ok) throw new WireError(target, response.status, text);
    return JSON.parse(text) as Record<string, unknown>;
  }
}
