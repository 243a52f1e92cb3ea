/** The attributes of a key: the partition key's and, where there is one, the sort key's. All are texts. */
export type KeySchema = readonly [partition: string, sort?: string];

/** A table's primary key, and its indexes by name. */
export interface TableKeys {
  readonly key: KeySchema;
  readonly indexes: Readonly<Record<string, KeySchema>>;
}
