/** What a deployment found of an old table's stream. */
export interface StreamFound {
  readonly tableName: string;
  readonly streamArn: string;
  /** The stream of the last deployment; absent at the first one. */
  readonly previousArn?: string;
  /** Functions that read the stream, other than the one of the last deployment; absent where nobody has counted. */
  readonly otherReaders?: number;
}

/**
 * "No more than two processes at most should be reading from the same stream's shard at the same time" (DynamoDB Developer
 * Guide, "Change data capture for DynamoDB Streams"). One is replication.
 */
const OTHER_READERS_MAX = 1;

/** What whoever deploys has to know of a stream. Pure. */
export function streamNotice({ tableName, streamArn, previousArn, otherReaders }: StreamFound): string {
  const notices = [
    ...(previousArn !== undefined && previousArn !== streamArn
      ? [
          `The stream of ${tableName} is another one than at the last deployment (${previousArn}): it was turned off and on. ` +
            'Changes since then may be missing from the new tables. Next: kpi-migrate validate, then kpi-migrate repair --execute',
        ]
      : []),
    ...(otherReaders !== undefined && otherReaders > OTHER_READERS_MAX
      ? [
          `${otherReaders} other functions read the stream of ${tableName}. DynamoDB throttles more than two readers of a ` +
            'shard: agree with their owners which of them goes.',
        ]
      : []),
  ];
  return notices.length === 0 ? 'as at the last deployment' : notices.join(' ');
}
